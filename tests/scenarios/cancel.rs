//! Threads that pthread_cancel(3) may end at any instruction: not in our handler, which others wait
//! for.

#![expect(unsafe_code, reason = "loads C code, and hooks are unsafe to make")]

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use siglatch::{Hook, HookContext, HookVerdict, InfoQueue, Latch, SigSet, Signal};
use std::thread::yield_now;
use support::c_functions;
use support::oracle::{bit, has, proc_status, raw_action};
use support::{Scenario, in_child, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        cancellation_waits_for_our_handler,
        cancellation_waits_whatever_the_mask_is,
        signal_of_cancellation_is_blocked,
    ]
}

c_functions! {
    C, "../c/cancel.c":
    start_thread(i32) -> i32;
    thread_id() -> i32;
    cancel_thread() -> i32;
    join_thread() -> i32;
}

/// The signals that a C library keeps for cancellation, and for setuid(2) and its like.
const CANCEL: i32 = if cfg!(any(target_env = "musl", target_env = "ohos")) { 33 } else { 32 };
const SET_ID: i32 = if cfg!(any(target_env = "musl", target_env = "ohos")) { 34 } else { 33 };

static INSIDE: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);
static WENT_ON: AtomicBool = AtomicBool::new(false);

fn stay(_: HookContext<'_>) -> HookVerdict {
    INSIDE.store(true, SeqCst);
    while !GO_ON.load(SeqCst) {
        core::hint::spin_loop();
    }
    WENT_ON.store(true, SeqCst);
    HookVerdict::Taken
}

// SAFETY: it waits, which the test is about, for a thread that does not wait for it.
static STAYS: Hook = unsafe { Hook::new(stay) };
static STAYS_UNMASKED: Hook = {
    // SAFETY: as above.
    let hook = unsafe { Hook::new(stay) };
    hook.mask(SigSet::empty())
};

/// Cancels a thread while it is in our handler.
fn cancel_in_the_handler(hook: &'static Hook) {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(hook.catch(Signal::USR1), Ok(()));
        assert_eq!((c.start_thread)(libc::SIGUSR1), 0);
        while !INSIDE.load(SeqCst) {
            yield_now();
        }
        let tid = (c.thread_id)();
        assert_eq!((c.cancel_thread)(), 0);
        // It is on its way until it is held up, or has had its effect.
        while thread::try_kill(tid, 0) && !has(proc_status(tid).pending, CANCEL) {
            yield_now();
        }
        GO_ON.store(true, SeqCst);
        assert_eq!((c.join_thread)(), 1, "cancelled in the end");
        assert!(WENT_ON.load(SeqCst), "the thread was ended in the handler");
        assert_eq!(hook.release(Signal::USR1).map(drop), Ok(()));
    });
}

fn cancellation_waits_for_our_handler() {
    cancel_in_the_handler(&STAYS);
}

fn cancellation_waits_whatever_the_mask_is() {
    cancel_in_the_handler(&STAYS_UNMASKED);
}

fn signal_of_cancellation_is_blocked() {
    static LATCH: Latch = Latch::new();
    static QUEUE: InfoQueue<2> = InfoQueue::new().mask(SigSet::empty());
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(QUEUE.catch(Signal::USR2), Ok(()));
        for signo in [libc::SIGUSR1, libc::SIGUSR2] {
            let mask = raw_action(signo).mask;
            assert!(has(mask, CANCEL), "{signo}: cancellation");
            // All threads take part in a change of ids, and wait for each other.
            assert!(!has(mask, SET_ID), "{signo}: a change of ids");
        }
        assert_eq!(raw_action(libc::SIGUSR2).mask, bit(CANCEL));
    });
}
