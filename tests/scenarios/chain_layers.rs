//! What is under ours when it is caught again over an action that is no handler; and actions that
//! change while they are looked at.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{Latch, SigSet, Signal, action, send};
use support::oracle::{self, raw_action};
use support::{Scenario, foreign, in_child, recorder, rounds, scenarios, steps, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        last_action_found_is_restored,
        comes_again_after_it_left,
        steps_aside_and_its_place_is_free,
        steps_aside_amid_a_storm,
        other_code_changes_it_meanwhile,
        resethand_is_spent_by_one_of_two_threads,
        put_back_over_the_same_action_it_is_not_taken_twice,
    ]
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();

const USR1: i32 = libc::SIGUSR1;

/// "Over the default and "ignore" ours is installed, and that action is what the last release restores."
fn last_action_found_is_restored() {
    in_child(|| {
        recorder::install(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let ignored = action::ignore(Signal::USR1).expect("ignore");
        let found = raw_action(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        assert_eq!(send::raise(Signal::USR1), Ok(()));
        assert!(
            LATCH.take_signal(Signal::USR1),
            "ours is back, and the first latch still wants it"
        );
        assert!(OTHER.take_signal(Signal::USR1));
        assert_eq!(recorder::count(), 0, "the handler below is not known any more");
        assert_eq!(LATCH.release(Signal::USR1), Ok(Signal::USR1.into()));
        assert_eq!(OTHER.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(raw_action(USR1), found);
        // Ours comes back and finds no receiver: it gives way to the same.
        assert_eq!(ignored.restore(), Ok(true));
        assert_eq!(send::raise(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), found);
    });
}

fn comes_again_after_it_left() {
    in_child(|| {
        let theirs = foreign::first();
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        theirs.leave(USR1);
        assert_eq!(OTHER.release(Signal::USR1).map(drop), Ok(()));
        theirs.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        assert_eq!(send::raise(Signal::USR1), Ok(()));
        assert_eq!(theirs.take_calls(), 1);
        assert!(LATCH.take_signal(Signal::USR1));
        assert!(OTHER.take_signal(Signal::USR1));
    });
}

/// With no receiver left and nobody over it, ours restores the handler before, by the next signal.
fn steps_aside_and_its_place_is_free() {
    in_child(|| {
        let theirs = foreign::first();
        for signal in (0..12).map(|n| Signal::rt(n).expect("a real-time signal")) {
            let signo = signal.as_raw();
            recorder::install(signo);
            let first = raw_action(signo);
            let recorded = recorder::count();
            assert_eq!(LATCH.catch(signal), Ok(()));
            let ours = raw_action(signo);
            theirs.come(signo);
            assert_eq!(LATCH.release(signal).map(drop), Ok(()));
            theirs.leave(signo);
            assert_eq!(raw_action(signo).handler, ours.handler);
            assert_eq!(send::raise(signal), Ok(()));
            assert_eq!(recorder::count(), recorded.wrapping_add(1));
            assert_eq!(raw_action(signo), first);
            // Not over its own: it takes the place that it had.
            assert_eq!(LATCH.catch(signal), Ok(()));
            assert_eq!(raw_action(signo), ours);
            assert_eq!(LATCH.release(signal).map(drop), Ok(()));
            assert_eq!(raw_action(signo), first);
        }
    });
}

/// Handlers on another thread restore the first action while this one catches again.
fn steps_aside_amid_a_storm() {
    in_child(|| {
        let theirs = foreign::first();
        recorder::install(USR1);
        let first = raw_action(USR1);
        thread::beside(
            1,
            |_| send::raise(Signal::USR1).expect("raise"),
            || {
                for _ in steps(0..2_000) {
                    assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                    theirs.come(USR1);
                    assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
                    let _seen = LATCH.take();
                    theirs.leave(USR1);
                    assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                    assert_eq!(send::raise(Signal::USR1), Ok(()));
                    assert!(LATCH.take_signal(Signal::USR1));
                    assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
                }
            },
        );
        let recorded = recorder::count();
        assert_eq!(send::raise(Signal::USR1), Ok(()));
        assert_eq!(recorder::count(), recorded.wrapping_add(1));
        assert_eq!(raw_action(USR1), first);
    });
}

fn other_code_changes_it_meanwhile() {
    in_child(|| {
        let change = |_| {
            oracle::set_ignored(USR1);
            oracle::set_default(USR1);
        };
        thread::beside(1, change, || {
            for _ in 0..20_000 {
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            }
        });
        assert!(matches!(raw_action(USR1).handler, libc::SIG_DFL | libc::SIG_IGN));
    });
}

/// Looks all the time, for two to meet; and lets others run where there is one processor.
fn spin_until(holds: impl Fn() -> bool) {
    while !holds() {
        if (0..200).any(|_| holds()) {
            return;
        }
        std::thread::yield_now();
    }
}

fn resethand_is_spent_by_one_of_two_threads() {
    /// In place of a round: there is none any more.
    const DONE: u32 = u32::MAX;
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static STAGE: AtomicU32 = AtomicU32::new(0);
    static RAISED: AtomicU32 = AtomicU32::new(0);
    extern "C" fn count(_signo: i32) {
        CALLS.fetch_add(1, SeqCst);
    }
    in_child(|| {
        let mut wrong = 0_u32;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1.. {
                    spin_until(|| STAGE.load(SeqCst) >= round);
                    if STAGE.load(SeqCst) == DONE {
                        break;
                    }
                    thread::raise(USR1);
                    RAISED.store(round, SeqCst);
                }
            });
            for round in rounds(200, 5_000).skip(1) {
                let handler = count as *const () as usize;
                foreign::set(USR1, &foreign::action(handler, libc::SA_RESETHAND));
                wrong = wrong.saturating_add(u32::from(LATCH.catch(Signal::USR1).is_err()));
                STAGE.store(round, SeqCst);
                // The two raise at the same moment, each on its processor.
                thread::raise(USR1);
                spin_until(|| RAISED.load(SeqCst) >= round);
                wrong = wrong.saturating_add(u32::from(CALLS.load(SeqCst) != round));
                wrong = wrong.saturating_add(u32::from(LATCH.release(Signal::USR1).is_err()));
            }
            STAGE.store(DONE, SeqCst);
        });
        assert_eq!(wrong, 0, "one call a round");
    });
}

/// Two catches over "ignore", and the one in between restore: ours is in the chain though all have
/// left, and a handler over it that chains must not find it over itself as well.
fn put_back_over_the_same_action_it_is_not_taken_twice() {
    static FIRST: Latch = Latch::new();
    static SECOND: Latch = Latch::new();
    in_child(|| {
        action::ignore(Signal::USR1).expect("ignore");
        FIRST.catch(Signal::USR1).expect("catch");
        let ignored = action::ignore(Signal::USR1).expect("ignore");
        SECOND.catch(Signal::USR1).expect("catch");
        FIRST.release(Signal::USR1).expect("release");
        SECOND.release(Signal::USR1).expect("release");
        assert_eq!(ignored.restore(), Ok(true));
        foreign::first().come(libc::SIGUSR1);
        FIRST.catch(Signal::USR1).expect("catch");
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(foreign::first().take_calls(), 1);
        assert_eq!(FIRST.take(), Signal::USR1.into());
        FIRST.release(Signal::USR1).expect("release");
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(foreign::first().take_calls(), 1);
    });
}
