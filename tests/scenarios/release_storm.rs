//! Catch and release on many threads at once: nothing hangs, and nothing stale is left.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::{Errno, Latch, SigSet, Signal, send};
use std::sync::Barrier;
use std::thread;
use support::oracle::raw_action;
use support::state::SignalState;
use support::{Scenario, in_child, recorder, scenarios, steps, thread as threads};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        different_signals,
        the_same_signal,
        the_same_latch,
        the_same_and_different_signals_in_a_storm,
        over_a_handler,
    ]
}

const THREADS: usize = 8;

static LATCHES: [Latch; THREADS] = [const { Latch::new() }; THREADS];

/// The real-time signals, one a thread.
fn own(n: usize) -> Signal {
    u8::try_from(n).ok().and_then(|n| Signal::rt(n).ok()).expect("a real-time signal")
}

/// Runs `work` on all threads at once, with the latch and the number of each.
fn together(work: impl Fn(&'static Latch, usize) + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for (n, latch) in LATCHES.iter().enumerate() {
            let (work, start) = (&work, &start);
            scope.spawn(move || {
                start.wait();
                work(latch, n);
            });
        }
    });
}

/// A latch that the signal is raised for while it is caught has its flag set.
fn catch_raise_release(latch: &'static Latch, signals: SigSet) {
    assert_eq!(latch.catch(signals), Ok(()));
    for signal in signals {
        // The user's other processes may have all that RLIMIT_SIGPENDING allows.
        while send::raise(signal) == Err(Errno::AGAIN) {
            thread::yield_now();
        }
        assert!(latch.take_signal(signal), "{signal} is lost");
    }
    assert_eq!(latch.release(signals).map(drop), Ok(()));
}

fn different_signals() {
    in_child(|| {
        threads::settle();
        let before = SignalState::now();
        together(|latch, n| {
            for _ in steps(0..200) {
                catch_raise_release(latch, own(n).into());
                assert!(!latch.is_set());
            }
        });
        before.assert_unchanged("the last release");
    });
}

fn the_same_signal() {
    in_child(|| {
        threads::settle();
        let before = SignalState::now();
        together(|latch, _| {
            for _ in steps(0..200) {
                catch_raise_release(latch, Signal::USR1.into());
            }
        });
        before.assert_unchanged("the last release");
    });
}

fn the_same_latch() {
    static SHARED: Latch = Latch::new();
    in_child(|| {
        threads::settle();
        let before = SignalState::now();
        together(|_, n| {
            for _ in steps(0..200) {
                assert_eq!(SHARED.catch([Signal::USR1, own(n)]), Ok(()));
                assert_eq!(SHARED.release([Signal::USR1, own(n)]).map(drop), Ok(()));
            }
        });
        assert_eq!(SHARED.caught(), SigSet::empty());
        before.assert_unchanged("the last release");
    });
}

fn the_same_and_different_signals_in_a_storm() {
    static KEEPS: Latch = Latch::new().mask(SigSet::empty());
    in_child(|| {
        threads::settle();
        let before = SignalState::now();
        assert_eq!(KEEPS.catch([Signal::USR1, Signal::USR2]), Ok(()));
        let hammer = |_| {
            threads::raise(libc::SIGUSR1);
            threads::raise(libc::SIGUSR2);
        };
        threads::beside(2, hammer, || {
            together(|latch, n| {
                for _ in steps(0..50) {
                    catch_raise_release(latch, [Signal::USR1, Signal::USR2, own(n)].into());
                }
            });
        });
        assert_eq!(KEEPS.release([Signal::USR1, Signal::USR2]).map(drop), Ok(()));
        before.assert_unchanged("the last release");
    });
}

fn over_a_handler() {
    in_child(|| {
        threads::settle();
        recorder::install(libc::SIGUSR1);
        let before = raw_action(libc::SIGUSR1);
        together(|latch, _| {
            for _ in steps(0..100) {
                catch_raise_release(latch, Signal::USR1.into());
            }
        });
        assert_eq!(raw_action(libc::SIGUSR1), before);
        let raised = u32::try_from(THREADS).map(|threads| threads.saturating_mul(100));
        assert_eq!(Ok(recorder::count()), raised, "one call for each signal");
    });
}
