//! The deadline of a shutdown, in whatever state the process is then. `SIGLATCH_RUNS=100` in the
//! environment has each tried a hundred times.

#![expect(unsafe_code, reason = "system(3), and limits")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use super::terminal::repeat;
use core::time::Duration;
use siglatch::mask::MaskGuard;
use siglatch::{Errno, Shutdown, SigSet, Signal, action, send, wait};
use std::{fs, io, thread};
use support::{Child, Scenario, in_child, oracle, scenarios, state};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        ends_an_endless_loop,
        waits_while_the_signal_is_ignored,
        waits_for_system,
        needs_no_room_when_it_begins,
        needs_room_when_it_is_caught,
        waits_while_all_block_it,
        comes_in_a_child_of_fork,
        comes_though_the_signal_was_released,
        is_one_timer_a_signal,
    ]
}

const SOON: Duration = Duration::from_millis(20);

static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);

fn ask(signal: Signal) {
    SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
    send::raise(signal).expect("raise");
    assert_eq!(SHUTDOWN.requested_by(), Some(signal));
}

/// Waits until the deadline is over, and some attempts after it.
fn await_attempts() {
    let end = wait::now().expect("a clock").saturating_add(Duration::from_millis(100));
    while wait::now().expect("a clock") < end {
        thread::yield_now();
    }
    assert!(SHUTDOWN.time_left().is_some_and(|left| left <= Duration::from_millis(10)));
}

/// Goes on for ever: only the deadline can end it.
fn go_on() -> ! {
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

#[track_caller]
fn dies(what: &str, body: impl Fn(Signal)) {
    dies_by(&[Signal::INT, Signal::TERM, Signal::HUP], what, body);
}

/// A child that does it dies by the signal that asked, each of these in turn.
#[track_caller]
fn dies_by(signals: &[Signal], what: &str, body: impl Fn(Signal)) {
    let mut signals = signals.iter().copied().cycle();
    repeat(&format!("deadline: {what}"), || {
        let signal = signals.next().expect("no end");
        Child::start(|_| {
            body(signal);
            go_on();
        })
        .wait()
        .assert_died_by(signal.as_raw());
        "died by the signal that asked".to_owned()
    });
}

fn ends_an_endless_loop() {
    dies("in an endless loop", |signal| {
        ask(signal);
        #[expect(clippy::empty_loop, reason = "it is what the program is stuck in")]
        loop {}
    });
}

fn waits_while_the_signal_is_ignored() {
    dies("the signal is ignored", |signal| {
        ask(signal);
        let ignored = action::ignore(signal).expect("ignore");
        await_attempts();
        ignored.restore().expect("restore");
    });
}

/// It ignores SIGINT and SIGQUIT while it waits.
fn waits_for_system() {
    dies_by(&[Signal::INT, Signal::QUIT], "in system(3)", |signal| {
        SHUTDOWN.catch(Signal::QUIT).expect("catch");
        ask(signal);
        // SAFETY: the text is a C string.
        let status = unsafe { libc::system(c"sleep 0.1".as_ptr()) };
        assert_eq!(status, 0, "{}", io::Error::last_os_error());
    });
}

/// As many signals as may be pending, and timers.
fn limit_pending(limit: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: the limit is initialised and only read.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const limit) };
    assert_eq!(set, 0, "{}", io::Error::last_os_error());
}

fn needs_no_room_when_it_begins() {
    dies("no room for timers", |signal| {
        SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
        limit_pending(0);
        ask(signal);
    });
}

/// The error comes to the caller, and nothing is caught.
fn needs_room_when_it_is_caught() {
    in_child(|| {
        oracle::set_ignored(libc::SIGHUP);
        let before = state::SignalState::now();
        limit_pending(0);
        let signals = [Signal::INT, Signal::TERM, Signal::HUP];
        assert_eq!(SHUTDOWN.catch(signals).map_err(Errno::from), Err(Errno::AGAIN));
        assert_eq!(SHUTDOWN.catch_unless_ignored(signals).map_err(Errno::from), Err(Errno::AGAIN));
        assert_eq!(SHUTDOWN.catch_unblocked(signals).map_err(Errno::from), Err(Errno::AGAIN));
        assert_eq!(SHUTDOWN.caught(), SigSet::empty());
        before.assert_unchanged("refused catches");
    });
}

fn waits_while_all_block_it() {
    dies("the signal is blocked", |signal| {
        ask(signal);
        let blocked = MaskGuard::block(signal).expect("mask");
        await_attempts();
        drop(blocked);
    });
}

/// Of a request of its own, whether it catches again or not.
fn comes_in_a_child_of_fork() {
    for again in [false, true] {
        dies(&format!("in a child, caught again: {again}"), |signal| {
            SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
            Child::start(|_| {
                if again {
                    ask(signal);
                } else {
                    send::raise(signal).expect("raise");
                }
                go_on();
            })
            .wait()
            .assert_died_by(signal.as_raw());
            SHUTDOWN.request(signal);
        });
    }
}

fn comes_though_the_signal_was_released() {
    dies("the signal is released", |signal| {
        ask(signal);
        SHUTDOWN.release(signal).expect("release");
    });
}

fn is_one_timer_a_signal() {
    in_child(|| {
        for _ in 0..3 {
            SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
            let timers = fs::read_to_string("/proc/self/timers").expect("timers");
            assert_eq!(
                timers.lines().filter(|line| line.starts_with("ID:")).count(),
                3,
                "{timers}"
            );
        }
    });
}
