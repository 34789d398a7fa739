//! One catch or release at a time.
//!
//! The handler never takes this lock, so a signal that interrupts its owner is delivered all the
//! same. Registrations are rare and short: a thread that finds it taken sleeps and looks again.
#![expect(unsafe_code, reason = "asks the kernel whether a thread is there")]

use crate::sync::atomic::{AtomicI32, Ordering};
use crate::{ALONE, Errno, sys, time};

/// A robust lock: it holds its owner's thread id, so that a dead owner can be told. A thread that
/// held it in the parent while another called fork(2) does not exist in the child.
pub(super) struct Lock {
    /// 0 while it is free.
    owner: AtomicI32,
}

/// Unlocks when dropped.
pub(super) struct LockGuard<'a> {
    lock: &'a Lock,
    owner: i32,
}

impl LockGuard<'_> {
    /// The calling thread.
    pub(super) const fn owner(&self) -> i32 {
        self.owner
    }
}

impl Lock {
    pub(super) const fn new() -> Self {
        Self { owner: AtomicI32::new(0) }
    }

    /// Locks, waiting for another thread to unlock.
    ///
    /// # Errors
    ///
    /// `EDEADLK`: the calling thread has it, and was interrupted by the handler that now asks.
    pub(super) fn acquire(&self) -> Result<LockGuard<'_>, Errno> {
        let me = sys::gettid();
        let mut free = 0;
        loop {
            // ORDERING: Acquire pairs with the Release in `drop`.
            match self.owner.compare_exchange(free, me, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(LockGuard { lock: self, owner: me }),
                Err(owner) if owner == me => return Err(Errno::DEADLK),
                Err(owner) if !ALONE && is_dead(owner) => free = owner,
                Err(_) => {
                    free = 0;
                    time::pause();
                }
            }
        }
    }

    /// In a child of fork(2), where the calling thread is the only one and does not have it.
    pub(super) fn reset_after_fork(&self) {
        // ORDERING: Relaxed: there is no other thread.
        self.owner.store(0, Ordering::Relaxed);
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        // ORDERING: Release pairs with the Acquire in `acquire`.
        self.lock.owner.store(0, Ordering::Release);
    }
}

/// Whether no thread of this process has this id.
fn is_dead(tid: i32) -> bool {
    // SAFETY: signal 0 is not delivered to anybody.
    unsafe { sys::tgkill(sys::getpid(), tid, 0) == Err(Errno::SRCH) }
}
