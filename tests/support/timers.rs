//! Times that are long, the signals of timers as they come, and whether a wait ends in time.

#![expect(clippy::arithmetic_side_effects, reason = "times here are short")]

use super::Child;
use super::thread::{is_asleep, sleeps};
use core::time::Duration;
use siglatch::timer::Setting;
use siglatch::{SigInfo, Signal, wait};
use std::thread::yield_now;
use std::time::Instant;

pub const LONG: Duration = Duration::from_secs(3_600);
pub const LONGEST: Duration = Duration::from_nanos(1 << 62);
pub const UNSET: Setting = Setting { value: Duration::ZERO, interval: Duration::ZERO };

/// Waits for a signal that is blocked.
#[track_caller]
pub fn take(signal: Signal) -> SigInfo {
    wait::wait_info(signal).expect("wait")
}

/// Nothing comes for a while.
#[track_caller]
pub fn assert_silent(signal: Signal, for_how_long: Duration) {
    assert_eq!(wait::wait_timeout(signal, for_how_long), Ok(None));
}

/// Uses the processor until the signal has come, and takes it.
pub fn work_until_pending(signal: Signal) -> SigInfo {
    loop {
        if let Some(info) = wait::wait_timeout(signal, Duration::ZERO).expect("wait") {
            return info;
        }
        for n in 0..10_000_u32 {
            core::hint::black_box(n);
        }
    }
}

/// A stop does not prolong a wait of ppoll(2). The kernel goes on with what was left before it, so that
/// such a wait ends the later for it the longer it was stopped. On a busy machine each may end late,
/// but not by more the longer it was stopped.
#[track_caller]
pub fn assert_stops_do_not_prolong(waited: impl Fn(Duration) -> bool) {
    let is_in_time = |stop: Duration| {
        let mut child = Child::start(|link| {
            let begin = Instant::now();
            link.ready();
            assert!(waited(stop * 3));
            let late = begin.elapsed().checked_sub(stop * 3).expect("it is early");
            link.say(if late < stop { "in time" } else { "late" });
            link.hear();
        });
        child.await_ready();
        let is_waiting = comes_to_wait(child.pid());
        if is_waiting {
            child.stop_for(stop);
        }
        let word = child.hear();
        child.tell("end");
        child.wait().assert_exited(0);
        is_waiting && word == "in time"
    };
    let mut stops = (0..6).map(|n| Duration::from_millis(100 << n));
    assert!(stops.any(is_in_time), "each time it is late by the stop or more");
}

/// Waits until a process sleeps in ppoll(2). Returns `false` if on a slow machine that is over: it sleeps
/// elsewhere.
fn comes_to_wait(pid: i32) -> bool {
    loop {
        let is_asleep = is_asleep(pid);
        if sleeps(pid, libc::SYS_ppoll) {
            return true;
        }
        if is_asleep {
            return false;
        }
        yield_now();
    }
}
