//! Which handlers are in flight, so that a registration can wait for a grace period: until every
//! handler that may have seen the state before its change has left.
//!
//! A handler counts itself in before it looks at anything, and out when it has finished with the
//! receivers. Signals that keep pouring in must not keep a waiter waiting, so there are two counters:
//! the waiter turns new handlers to the other one, waits for the first to reach zero, turns back, and
//! waits for the other. The wait takes two turns because a handler that chose its counter long ago may
//! stand on either side.
//!
//! A handler never waits here. It does two atomic additions, and the kernel's SRCU, whose scheme
//! this is, explains why one is not enough (kernel/rcu/srcutree.c).
//!
//! | state of a handler | what the waiter knows |
//! |---|---|
//! | has chosen a side, has not counted itself | it will look after the change, and see it |
//! | has counted itself before the waiter looked | the waiter waits for it |
//! | has counted itself after the waiter looked | it looks after the change, and sees it |

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::time;

/// Two pairs of sides: bit 0 of `epoch` is the side, bit 1 the pair.
const SIDES: usize = 4;
const LAST_SIDE: u32 = SIDES as u32 - 1;

/// The handlers of this process that are in flight.
pub(super) static GATE: Gate = Gate::new();

pub(super) struct Gate {
    epoch: AtomicU32,
    inside: [AtomicU32; SIDES],
}

/// The side on which a handler counted itself in.
#[repr(transparent)]
pub(super) struct Epoch(u32);

impl Gate {
    pub(super) const fn new() -> Self {
        Self { epoch: AtomicU32::new(0), inside: [const { AtomicU32::new(0) }; SIDES] }
    }

    fn side(&self, epoch: u32) -> &AtomicU32 {
        #[expect(clippy::indexing_slicing, reason = "a power of two, masked: no panic is left")]
        &self.inside[(epoch & LAST_SIDE) as usize]
    }

    /// A handler starts. What it looks at afterwards, it must look at by `SeqCst` loads.
    pub(super) fn enter(&self) -> Epoch {
        // ORDERING: Relaxed: an old turn is fine, that is what the second turn is for.
        let epoch = self.epoch.load(Ordering::Relaxed);
        // ORDERING: SeqCst pairs with the SeqCst load in `wait_until_empty`: either the waiter sees
        // this handler, or this handler's later loads see what the waiter changed before.
        self.side(epoch).fetch_add(1, Ordering::SeqCst);
        Epoch(epoch & LAST_SIDE)
    }

    /// A handler has finished with the receivers.
    #[expect(clippy::needless_pass_by_value, reason = "an epoch is good for one leaving")]
    pub(super) fn leave(&self, epoch: Epoch) {
        // ORDERING: Release pairs with the load in `wait_until_empty`: what the handler did is done.
        self.side(epoch.0).fetch_sub(1, Ordering::Release);
    }

    /// Waits for every handler that may have looked before the caller's last `SeqCst` change. One
    /// caller at a time, and never in signal context: it would wait for itself.
    pub(super) fn wait_until_empty(&self) {
        for _ in 0..2 {
            // ORDERING: Relaxed: only this function and `reset_after_fork` write it, under one lock.
            let epoch = self.epoch.load(Ordering::Relaxed);
            // ORDERING: Relaxed: who sees it late is on the old side, which is waited for below.
            self.epoch.store(epoch ^ 1, Ordering::Relaxed);
            // A handler is done in less than a microsecond, unless its thread does not run: then it
            // may need this processor, so this thread sleeps and does not spin.
            //
            // ORDERING: SeqCst pairs with the increment in `enter` and the decrement in `leave`.
            while self.side(epoch).load(Ordering::SeqCst) != 0 {
                time::pause();
            }
        }
    }

    /// In a child of fork(2): the handlers that other threads of the parent were in were counted,
    /// and will never leave. Goes to the other pair of sides, which nobody uses, and leaves those
    /// counts behind.
    pub(super) fn reset_after_fork(&self) {
        // ORDERING: Relaxed, all: one caller at a time, and a handler sees either turn whole.
        let epoch = self.epoch.load(Ordering::Relaxed) ^ 2;
        self.side(epoch).store(0, Ordering::Relaxed);
        self.side(epoch ^ 1).store(0, Ordering::Relaxed);
        self.epoch.store(epoch, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Ordering};
    use crate::timer::Clock;
    use core::time::Duration;
    use std::thread::{spawn, yield_now};

    static GATE: Gate = Gate::new();

    fn await_that(what: &str, holds: impl Fn() -> bool) {
        // Of this thread's processor time: a busy machine decides nothing.
        let used = || Clock::ThreadCpu.now().expect("a time");
        let begin = used();
        while !holds() {
            assert!(used().saturating_sub(begin) < Duration::from_secs(10), "{what}");
            yield_now();
        }
    }

    #[test]
    fn handlers_that_keep_coming_are_not_waited_for() {
        let chosen = |side| move || GATE.epoch.load(Ordering::Relaxed) == side;
        let first = GATE.enter();
        let waiter = spawn(|| GATE.wait_until_empty());
        // From here on, one is always inside.
        await_that("new handlers go to the other side", chosen(1));
        let second = GATE.enter();
        GATE.leave(first);
        await_that("new handlers come back", chosen(0));
        let third = GATE.enter();
        GATE.leave(second);
        await_that("the wait ends, though the third is inside", || waiter.is_finished());
        GATE.leave(third);
    }
}
