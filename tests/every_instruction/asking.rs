//! A graceful end: the first signal asks, the second ends the process, whatever is going on.

use super::common::{AT_ONCE, LATCH, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use core::time::Duration;
use siglatch::{Shutdown, Signal, exit, send};

operations! {
    ask until End on Signal::TERM => Killed;
    ask_and_cancel until End on Signal::TERM => Killed, After;
    cancel_what_was_asked until End on Signal::TERM => Killed, After;
    cancel_what_nobody_asked until End on Signal::TERM => During, After;
    cancel_with_a_deadline until End on Signal::TERM => During, After;
    asked_by until End on Signal::TERM => Killed;
    is_asked until End on Signal::TERM => After;
    wait_of_a_shutdown_that_only_looks until End on Signal::TERM => After;
    die_by_the_signal until Death on Signal::TERM => Killed;
    die_by_the_signal_when_blocked until Death on Signal::TERM => Killed;
}

static SHUTDOWN: Shutdown = Shutdown::new();

/// A signal has asked, or nobody has, and the flag says the same.
fn is_asked_now(asked: Option<Signal>) -> Result<(), Wrong> {
    nothing_is_blocked()?;
    let (by, flag) = (SHUTDOWN.asked_by(), SHUTDOWN.wait(AT_ONCE)?);
    ensure!(by == asked, "{by:?} asks, not {asked:?}");
    ensure!(flag == asked.is_some(), "asked by {asked:?}, and the flag is {flag}");
    Ok(())
}

fn ask(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    window(|| SHUTDOWN.ask(Signal::TERM));
    Err("two have asked, and it lives".into())
}

fn ask_and_cancel(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let cancelled = window(|| {
        SHUTDOWN.ask(Signal::TERM);
        SHUTDOWN.cancel()
    });
    ensure!(cancelled == Some(Signal::TERM), "{cancelled:?} is cancelled");
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn cancel_what_was_asked(sent: &Sent) -> Verdict {
    SHUTDOWN.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let cancelled = window(|| SHUTDOWN.cancel());
    ensure!(cancelled == Some(Signal::INT), "{cancelled:?} is cancelled");
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn cancel_what_nobody_asked(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let cancelled = window(|| SHUTDOWN.cancel());
    if let Some(signal) = cancelled {
        ensure!(signal == sent.signal, "{signal} is cancelled");
        is_asked_now(None)?;
        return Ok(Seen::During);
    }
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn asked_by(sent: &Sent) -> Verdict {
    SHUTDOWN.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let _by = window(|| SHUTDOWN.asked_by());
    Err("two have asked, and it lives".into())
}

fn is_asked(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let _asked = window(|| SHUTDOWN.is_asked());
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn wait_of_a_shutdown_that_only_looks(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let _asked = window(|| SHUTDOWN.wait(AT_ONCE))?;
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

/// It dies by the signal, though the signal is caught, and comes once more in the middle.
fn die_by_the_signal(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| exit::die_by(sent.signal))
}

fn die_by_the_signal_when_blocked(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    siglatch::mask::block(sent.signal)?;
    window(|| exit::die_by(sent.signal))
}

static WITH_DEADLINE: Shutdown = Shutdown::new().deadline(Duration::from_secs(3600));

/// The deadline runs exactly while a signal has asked.
fn cancel_with_a_deadline(sent: &Sent) -> Verdict {
    WITH_DEADLINE.catch(sent.signal)?;
    let cancelled = window(|| WITH_DEADLINE.cancel());
    nothing_is_blocked()?;
    let (by, left) = (WITH_DEADLINE.asked_by(), WITH_DEADLINE.time_left());
    ensure!(by.is_some() == left.is_some(), "asked by {by:?}, and {left:?} is left");
    ensure!(by.is_some() != cancelled.is_some(), "{cancelled:?} cancelled, asked by {by:?}");
    ensure!(WITH_DEADLINE.wait(AT_ONCE)? == by.is_some(), "the flag is not that of {by:?}");
    Ok(if by.is_some() { Seen::After } else { Seen::During })
}
