//! Releasing: the signal is ours until nobody of ours wants it, and then has the effect it had
//! before, by the very same action.

use super::common::{
    EIGHT, EIGHT_LATCHES, HOOK, HOOKED, LATCH, OTHER, QUEUE, RT, is_back, latch_has_it_now,
    nothing_is_blocked, operations, queue_has, who, who_of_latch_and_theirs,
};
use super::theirs;
use crate::tracer::op::{Seen, Verdict, ensure, window};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::Ordering;
use siglatch::{Dispatcher, Errno, Latch, Shutdown, Signal, send};
use support::foreign;
use support::oracle::{raw_action, set_ignored};

operations! {
    release_to_default until End on Signal::USR1 => Ours, Killed;
    release_to_ignored until End on Signal::USR1 => Ours, Ignored;
    release_to_theirs until End on Signal::USR1 => Both, Theirs;
    release_to_theirs_of_one_argument until End on Signal::USR1 => Both, Theirs;
    release_to_theirs_for_once until End on Signal::USR1 => Both, Theirs;
    release_beside_a_latch until End on Signal::USR1 => Both, Theirs;
    release_beside_a_queue until End on RT => Both, Theirs;
    release_beside_eight_latches until End on Signal::USR1 => Both, Theirs;
    release_without_restart_beside_a_latch until End on Signal::USR1 => Both, Theirs;
    release_another_signal until End on Signal::USR1 => Ours;
    release_what_is_not_caught until End on Signal::USR1 => Theirs;
    release_eight_signals until End on Signal::USR1 => Ours, Killed;
    release_eight_signals_to_theirs until End on Signal::USR1 => Both, Theirs;
    release_under_theirs until End on Signal::USR1 => Both, Theirs;
    release_of_the_last_under_theirs until End on Signal::USR1 => Both, Theirs;
    release_by_a_queue until End on RT => Ours, Killed;
    release_by_a_queue_to_theirs until End on Signal::USR1 => Both, Theirs;
    release_by_a_hook until End on Signal::USR1 => Ours, Killed;
    release_by_a_shutdown_to_theirs until End on Signal::USR1 => Both, Theirs;
    off_to_theirs until End on Signal::USR1 => Theirs;
    catch_and_release_over_theirs until End on Signal::USR1 => Theirs, Both, Theirs;
    nobody_is_left_and_ours_is_put_back until End on Signal::USR1 => Killed;
}

static RESTARTS_NOT: Latch = Latch::new().restart(false);
static SHUTDOWN: Shutdown = Shutdown::new();
static TABLE: Dispatcher<4> = Dispatcher::new();

/// A release is final: what comes now does not set the flag.
fn latch_is_deaf(sent: &Sent) -> Verdict {
    ensure!(LATCH.caught().is_empty(), "it is caught: {LATCH:?}");
    send::raise(sent.signal)?;
    ensure!(!LATCH.is_set(), "a flag is set after the release");
    Ok(Seen::Theirs)
}

fn release_to_default(sent: &Sent) -> Verdict {
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the signal was swallowed");
    is_back(sent.signal, before)?;
    Ok(Seen::Ours)
}

fn release_to_ignored(sent: &Sent) -> Verdict {
    set_ignored(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    nothing_is_blocked()?;
    let flag = LATCH.take_signal(sent.signal);
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    Ok(if flag { Seen::Ours } else { Seen::Ignored })
}

fn release_to_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let seen = who_of_latch_and_theirs(sent)?;
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    Ok(seen)
}

fn release_to_theirs_of_one_argument(sent: &Sent) -> Verdict {
    theirs::of_one_argument(sent.signal);
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), theirs::take_calls())?;
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    Ok(seen)
}

/// Their handler was good for one signal, whether the kernel called it or we did.
fn release_to_theirs_for_once(sent: &Sent) -> Verdict {
    theirs::for_once(sent.signal);
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), theirs::take_calls())?;
    let left = raw_action(sent.signal.as_raw()).handler;
    ensure!(left == libc::SIG_DFL, "the handler {left:#x} is there for a second signal");
    Ok(seen)
}

fn release_beside_a_latch(sent: &Sent) -> Verdict {
    OTHER.catch(sent.signal)?;
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), u32::from(OTHER.take_signal(sent.signal)))?;
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    ensure!(OTHER.take_signal(sent.signal), "the other latch does not get the next");
    Ok(seen)
}

fn release_beside_a_queue(sent: &Sent) -> Verdict {
    QUEUE.catch(sent.signal)?;
    LATCH.catch(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), u32::from(queue_has(&QUEUE, sent)?))?;
    latch_is_deaf(sent)?;
    ensure!(QUEUE.pop().is_some(), "the queue does not get the next");
    Ok(seen)
}

fn release_beside_eight_latches(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    for latch in &EIGHT_LATCHES {
        latch.catch(sent.signal)?;
    }
    window(|| LATCH.release(sent.signal))?;
    let flags = EIGHT_LATCHES.iter().filter(|latch| latch.take_signal(sent.signal)).count();
    ensure!(flags == 8, "{flags} of 8 others got it");
    let seen = who(LATCH.take_signal(sent.signal), 1)?;
    latch_is_deaf(sent)?;
    Ok(seen)
}

fn release_without_restart_beside_a_latch(sent: &Sent) -> Verdict {
    OTHER.catch(sent.signal)?;
    let before = raw_action(sent.signal.as_raw());
    RESTARTS_NOT.catch(sent.signal)?;
    window(|| RESTARTS_NOT.release(sent.signal))?;
    is_back(sent.signal, before)?;
    who(RESTARTS_NOT.take_signal(sent.signal), u32::from(OTHER.take_signal(sent.signal)))
}

fn release_another_signal(sent: &Sent) -> Verdict {
    LATCH.catch([sent.signal, Signal::USR2])?;
    window(|| LATCH.release(Signal::USR2))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the signal was swallowed");
    latch_has_it_now(sent.signal)?;
    Ok(Seen::Ours)
}

fn release_what_is_not_caught(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    window(|| LATCH.release(sent.signal))?;
    is_back(sent.signal, before)?;
    who_of_latch_and_theirs(sent)
}

fn release_eight_signals(sent: &Sent) -> Verdict {
    LATCH.catch(EIGHT)?;
    window(|| LATCH.release(EIGHT))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the signal was swallowed");
    for signal in EIGHT {
        let left = raw_action(signal.as_raw()).handler;
        ensure!(left == libc::SIG_DFL, "{signal} has the handler {left:#x}");
    }
    Ok(Seen::Ours)
}

fn release_eight_signals_to_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    LATCH.catch(EIGHT)?;
    window(|| LATCH.release(EIGHT))?;
    let seen = who_of_latch_and_theirs(sent)?;
    is_back(sent.signal, before)?;
    Ok(seen)
}

/// Theirs is over ours and chains to us: it stays.
fn release_under_theirs(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    window(|| LATCH.release(sent.signal))?;
    let seen = who_of_latch_and_theirs(sent)?;
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    Ok(seen)
}

/// The last of two receivers under theirs goes, which is over another handler: ours stays and chains.
fn release_of_the_last_under_theirs(sent: &Sent) -> Verdict {
    theirs::of_one_argument(sent.signal);
    OTHER.catch(sent.signal)?;
    foreign::first().come(sent.signal.as_raw());
    LATCH.catch(sent.signal)?;
    OTHER.release(sent.signal)?;
    window(|| LATCH.release(sent.signal))?;
    let below = theirs::take_calls();
    ensure!(below == 1, "the lowest handler was called {below} times");
    let seen = who_of_latch_and_theirs(sent)?;
    ensure!(foreign::first().is_installed(sent.signal.as_raw()), "theirs is not installed");
    latch_is_deaf(sent)?;
    Ok(seen)
}

fn release_by_a_queue(sent: &Sent) -> Verdict {
    QUEUE.catch(sent.signal)?;
    window(|| QUEUE.release(sent.signal))?;
    nothing_is_blocked()?;
    ensure!(queue_has(&QUEUE, sent)?, "the signal was swallowed");
    Ok(Seen::Ours)
}

fn release_by_a_queue_to_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    QUEUE.catch(sent.signal)?;
    window(|| QUEUE.release(sent.signal))?;
    let seen = who(queue_has(&QUEUE, sent)?, foreign::first().take_calls())?;
    send::raise(sent.signal)?;
    ensure!(QUEUE.is_empty(), "an instance after the release");
    Ok(seen)
}

fn release_by_a_hook(sent: &Sent) -> Verdict {
    HOOK.catch(sent.signal)?;
    window(|| HOOK.release(sent.signal))?;
    nothing_is_blocked()?;
    let calls = HOOKED.load(Ordering::Relaxed);
    ensure!(calls == 1, "it was called {calls} times");
    Ok(Seen::Ours)
}

fn release_by_a_shutdown_to_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    SHUTDOWN.catch(sent.signal)?;
    window(|| SHUTDOWN.release(sent.signal))?;
    who(SHUTDOWN.reset() == Some(sent.signal), foreign::first().take_calls())
}

/// What came and was not dispatched is dropped with the function, as documented.
fn off_to_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    TABLE.catch(sent.signal, theirs::note)?;
    let in_use = window(|| TABLE.release(sent.signal))?;
    ensure!(in_use.is_empty(), "ours may still be called for {in_use:?}");
    is_back(sent.signal, before)?;
    ensure!(TABLE.pending().is_empty(), "{:?} is pending", TABLE.pending());
    who(theirs::noted(&TABLE, sent)? == 1, foreign::first().take_calls())
}

fn catch_and_release_over_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    window(|| {
        LATCH.catch(sent.signal).map_err(Errno::from).and_then(|()| LATCH.release(sent.signal))
    })?;
    let seen = who_of_latch_and_theirs(sent)?;
    is_back(sent.signal, before)?;
    latch_is_deaf(sent)?;
    Ok(seen)
}

/// Other code has restored ours with no receiver left: the signal must not be swallowed, whatever
/// a catch and release of another signal are doing.
fn nobody_is_left_and_ours_is_put_back(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    foreign::first().come(sent.signal.as_raw());
    LATCH.release(sent.signal)?;
    foreign::first().leave(sent.signal.as_raw());
    window(|| {
        OTHER.catch(Signal::USR2).map_err(Errno::from).and_then(|()| OTHER.release(Signal::USR2))
    })?;
    Err("the signal was swallowed".into())
}
