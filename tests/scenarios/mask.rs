//! Masks of threads against the kernel's own view, to the bit.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts are small, and sets have no overflow")]

use siglatch::mask::{self, MaskGuard};
use siglatch::{Errno, SigSet, Signal, send};
use std::process;
use std::sync::mpsc;
use std::thread;
use support::names::rt;
use support::oracle::{self, bit};
use support::state::{self, SignalState, assert_mask};
use support::{self, Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        block_adds,
        unblock_takes_away,
        set_replaces,
        query_changes_nothing,
        every_signal_has_its_own_bit,
        the_full_set_leaves_the_c_library_alone,
        guard_puts_the_mask_back,
        guards_nest,
        guard_keeps_bits_that_no_set_has,
        guard_undoes_what_was_changed_meanwhile,
        guard_puts_back_while_unwinding,
        unblocking_delivers_before_it_returns,
        guard_delivers_when_dropped,
        real_time_signals_queue_while_blocked,
        signal_from_outside_waits_for_the_unblock,
        unchangeable_signals_are_refused,
        other_threads_keep_their_masks,
        new_threads_start_with_the_makers_mask,
    ]
}

/// The signals that C libraries keep for themselves, musl's third included.
const RESERVED: u64 = 0b111 << 31;

/// The mask is this set, for the crate and for the kernel.
#[track_caller]
fn assert_blocked(wanted: SigSet) {
    assert_mask(state::raw_mask(), wanted.bits());
    assert_eq!(mask::query(), Ok(wanted));
}

fn block_adds() {
    in_child(|| {
        let first = SigSet::from([Signal::INT, rt(3)]);
        let second = SigSet::from([Signal::INT, Signal::TERM]);
        assert_eq!(mask::block(first), Ok(SigSet::empty()));
        assert_blocked(first);
        assert_eq!(mask::block(second), Ok(first));
        assert_blocked(first | second);
        assert_eq!(mask::block(SigSet::empty()), Ok(first | second));
        assert_blocked(first | second);
    });
}

fn unblock_takes_away() {
    in_child(|| {
        state::set_raw_mask(SigSet::full().bits());
        let some = SigSet::from([Signal::HUP, Signal::SEGV, rt(20)]);
        assert_eq!(mask::unblock(some), Ok(SigSet::full()));
        assert_blocked(SigSet::full() - some);
        assert_eq!(mask::unblock(some), Ok(SigSet::full() - some));
        assert_blocked(SigSet::full() - some);
    });
}

fn set_replaces() {
    in_child(|| {
        let first = SigSet::from([Signal::HUP, rt(0)]);
        let second = SigSet::from([Signal::USR1, rt(29)]);
        assert_eq!(mask::set(first), Ok(SigSet::empty()));
        assert_blocked(first);
        assert_eq!(mask::set(second), Ok(first));
        assert_blocked(second);
        assert_eq!(mask::set(SigSet::empty()), Ok(second));
        assert_blocked(SigSet::empty());
    });
}

fn query_changes_nothing() {
    in_child(|| {
        state::set_raw_mask(RESERVED | bit(libc::SIGINT) | bit(64));
        let before = SignalState::now();
        let reported = SigSet::from_bits(RESERVED | bit(libc::SIGINT) | bit(64));
        assert_eq!(mask::query(), Ok(reported));
        before.assert_unchanged("query");
    });
}

fn every_signal_has_its_own_bit() {
    in_child(|| {
        for signal in SigSet::full() {
            mask::set(signal).expect("set");
            assert_mask(state::raw_mask(), bit(signal.as_raw()));
            assert_mask(oracle::own_status().blocked, bit(signal.as_raw()));
        }
        // The upper half of the word is not the lower.
        mask::set([rt(0), rt(29), Signal::HUP]).expect("set");
        let upper = state::raw_mask() >> 32;
        assert_eq!(upper, bit(rt(0).as_raw() - 32) | bit(rt(29).as_raw() - 32));
    });
}

fn the_full_set_leaves_the_c_library_alone() {
    in_child(|| {
        // Those below the first one that it leaves to programs: what it says itself, at run time.
        let reserved = (32..libc::SIGRTMIN()).map(bit).fold(0, |bits, bit| bits | bit);
        assert_eq!(reserved & !RESERVED, 0);
        let all = !(reserved | bit(libc::SIGKILL) | bit(libc::SIGSTOP));
        for change in [mask::block, mask::set] {
            state::set_raw_mask(0);
            change(SigSet::full()).expect("change");
            assert_mask(state::raw_mask(), all);
            change(SigSet::from_bits(u64::MAX) & SigSet::full()).expect("change");
            assert_mask(state::raw_mask(), all);
            change(!SigSet::empty()).expect("change");
            assert_mask(state::raw_mask(), all);
        }
    });
}

fn guard_puts_the_mask_back() {
    in_child(|| {
        let makers = [MaskGuard::block, MaskGuard::unblock, MaskGuard::set];
        let signals = SigSet::from([Signal::INT, Signal::USR2, rt(5)]);
        for before in [SigSet::empty(), SigSet::full(), SigSet::from([Signal::INT, rt(6)])] {
            let inside = [before | signals, before - signals, signals];
            for (make, inside) in makers.into_iter().zip(inside) {
                mask::set(before).expect("set");
                {
                    let guard = make(signals).expect("guard");
                    assert_eq!(guard.previous(), before);
                    assert_blocked(inside);
                }
                assert_blocked(before);
            }
        }
    });
}

fn guards_nest() {
    in_child(|| {
        let _outer = MaskGuard::block(Signal::INT).expect("guard");
        {
            let _middle = MaskGuard::block([Signal::INT, Signal::TERM]).expect("guard");
            {
                let _inner = MaskGuard::unblock(Signal::INT).expect("guard");
                assert_blocked(SigSet::from(Signal::TERM));
            }
            assert_blocked(SigSet::from([Signal::INT, Signal::TERM]));
        }
        assert_blocked(SigSet::from(Signal::INT));
    });
}

fn guard_keeps_bits_that_no_set_has() {
    in_child(|| {
        // As a C library does around its own work, for a moment.
        for before in [RESERVED, bit(32), bit(33), RESERVED | bit(libc::SIGHUP), RESERVED | bit(64)]
        {
            for make in [MaskGuard::block, MaskGuard::unblock, MaskGuard::set] {
                for signals in [SigSet::from(Signal::HUP), SigSet::full(), SigSet::empty()] {
                    state::set_raw_mask(before);
                    drop(make(signals).expect("guard"));
                    assert_mask(state::raw_mask(), before);
                }
            }
            state::set_raw_mask(before);
            mask::block(SigSet::full()).expect("block");
            assert_mask(state::raw_mask(), before | SigSet::full().bits());
            mask::unblock(SigSet::full()).expect("unblock");
            assert_mask(state::raw_mask(), before & !SigSet::full().bits());
            for signals in [SigSet::full(), SigSet::empty()] {
                state::set_raw_mask(before);
                mask::set(signals).expect("set");
                let others = before & !SigSet::full().bits();
                assert_mask(state::raw_mask(), others | signals.bits());
            }
        }
    });
}

fn guard_undoes_what_was_changed_meanwhile() {
    in_child(|| {
        let guard = MaskGuard::block(Signal::INT).expect("guard");
        mask::set(SigSet::full()).expect("set");
        drop(guard);
        assert_blocked(SigSet::empty());
    });
}

fn guard_puts_back_while_unwinding() {
    in_child(|| {
        let text = support::failure_of(|| {
            let _guard = MaskGuard::block(Signal::INT).expect("guard");
            assert_blocked(SigSet::empty());
        });
        support::assert_contains(&text, "the mask is {SIGINT (2)}, and was to be {}");
        assert_blocked(SigSet::empty());
    });
}

fn unblocking_delivers_before_it_returns() {
    in_child(|| {
        let changes: [fn() -> Result<SigSet, Errno>; 2] =
            [|| mask::unblock(Signal::USR1), || mask::set(Signal::USR2)];
        recorder::install(libc::SIGUSR1);
        for (runs, change) in (1..).zip(changes) {
            mask::block(Signal::USR1).expect("block");
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count() + 1, runs, "it is blocked");
            assert!(oracle::has(oracle::own_status().pending, libc::SIGUSR1));
            change().expect("change");
            assert_eq!(recorder::count(), runs);
            assert!(!oracle::has(oracle::own_status().pending, libc::SIGUSR1));
        }
    });
}

fn guard_delivers_when_dropped() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        {
            let _blocked = MaskGuard::block(Signal::USR1).expect("guard");
            send::raise(Signal::USR1).expect("raise");
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count(), 0);
            {
                let _open = MaskGuard::unblock(Signal::USR1).expect("guard");
                assert_eq!(recorder::count(), 1, "two of a standard signal are one");
            }
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count(), 1);
        }
        assert_eq!(recorder::count(), 2);
    });
}

fn real_time_signals_queue_while_blocked() {
    in_child(|| {
        for signal in [rt(0), rt(15), rt(29)] {
            recorder::install(signal.as_raw());
            let before = recorder::count();
            mask::block(signal).expect("block");
            for _ in 0..5 {
                send::raise(signal).expect("raise");
            }
            assert_mask(oracle::own_status().pending, bit(signal.as_raw()));
            assert_eq!(recorder::count(), before);
            mask::unblock(signal).expect("unblock");
            assert_eq!(recorder::count(), before + 5, "{signal}");
            assert_eq!(recorder::info().signo(), signal.as_raw());
        }
    });
}

fn signal_from_outside_waits_for_the_unblock() {
    let mut child = Child::start(|link| {
        recorder::install(libc::SIGHUP);
        mask::block(Signal::HUP).expect("block");
        link.ready();
        assert_eq!(link.hear(), "sent");
        assert_eq!(recorder::count(), 0);
        mask::unblock(Signal::HUP).expect("unblock");
        assert_eq!(recorder::count(), 1);
        link.say(&recorder::info().pid().to_string());
    });
    child.await_ready();
    child.kill(libc::SIGHUP);
    child.tell("sent");
    child.expect(&process::id().to_string());
    child.wait().assert_exited(0);
}

fn unchangeable_signals_are_refused() {
    in_child(|| {
        mask::block([Signal::INT, rt(1)]).expect("block");
        let before = SignalState::now();
        for unchangeable in [Signal::KILL, Signal::STOP] {
            for set in [SigSet::from(unchangeable), SigSet::full().with(unchangeable)] {
                for change in [mask::block, mask::unblock, mask::set] {
                    assert_eq!(change(set), Err(Errno::INVAL), "{set:?}");
                    before.assert_unchanged("a refused change");
                }
                for make in [MaskGuard::block, MaskGuard::unblock, MaskGuard::set] {
                    assert_eq!(make(set).map(drop), Err(Errno::INVAL), "{set:?}");
                    before.assert_unchanged("a refused guard");
                }
            }
        }
    });
}

fn other_threads_keep_their_masks() {
    in_child(|| {
        let (ask, asked) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let own = SigSet::from([Signal::USR1, rt(2)]);
        let other = thread::spawn(move || {
            mask::set(own).expect("set");
            for () in asked {
                let seen = (mask::query(), oracle::own_status().blocked);
                answer.send(seen).expect("a listener");
            }
        });
        let unchanged = || {
            ask.send(()).expect("a listener");
            assert_eq!(answers.recv(), Ok((Ok(own), own.bits())));
        };
        unchanged();
        mask::block(SigSet::full()).expect("block");
        unchanged();
        mask::unblock(Signal::USR1).expect("unblock");
        unchanged();
        mask::set(Signal::HUP).expect("set");
        unchanged();
        drop(MaskGuard::set(Signal::TERM).expect("guard"));
        unchanged();
        assert_blocked(SigSet::from(Signal::HUP));
        drop(ask);
        other.join().expect("a thread that ends");
    });
}

fn new_threads_start_with_the_makers_mask() {
    in_child(|| {
        let _guard = MaskGuard::block([Signal::INT, rt(9)]).expect("guard");
        let theirs = thread::spawn(|| (mask::query(), state::raw_mask()));
        let (queried, raw) = theirs.join().expect("a thread that ends");
        assert_eq!(queried, Ok(SigSet::from([Signal::INT, rt(9)])));
        assert_mask(raw, SigSet::from([Signal::INT, rt(9)]).bits());
    });
}
