//! [`Pid`]: a process id.

use core::fmt;
use core::num::NonZeroI32;

use crate::Errno;
use crate::sys;

/// The number of one process: greater than 0. To kill(2), others mean a group or all processes.
#[doc(alias = "pid_t")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroI32);

impl Pid {
    /// The process with this number, which need not exist.
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

    /// This process.
    #[doc(alias = "getpid")]
    #[must_use]
    pub fn this() -> Self {
        // A process always has a number, so the second is never used.
        Self(NonZeroI32::new(sys::getpid()).unwrap_or(NonZeroI32::MAX))
    }

    /// The parent of this process; `None` if it is outside the pid namespace.
    #[doc(alias = "getppid")]
    #[must_use]
    pub fn parent() -> Option<Self> {
        Self::from_raw(sys::getppid()).ok()
    }

    /// The number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get()
    }
}

impl TryFrom<u32> for Pid {
    type Error = Errno;

    /// From `std::process::id` or `Child::id`.
    fn try_from(raw: u32) -> Result<Self, Errno> {
        i32::try_from(raw).map_err(|_| Errno::SRCH).and_then(Self::from_raw)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
