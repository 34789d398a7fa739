//! [`CatchError`]: why signals were not caught, and which of them it is about.

use core::fmt;

use crate::{Errno, Signal};

/// Why a catch failed, and for which signal; an [`Errno`] by `?`.
///
/// ```
/// use siglatch::{Errno, Latch, Signal};
///
/// static STOP: Latch = Latch::new();
///
/// let error = STOP.catch([Signal::TERM, Signal::KILL]).expect_err("SIGKILL cannot be caught");
/// assert_eq!((error.errno(), error.signal()), (Errno::INVAL, Some(Signal::KILL)));
/// assert_eq!(error.to_string(), "SIGKILL: EINVAL (22)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CatchError {
    errno: Errno,
    signal: Option<Signal>,
}

impl CatchError {
    pub(crate) const fn of(signal: Signal, errno: Errno) -> Self {
        Self { errno, signal: Some(signal) }
    }

    /// Why.
    #[must_use]
    pub const fn errno(self) -> Errno {
        self.errno
    }

    /// The signal that it is about; `None` if it is about all of them.
    #[must_use]
    pub const fn signal(self) -> Option<Signal> {
        self.signal
    }
}

impl From<Errno> for CatchError {
    fn from(errno: Errno) -> Self {
        Self { errno, signal: None }
    }
}

impl From<CatchError> for Errno {
    fn from(error: CatchError) -> Self {
        error.errno
    }
}

impl fmt::Display for CatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(signal) = self.signal() {
            write!(f, "{signal}: ")?;
        }
        write!(f, "{}", self.errno())
    }
}

impl fmt::Debug for CatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for CatchError {}
