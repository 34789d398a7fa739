//! Timers: they are set and disarmed as asked, and a signal in between costs nothing of either.

use super::common::{LATCH, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use core::time::Duration;
use siglatch::timer::{Clock, IntervalTimer, PosixTimer, Setting, alarm};
use siglatch::{SigVal, Signal};

operations! {
    interval_set until End on Signal::ALRM => Ours;
    interval_query until End on Signal::ALRM => Ours;
    interval_cancel until End on Signal::ALRM => Ours;
    alarm_set until End on Signal::ALRM => Ours;
    posix_new until End on Signal::ALRM => Ours;
    posix_for_this_thread until End on Signal::ALRM => Ours;
    posix_set until End on Signal::ALRM => Ours;
    posix_set_at until End on Signal::ALRM => Ours;
    posix_query until End on Signal::ALRM => Ours;
    posix_overrun until End on Signal::ALRM => Ours;
    posix_cancel until End on Signal::ALRM => Ours;
    posix_drop until End on Signal::ALRM => Ours;
    clock until End on Signal::ALRM => Ours;
}

/// So long that no timer of these runs out.
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// The one signal has come.
fn came_once(sent: &Sent) -> Verdict {
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    Ok(Seen::Ours)
}

/// It is set for an hour, and again each minute.
fn is_armed(setting: Setting) -> Result<(), Wrong> {
    let Setting { value: remaining, interval, .. } = setting;
    ensure!(interval == MINUTE, "{setting:?}");
    ensure!(remaining <= HOUR && remaining + MINUTE > HOUR, "{setting:?}");
    Ok(())
}

fn is_disarmed(setting: Setting) -> Result<(), Wrong> {
    ensure!(setting.value.is_zero(), "{setting:?}");
    Ok(())
}

fn interval_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    is_disarmed(window(|| IntervalTimer::Real.set(HOUR, MINUTE))?)?;
    is_armed(IntervalTimer::Real.query()?)?;
    came_once(sent)
}

fn interval_query(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    IntervalTimer::Real.set(HOUR, MINUTE)?;
    is_armed(window(|| IntervalTimer::Real.query())?)?;
    came_once(sent)
}

fn interval_cancel(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    IntervalTimer::Real.set(HOUR, MINUTE)?;
    is_armed(window(|| IntervalTimer::Real.cancel())?)?;
    is_disarmed(IntervalTimer::Real.query()?)?;
    came_once(sent)
}

fn alarm_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let before = window(|| alarm(3600))?;
    ensure!(before == 0, "{before} seconds were left");
    let left = alarm(0)?;
    ensure!((3590..=3600).contains(&left), "{left} seconds are left");
    came_once(sent)
}

fn timer() -> Result<PosixTimer, Wrong> {
    Ok(PosixTimer::new(Clock::Monotonic, Signal::ALRM, SigVal::from_int(7))?)
}

fn posix_new(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = window(timer)?;
    is_disarmed(timer.query()?)?;
    came_once(sent)
}

fn posix_for_this_thread(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = window(|| {
        let this = siglatch::Tid::this();
        PosixTimer::for_thread(Clock::Monotonic, this, Signal::ALRM, SigVal::from_int(7))
    })?;
    is_disarmed(timer.query()?)?;
    came_once(sent)
}

fn posix_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    is_disarmed(window(|| timer.set(HOUR, MINUTE))?)?;
    is_armed(timer.query()?)?;
    came_once(sent)
}

fn posix_set_at(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    let deadline = Clock::Monotonic.now()? + HOUR;
    is_disarmed(window(|| timer.set_at(deadline, MINUTE))?)?;
    is_armed(timer.query()?)?;
    came_once(sent)
}

fn posix_query(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    timer.set(HOUR, MINUTE)?;
    is_armed(window(|| timer.query())?)?;
    came_once(sent)
}

fn posix_overrun(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    let overrun = window(|| timer.overrun())?;
    ensure!(overrun == 0, "{overrun}");
    came_once(sent)
}

fn posix_cancel(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    timer.set(HOUR, MINUTE)?;
    is_armed(window(|| timer.cancel())?)?;
    is_disarmed(timer.query()?)?;
    came_once(sent)
}

/// Its number is given out again, so it was given back.
fn posix_drop(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let timer = timer()?;
    timer.set(HOUR, MINUTE)?;
    window(|| drop(timer));
    let timers = std::fs::read_to_string("/proc/self/timers").unwrap_or_default();
    ensure!(timers.is_empty(), "timers are left: {timers}");
    came_once(sent)
}

fn clock(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let before = Clock::Monotonic.now()?;
    let now = window(|| Clock::Monotonic.now())?;
    ensure!(now >= before && now < before + HOUR, "{now:?} after {before:?}");
    came_once(sent)
}
