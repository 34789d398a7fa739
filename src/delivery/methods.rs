//! The methods that every type of receiver has from the latch in front of it.

/// The methods that a type of receiver takes over from the latch in its field `latch`, which is its
/// first, in a `repr(C)` struct. If a catch takes more, a method of it is named that comes before.
macro_rules! receiver_methods {
    ($($prepare:ident)?) => {
        /// Whether a system call that its signal interrupts goes on; see
        /// [`Latch::restart`](crate::Latch::restart).
        ///
        /// # Async-signal-safety
        ///
        /// Async-signal-safe.
        #[must_use]
        pub const fn restart(mut self, restart: bool) -> Self {
            self.latch = self.latch.restart(restart);
            self
        }

        /// What is blocked while the handler runs; see [`Latch::mask`](crate::Latch::mask).
        ///
        /// # Async-signal-safety
        ///
        /// Async-signal-safe.
        #[must_use]
        pub const fn mask(mut self, mask: crate::SigSet) -> Self {
            self.latch = self.latch.mask(mask);
            self
        }

        /// The signals that it has caught and not released.
        ///
        /// # Async-signal-safety
        ///
        /// Async-signal-safe.
        #[must_use]
        pub fn caught(&self) -> crate::SigSet {
            self.latch.caught()
        }

        /// Catches `signals`; see [`Latch::catch`](crate::Latch::catch).
        ///
        /// # Errors
        ///
        /// As [`Latch::catch`](crate::Latch::catch).
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers that are in flight.
        pub fn catch(&'static self, signals: impl Into<crate::SigSet>) -> Result<(), crate::Errno> {
            let signals = signals.into();
            $(self.$prepare(signals)?;)?
            $crate::delivery::registry::catch(self.receiver(), signals)
        }

        /// Catches those of `signals` that were not ignored, and returns which; see
        /// [`Latch::catch_unless_ignored`](crate::Latch::catch_unless_ignored).
        ///
        /// # Errors
        ///
        /// As [`Latch::catch`](crate::Latch::catch).
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers that are in flight.
        pub fn catch_unless_ignored(
            &'static self,
            signals: impl Into<crate::SigSet>,
        ) -> Result<crate::SigSet, crate::Errno> {
            let signals = signals.into();
            $(self.$prepare(signals)?;)?
            $crate::delivery::registry::catch_unless_ignored(self.receiver(), signals)
        }

        /// Releases `signals`; see [`Latch::release`](crate::Latch::release).
        ///
        /// # Errors
        ///
        /// As [`Latch::release`](crate::Latch::release).
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers that are in flight.
        pub fn release(
            &'static self,
            signals: impl Into<crate::SigSet>,
        ) -> Result<(), crate::Errno> {
            $crate::delivery::registry::release(self.receiver(), signals.into())
        }

        /// Writes to a descriptor with each signal; see
        /// [`Latch::set_wake_fd`](crate::Latch::set_wake_fd).
        ///
        /// # Errors
        ///
        /// As [`Latch::set_wake_fd`](crate::Latch::set_wake_fd).
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers that are in flight.
        ///
        /// # Safety
        ///
        /// As [`Latch::set_wake_fd`](crate::Latch::set_wake_fd).
        pub unsafe fn set_wake_fd(
            &self,
            fd: Option<core::ffi::c_int>,
        ) -> Result<Option<core::ffi::c_int>, crate::Errno> {
            // SAFETY: the caller's promise.
            unsafe { self.latch.set_wake_fd(fd) }
        }

        /// Makes `event` readable with each signal; see
        /// [`Latch::wake_through`](crate::Latch::wake_through).
        ///
        /// # Errors
        ///
        /// As [`Latch::wake_through`](crate::Latch::wake_through).
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers that are in flight.
        pub fn wake_through(&self, event: &'static crate::fd::EventFd) -> Result<(), crate::Errno> {
            self.latch.wake_through(event)
        }

        /// The descriptor that is written to; see [`Latch::wake_fd`](crate::Latch::wake_fd).
        ///
        /// # Async-signal-safety
        ///
        /// Async-signal-safe.
        #[must_use]
        pub fn wake_fd(&self) -> Option<core::ffi::c_int> {
            self.latch.wake_fd()
        }

        /// How many wake-ups could not be written; see
        /// [`Latch::missed_wakes`](crate::Latch::missed_wakes).
        ///
        /// # Async-signal-safety
        ///
        /// Async-signal-safe.
        #[must_use]
        pub fn missed_wakes(&self) -> u32 {
            self.latch.missed_wakes()
        }

        $crate::delivery::methods::receiver_address!();
    };
}
pub(crate) use receiver_methods;

/// How a type with a latch as its first field `latch`, in a `repr(C)` struct, is registered.
macro_rules! receiver_address {
    () => {
        fn receiver(&'static self) -> $crate::delivery::receiver::Receiver {
            const { assert!(core::mem::offset_of!(Self, latch) == 0, "the latch is in front") };
            // SAFETY: the latch is the first field, as the line above makes sure; the reference is
            // shared, for ever, and to all of the struct.
            unsafe {
                $crate::delivery::receiver::Receiver::new(core::ptr::NonNull::from(self).cast())
            }
        }
    };
}
pub(crate) use receiver_address;
