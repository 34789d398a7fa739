//! Sets of flags that a system call takes in one integer.

/// Makes such a set: a type over an integer, a constant for each line (its name, libc's, and that
/// as text), and set algebra. It prints the names, then the bits that have none here.
macro_rules! flags {
    (
        $(#[$type_doc:meta])*
        pub struct $Flags:ident($Bits:ty);
        $($(#[$doc:meta])* $name:ident = $c_name:ident $text:literal;)*
    ) => {
        $(#[$type_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $Flags($Bits);

        impl $Flags {
            $(
                $(#[$doc])*
                #[doc(alias = $text)]
                pub const $name: Self = Self(libc::$c_name as u32 as $Bits); // no sign is to spread
            )*

            /// None.
            #[must_use]
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Those of these bits, named here or not.
            #[must_use]
            pub const fn from_bits(bits: $Bits) -> Self {
                Self(bits)
            }

            /// The bits, as the kernel has them; it knows more than are named here.
            #[must_use]
            pub const fn bits(self) -> $Bits {
                self.0
            }

            /// Returns `true` if there is none.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Returns `true` if all of `flags` are there.
            #[must_use]
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Those of both; for constants, where `|` cannot be used.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::ops::BitOr for $Flags {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl core::fmt::Debug for $Flags {
            #[inline]
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut rest = self.0;
                let mut separator = "";
                $(
                    if self.contains(Self::$name) {
                        rest &= !Self::$name.0;
                        write!(f, "{separator}{}", $text)?;
                        separator = " | ";
                    }
                )*
                if rest != 0 || separator.is_empty() {
                    write!(f, "{separator}{rest:#x}")?;
                }
                Ok(())
            }
        }
    };
}
pub(crate) use flags;
