//! Callbacks of several tables, and on several threads.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::needless_for_each, reason = "one line for what is one thought")]

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use siglatch::{Dispatcher, Latch, SigSet, Signal};
use std::thread;
use support::callbacks::{calls, give, note, note_negative, on, raise};
use support::names::rt;
use support::{Scenario, in_child, scenarios, steps};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        several_tables_get_each,
        each_arrival_once_among_threads,
        blocking_function_does_not_stop_reception,
    ]
}

fn several_tables_get_each() {
    static FIRST: Dispatcher = Dispatcher::new();
    static SECOND: Dispatcher<1> = Dispatcher::new();
    static LATCH: Latch = Latch::new();
    in_child(|| {
        on(&FIRST, rt(0), note);
        on(&SECOND, rt(0), note_negative);
        LATCH.catch(rt(0)).expect("catch");
        give(rt(0), 7);
        assert_eq!((FIRST.dispatch(), SECOND.dispatch()), (1, 1));
        assert_eq!(calls(), [(rt(0).as_raw(), 7), (rt(0).as_raw().wrapping_neg(), 7)]);
        assert!(LATCH.take_signal(rt(0)));
        FIRST.release(rt(0)).expect("release");
        give(rt(0), 8);
        assert_eq!((FIRST.dispatch(), SECOND.dispatch()), (0, 1));
    });
}

/// Each signal is sent again once it was dispatched, so each arrival is one call.
fn each_arrival_once_among_threads() {
    const ROUNDS: u32 = 2_000;
    static TABLE: Dispatcher = Dispatcher::new();
    static CALLED: AtomicU32 = AtomicU32::new(0);
    static RETURNED: AtomicUsize = AtomicUsize::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        on(&TABLE, rt(0), |_| {
            CALLED.fetch_add(1, SeqCst);
        });
        let threads = [(); 4].map(|()| {
            thread::spawn(|| {
                while !DONE.load(SeqCst) {
                    let called = TABLE.dispatch();
                    RETURNED.fetch_add(called, SeqCst);
                    if called == 0 {
                        thread::yield_now();
                    }
                }
            })
        });
        for round in steps(1..=ROUNDS) {
            raise(rt(0));
            while CALLED.load(SeqCst) < round {
                thread::yield_now();
            }
        }
        DONE.store(true, SeqCst);
        threads.into_iter().for_each(|thread| thread.join().expect("a thread that ends"));
        assert_eq!(CALLED.load(SeqCst), ROUNDS);
        assert_eq!(u32::try_from(RETURNED.load(SeqCst)), Ok(ROUNDS));
    });
}

fn blocking_function_does_not_stop_reception() {
    static TABLE: Dispatcher = Dispatcher::new();
    static LATCH: Latch = Latch::new();
    static INSIDE: AtomicBool = AtomicBool::new(false);
    static FREE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        on(&TABLE, Signal::HUP, |_| {
            INSIDE.store(true, SeqCst);
            while !FREE.load(SeqCst) {
                thread::yield_now();
            }
        });
        on(&TABLE, rt(0), note);
        LATCH.catch(Signal::HUP).expect("catch");
        let dispatching = thread::spawn(|| {
            TABLE.wait(None).expect("wait");
            TABLE.dispatch()
        });
        raise(Signal::HUP);
        while !INSIDE.load(SeqCst) {
            thread::yield_now();
        }
        assert!(LATCH.take_signal(Signal::HUP));
        give(rt(0), 3);
        raise(Signal::HUP);
        assert!(LATCH.take_signal(Signal::HUP));
        assert_eq!(TABLE.pending(), SigSet::from([Signal::HUP, rt(0)]));
        // Another thread need not wait for the one that is blocked; nor do set and take away.
        FREE.store(true, SeqCst);
        let there = dispatching.join().expect("a thread that ends");
        let here = TABLE.dispatch();
        assert_eq!(there.checked_add(here), Some(3));
        assert_eq!(calls(), [(rt(0).as_raw(), 3)]);
    });
}
