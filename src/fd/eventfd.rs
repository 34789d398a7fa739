//! [`EventFd`]: a descriptor that is readable from a wake-up on, until it is cleared.
//!
//! A wake-up writes to it only if it is not readable yet, so a burst of them is one write. Whether it
//! is, a count tells: odd from a write on, until a clear makes it the next even number. In whatever
//! order wake-ups and clears come, and if one of them never ends:
//!
//! - a wake-up that finds it odd and does not write was noted before it looked; the clear that is to
//!   come makes the count even first, and whoever clears looks for what was noted afterwards;
//! - a wake-up that has written to what was cleared meanwhile finds another count, and leaves it: the
//!   descriptor is readable though the count is even, and the next wake-up writes once more.
#![expect(unsafe_code, reason = "reads and writes through the kernel's door")]

use super::Fd;
use crate::process::Process;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{Errno, sys};

/// A descriptor that is readable from a wake-up on until it is [cleared](Self::clear): eventfd(2).
///
/// It is how a program that waits by poll(2) or epoll(7) hears of a latch; see
/// [`Latch::wake_through`](crate::Latch::wake_through). It never blocks, execve(2) closes it, and it
/// is never too full to wake.
///
/// It is written to once, however many signals come, until it is cleared: by
/// [`clear`](Self::clear), not by a read(2) of the program's own, after which nothing would be written
/// any more.
///
/// # After fork
///
/// It is the parent's: the child neither writes to it nor clears it, and makes one of its own.
#[derive(Debug)]
pub struct EventFd {
    fd: Fd,
    /// Odd while it is readable; see the head of this file.
    count: AtomicU32,
    /// The process that made it.
    owner: Process,
}

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
        let fd = unsafe { Fd::from_raw(raw) };
        Ok(Self { fd, count: AtomicU32::new(0), owner: Process::this() })
    }

    /// The number, which is open as long as this lives: for poll(2) and its like.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn as_raw(&self) -> i32 {
        self.fd.as_raw()
    }

    /// Makes it not readable. Says whether it was.
    ///
    /// Clear first, look at the flags after: what comes in between is then seen, or wakes again.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn clear(&self) -> bool {
        if self.is_foreign() {
            return false;
        }
        let mut count = [0_u8; 8];
        // SAFETY: the kernel writes 8 bytes to `count`; the descriptor is ours.
        let read = unsafe { sys::read(self.as_raw(), count.as_mut_ptr().cast(), count.len()) };
        loop {
            let count = self.count.load(Ordering::Relaxed);
            // Whatever it was: who has written before the read must not make it odd any more.
            let even = (count | 1).wrapping_add(1);
            // ORDERING: SeqCst pairs with the SeqCst load in `wake`: either that sees this, or who
            // clears sees what was noted before it.
            let changed =
                self.count.compare_exchange(count, even, Ordering::SeqCst, Ordering::Relaxed);
            // If not, a wake-up was in between, or another clear.
            if changed.is_ok() {
                return read.is_ok();
            }
        }
    }

    /// Makes it readable. Call it after what it tells of is noted, by a `SeqCst` operation. It runs
    /// in the handler.
    ///
    /// # Errors
    ///
    /// None that Linux documents; a seccomp(2) filter may make one.
    pub(crate) fn wake(&self) -> Result<(), Errno> {
        // ORDERING: SeqCst pairs with the SeqCst change in `clear`.
        let count = self.count.load(Ordering::SeqCst);
        if count & 1 != 0 || self.is_foreign() {
            return Ok(());
        }
        // SAFETY: the descriptor is ours.
        match unsafe { sys::write(self.as_raw(), &1_u64.to_ne_bytes()) } {
            // It cannot count further, and has been readable for long.
            Ok(_) | Err(Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
        // ORDERING: Relaxed: it says only that there is something to read. Who finds it odd was noted
        // before the clear that it waits for.
        let _odd =
            self.count.compare_exchange(count, count | 1, Ordering::Relaxed, Ordering::Relaxed);
        Ok(())
    }

    /// Whether this is a child of the process that made it.
    fn is_foreign(&self) -> bool {
        Process::this() != self.owner
    }

    /// The descriptor alone.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use = "the descriptor is closed when dropped"]
    pub fn into_fd(self) -> Fd {
        self.fd
    }
}
