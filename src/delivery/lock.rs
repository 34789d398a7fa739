//! A robust lock: one catch or release at a time.
//!
//! | owner | may be changed by | to |
//! |---|---|---|
//! | 0, unlocked | any thread | its own id: it has the lock |
//! | the caller's id | that thread | 0; a handler that interrupted it gets `EDEADLK` |
//! | a living thread's id | that thread | others sleep and look again |
//! | a dead owner's: of a thread of the parent, in a child of fork(2) | any thread | its own id |
//!
//! The handler never takes it, so a signal that interrupts the owner is delivered.
#![expect(unsafe_code, reason = "asks the kernel whether a thread is there")]

use crate::sync::atomic::{AtomicI32, Ordering};
use crate::{ALONE, Errno, sys, time};

pub(super) struct Lock {
    /// A thread id, or 0.
    owner: AtomicI32,
}

/// Unlocks when dropped.
pub(super) struct LockGuard<'a> {
    lock: &'a Lock,
    owner: i32,
}

impl LockGuard<'_> {
    pub(super) const fn owner(&self) -> i32 {
        self.owner
    }
}

impl Lock {
    pub(super) const fn new() -> Self {
        Self { owner: AtomicI32::new(0) }
    }

    /// Locks, waiting for other threads; `EDEADLK` in a handler that interrupted the owner.
    pub(super) fn acquire(&self) -> Result<LockGuard<'_>, Errno> {
        let me = sys::gettid();
        let mut expected = 0;
        loop {
            // ORDERING: Acquire pairs with the Release in `drop`.
            match self.owner.compare_exchange(expected, me, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(LockGuard { lock: self, owner: me }),
                Err(owner) if owner == me => return Err(Errno::DEADLK),
                Err(owner) if !ALONE && is_dead(owner) => expected = owner,
                Err(_) => {
                    expected = 0;
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

/// Returns `true` if no thread of this process has this id.
fn is_dead(tid: i32) -> bool {
    // SAFETY: signal 0 is not delivered.
    unsafe { sys::tgkill(sys::getpid(), tid, 0) == Err(Errno::SRCH) }
}
