//! Other code that installs its handler over ours, and hands on to it; or takes the signal away.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use crate::support::foreign::{self, Foreign};
use crate::support::oracle::{self, RawAction, raw_action};
use crate::support::state::SignalState;
use crate::support::{Child, Scenario, in_child, recorder, scenarios};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{Errno, Hook, Interruption, Latch, Signal, Verdict, action, send};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        both_are_called,
        release_leaves_it_alone,
        others_go_on_under_it,
        catch_again_goes_over_it,
        catch_again_and_again_is_the_same,
        each_receiver_has_it_once,
        it_leaves_from_between_ours,
        it_leaves_to_nobody_and_the_signal_kills,
        it_leaves_to_nobody_and_the_signal_is_ignored,
        it_leaves_to_nobody_and_the_one_before_is_called,
        third_layer_is_refused,
        there_is_room_for_four_signals,
        ignore_takes_it_away_and_restore_gives_it_back,
        default_takes_it_away_and_restore_gives_it_back,
        ignored_over_ours_is_caught_again,
    ]
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();

const USR1: i32 = libc::SIGUSR1;

/// Raises the signal; these handlers of other code are called once each, and no other.
#[track_caller]
fn raise(called: &[&'static Foreign]) {
    assert_eq!(send::raise(Signal::USR1), Ok(()));
    for one in [foreign::first(), foreign::second()] {
        let wanted = u32::from(called.iter().any(|called| core::ptr::eq(*called, one)));
        assert_eq!(one.take_calls(), wanted, "the calls of one handler");
    }
}

/// The handler that was there before everybody was called this often.
#[track_caller]
fn assert_recorded(count: u32) {
    assert_eq!(recorder::count(), count, "the calls of the handler before ours");
}

/// The same action, apart from the restorer: the C library puts in its own.
#[track_caller]
fn assert_same(found: &RawAction, wanted: &RawAction) {
    assert_eq!(RawAction { restorer: 0, ..*found }, RawAction { restorer: 0, ..*wanted });
}

fn both_are_called() {
    in_child(|| {
        let over = foreign::first();
        recorder::install(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        over.come(USR1);
        raise(&[over]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_recorded(1);
        over.leave(USR1);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_recorded(2);
    });
}

fn release_leaves_it_alone() {
    in_child(|| {
        let over = foreign::first();
        recorder::install(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        over.come(USR1);
        let theirs = raw_action(USR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), theirs);
        // Ours has nobody to go to, and hands on.
        raise(&[over]);
        assert!(!LATCH.is_set());
        assert_recorded(1);
        assert_eq!(raw_action(USR1), theirs);
    });
}

fn others_go_on_under_it() {
    in_child(|| {
        let over = foreign::first();
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        over.come(USR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        raise(&[over]);
        assert!(!LATCH.is_set());
        assert!(OTHER.take_signal(Signal::USR1));
    });
}

fn catch_again_goes_over_it() {
    in_child(|| {
        let theirs = foreign::first();
        recorder::install(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        let in_force = raw_action(USR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        for round in 1..=3 {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            assert!(!theirs.is_in_force(USR1));
            // Once each, though ours is in the chain twice; and without a recursion.
            raise(&[theirs]);
            assert_eq!(LATCH.take(), Signal::USR1.into());
            assert_recorded(round);
            assert_eq!(LATCH.release(Signal::USR1), Ok(()));
            assert_eq!(raw_action(USR1), in_force, "theirs is back, byte for byte");
        }
        raise(&[theirs]);
        assert!(!LATCH.is_set());
        assert_recorded(4);
    });
}

fn catch_again_and_again_is_the_same() {
    in_child(|| {
        let theirs = foreign::first();
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        // Not released: "makes sure that the handler is still in force".
        for latch in [&LATCH, &OTHER, &LATCH] {
            assert_eq!(latch.catch(Signal::USR1), Ok(()));
            raise(&[theirs]);
            assert!(LATCH.take_signal(Signal::USR1));
            assert_eq!(OTHER.take_signal(Signal::USR1), !OTHER.caught().is_empty());
        }
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        raise(&[theirs]);
        assert!(!LATCH.is_set());
        assert!(OTHER.take_signal(Signal::USR1));
        assert_eq!(OTHER.release(Signal::USR1), Ok(()));
        assert!(theirs.is_in_force(USR1));
    });
}

fn each_receiver_has_it_once() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    fn count(_: Interruption<'_>) -> Verdict {
        CALLS.fetch_add(1, SeqCst);
        Verdict::Taken
    }
    // SAFETY: it adds to a number and does nothing else.
    #[expect(unsafe_code, reason = "runs in signal context, where a flag would not count")]
    static HOOK: Hook = unsafe { Hook::new(count) };
    in_child(|| {
        let theirs = foreign::first();
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        for calls in [1, 2] {
            // Under theirs alone, then under and over.
            raise(&[theirs]);
            assert_eq!(CALLS.load(SeqCst), calls);
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        }
        // And with more of theirs over both.
        let outer = foreign::second();
        outer.come(USR1);
        raise(&[theirs, outer]);
        assert_eq!(CALLS.load(SeqCst), 3);
    });
}

fn it_leaves_from_between_ours() {
    in_child(|| {
        let theirs = foreign::first();
        recorder::install(USR1);
        let first = raw_action(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        // It puts back what it replaced, as C code does, and ours over it is gone.
        theirs.leave(USR1);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert!(OTHER.take_signal(Signal::USR1));
        assert_recorded(1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert!(OTHER.take_signal(Signal::USR1));
        assert_recorded(2);
        assert_eq!(OTHER.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), first);
    });
}

/// Ours is caught and goes, while other code's handler is over it, which then goes as well: what it
/// puts back is ours, and nobody wants the signal any more.
#[track_caller]
fn leave_in_the_wrong_order(signal: Signal) {
    let over = foreign::first();
    assert_eq!(LATCH.catch(signal), Ok(()));
    let ours = raw_action(signal.as_raw());
    over.come(signal.as_raw());
    assert_eq!(LATCH.release(signal), Ok(()));
    over.leave(signal.as_raw());
    assert_same(&raw_action(signal.as_raw()), &ours);
}

fn it_leaves_to_nobody_and_the_signal_kills() {
    for signo in [libc::SIGTERM, libc::SIGQUIT, libc::SIGRTMAX()] {
        let mut child = Child::start(|link| {
            leave_in_the_wrong_order(Signal::from_raw(signo).expect("a signal"));
            link.ready();
            link.hear();
        });
        child.await_ready();
        child.kill(signo);
        child.wait().assert_died_by(signo);
    }
}

fn it_leaves_to_nobody_and_the_signal_is_ignored() {
    in_child(|| {
        oracle::set_ignored(USR1);
        let first = raw_action(USR1);
        leave_in_the_wrong_order(Signal::USR1);
        raise(&[]);
        assert!(!LATCH.is_set());
        assert_eq!(raw_action(USR1), first);
    });
    // The same with a default that does nothing.
    in_child(|| {
        let first = raw_action(libc::SIGWINCH);
        leave_in_the_wrong_order(Signal::WINCH);
        assert_eq!(send::raise(Signal::WINCH), Ok(()));
        assert_eq!(raw_action(libc::SIGWINCH), first);
    });
}

fn it_leaves_to_nobody_and_the_one_before_is_called() {
    in_child(|| {
        recorder::install(USR1);
        let first = raw_action(USR1);
        leave_in_the_wrong_order(Signal::USR1);
        for round in 1..=3 {
            raise(&[]);
            assert_recorded(round);
            assert!(!LATCH.is_set());
        }
        // A catch takes it up again, and its release ends it.
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert_recorded(4);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), first);
    });
}

fn third_layer_is_refused() {
    in_child(|| {
        let (inner, outer) = (foreign::first(), foreign::second());
        recorder::install(USR1);
        let first = raw_action(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        inner.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        outer.come(USR1);
        let before = SignalState::now();
        assert_eq!(LATCH.catch([Signal::HUP, Signal::USR1]), Err(Errno::BUSY));
        before.assert_unchanged("a catch that was refused");
        assert_eq!(LATCH.caught(), Signal::USR1.into());
        // To go is always possible, and changes nothing of theirs.
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        before.assert_unchanged("a release under other code");
        raise(&[inner, outer]);
        assert!(!LATCH.is_set());
        assert_eq!(LATCH.catch(Signal::USR1), Err(Errno::BUSY));
        raise(&[inner, outer]);
        assert!(!LATCH.is_set(), "refused is not caught");
        assert_eq!(OTHER.take(), Signal::USR1.into());
        assert_recorded(2);
        // All leave in the order that is right for them.
        outer.leave(USR1);
        assert_eq!(OTHER.release(Signal::USR1), Ok(()));
        assert!(inner.is_in_force(USR1));
        inner.leave(USR1);
        raise(&[]);
        assert_recorded(3);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), first);
    });
}

fn there_is_room_for_four_signals() {
    in_child(|| {
        let five = [Signal::HUP, Signal::USR1, Signal::USR2, Signal::TERM, Signal::WINCH];
        assert_eq!(LATCH.catch(five), Ok(()));
        for (signal, wanted) in
            five.into_iter().zip([Ok(()); 4].into_iter().chain([Err(Errno::BUSY)]))
        {
            foreign::first().come(signal.as_raw());
            let before = SignalState::now();
            assert_eq!(OTHER.catch(signal), wanted, "{signal}");
            if wanted.is_err() {
                before.assert_unchanged("a catch that was refused");
                assert!(!OTHER.caught().contains(signal));
            }
        }
        assert_eq!(OTHER.catch(Signal::HUP), Ok(()), "a room is for ever");
    });
}

fn ignore_takes_it_away_and_restore_gives_it_back() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let ours = raw_action(USR1);
        let ignored = action::ignore(Signal::USR1).expect("ignore");
        raise(&[]);
        assert!(!LATCH.is_set());
        assert_eq!(ignored.restore(), Ok(true));
        assert_eq!(raw_action(USR1), ours);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
    });
}

fn default_takes_it_away_and_restore_gives_it_back() {
    let outcome = Child::start(|_| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let ours = raw_action(USR1);
        assert_eq!(action::default(Signal::USR1).expect("default").restore(), Ok(true));
        assert_eq!(raw_action(USR1), ours);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        let _taken_away = action::default(Signal::USR1).expect("default");
        raise(&[]);
    })
    .wait();
    outcome.assert_died_by(USR1);
}

fn ignored_over_ours_is_caught_again() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        oracle::set_ignored(USR1);
        let ignored = raw_action(USR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), ignored, "not ours to change");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(LATCH.release(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), ignored);
    });
}
