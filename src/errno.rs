//! [`Errno`]: why a system call failed, as errno(3) names it.

use core::fmt;
use core::num::NonZeroU32;

use crate::sys::MAX_ERRNO;

/// Why a system call failed: one of the numbers of errno(3), 1 to 4095.
///
/// It is the crate's only error type. It comes from the kernel's result register, never from
/// libc's `errno`, which no function of this crate reads or writes.
///
/// ```
/// use siglatch::{Errno, Signal};
///
/// assert_eq!(Signal::from_raw(0), Err(Errno::INVAL));
/// assert_eq!(Errno::INVAL.to_string(), "EINVAL (22)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(NonZeroU32);

/// One line a name: the constant, the name it prints, and when this crate returns it.
macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $c_name:ident $text:literal;)*) => {
        impl Errno {
            $(
                $(#[$doc])*
                #[doc(alias = $text)]
                pub const $name: Self = Self::constant(libc::$c_name);
            )*

            /// The C name, such as `"EINVAL"`; `None` for a number that this crate never returns
            /// by itself.
            ///
            /// # Async-signal-safety
            ///
            /// Async-signal-safe.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    /// Not permitted to send that signal there.
    PERM = EPERM "EPERM";
    /// No such file; for a pidfd of a process, a number that only a thread of one has.
    NOENT = ENOENT "ENOENT";
    /// No such process, thread or process group.
    SRCH = ESRCH "ESRCH";
    /// A handler ran and cut the call short.
    INTR = EINTR "EINTR";
    /// Arguments and environment are too large.
    TOOBIG = E2BIG "E2BIG";
    /// Not a program that can be executed.
    NOEXEC = ENOEXEC "ENOEXEC";
    /// Not an open file descriptor, or one of another kind.
    BADF = EBADF "EBADF";
    /// Not a child of this process, or one that was waited for.
    CHILD = ECHILD "ECHILD";
    /// A limit on queued signals or processes is reached, a table is full, or a value changed
    /// meanwhile.
    AGAIN = EAGAIN "EAGAIN";
    /// No room: all places over other code's actions are taken for this signal.
    BUSY = EBUSY "EBUSY";
    /// Not allowed; for a program, not executable.
    ACCES = EACCES "EACCES";
    /// The kernel is short of memory.
    NOMEM = ENOMEM "ENOMEM";
    /// A part of a path is no directory.
    NOTDIR = ENOTDIR "ENOTDIR";
    /// No such signal; or one whose action cannot be changed (`SIGKILL`, `SIGSTOP`).
    INVAL = EINVAL "EINVAL";
    /// The system's limit on open files is reached.
    NFILE = ENFILE "ENFILE";
    /// The process's limit on open files is reached (`RLIMIT_NOFILE`).
    MFILE = EMFILE "EMFILE";
    /// The same thread is in the middle of a catch or a release.
    DEADLK = EDEADLK "EDEADLK";
    /// The kernel is built without the call.
    NOSYS = ENOSYS "ENOSYS";
    /// The signal reports a fault, and returning from a latch's handler would repeat it for ever.
    OPNOTSUPP = EOPNOTSUPP "EOPNOTSUPP";
    /// The time ran out.
    TIMEDOUT = ETIMEDOUT "ETIMEDOUT";
}

impl Errno {
    const fn constant(raw: i32) -> Self {
        match Self::from_raw(raw) {
            Some(errno) => errno,
            None => Self(NonZeroU32::MAX),
        }
    }

    /// The error with this number, if it is from 1 to 4095.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn from_raw(raw: i32) -> Option<Self> {
        if raw < 1 || raw as isize > MAX_ERRNO {
            return None;
        }
        match NonZeroU32::new(raw as u32) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, as in errno(3).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get() as i32
    }

    /// What a system call left in its result register: a value, or −4095 to −1 for a failure.
    ///
    /// # Errors
    ///
    /// The errno that `result` is the negative of.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub const fn check(result: isize) -> Result<usize, Self> {
        if result < 0 && result >= -MAX_ERRNO {
            match NonZeroU32::new(result.unsigned_abs() as u32) {
                Some(number) => Err(Self(number)),
                None => Ok(0),
            }
        } else {
            Ok(result as usize)
        }
    }
}

impl fmt::Display for Errno {
    /// `EINVAL (22)`, or `errno 4093` for a number without a name here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::Errno;
    use std::{format, string::ToString as _};

    #[test]
    fn only_the_kernels_range_is_a_failure() {
        assert_eq!(Errno::check(0), Ok(0));
        assert_eq!(Errno::check(isize::MAX), Ok(isize::MAX as usize));
        assert_eq!(Errno::check(-1), Err(Errno::PERM));
        assert_eq!(Errno::check(-4095).map_err(Errno::as_raw), Err(4095));
        assert_eq!(Errno::check(-4096), Ok(-4096_isize as usize));
        assert_eq!(Errno::check(isize::MIN), Ok(isize::MIN as usize));
    }

    #[test]
    fn numbers_round_trip() {
        for raw in 1..=4095 {
            assert_eq!(Errno::from_raw(raw).map(Errno::as_raw), Some(raw));
        }
        for raw in [0, -1, 4096, i32::MIN, i32::MAX] {
            assert_eq!(Errno::from_raw(raw), None);
        }
    }

    #[test]
    fn prints_the_c_name_and_the_number() {
        assert_eq!(Errno::INVAL.to_string(), "EINVAL (22)");
        assert_eq!(format!("{:?}", Errno::SRCH), "ESRCH (3)");
        assert_eq!(Errno::from_raw(4093).map(|e| e.to_string()), Some("errno 4093".into()));
    }
}
