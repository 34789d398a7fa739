//! A graceful end: the first signal asks, the second ends the process, whatever is going on.

use super::common::{AT_ONCE, LATCH, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use core::time::Duration;
use siglatch::{Shutdown, Signal, exit, mask, send};

operations! {
    ask until End on Signal::TERM => Killed;
    ask_and_cancel until End on Signal::TERM => Killed, After;
    cancel_what_was_asked until End on Signal::TERM => Killed, After;
    cancel_what_nobody_asked until End on Signal::TERM => During, After;
    cancel_with_a_deadline until End on Signal::TERM => During, After;
    cancel_of_a_request_that_goes_on until End on Signal::TERM => During, After;
    ask_twice_for_one_request until End on Signal::TERM => After;
    catch_with_a_deadline until End on Signal::TERM => Killed, Ours;
    catch_what_is_blocked until End on Signal::TERM => Ours;
    move_the_deadline until End on Signal::TERM => After;
    ask_what_is_left until End on Signal::TERM => After;
    exit_by_who_asked until Death on Signal::TERM => Killed;
    requested_by until End on Signal::TERM => Killed;
    is_requested until End on Signal::TERM => After;
    wait_of_a_shutdown_that_only_looks until End on Signal::TERM => After;
    die_by_the_signal until Death on Signal::TERM => Killed;
    die_by_the_signal_when_blocked until Death on Signal::TERM => Killed;
}

static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);

/// A signal has asked, or nobody has, and the flag says the same.
fn is_asked_now(asked: Option<Signal>) -> Result<(), Wrong> {
    nothing_is_blocked()?;
    let (by, flag) = (SHUTDOWN.requested_by(), SHUTDOWN.wait(AT_ONCE)?);
    ensure!(by == asked, "{by:?} asks, not {asked:?}");
    ensure!(flag == asked.is_some(), "asked by {asked:?}, and the flag is {flag}");
    Ok(())
}

fn ask(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    window(|| SHUTDOWN.request(Signal::TERM));
    Err("two have asked, and it lives".into())
}

fn ask_and_cancel(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let cancelled = window(|| {
        SHUTDOWN.request(Signal::TERM);
        SHUTDOWN.reset()
    });
    ensure!(cancelled == Some(Signal::TERM), "{cancelled:?} is cancelled");
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn cancel_what_was_asked(sent: &Sent) -> Verdict {
    SHUTDOWN.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let cancelled = window(|| SHUTDOWN.reset());
    ensure!(cancelled == Some(Signal::INT), "{cancelled:?} is cancelled");
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn cancel_what_nobody_asked(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let cancelled = window(|| SHUTDOWN.reset());
    if let Some(signal) = cancelled {
        ensure!(signal == sent.signal, "{signal} is cancelled");
        is_asked_now(None)?;
        return Ok(Seen::During);
    }
    is_asked_now(Some(sent.signal))?;
    Ok(Seen::After)
}

fn requested_by(sent: &Sent) -> Verdict {
    SHUTDOWN.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let _by = window(|| SHUTDOWN.requested_by());
    Err("two have asked, and it lives".into())
}

fn is_requested(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    let _asked = window(|| SHUTDOWN.is_requested());
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

static WITH_DEADLINE: Shutdown =
    Shutdown::new().deadline(Duration::from_secs(3600)).debounce(Duration::MAX);
static GOES_ON: Shutdown = Shutdown::new().debounce(Duration::MAX);

/// All is of one request, or the signal asks again after the cancel.
fn cancel_of_a_request_that_goes_on(sent: &Sent) -> Verdict {
    GOES_ON.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let cancelled = window(|| GOES_ON.reset());
    nothing_is_blocked()?;
    ensure!(cancelled == Some(Signal::INT), "{cancelled:?} is cancelled");
    let (by, flag, count) = (GOES_ON.requested_by(), GOES_ON.wait(AT_ONCE)?, GOES_ON.count());
    ensure!(flag == by.is_some(), "asked by {by:?}, and the flag is {flag}");
    ensure!(by.is_none_or(|by| by == sent.signal && count == 1), "{by:?} asks, {count} came");
    Ok(if by.is_some() { Seen::After } else { Seen::During })
}

fn ask_twice_for_one_request(sent: &Sent) -> Verdict {
    GOES_ON.catch(sent.signal)?;
    window(|| GOES_ON.request(sent.signal));
    nothing_is_blocked()?;
    ensure!(GOES_ON.requested_by() == Some(sent.signal), "{:?} asks", GOES_ON.requested_by());
    ensure!(GOES_ON.count() == 2, "{} are counted", GOES_ON.count());
    ensure!(GOES_ON.wait(AT_ONCE)?, "its flag is not set");
    Ok(Seen::After)
}

fn catch_with_a_deadline(sent: &Sent) -> Verdict {
    window(|| WITH_DEADLINE.catch(sent.signal))?;
    nothing_is_blocked()?;
    ensure!(
        WITH_DEADLINE.requested_by() == Some(sent.signal),
        "{:?} asks",
        WITH_DEADLINE.requested_by()
    );
    ensure!(WITH_DEADLINE.time_left().is_some(), "it is asked, and there is no deadline");
    Ok(Seen::Ours)
}

/// The signal is blocked until it is caught.
fn catch_what_is_blocked(sent: &Sent) -> Verdict {
    mask::block(sent.signal)?;
    window(|| GOES_ON.catch_unblocked(sent.signal))?;
    nothing_is_blocked()?;
    ensure!(GOES_ON.requested_by() == Some(sent.signal), "{:?} asks", GOES_ON.requested_by());
    Ok(Seen::Ours)
}

fn move_the_deadline(sent: &Sent) -> Verdict {
    WITH_DEADLINE.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    window(|| WITH_DEADLINE.set_time_left(Duration::from_secs(36_000)))?;
    nothing_is_blocked()?;
    let left = WITH_DEADLINE.time_left();
    ensure!(left > Some(Duration::from_secs(7200)), "{left:?} is left");
    ensure!(WITH_DEADLINE.count() == 2, "{} are counted", WITH_DEADLINE.count());
    Ok(Seen::After)
}

fn ask_what_is_left(sent: &Sent) -> Verdict {
    WITH_DEADLINE.catch([sent.signal, Signal::INT])?;
    send::raise(Signal::INT)?;
    let left = window(|| WITH_DEADLINE.time_left());
    nothing_is_blocked()?;
    ensure!(left.is_some(), "nothing is left");
    ensure!(WITH_DEADLINE.count() == 2, "{} are counted", WITH_DEADLINE.count());
    Ok(Seen::After)
}

/// By the signal that asked, though another comes in the middle.
fn exit_by_who_asked(sent: &Sent) -> Verdict {
    GOES_ON.catch(sent.signal)?;
    GOES_ON.request(sent.signal);
    window(|| GOES_ON.exit(0))
}

/// The deadline runs exactly while a signal has asked.
fn cancel_with_a_deadline(sent: &Sent) -> Verdict {
    WITH_DEADLINE.catch(sent.signal)?;
    let cancelled = window(|| WITH_DEADLINE.reset());
    nothing_is_blocked()?;
    let (by, left) = (WITH_DEADLINE.requested_by(), WITH_DEADLINE.time_left());
    ensure!(by.is_some() == left.is_some(), "asked by {by:?}, and {left:?} is left");
    ensure!(by.is_some() != cancelled.is_some(), "{cancelled:?} cancelled, asked by {by:?}");
    ensure!(WITH_DEADLINE.wait(AT_ONCE)? == by.is_some(), "the flag is not that of {by:?}");
    Ok(if by.is_some() { Seen::After } else { Seen::During })
}
