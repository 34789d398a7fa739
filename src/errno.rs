//! [`Errno`]: why a system call failed, as errno(3) names it.

mod names;

use core::fmt;
use core::num::NonZeroU32;

use crate::sys::MAX_ERRNO;

/// Why a system call failed: one of the numbers of errno(3), 1 to 4095.
///
/// It is the kernel's result, never libc's `errno`, which no function of this crate reads or
/// writes. A function without a section about errors has none that Linux documents, though a
/// seccomp(2) filter may make any. The crate's own, made without the kernel, are mainly:
///
/// - `EINVAL`: `SIGKILL` or `SIGSTOP` in a set to catch, block or wait for, which the kernel would
///   leave out; no signal to wait for; group 1; a number or a name that is no
///   [`Signal`](crate::Signal); a time out of range; a descriptor or a timer of the parent process;
///   a descriptor that blocks, to be written to in the handler
/// - `EOPNOTSUPP`: what the kernel raises synchronously, for all but a [`Hook`](crate::Hook)
/// - `EBUSY`: a catch finds a handler, with `--cfg siglatch_alone`; another alternate stack is set
/// - `EDEADLK`: a catch or release in a handler that has interrupted one of the same thread
/// - `EAGAIN`: [`Children`](crate::child::Children) are full; other code keeps setting the action
/// - `ECHILD`: no process can have the number
/// - `ENOMEM`: an alternate stack would be too small
/// - `ESRCH`: no stop was requested of a [`Shutdown`](crate::Shutdown); the parent has ended
///
/// ```
/// use siglatch::{Errno, Signal};
///
/// assert_eq!(Signal::from_raw(0), Err(Errno::INVAL));
/// assert_eq!(Errno::INVAL.to_string(), "EINVAL (22)");
/// assert_eq!(Errno::INVAL.description(), "Invalid argument");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(NonZeroU32);

impl Errno {
    const fn constant(raw: i32) -> Self {
        match Self::from_raw(raw) {
            Some(errno) => errno,
            None => Self(NonZeroU32::MAX),
        }
    }

    /// The error with this number, if it is from 1 to 4095.
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
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get() as i32
    }

    /// The result of a system call from its register: −4095 to −1 is a failure.
    ///
    /// # Errors
    ///
    /// The errno that `result` is the negative of.
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
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl fmt::Debug for Errno {
    #[inline]
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
