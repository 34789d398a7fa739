//! A grace period: after a change, a registration waits until every handler that may have seen the
//! state before it has left. The scheme is the kernel's SRCU (kernel/rcu/srcutree.c).
//!
//! A handler, the reader, increments one of two counters before it looks at anything, and
//! decrements it when it has finished with the receivers. It never waits. The waiter directs new
//! handlers to the other counter, waits until the first is zero, and does the same once more,
//! because a handler that read `epoch` long ago may increment either. Signals that keep arriving do
//! not prolong the wait.
//!
//! | a handler | what the waiter knows |
//! |---|---|
//! | has read `epoch`, has not incremented | it looks after the change, and sees it |
//! | incremented before the waiter's load | the waiter waits for it |
//! | incremented after the waiter's load | it looks after the change, and sees it |

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::time;

/// Two pairs of counters: bit 0 of `epoch` is the counter, bit 1 the pair.
const SIDES: usize = 4;
const LAST_SIDE: u32 = SIDES as u32 - 1;

pub(super) static GATE: Gate = Gate::new();

pub(super) struct Gate {
    epoch: AtomicU32,
    inside: [AtomicU32; SIDES],
}

/// The counter that a handler incremented.
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

    /// A handler starts: what it reads next, it reads by `SeqCst` loads.
    pub(super) fn enter(&self) -> Epoch {
        // ORDERING: Relaxed: an old value is what the second pass is for.
        let epoch = self.epoch.load(Ordering::Relaxed);
        // ORDERING: SeqCst pairs with the SeqCst load in `wait_until_empty`: either the waiter sees
        // this handler, or this handler's later loads see what the waiter changed before.
        self.side(epoch).fetch_add(1, Ordering::SeqCst);
        Epoch(epoch & LAST_SIDE)
    }

    #[expect(clippy::needless_pass_by_value, reason = "an epoch is good for one leaving")]
    pub(super) fn leave(&self, epoch: Epoch) {
        // ORDERING: Release pairs with the load in `wait_until_empty`: what the handler did is
        // done.
        self.side(epoch.0).fetch_sub(1, Ordering::Release);
    }

    /// Waits for every handler that may have looked before the caller's last `SeqCst` change. One
    /// caller at a time, never in signal context: it would wait for itself.
    pub(super) fn wait_until_empty(&self) {
        for _ in 0..2 {
            // ORDERING: Relaxed: only this function and `reset_after_fork` write it, under one
            // lock.
            let epoch = self.epoch.load(Ordering::Relaxed);
            // ORDERING: Relaxed: a handler that sees it late is on the old side, waited for below.
            self.epoch.store(epoch ^ 1, Ordering::Relaxed);
            // A handler takes less than a microsecond, unless its thread does not run: it may need
            // this processor, so this thread sleeps and does not spin.
            //
            // ORDERING: SeqCst pairs with the increment in `enter` and the decrement in `leave`.
            while self.side(epoch).load(Ordering::SeqCst) != 0 {
                time::pause();
            }
        }
    }

    /// In a child of fork(2), where handlers of the parent's other threads never leave: abandons
    /// their counts for the other pair.
    pub(super) fn reset_after_fork(&self) {
        // ORDERING: Relaxed, all: one caller at a time, and a handler sees either value whole.
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
