//! [`Tid`]: a thread id.

use core::fmt;
use core::num::NonZeroI32;

use crate::sys;
use crate::{Errno, Pid};

/// The kernel's number of one thread, not a C library's `pthread_t`: greater than 0, and for a
/// process's first thread that of the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tid(NonZeroI32);

impl Tid {
    /// The thread with this number, which need not exist.
    ///
    /// # Errors
    ///
    /// `ESRCH`: 0 or negative.
    pub const fn from_raw(raw: i32) -> Result<Self, Errno> {
        match NonZeroI32::new(raw) {
            Some(number) if raw > 0 => Ok(Self(number)),
            _ => Err(Errno::SRCH),
        }
    }

    /// The calling thread.
    #[doc(alias = "gettid")]
    #[doc(alias = "get_native_id")]
    #[must_use]
    pub fn this() -> Self {
        // A thread always has a number, so the second is never used.
        Self(NonZeroI32::new(sys::gettid()).unwrap_or(NonZeroI32::MAX))
    }

    /// The number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get()
    }
}

impl From<Pid> for Tid {
    /// The first thread of the process.
    fn from(pid: Pid) -> Self {
        // The number of a process is above 0, so the second is never used.
        Self(NonZeroI32::new(pid.as_raw()).unwrap_or(NonZeroI32::MAX))
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
