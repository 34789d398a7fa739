//! Other code that installs its handler over ours, and chains to it; or takes the signal away.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use siglatch::{Hook, HookContext, HookVerdict, Latch, SigSet, Signal, action, send};
use support::foreign::{self, Foreign};
use support::oracle::{self, RawAction, bit, raw_action};
use support::state::raw_mask;
use support::{Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        both_are_called,
        release_leaves_it_alone,
        others_go_on_under_it,
        catch_again_stays_under_it,
        default_then_catch_takes_it_back,
        after_the_default_ours_goes_over_another,
        what_is_restored_may_chain_to_ours,
        one_before_that_is_installed_again_is_gone_over,
        catch_again_and_again_is_the_same,
        each_receiver_has_it_once,
        it_leaves_from_over_two_receivers,
        it_leaves_to_nobody_and_the_signal_kills,
        it_leaves_to_nobody_and_the_signal_is_ignored,
        it_leaves_to_nobody_and_the_one_before_is_called,
        what_it_blocks_is_blocked_under_ours,
        two_layers_over_it,
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
    assert_eq!(found.without_restorer(), wanted.without_restorer());
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
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(USR1), theirs);
        // Ours has nobody to go to, and chains.
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
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        raise(&[over]);
        assert!(!LATCH.is_set());
        assert!(OTHER.take_signal(Signal::USR1));
    });
}

/// "A catch registers the receiver and leaves the kernel's action alone."
fn catch_again_stays_under_it() {
    in_child(|| {
        let theirs = foreign::first();
        recorder::install(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        let installed = raw_action(USR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(Signal::USR1.into()), "ours is under theirs");
        for round in 1..=3 {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            assert!(!action::query(Signal::USR1).expect("query").is_own());
            raise(&[theirs]);
            assert_eq!(LATCH.take(), Signal::USR1.into());
            assert_recorded(round);
            assert_eq!(LATCH.release(Signal::USR1), Ok(Signal::USR1.into()));
            assert_eq!(raw_action(USR1), installed);
        }
        raise(&[theirs]);
        assert!(!LATCH.is_set());
        assert_recorded(4);
    });
}

/// "How a program takes a signal back from code that does not chain."
fn default_then_catch_takes_it_back() {
    in_child(|| {
        let deaf = foreign::first();
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let _replaced = deaf.come_alone(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[deaf]);
        assert!(!LATCH.is_set());
        assert!(!action::query(Signal::USR1).expect("query").is_own());
        let _theirs = action::default(Signal::USR1).expect("default");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert!(action::query(Signal::USR1).expect("query").is_own());
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(raw_action(USR1).handler, libc::SIG_DFL, "the last one that was found");
    });
}

/// With nothing of ours installed any more, a catch goes over another handler, as often as it is.
fn after_the_default_ours_goes_over_another() {
    in_child(|| {
        let theirs = foreign::first();
        for round in 1..=3 {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            let _ours = action::default(Signal::USR1).expect("default");
            assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()), "round {round}");
            theirs.come(USR1);
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            assert!(action::query(Signal::USR1).expect("query").is_own(), "round {round}");
            raise(&[theirs]);
            assert!(LATCH.take_signal(Signal::USR1));
            assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
            theirs.leave(USR1);
        }
    });
}

/// An action that was replaced may have ours in its chain: restored, it is not gone over.
fn what_is_restored_may_chain_to_ours() {
    in_child(|| {
        let theirs = foreign::first();
        // Ours itself, with other code's over it then.
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let ignored = action::ignore(Signal::USR1).expect("ignore");
        assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(ignored.restore(), Ok(true));
        theirs.come(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[theirs]);
        assert!(LATCH.take_signal(Signal::USR1));
        // Other code's over ours.
        let ignored = action::ignore(Signal::USR1).expect("ignore");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(ignored.restore(), Ok(true));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[theirs]);
        assert!(LATCH.take_signal(Signal::USR1));
    });
}

/// The handler that ours was over chains to the action before it, not to ours.
fn one_before_that_is_installed_again_is_gone_over() {
    in_child(|| {
        recorder::install(USR1);
        let first = raw_action(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let ours = raw_action(USR1);
        // Its owner knows nothing of ours.
        recorder::install(USR1);
        assert_eq!(raw_action(USR1), first);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(raw_action(USR1), ours);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_recorded(1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(raw_action(USR1), first);
    });
}

fn catch_again_and_again_is_the_same() {
    in_child(|| {
        let theirs = foreign::first();
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        for latch in [&LATCH, &OTHER, &LATCH] {
            assert_eq!(latch.catch(Signal::USR1), Ok(()));
            raise(&[theirs]);
            assert!(LATCH.take_signal(Signal::USR1));
            assert_eq!(OTHER.take_signal(Signal::USR1), !OTHER.caught().is_empty());
        }
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        raise(&[theirs]);
        assert!(!LATCH.is_set());
        assert!(OTHER.take_signal(Signal::USR1));
        assert_eq!(OTHER.release(Signal::USR1).map(drop), Ok(()));
        assert!(theirs.is_installed(USR1));
    });
}

fn each_receiver_has_it_once() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    fn count(_: HookContext<'_>) -> HookVerdict {
        CALLS.fetch_add(1, SeqCst);
        HookVerdict::Taken
    }
    // SAFETY: it adds to a number and does nothing else.
    #[expect(unsafe_code, reason = "runs in signal context, where a flag would not count")]
    static HOOK: Hook = unsafe { Hook::new(count) };
    in_child(|| {
        let theirs = foreign::first();
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        for calls in [1, 2] {
            // And the same when one more receiver has come.
            raise(&[theirs]);
            assert_eq!(CALLS.load(SeqCst), calls);
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        }
        // And with more of theirs over it.
        let outer = foreign::second();
        outer.come(USR1);
        raise(&[theirs, outer]);
        assert_eq!(CALLS.load(SeqCst), 3);
    });
}

fn it_leaves_from_over_two_receivers() {
    in_child(|| {
        let theirs = foreign::first();
        recorder::install(USR1);
        let first = raw_action(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        theirs.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        // It restores what it replaced, as C code does.
        theirs.leave(USR1);
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert!(OTHER.take_signal(Signal::USR1));
        assert_recorded(1);
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert!(OTHER.take_signal(Signal::USR1));
        assert_recorded(2);
        assert_eq!(OTHER.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(USR1), first);
    });
}

/// Ours is caught and goes, while other code's handler is over it, which then goes as well: what it
/// restores is ours, and nobody wants the signal any more.
#[track_caller]
fn leave_in_the_wrong_order(signal: Signal) {
    let over = foreign::first();
    assert_eq!(LATCH.catch(signal), Ok(()));
    let ours = raw_action(signal.as_raw());
    over.come(signal.as_raw());
    assert_eq!(LATCH.release(signal).map(drop), Ok(()));
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
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(USR1), first);
    });
}

/// However many handlers are over ours, and whichever comes next: it is reached once.
/// The kernel's call blocks nothing for the handler under ours; theirs blocks the signal, and has it
/// called so.
fn what_it_blocks_is_blocked_under_ours() {
    static BLOCKED: AtomicU64 = AtomicU64::new(u64::MAX);
    extern "C" fn note_mask(_signo: i32) {
        BLOCKED.store(raw_mask(), SeqCst);
    }
    in_child(|| {
        let handler = note_mask as *const () as usize;
        foreign::set(USR1, &foreign::action(handler, libc::SA_NODEFER));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert_eq!(BLOCKED.load(SeqCst), 0);
        foreign::first().come(USR1);
        raise(&[foreign::first()]);
        assert_eq!(BLOCKED.load(SeqCst), bit(USR1));
    });
}

fn two_layers_over_it() {
    in_child(|| {
        let (inner, outer) = (foreign::first(), foreign::second());
        recorder::install(USR1);
        let first = raw_action(USR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        inner.come(USR1);
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        outer.come(USR1);
        assert_eq!(LATCH.catch([Signal::HUP, Signal::USR1]), Ok(()));
        raise(&[inner, outer]);
        assert_eq!((LATCH.take(), OTHER.take()), (Signal::USR1.into(), Signal::USR1.into()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(Signal::USR1.into()));
        raise(&[inner, outer]);
        assert!(!LATCH.is_set());
        assert_recorded(2);
        outer.leave(USR1);
        assert_eq!(OTHER.release(Signal::USR1), Ok(Signal::USR1.into()));
        assert!(inner.is_installed(USR1));
        inner.leave(USR1);
        raise(&[]);
        assert_recorded(3);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(SigSet::empty()));
        assert_eq!(raw_action(USR1), first);
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
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(USR1), ignored, "not ours to change");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(&[]);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(USR1), ignored);
    });
}
