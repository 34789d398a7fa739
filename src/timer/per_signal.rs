//! [`SignalTimers`]: a timer for each signal, in atomics, for a handler that has to find it.

use core::mem::ManuallyDrop;
use core::time::Duration;

use super::{Clock, PosixTimer};
use crate::sync::atomic::{AtomicI32, Ordering};
use crate::{Errno, SigVal, Signal, sys};

/// Timers of `CLOCK_MONOTONIC`, one a signal. They are made once in a process, and never deleted.
pub(crate) struct SignalTimers([Entry; 64]);

/// | `owner` | |
/// |---|---|
/// | 0 | no process has made it yet |
/// | a process | has made it, and it is `id`; a child of fork(2) makes another |
/// | a process, negated | one of its threads has made it and is about to store `id` |
struct Entry {
    owner: AtomicI32,
    id: AtomicI32,
}

impl SignalTimers {
    pub(crate) const fn none() -> Self {
        Self([const { Entry { owner: AtomicI32::new(0), id: AtomicI32::new(0) } }; 64])
    }

    /// As [`PosixTimer::set`], of the timer of `signal`. Returns `true` if this process has one.
    pub(crate) fn set(&self, signal: Signal, first: Duration, interval: Duration) -> bool {
        self.get(signal).is_some_and(|timer| timer.set(first, interval).is_ok())
    }

    /// What is left until it expires next; `None` if it is not set, or this process has none.
    pub(crate) fn left(&self, signal: Signal) -> Option<Duration> {
        let left = self.get(signal)?.query().ok()?.value;
        Some(left).filter(|left| !left.is_zero())
    }

    /// In a child of fork(2) its methods fail with `EINVAL`.
    fn get(&self, signal: Signal) -> Option<ManuallyDrop<PosixTimer>> {
        let entry = self.entry(signal)?;
        // ORDERING: SeqCst pairs with that in `make`: the id is this owner's. A caller that changed
        // something by a SeqCst operation and finds no timer is seen by the one that makes it.
        let owner = entry.owner.load(Ordering::SeqCst);
        // ORDERING: Relaxed: stored before the owner, which was acquired.
        let id = entry.id.load(Ordering::Relaxed);
        (owner > 0).then(|| ManuallyDrop::new(PosixTimer { id, owner }))
    }

    /// Makes the timer of `signal` with `value`, unless this process has it; fails as
    /// [`PosixTimer::new`]. Of several made at once, one stays; there is none until it is stored.
    pub(crate) fn make(&self, signal: Signal, value: SigVal) -> Result<(), Errno> {
        let Some(entry) = self.entry(signal) else { return Ok(()) };
        let me = sys::getpid();
        // ORDERING: Relaxed, here and below: the id is read after the owner in `get`.
        let owner = entry.owner.load(Ordering::Relaxed);
        if owner.wrapping_abs() == me {
            return Ok(());
        }
        let timer = PosixTimer::new(Clock::Monotonic, signal, value)?;
        let claimed = me.wrapping_neg();
        let claim =
            entry.owner.compare_exchange(owner, claimed, Ordering::Relaxed, Ordering::Relaxed);
        if claim.is_ok() {
            entry.id.store(ManuallyDrop::new(timer).id, Ordering::Relaxed);
            // ORDERING: SeqCst pairs with that in `get`.
            entry.owner.store(me, Ordering::SeqCst);
        }
        Ok(())
    }

    /// In a child of fork(2) with no other thread: it has none, even if it has its parent's number.
    pub(crate) fn reset_after_fork(&self) {
        for entry in &self.0 {
            // ORDERING: Relaxed: there is no other thread.
            entry.owner.store(0, Ordering::Relaxed);
        }
    }

    fn entry(&self, signal: Signal) -> Option<&Entry> {
        self.0.get(signal.bit().trailing_zeros() as usize)
    }
}
