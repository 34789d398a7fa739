//! Callbacks: the rules of Python's `signal` module, one by one.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::needless_for_each, reason = "one line for what is one thought")]

use core::ops::ControlFlow;
use core::time::Duration;
use siglatch::{Dispatcher, Errno, SigInfo, SigSet, Signal, action};
use std::panic;
use support::callbacks::{calls, give, note, note_negative, number, on, raise, value};
use support::names::rt;
use support::state::SignalState;
use support::{Scenario, in_child, oracle, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        lowest_number_first,
        once_a_signal_with_the_newest_details,
        flag_is_cleared_before_the_call,
        panic_leaves_the_others,
        successor_is_called,
        taken_away_is_dropped,
        dispatch_within_dispatch,
        function_that_takes_itself_away,
        function_that_takes_another_away,
        function_that_sets_another,
        what_a_callback_raises_is_for_the_next_dispatch,
        local_state_and_breaking_off,
        ignored_stays_ignored,
        refused_signals_have_no_function,
        more_signals_than_room,
        wait_and_descriptor_tell,
    ]
}

fn lowest_number_first() {
    static TABLE: Dispatcher<64> = Dispatcher::new();
    in_child(|| {
        let last = rt(Signal::rt_count().saturating_sub(1));
        let signals = [last, rt(0), Signal::USR2, Signal::TERM, Signal::HUP, rt(12)];
        signals.into_iter().for_each(|signal| on(&TABLE, signal, note));
        assert_eq!(TABLE.dispatch(), 0);
        signals.into_iter().for_each(raise);
        assert_eq!(TABLE.pending(), SigSet::from(signals));
        assert_eq!(TABLE.dispatch(), 6);
        let mut sorted = signals.map(Signal::as_raw);
        sorted.sort_unstable();
        assert!(calls().into_iter().map(|(signo, _)| signo).eq(sorted));
        assert_eq!(TABLE.pending(), SigSet::empty());
        assert_eq!(TABLE.dispatch(), 0);
    });
}

fn once_a_signal_with_the_newest_details() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        on(&TABLE, rt(0), note);
        on(&TABLE, rt(1), note);
        for n in 0..1000 {
            give(rt(1), n);
            give(rt(0), n);
        }
        give(rt(1), 1000);
        assert_eq!(TABLE.dispatch(), 2);
        assert_eq!(calls(), [(rt(0).as_raw(), 999), (rt(1).as_raw(), 1000)]);
        assert_eq!(TABLE.dispatch(), 0);
    });
}

fn flag_is_cleared_before_the_call() {
    static TABLE: Dispatcher = Dispatcher::new();
    fn again(info: &SigInfo) {
        assert!(!TABLE.pending().contains(rt(0)));
        note(info);
        if value(info) < 3 {
            give(rt(0), value(info).saturating_add(1));
            assert!(TABLE.pending().contains(rt(0)));
        }
    }
    in_child(|| {
        on(&TABLE, rt(0), again);
        give(rt(0), 1);
        // Each comes during the call, and is for the next dispatch.
        for expected in [1, 2, 3] {
            assert_eq!(TABLE.dispatch(), 1);
            assert_eq!(calls(), [(rt(0).as_raw(), expected)]);
        }
        assert_eq!(TABLE.dispatch(), 0);
    });
}

fn panic_leaves_the_others() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        panic::set_hook(Box::new(|_| ()));
        on(&TABLE, Signal::HUP, note);
        on(&TABLE, Signal::USR1, |_| panic!("on purpose"));
        on(&TABLE, Signal::USR2, note);
        on(&TABLE, rt(0), note);
        [Signal::HUP, Signal::USR1, Signal::USR2].into_iter().for_each(raise);
        give(rt(0), 5);
        assert!(panic::catch_unwind(|| TABLE.dispatch()).is_err());
        assert_eq!(calls(), [(1, 0)]);
        assert_eq!(TABLE.pending(), SigSet::from([Signal::USR2, rt(0)]));
        assert_eq!(TABLE.dispatch(), 2);
        assert_eq!(calls(), [(12, 0), (rt(0).as_raw(), 5)]);
    });
}

fn successor_is_called() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        assert!(TABLE.callback(rt(0)).is_none());
        on(&TABLE, rt(0), note);
        assert!(TABLE.callback(rt(0)).is_some());
        give(rt(0), 1);
        let before = TABLE.callback(rt(0)).expect("a callback");
        TABLE.catch(rt(0), note_negative).expect("catch");
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(rt(0).as_raw().wrapping_neg(), 1)]);
        // And back to what was handed back.
        on(&TABLE, rt(0), before);
        give(rt(0), 2);
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(rt(0).as_raw(), 2)]);
    });
}

fn taken_away_is_dropped() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        let before = SignalState::now();
        on(&TABLE, rt(0), note);
        give(rt(0), 1);
        assert!(TABLE.release(rt(0)).expect("release").is_empty());
        before.assert_unchanged("a function that was set and taken away");
        assert!(TABLE.callback(rt(0)).is_none());
        assert_eq!(TABLE.pending(), SigSet::empty());
        assert_eq!(TABLE.dispatch(), 0);
        assert!(TABLE.release(rt(0)).expect("release").is_empty());
        // What came before is not left for the next function.
        on(&TABLE, rt(0), note);
        assert_eq!(TABLE.dispatch(), 0);
        give(rt(0), 2);
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(rt(0).as_raw(), 2)]);
    });
}

fn dispatch_within_dispatch() {
    static TABLE: Dispatcher = Dispatcher::new();
    fn inner(info: &SigInfo) {
        note(info);
        assert_eq!(TABLE.dispatch(), 2);
        note_negative(info);
    }
    in_child(|| {
        on(&TABLE, Signal::HUP, inner);
        on(&TABLE, Signal::USR1, note);
        on(&TABLE, Signal::USR2, note);
        [Signal::USR2, Signal::USR1, Signal::HUP].into_iter().for_each(raise);
        // The inner one has called the others: none is called twice.
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(1, 0), (10, 0), (12, 0), (-1, 0)]);
    });
}

fn function_that_takes_itself_away() {
    static TABLE: Dispatcher = Dispatcher::new();
    fn once(info: &SigInfo) {
        note(info);
        give(rt(0), 2);
        TABLE.release(rt(0)).expect("release");
    }
    in_child(|| {
        on(&TABLE, rt(0), once);
        give(rt(0), 1);
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(TABLE.dispatch(), 0);
        assert_eq!(calls(), [(rt(0).as_raw(), 1)]);
        assert_eq!(oracle::raw_action(rt(0).as_raw()).handler, libc::SIG_DFL);
    });
}

fn function_that_takes_another_away() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        on(&TABLE, Signal::HUP, |info| {
            note(info);
            TABLE.release(Signal::USR1).expect("release");
        });
        on(&TABLE, Signal::USR1, note);
        on(&TABLE, Signal::USR2, note);
        [Signal::USR2, Signal::USR1, Signal::HUP].into_iter().for_each(raise);
        assert_eq!(TABLE.dispatch(), 2);
        assert_eq!(calls(), [(1, 0), (12, 0)]);
    });
}

fn function_that_sets_another() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        on(&TABLE, Signal::HUP, |_| {
            on(&TABLE, Signal::USR1, note_negative);
            on(&TABLE, Signal::USR2, note);
            raise(Signal::USR2);
        });
        on(&TABLE, Signal::USR1, note);
        [Signal::USR1, Signal::HUP].into_iter().for_each(raise);
        while TABLE.dispatch() != 0 {}
        assert_eq!(calls(), [(-10, 0), (12, 0)]);
    });
}

/// Its own signal, the lowest and the highest, again each time it is called.
fn what_a_callback_raises_is_for_the_next_dispatch() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        for number in [1, 64] {
            let signal = Signal::from_raw(number).expect("a signal");
            on(&TABLE, signal, |info| raise(info.signal()));
            raise(signal);
        }
        assert_eq!([TABLE.dispatch(), TABLE.dispatch()], [2, 2]);
    });
}

fn local_state_and_breaking_off() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        let three = [Signal::HUP, Signal::USR1, Signal::USR2];
        three.into_iter().for_each(|signal| on(&TABLE, signal, note));
        three.into_iter().for_each(raise);
        let mut seen = Vec::new();
        let end = TABLE.dispatch_with(|info| {
            seen.push(number(info));
            if number(info) == 10 {
                ControlFlow::Break("enough")
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(end, ControlFlow::Break("enough"));
        assert_eq!(seen, [1, 10]);
        assert_eq!(TABLE.pending(), Signal::USR2.into());
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(12, 0)]);
    });
}

fn ignored_stays_ignored() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        oracle::set_ignored(libc::SIGHUP);
        let before = SignalState::now();
        assert_eq!(TABLE.catch_unless_ignored(Signal::HUP, note), Ok(SigSet::empty()));
        before.assert_unchanged("a signal that is ignored");
        assert!(TABLE.callback(Signal::HUP).is_none());
        raise(Signal::HUP);
        assert_eq!(TABLE.dispatch(), 0);
        assert_eq!(
            TABLE.catch_unless_ignored([Signal::HUP, Signal::USR1], note),
            Ok(Signal::USR1.into())
        );
        raise(Signal::USR1);
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(10, 0)]);
    });
}

fn refused_signals_have_no_function() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        let before = SignalState::now();
        for signal in [Signal::KILL, Signal::STOP, Signal::SEGV, Signal::FPE] {
            assert!(TABLE.catch(signal, note).is_err());
            assert!(TABLE.catch_unless_ignored(signal, note).is_err());
            assert!(TABLE.callback(signal).is_none());
        }
        assert_eq!(TABLE.catch(Signal::KILL, note).map_err(Errno::from), Err(Errno::INVAL));
        // Of several, none has a function, and one that had keeps its own.
        on(&TABLE, Signal::USR1, note);
        assert!(TABLE.catch([Signal::USR1, Signal::USR2, Signal::KILL], note_negative).is_err());
        assert!(TABLE.callback(Signal::USR2).is_none());
        raise(Signal::USR1);
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(calls(), [(10, 0)]);
        assert_eq!(TABLE.caught(), Signal::USR1.into());
        assert_eq!(TABLE.release([Signal::USR1, Signal::USR2]), Ok(SigSet::empty()));
        before.assert_unchanged("what is refused");
        assert!(action::query(Signal::SEGV).is_ok());
    });
}

fn more_signals_than_room() {
    static TABLE: Dispatcher<2> = Dispatcher::new();
    in_child(|| {
        (0..4).map(rt).for_each(|signal| on(&TABLE, signal, note));
        (0..4).for_each(|n| give(rt(n), usize::from(n).saturating_add(10)));
        // Each is called; the last two without details.
        assert_eq!(TABLE.dispatch(), 4);
        let expected = [(rt(0), 10), (rt(1), 11), (rt(2), 0), (rt(3), 0)];
        assert_eq!(calls(), expected.map(|(signal, value)| (signal.as_raw(), value)));
        (2..4).for_each(|n| give(rt(n), 1));
        assert_eq!(TABLE.dispatch(), 2);
        assert_eq!(calls(), [(rt(2).as_raw(), 1), (rt(3).as_raw(), 1)]);
    });
}

fn wait_and_descriptor_tell() {
    static TABLE: Dispatcher = Dispatcher::new();
    in_child(|| {
        on(&TABLE, Signal::USR1, note);
        let event = siglatch::fd::EventFd::new().expect("eventfd");
        let event: &siglatch::fd::EventFd = Box::leak(Box::new(event));
        TABLE.wake_through(event).expect("wake_through");
        assert_eq!(TABLE.wait(Some(Duration::ZERO)), Ok(false));
        assert!(!event.clear());
        raise(Signal::USR1);
        assert_eq!(TABLE.wait(None), Ok(true));
        assert!(event.clear());
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(TABLE.wait(Some(Duration::ZERO)), Ok(false));
    });
}
