//! Flags: who sets them, who takes them, and what stays.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts are small, and sets have no overflow")]

use core::sync::atomic::{AtomicU32, Ordering};
use siglatch::{Latch, SigSet, Signal, send};
use std::sync::Barrier;
use std::thread;
use support::names::rt;
use support::oracle::raw_action;
use support::state::SignalState;
use support::{Child, Scenario, in_child, scenarios, thread as threads};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        another_process_sets_the_flag,
        one_latch_catches_every_signal,
        latches_of_one_signal_are_all_set,
        only_what_is_caught_is_set,
        take_takes_all_at_once,
        take_signal_takes_one,
        looking_takes_nothing,
        each_flag_goes_to_one_thread,
        drain_takes_the_lowest_first,
        drain_broken_off_leaves_the_rest,
        drain_takes_what_comes_meanwhile,
        many_instances_are_one_flag,
        set_needs_no_signal,
        catch_twice_is_catch_once,
        release_twice_is_release_once,
        release_leaves_others_alone,
        flags_survive_the_release,
        catch_again_after_release,
    ]
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();

/// Every signal that a latch can catch: all but the faults.
fn catchable() -> SigSet {
    SigSet::full().into_iter().filter(|signal| !signal.is_synchronous()).collect()
}

#[track_caller]
fn raise_all(signals: impl IntoIterator<Item = Signal>) {
    for signal in signals {
        assert_eq!(send::raise(signal), Ok(()));
    }
}

fn another_process_sets_the_flag() {
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch(catchable()), Ok(()));
        link.ready();
        for _ in catchable() {
            assert_eq!(LATCH.wait(None), Ok(true));
            link.say(&format!("{:?}", LATCH.take()));
        }
    });
    child.await_ready();
    for signal in catchable() {
        child.kill_from_third(signal.as_raw());
        child.expect(&format!("{:?}", SigSet::from(signal)));
    }
    child.wait().assert_exited(0);
}

fn one_latch_catches_every_signal() {
    in_child(|| {
        let last = Signal::from_raw(64).expect("the last real-time signal");
        assert!(catchable().contains(last));
        let standard = Signal::STANDARD.len() - 2 - 6; // KILL and STOP, and the synchronous ones
        assert_eq!(catchable().len(), standard + usize::from(Signal::rt_count()));
        assert_eq!(LATCH.catch(catchable()), Ok(()));
        assert_eq!(LATCH.caught(), catchable());
        for signal in catchable() {
            assert_eq!(send::raise(signal), Ok(()));
            assert_eq!(LATCH.take(), signal.into());
        }
        raise_all(catchable());
        assert_eq!(LATCH.take(), catchable());
    });
}

fn latches_of_one_signal_are_all_set() {
    static THIRD: Latch = Latch::new();
    in_child(|| {
        for latch in [&LATCH, &OTHER, &THIRD] {
            assert_eq!(latch.catch([Signal::TERM, rt(4)]), Ok(()));
        }
        raise_all([rt(4)]);
        for latch in [&THIRD, &LATCH, &OTHER] {
            assert_eq!(latch.take(), rt(4).into());
        }
        assert_eq!(OTHER.release(rt(4)).map(drop), Ok(()));
        raise_all([rt(4)]);
        assert_eq!([&LATCH, &OTHER, &THIRD].map(Latch::is_set), [true, false, true]);
    });
}

fn only_what_is_caught_is_set() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, rt(1)]), Ok(()));
        assert_eq!(OTHER.catch([Signal::USR2, rt(2)]), Ok(()));
        raise_all([Signal::USR1, rt(2)]);
        assert_eq!(LATCH.pending(), Signal::USR1.into());
        assert_eq!(OTHER.pending(), rt(2).into());
    });
}

fn take_takes_all_at_once() {
    in_child(|| {
        let signals = [Signal::HUP, Signal::TERM, rt(0), rt(29)];
        assert_eq!(LATCH.catch(signals), Ok(()));
        assert_eq!(LATCH.take(), SigSet::empty());
        raise_all(signals);
        assert_eq!(LATCH.take(), signals.into());
        assert!(!LATCH.is_set());
        assert_eq!(LATCH.take(), SigSet::empty());
    });
}

fn take_signal_takes_one() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::HUP, Signal::TERM, rt(29)]), Ok(()));
        raise_all([Signal::TERM, rt(29)]);
        assert!(!LATCH.take_signal(Signal::HUP));
        assert!(LATCH.take_signal(rt(29)));
        assert!(!LATCH.take_signal(rt(29)));
        assert_eq!(LATCH.pending(), Signal::TERM.into());
    });
}

fn looking_takes_nothing() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::HUP, rt(29)]), Ok(()));
        assert!(!LATCH.is_set());
        assert!(!LATCH.contains(rt(29)));
        raise_all([rt(29)]);
        for _ in 0..2 {
            assert!(LATCH.is_set());
            assert!(LATCH.contains(rt(29)));
            assert!(!LATCH.contains(Signal::HUP));
            assert_eq!(LATCH.pending(), rt(29).into());
            assert_eq!(LATCH.wait(None), Ok(true));
        }
    });
}

fn each_flag_goes_to_one_thread() {
    const ROUNDS: usize = 2_000;
    in_child(|| {
        let (taken, start) = (AtomicU32::new(0), Barrier::new(2));
        let rounds = || {
            for round in 0..ROUNDS {
                if start.wait().is_leader() {
                    LATCH.set(rt(0));
                    LATCH.set(Signal::INT);
                }
                start.wait();
                let mine = if round % 2 == 0 { LATCH.take().len() } else { LATCH.drain().count() };
                taken.fetch_add(u32::try_from(mine).expect("two at most"), Ordering::SeqCst);
                if start.wait().is_leader() {
                    assert_eq!(taken.swap(0, Ordering::SeqCst), 2, "in round {round}");
                }
                start.wait();
            }
        };
        thread::scope(|scope| {
            scope.spawn(rounds);
            rounds();
        });
    });
}

fn drain_takes_the_lowest_first() {
    in_child(|| {
        let signals = [rt(29), Signal::TERM, rt(0), Signal::HUP, Signal::SYS];
        for signal in signals {
            LATCH.set(signal);
        }
        let order = [Signal::HUP, Signal::TERM, Signal::SYS, rt(0), rt(29)];
        assert!(LATCH.drain().eq(order));
        assert!(!LATCH.is_set());
        assert_eq!(LATCH.drain().next(), None);
    });
}

fn drain_broken_off_leaves_the_rest() {
    in_child(|| {
        for signal in [Signal::HUP, Signal::TERM, rt(0), rt(29)] {
            LATCH.set(signal);
        }
        let mut drain = LATCH.drain();
        assert_eq!(LATCH.pending().len(), 4, "it takes nothing before it is asked");
        assert_eq!(drain.next(), Some(Signal::HUP));
        assert_eq!(drain.next(), Some(Signal::TERM));
        assert_eq!(LATCH.pending(), [rt(0), rt(29)].into());
    });
}

fn drain_takes_what_comes_meanwhile() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::HUP, Signal::INT, Signal::TERM, rt(3)]), Ok(()));
        raise_all([Signal::INT]);
        let mut drain = LATCH.drain();
        assert_eq!(drain.next(), Some(Signal::INT));
        // One below, one above, and the same again.
        raise_all([rt(3), Signal::INT, Signal::HUP]);
        assert!(drain.eq([Signal::HUP, Signal::INT, rt(3)]));
    });
}

fn many_instances_are_one_flag() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, rt(5)]), Ok(()));
        for _ in 0..100 {
            raise_all([Signal::USR1, rt(5)]);
        }
        assert!(LATCH.drain().eq([Signal::USR1, rt(5)]));
        assert!(!LATCH.is_set());
    });
}

fn set_needs_no_signal() {
    in_child(|| {
        threads::settle();
        let before = SignalState::now();
        // Not caught, and not even catchable: the flag is as good as any.
        thread::scope(|scope| {
            scope.spawn(|| LATCH.set(Signal::TERM));
            assert_eq!(LATCH.wait(None), Ok(true));
        });
        LATCH.set(Signal::KILL);
        assert_eq!(LATCH.take(), [Signal::TERM, Signal::KILL].into_iter().collect());
        assert_eq!(LATCH.caught(), SigSet::empty());
        before.assert_unchanged("set");
    });
}

fn catch_twice_is_catch_once() {
    in_child(|| {
        let before = SignalState::now();
        assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2]), Ok(()));
        let caught = SignalState::now();
        raise_all([Signal::USR1]);
        assert_eq!(LATCH.catch([Signal::USR2, Signal::USR1]), Ok(()));
        caught.assert_unchanged("a second catch");
        assert_eq!(LATCH.caught(), [Signal::USR1, Signal::USR2].into());
        assert_eq!(LATCH.take(), Signal::USR1.into(), "a second catch keeps the flags");
        raise_all([Signal::USR2]);
        assert_eq!(LATCH.take(), Signal::USR2.into());
        // One release undoes both.
        assert_eq!(LATCH.release([Signal::USR1, Signal::USR2]).map(drop), Ok(()));
        before.assert_unchanged("one release");
    });
}

fn release_twice_is_release_once() {
    in_child(|| {
        let before = SignalState::now();
        assert_eq!(LATCH.release(SigSet::full()).map(drop), Ok(()));
        before.assert_unchanged("a release of what was never caught");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        raise_all([Signal::USR1]);
        assert!(!LATCH.is_set());
        assert!(OTHER.is_set(), "it is not released for another");
        assert_eq!(OTHER.release(SigSet::full()).map(drop), Ok(()));
        assert_eq!(OTHER.release(SigSet::full()).map(drop), Ok(()));
        before.assert_unchanged("the last release");
    });
}

fn release_leaves_others_alone() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2, rt(9)]), Ok(()));
        let kept = raw_action(libc::SIGUSR2);
        assert_eq!(LATCH.release([Signal::USR1, Signal::HUP]).map(drop), Ok(()));
        assert_eq!(LATCH.caught(), [Signal::USR2, rt(9)].into());
        assert_eq!(raw_action(libc::SIGUSR2), kept);
        raise_all([Signal::USR2, rt(9)]);
        assert_eq!(LATCH.take(), [Signal::USR2, rt(9)].into());
    });
}

fn flags_survive_the_release() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2]), Ok(()));
        raise_all([Signal::USR1, Signal::USR2]);
        assert_eq!(LATCH.release([Signal::USR1, Signal::USR2]).map(drop), Ok(()));
        assert_eq!(LATCH.take(), [Signal::USR1, Signal::USR2].into());
    });
}

fn catch_again_after_release() {
    in_child(|| {
        let before = SignalState::now();
        for _ in 0..3 {
            for latch in [&LATCH, &OTHER] {
                assert_eq!(latch.catch([Signal::USR1, rt(1)]), Ok(()));
                raise_all([Signal::USR1, rt(1)]);
                assert_eq!(latch.take(), [Signal::USR1, rt(1)].into());
                assert_eq!(latch.release([Signal::USR1, rt(1)]).map(drop), Ok(()));
                before.assert_unchanged("the release");
            }
        }
    });
}
