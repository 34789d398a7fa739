//! Catching: until the action is installed the signal has its old effect, and then it is ours.

use super::common::{
    EIGHT, EIGHT_LATCHES, HOOK, HOOKED, LATCH, OTHER, QUEUE, RT, is_back, latch_gets,
    latch_has_it_now, nothing_is_blocked, operations, queue_has, who, who_of_latch_and_theirs,
};
use super::theirs;
use crate::tracer::op::{Seen, Verdict, ensure, window};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::Ordering;
use siglatch::{Dispatcher, Errno, Latch, Shutdown, SigSet, Signal, send};
use support::foreign;
use support::oracle::{raw_action, set_ignored};

operations! {
    catch_over_default until End on Signal::USR1 => Killed, Ours;
    catch_over_ignored until End on Signal::USR1 => Ignored, Ours;
    catch_over_theirs until End on Signal::USR1 => Theirs, Both;
    catch_over_theirs_of_one_argument until End on Signal::USR1 => Theirs, Both;
    catch_over_theirs_with_details until End on Signal::USR1 => Theirs, Both;
    catch_over_theirs_for_once until End on Signal::USR1 => Theirs, Both;
    catch_beside_a_latch until End on Signal::USR1 => Theirs, Both;
    catch_beside_a_queue until End on RT => Theirs, Both;
    catch_beside_eight_latches until End on Signal::USR1 => Theirs, Both;
    catch_without_restart_beside_a_latch until End on Signal::USR1 => Theirs, Both;
    catch_what_is_caught until End on Signal::USR1 => Ours;
    catch_another_signal until End on Signal::USR1 => Ours;
    catch_eight_signals until End on Signal::USR1 => Killed, Ours;
    catch_eight_signals_over_theirs until End on Signal::USR1 => Theirs, Both;
    catch_under_theirs_over_ours until End on Signal::USR1 => Theirs, Both;
    catch_under_two_of_theirs until End on Signal::USR1 => Theirs, Both;
    catch_that_is_refused until End on Signal::USR1 => Theirs;
    catch_unless_ignored_over_default until End on Signal::USR1 => Killed, Ours;
    catch_unless_ignored_over_ignored until End on Signal::USR1 => Ignored;
    catch_by_a_queue until End on RT => Killed, Ours;
    catch_by_a_queue_over_theirs until End on Signal::USR1 => Theirs, Both;
    catch_by_a_hook until End on Signal::USR1 => Killed, Ours;
    catch_by_a_shutdown until End on Signal::USR1 => Killed, Ours;
    on_over_default until End on RT => Killed, Ours;
    on_over_theirs until End on Signal::USR1 => Theirs, Both;
    on_unless_ignored_over_default until End on RT => Killed, Ours;
    on_unless_ignored_over_ignored until End on Signal::USR1 => Ignored;
}

/// Refuses faults.
static RESTARTS_NOT: Latch = Latch::new().restart(false);
static SHUTDOWN: Shutdown = Shutdown::new();
static TABLE: Dispatcher<4> = Dispatcher::new();

/// Our latch gets it after the catch, and got it or did not in the middle.
fn latch_or(sent: &Sent, else_seen: Seen) -> Verdict {
    nothing_is_blocked()?;
    let flag = LATCH.take_signal(sent.signal);
    latch_has_it_now(sent.signal)?;
    Ok(if flag { Seen::Ours } else { else_seen })
}

fn catch_over_default(sent: &Sent) -> Verdict {
    window(|| LATCH.catch(sent.signal))?;
    let seen = latch_or(sent, Seen::Ignored)?;
    ensure!(seen == Seen::Ours, "the signal was swallowed");
    Ok(seen)
}

fn catch_over_ignored(sent: &Sent) -> Verdict {
    set_ignored(sent.signal.as_raw());
    window(|| LATCH.catch(sent.signal))?;
    latch_or(sent, Seen::Ignored)
}

fn catch_over_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    window(|| LATCH.catch(sent.signal))?;
    let seen = who_of_latch_and_theirs(sent)?;
    latch_gets(sent.signal)?;
    ensure!(foreign::first().take_calls() == 1, "theirs is not called any more");
    Ok(seen)
}

fn catch_over_theirs_of_one_argument(sent: &Sent) -> Verdict {
    theirs::of_one_argument(sent.signal);
    window(|| LATCH.catch(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), theirs::take_calls())?;
    latch_gets(sent.signal)?;
    ensure!(theirs::take_calls() == 1, "theirs is not called any more");
    Ok(seen)
}

fn catch_over_theirs_with_details(sent: &Sent) -> Verdict {
    theirs::with_details(sent.signal);
    window(|| LATCH.catch(sent.signal))?;
    ensure!(theirs::value() == sent.value, "theirs was told the value {:#x}", theirs::value());
    who(LATCH.take_signal(sent.signal), theirs::take_calls())
}

fn catch_over_theirs_for_once(sent: &Sent) -> Verdict {
    theirs::for_once(sent.signal);
    window(|| LATCH.catch(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), theirs::take_calls())?;
    latch_gets(sent.signal)?;
    ensure!(theirs::take_calls() == 0, "theirs is called twice");
    Ok(seen)
}

fn catch_beside_a_latch(sent: &Sent) -> Verdict {
    OTHER.catch(sent.signal)?;
    window(|| LATCH.catch(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), u32::from(OTHER.take_signal(sent.signal)))?;
    latch_has_it_now(sent.signal)?;
    Ok(seen)
}

fn catch_beside_a_queue(sent: &Sent) -> Verdict {
    QUEUE.catch(sent.signal)?;
    window(|| LATCH.catch(sent.signal))?;
    let seen = who(LATCH.take_signal(sent.signal), u32::from(queue_has(&QUEUE, sent)?))?;
    latch_has_it_now(sent.signal)?;
    Ok(seen)
}

fn catch_beside_eight_latches(sent: &Sent) -> Verdict {
    for latch in &EIGHT_LATCHES {
        latch.catch(sent.signal)?;
    }
    window(|| LATCH.catch(sent.signal))?;
    let flags = EIGHT_LATCHES.iter().filter(|latch| latch.take_signal(sent.signal)).count();
    ensure!(flags == 8, "{flags} of 8 others got it");
    let seen = who(LATCH.take_signal(sent.signal), 1)?;
    latch_has_it_now(sent.signal)?;
    Ok(seen)
}

fn catch_without_restart_beside_a_latch(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let before = raw_action(sent.signal.as_raw());
    window(|| RESTARTS_NOT.catch(sent.signal))?;
    let after = raw_action(sent.signal.as_raw());
    let restart = before.flags ^ after.flags;
    ensure!(restart == libc::SA_RESTART.unsigned_abs().into(), "{before:?} became {after:?}");
    let seen =
        who(RESTARTS_NOT.take_signal(sent.signal), u32::from(LATCH.take_signal(sent.signal)))?;
    latch_gets(sent.signal)?;
    Ok(seen)
}

fn catch_what_is_caught(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| LATCH.catch(sent.signal))?;
    let seen = latch_or(sent, Seen::Ignored)?;
    ensure!(seen == Seen::Ours, "the signal was swallowed");
    Ok(seen)
}

fn catch_another_signal(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| LATCH.catch(Signal::USR2))?;
    latch_gets(Signal::USR2)?;
    let seen = latch_or(sent, Seen::Ignored)?;
    ensure!(seen == Seen::Ours, "the signal was swallowed");
    Ok(seen)
}

fn catch_eight_signals(sent: &Sent) -> Verdict {
    window(|| LATCH.catch(EIGHT))?;
    let seen = latch_or(sent, Seen::Ignored)?;
    ensure!(seen == Seen::Ours, "the signal was swallowed");
    for signal in EIGHT {
        latch_has_it_now(signal)?;
    }
    Ok(seen)
}

fn catch_eight_signals_over_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    window(|| LATCH.catch(EIGHT))?;
    let seen = who_of_latch_and_theirs(sent)?;
    for signal in EIGHT {
        latch_gets(signal)?;
    }
    Ok(seen)
}

fn catch_under_theirs_over_ours(sent: &Sent) -> Verdict {
    OTHER.catch(sent.signal)?;
    foreign::first().come(sent.signal.as_raw());
    window(|| LATCH.catch(sent.signal))?;
    ensure!(OTHER.take_signal(sent.signal), "the latch below did not get it");
    let seen = who_of_latch_and_theirs(sent)?;
    latch_gets(sent.signal)?;
    ensure!(foreign::first().take_calls() == 1, "theirs is not called once");
    ensure!(OTHER.take_signal(sent.signal), "the latch below does not get the next");
    Ok(seen)
}

/// Two handlers of theirs are over ours: a further receiver comes, and the action stays.
fn catch_under_two_of_theirs(sent: &Sent) -> Verdict {
    OTHER.catch(sent.signal)?;
    foreign::first().come(sent.signal.as_raw());
    foreign::second().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    window(|| LATCH.catch(sent.signal))?;
    is_back(sent.signal, before)?;
    let above = foreign::second().take_calls();
    ensure!(above == 1, "the upper one of theirs was called {above} times");
    ensure!(OTHER.take_signal(sent.signal), "the latch before did not get it");
    who_of_latch_and_theirs(sent)
}

fn catch_that_is_refused(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    let refused = window(|| LATCH.catch([sent.signal, Signal::SEGV]));
    ensure!(refused.map_err(Errno::from) == Err(Errno::OPNOTSUPP), "{refused:?}");
    is_back(sent.signal, before)?;
    who_of_latch_and_theirs(sent)
}

fn catch_unless_ignored_over_default(sent: &Sent) -> Verdict {
    let caught = window(|| LATCH.catch_unless_ignored(sent.signal))?;
    ensure!(caught == SigSet::from(sent.signal), "{caught:?}");
    let seen = latch_or(sent, Seen::Ignored)?;
    ensure!(seen == Seen::Ours, "the signal was swallowed");
    Ok(seen)
}

fn catch_unless_ignored_over_ignored(sent: &Sent) -> Verdict {
    set_ignored(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    let caught = window(|| LATCH.catch_unless_ignored(sent.signal))?;
    ensure!(caught.is_empty() && !LATCH.is_set(), "{caught:?}");
    is_back(sent.signal, before)?;
    nothing_is_blocked()?;
    Ok(Seen::Ignored)
}

fn catch_by_a_queue(sent: &Sent) -> Verdict {
    window(|| QUEUE.catch(sent.signal))?;
    let flag = QUEUE.wait(super::common::AT_ONCE)?;
    let record = queue_has(&QUEUE, sent)?;
    ensure!(flag && record, "flag: {flag}, record: {record}");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn catch_by_a_queue_over_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    window(|| QUEUE.catch(sent.signal))?;
    who(queue_has(&QUEUE, sent)?, foreign::first().take_calls())
}

fn catch_by_a_hook(sent: &Sent) -> Verdict {
    window(|| HOOK.catch(sent.signal))?;
    let calls = HOOKED.swap(0, Ordering::Relaxed);
    ensure!(calls == 1, "it was called {calls} times");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn catch_by_a_shutdown(sent: &Sent) -> Verdict {
    window(|| SHUTDOWN.catch(sent.signal))?;
    ensure!(SHUTDOWN.requested_by() == Some(sent.signal), "{:?} asks", SHUTDOWN.requested_by());
    ensure!(SHUTDOWN.wait(super::common::AT_ONCE)?, "its flag is not set");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn on_over_default(sent: &Sent) -> Verdict {
    window(|| TABLE.catch(sent.signal, theirs::note))?;
    let noted = theirs::noted(&TABLE, sent)?;
    ensure!(noted == 1, "the function was called {noted} times");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn on_over_theirs(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    window(|| TABLE.catch(sent.signal, theirs::note))?;
    let seen = who(theirs::noted(&TABLE, sent)? == 1, foreign::first().take_calls())?;
    send::raise(sent.signal)?;
    ensure!(TABLE.dispatch() == 1, "the function is not called for the next");
    Ok(seen)
}

fn on_unless_ignored_over_default(sent: &Sent) -> Verdict {
    let caught = window(|| TABLE.catch_unless_ignored(sent.signal, theirs::note))?;
    ensure!(caught.contains(sent.signal), "not caught");
    let noted = theirs::noted(&TABLE, sent)?;
    ensure!(noted == 1, "the function was called {noted} times");
    Ok(Seen::Ours)
}

fn on_unless_ignored_over_ignored(sent: &Sent) -> Verdict {
    set_ignored(sent.signal.as_raw());
    let caught = window(|| TABLE.catch_unless_ignored(sent.signal, theirs::note))?;
    ensure!(caught.is_empty(), "caught");
    ensure!(TABLE.callback(sent.signal).is_none(), "a function is left");
    ensure!(theirs::noted(&TABLE, sent)? == 0, "the function is called");
    nothing_is_blocked()?;
    Ok(Seen::Ignored)
}
