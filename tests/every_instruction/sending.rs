//! Sending, and the vocabulary of actions: a signal in the middle of it is nobody's loss.

use super::common::{LATCH, QUEUE, RT, is_back, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::action::{self, ActionGuard, Disposition};
use siglatch::{Cause, Errno, Pid, SigVal, Signal, Tid, send};
use support::foreign;
use support::oracle::raw_action;

operations! {
    raise_another until End on Signal::USR1 => Ours;
    raise_the_same until End on Signal::USR1 => Ours;
    kill_own_process until End on Signal::USR1 => Ours;
    kill_own_thread until End on Signal::USR1 => Ours;
    queue_to_own_process until End on Signal::USR1 => Ours;
    queue_to_own_thread until End on Signal::USR1 => Ours;
    resend_to_own_process until End on Signal::USR1 => Ours;
    probe until End on Signal::USR1 => Ours;
    action_query until End on Signal::USR1 => Theirs;
    action_ignore until End on Signal::USR1 => Theirs, Ignored;
    action_default until End on Signal::USR1 => Theirs, Killed;
    action_restore until End on Signal::USR1 => Ignored, Theirs;
    action_guard until End on Signal::USR1 => Theirs, Ignored, Theirs;
}

/// The flags of both are set.
fn both_came(sent: &Sent, other: Signal) -> Verdict {
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the signal was lost");
    ensure!(other == sent.signal || LATCH.take_signal(other), "what was sent did not come");
    ensure!(!LATCH.is_set(), "another flag is set: {LATCH:?}");
    Ok(Seen::Ours)
}

fn sends(sent: &Sent, other: Signal, send: impl FnOnce() -> Result<(), Errno>) -> Verdict {
    LATCH.catch([sent.signal, other])?;
    window(send)?;
    both_came(sent, other)
}

fn raise_another(sent: &Sent) -> Verdict {
    sends(sent, Signal::USR2, || send::raise(Signal::USR2))
}

fn raise_the_same(sent: &Sent) -> Verdict {
    sends(sent, sent.signal, || send::raise(sent.signal))
}

fn kill_own_process(sent: &Sent) -> Verdict {
    let this = Pid::this();
    sends(sent, Signal::USR2, || send::kill(this, Signal::USR2))
}

fn kill_own_thread(sent: &Sent) -> Verdict {
    sends(sent, Signal::USR2, || send::kill_thread(Pid::this(), Tid::this(), Signal::USR2))
}

/// What is sent arrives with its value.
fn arrives(sent: &Sent, value: i32, send: impl FnOnce() -> Result<(), Errno>) -> Verdict {
    QUEUE.catch(RT)?;
    let seen = sends(sent, RT, send)?;
    let cause = QUEUE.pop().map(|info| info.cause());
    let (pid, uid) = (support::names::us(), support::names::uid());
    let wanted = Cause::Queue { pid, uid, value: SigVal::from_int(value) };
    ensure!(cause == Some(wanted), "torn: {cause:?}");
    ensure!(QUEUE.pop().is_none(), "it came twice");
    Ok(seen)
}

fn queue_to_own_process(sent: &Sent) -> Verdict {
    arrives(sent, 71, || send::queue(Pid::this(), RT, SigVal::from_int(71)))
}

fn queue_to_own_thread(sent: &Sent) -> Verdict {
    arrives(sent, 72, || send::queue_thread(Pid::this(), Tid::this(), RT, SigVal::from_int(72)))
}

fn resend_to_own_process(sent: &Sent) -> Verdict {
    QUEUE.catch(RT)?;
    send::queue(Pid::this(), RT, SigVal::from_int(73))?;
    let Some(info) = QUEUE.pop() else { return Err("nothing to send again".into()) };
    // SAFETY: the details are true, and nobody acts on them.
    arrives(sent, 73, || unsafe { send::resend(&info) })
}

fn probe(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| send::probe(Pid::this()))?;
    both_came(sent, sent.signal)
}

/// Theirs was called, or nobody was.
fn called_or(else_seen: Seen) -> Verdict {
    nothing_is_blocked()?;
    match foreign::first().take_calls() {
        0 => Ok(else_seen),
        1 => Ok(Seen::Theirs),
        calls => Err(format!("called {calls} times").into()),
    }
}

fn action_query(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let action = window(|| action::query(sent.signal))?;
    ensure!(matches!(action.disposition(), Disposition::Handler), "{action:?}");
    called_or(Seen::Ignored)
}

fn action_ignore(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    let previous = window(|| action::ignore(sent.signal))?;
    let seen = called_or(Seen::Ignored)?;
    ensure!(raw_action(sent.signal.as_raw()).handler == libc::SIG_IGN, "it is not ignored");
    previous.restore()?;
    is_back(sent.signal, before)?;
    Ok(seen)
}

fn action_default(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    window(|| action::default(sent.signal))?;
    ensure!(raw_action(sent.signal.as_raw()).handler == libc::SIG_DFL, "it is not the default");
    called_or(Seen::Ignored)
}

fn action_restore(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    let previous = action::ignore(sent.signal)?;
    ensure!(window(|| previous.restore())?, "it is not restored");
    is_back(sent.signal, before)?;
    called_or(Seen::Ignored)
}

fn action_guard(sent: &Sent) -> Verdict {
    foreign::first().come(sent.signal.as_raw());
    let before = raw_action(sent.signal.as_raw());
    window(|| ActionGuard::ignore(sent.signal).map(drop))?;
    is_back(sent.signal, before)?;
    called_or(Seen::Ignored)
}
