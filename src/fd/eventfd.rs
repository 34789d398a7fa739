//! [`EventFd`]: a descriptor that is readable from a wake-up on, until it is cleared; and
//! [`OnceEventFd`]: one for a static, opened when it is first needed.
//!
//! | `count` | the descriptor | a wake-up | a clear |
//! |---|---|---|---|
//! | even | not readable | writes, makes *this* count odd | reads nothing; the next even count |
//! | odd | readable | does nothing | reads; the next even count |
//! | even: cleared between write and mark | readable | writes again | reads; the next even count |
//!
//! What a wake-up announces is set before it loads `count`, and the program reads it after the
//! clear. Both accesses are sequentially consistent: a wake-up that finds an odd count comes before
//! the clear that makes it even, and so before that read. A wake-up that stops half-way delays
//! nothing: at worst the descriptor is readable for no reason, or written again. While a clear
//! stops half-way, wake-ups may be silent: its caller looks at the flags once it goes on.
#![expect(unsafe_code, reason = "reads and writes by system calls")]

use core::mem::ManuallyDrop;

use static_assertions::assert_impl_all;

use super::Fd;
use crate::process::AtomicProcess;
use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::{Errno, sys};

/// A descriptor that is readable from a wake-up on until it is [cleared](Self::clear): eventfd(2).
///
/// It wakes a program in poll(2) or epoll(7) for a latch's signals:
/// [`Latch::wake_through`](crate::Latch::wake_through). It never blocks, is never too full to wake,
/// and execve(2) closes it. However many signals come, it is written to once until
/// [`clear`](Self::clear); a read(2) instead would leave it silent for good. For a static:
/// [`OnceEventFd`].
///
/// # After fork
///
/// It is the parent's: the child neither writes to it nor clears it, and makes one of its own.
#[derive(Debug)]
pub struct EventFd {
    /// The complement of the descriptor: a static of zeros has none, as only a [`OnceEventFd`] may.
    not_fd: AtomicI32,
    /// Odd while it is readable; see the head of this file.
    count: AtomicU32,
    /// The process that opened it.
    owner: AtomicProcess,
}

assert_impl_all!(EventFd: Send, Sync, Unpin);

/// The complement of -1, which is no descriptor.
const UNOPENED: i32 = 0;

impl EventFd {
    /// One that is not readable yet.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: too many descriptors are open. `ENOMEM`: no memory.
    #[doc(alias = "eventfd")]
    #[inline]
    pub fn new() -> Result<Self, Errno> {
        let event = Self::unopened();
        event.open()?;
        Ok(event)
    }

    const fn unopened() -> Self {
        Self {
            not_fd: AtomicI32::new(UNOPENED),
            count: AtomicU32::new(0),
            owner: AtomicProcess::none(),
        }
    }

    /// Opens it, unless it is open.
    #[inline]
    fn open(&self) -> Result<(), Errno> {
        // ORDERING: Acquire pairs with the Release below: the owner is seen with the descriptor.
        if self.not_fd.load(Ordering::Acquire) != UNOPENED {
            return if self.is_foreign() { Err(Errno::INVAL) } else { Ok(()) };
        }
        let raw = sys::eventfd2(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)?;
        // Before the Release. All threads that come here store the same.
        self.owner.set_this();
        // ORDERING: Release pairs with the Acquire above. Relaxed: this thread has stored the
        // owner, too.
        let won = self
            .not_fd
            .compare_exchange(UNOPENED, !raw, Ordering::Release, Ordering::Relaxed)
            .is_ok();
        if !won {
            // Another thread, or a handler of this one, was first.
            //
            // SAFETY: it was just opened, and nothing else knows of it.
            let _closed = unsafe { sys::close(raw) };
        }
        Ok(())
    }

    /// The number, open as long as this lives: for poll(2) and the like.
    #[must_use]
    pub fn as_raw(&self) -> i32 {
        // ORDERING: Relaxed: a reference is got after the Acquire in `open`, or from a thread that
        // did.
        !self.not_fd.load(Ordering::Relaxed)
    }

    /// Makes it not readable. Returns `true` if it was.
    ///
    /// Clear first, look at the flags after: what comes in between is seen, or wakes again.
    #[inline]
    pub fn clear(&self) -> bool {
        if self.is_foreign() {
            return false;
        }
        let mut count = [0_u8; 8];
        // SAFETY: the kernel writes 8 bytes to `count`; the descriptor is ours.
        let read = unsafe { sys::read(self.as_raw(), count.as_mut_ptr().cast(), count.len()) };
        loop {
            let count = self.count.load(Ordering::Relaxed);
            // Also if it was even: a wake-up that has written before the read must not make it odd.
            let even = (count | 1).wrapping_add(1);
            // ORDERING: SeqCst pairs with the SeqCst load in `wake`: either that sees this, or the
            // caller sees what was set before it.
            let changed =
                self.count.compare_exchange(count, even, Ordering::SeqCst, Ordering::Relaxed);
            // Otherwise a wake-up was in between, or another clear.
            if changed.is_ok() {
                return read.is_ok();
            }
        }
    }

    /// Makes it readable. What it announces was set before, by a `SeqCst` operation. In the handler.
    pub(crate) fn wake(&self) -> Result<(), Errno> {
        // ORDERING: SeqCst pairs with the SeqCst change in `clear`.
        let count = self.count.load(Ordering::SeqCst);
        if count & 1 != 0 || self.is_foreign() {
            return Ok(());
        }
        // SAFETY: the descriptor is ours.
        match unsafe { sys::write(self.as_raw(), &1_u64.to_ne_bytes()) } {
            // The kernel's counter is full, so it is readable.
            Ok(_) | Err(Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
        // ORDERING: Relaxed: it says only that there is something to read.
        let _odd =
            self.count.compare_exchange(count, count | 1, Ordering::Relaxed, Ordering::Relaxed);
        Ok(())
    }

    /// Returns `true` in a child of the process that opened it.
    fn is_foreign(&self) -> bool {
        !self.owner.is_this()
    }

    /// The descriptor alone.
    #[must_use = "the descriptor is closed when dropped"]
    pub fn into_fd(self) -> Fd {
        let raw = ManuallyDrop::new(self).as_raw();
        // SAFETY: it is open, and its owner is gone without closing it.
        unsafe { Fd::from_raw(raw) }
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        let raw = self.as_raw();
        if raw != !UNOPENED {
            // SAFETY: it is open, and this is its only owner.
            let _closed = unsafe { sys::close(raw) };
        }
    }
}

/// An [`EventFd`] for a static, opened by the first [`open`](Self::open): it needs no allocator.
///
/// ```
/// use siglatch::fd::OnceEventFd;
/// use siglatch::{Latch, Signal, send};
///
/// static STOP: Latch = Latch::new();
/// static WAKE: OnceEventFd = OnceEventFd::new();
///
/// let wake = WAKE.open()?;
/// STOP.wake_through(wake)?;
/// STOP.catch_unblocked(Signal::TERM)?;
/// send::raise(Signal::TERM)?;
/// // poll(2) on wake.as_raw() returns now.
/// assert!(wake.clear());
/// assert!(STOP.take_signal(Signal::TERM));
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # After fork
///
/// Once opened, it is the parent's: a child needs a static that the parent has not opened.
#[derive(Debug)]
pub struct OnceEventFd(EventFd);

assert_impl_all!(OnceEventFd: Send, Sync, Unpin);

impl OnceEventFd {
    /// One that is not open.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(EventFd::unopened())
    }

    /// The eventfd, which the first call opens. Threads that call it at once get the same one.
    ///
    /// # Errors
    ///
    /// As for [`EventFd::new`]; another call tries again. `EINVAL`: a parent process has opened it.
    #[doc(alias = "eventfd")]
    #[inline]
    pub fn open(&self) -> Result<&EventFd, Errno> {
        self.0.open()?;
        Ok(&self.0)
    }
}

impl Default for OnceEventFd {
    fn default() -> Self {
        Self::new()
    }
}
