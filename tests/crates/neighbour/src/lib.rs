//! A crate that catches signals for itself, and knows nothing of others in its process that do.

#![no_std]

use siglatch::{CatchError, Errno, Latch, Signal};

static SEEN: Latch = Latch::new();

/// Begins to listen to a signal.
///
/// # Errors
///
/// As [`Latch::catch`].
pub fn come(signal: Signal) -> Result<(), CatchError> {
    SEEN.catch(signal)
}

/// Ends it.
///
/// # Errors
///
/// As [`Latch::release`].
pub fn leave(signal: Signal) -> Result<(), Errno> {
    SEEN.release(signal).map(drop)
}

/// Whether the signal came since this was asked last.
pub fn saw(signal: Signal) -> bool {
    SEEN.take_signal(signal)
}
