//! [`EventFd`]: a descriptor that is readable from a wake-up on, until it is cleared.
#![expect(unsafe_code, reason = "reads through the kernel's door")]

use super::Fd;
use crate::{Errno, sys};

/// A descriptor that is readable from a wake-up on until it is [cleared](Self::clear): eventfd(2).
///
/// It is how a program that waits by poll(2) or epoll(7) hears of a latch; see
/// [`Latch::wake_through`](crate::Latch::wake_through). It never blocks, execve(2) closes it, and it
/// is never too full to wake: it counts to 2⁶⁴.
///
/// A child of fork(2) shares it with its parent, as every descriptor.
#[derive(Debug)]
pub struct EventFd(Fd);

impl EventFd {
    /// One that is not readable yet.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: too many descriptors are open. `ENOMEM`: no memory.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "eventfd")]
    pub fn new() -> Result<Self, Errno> {
        let raw = sys::eventfd2(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)?;
        // SAFETY: it was just opened, and nobody else knows of it.
        Ok(Self(unsafe { Fd::from_raw(raw) }))
    }

    /// The number, which is open as long as this lives: for poll(2) and its like.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn as_raw(&self) -> i32 {
        self.0.as_raw()
    }

    /// Makes it not readable. Says whether it was.
    ///
    /// Clear first, look at the flags after: what comes in between is then seen, or wakes again.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[expect(clippy::must_use_candidate, reason = "most want it cleared and nothing else")]
    pub fn clear(&self) -> bool {
        let mut count = [0_u8; 8];
        // SAFETY: the kernel writes 8 bytes to `count`; the descriptor is ours.
        let read = unsafe { sys::read(self.as_raw(), count.as_mut_ptr().cast(), count.len()) };
        read.is_ok()
    }

    /// The descriptor alone.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use = "the descriptor is closed when dropped"]
    pub fn into_fd(self) -> Fd {
        self.0
    }
}
