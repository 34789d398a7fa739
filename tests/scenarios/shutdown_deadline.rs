//! The deadline of a shutdown: it ends the process, by the signal that asked, wherever it hangs.

#![expect(unsafe_code, reason = "queues a signal as a timer does")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::time::Duration;
use siglatch::mask::{self, MaskGuard};
use siglatch::timer::{Clock, PosixTimer};
use siglatch::{Dispatcher, Latch, Shutdown, SigSet, SigVal, Signal, action, send, sys, wait};
use std::{fs, thread};
use support::{Child, Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        ends_an_endless_loop,
        ends_by_the_signal_that_asked,
        ends_a_deferred_handler_that_never_returns,
        ends_a_program_that_sleeps_in_other_threads,
        zero_is_at_once,
        zero_is_at_once_when_code_asks,
        longest_never_comes,
        second_signal_comes_before_it,
        cancelled_it_does_not_come,
        what_a_deleted_timer_has_left_is_nobodys,
        asked_anew_it_starts_anew,
        time_left_is_told,
        asked_by_code_it_comes_too,
        released_meanwhile_it_ends_all_the_same,
        others_of_its_timers_are_others,
        without_one_nobody_ends_it,
    ]
}

const SOON: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_secs(3_600);

fn ends_an_endless_loop() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    let mut child = Child::start(|link| {
        SHUTDOWN.catch(Signal::INT).expect("catch");
        link.ready();
        #[expect(clippy::empty_loop, reason = "it is what the program is stuck in")]
        loop {}
    });
    child.await_ready();
    child.kill(libc::SIGINT);
    child.wait().assert_died_by(libc::SIGINT);
}

fn ends_by_the_signal_that_asked() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    let others = [Signal::INT, Signal::TERM, Signal::HUP, Signal::ALRM, Signal::rt(3).expect("rt")];
    for signal in others {
        let mut child = Child::start(|link| {
            SHUTDOWN.catch(others).expect("catch");
            link.ready();
            // It may be over before this returns.
            assert_eq!(SHUTDOWN.wait(None), Ok(true));
            link.hear();
        });
        child.await_ready();
        child.kill(signal.as_raw());
        child.wait().assert_died_by(signal.as_raw());
    }
}

fn ends_a_deferred_handler_that_never_returns() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    static SIGNALS: Dispatcher = Dispatcher::new();
    let mut child = Child::start(|link| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        SIGNALS
            .catch(Signal::TERM, |_| {
                loop {
                    thread::park();
                }
            })
            .expect("on");
        link.ready();
        SIGNALS.wait(None).expect("wait");
        SIGNALS.dispatch();
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.wait().assert_died_by(libc::SIGTERM);
}

fn ends_a_program_that_sleeps_in_other_threads() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    let mut child = Child::start(|link| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        thread::scope(|scope| {
            scope.spawn(|| {
                loop {
                    thread::park();
                }
            });
            link.ready();
            // The thread that took the signal blocks all of them; the other takes the end.
            assert_eq!(SHUTDOWN.wait(None), Ok(true));
            mask::block(SigSet::full()).expect("mask");
            link.say("blocked");
            loop {
                thread::park();
            }
        });
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.wait().assert_died_by(libc::SIGTERM);
}

fn zero_is_at_once() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::ZERO);
    let mut child = Child::start(|link| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        link.ready();
        link.hear();
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.wait().assert_died_by(libc::SIGTERM);
}

/// The end may come before the call that started the timer is back.
fn zero_is_at_once_when_code_asks() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::ZERO);
    for _ in 0..20 {
        let child = Child::start(|link| {
            SHUTDOWN.catch(Signal::TERM).expect("catch");
            SHUTDOWN.request(Signal::TERM);
            link.hear();
        });
        child.wait().assert_died_by(libc::SIGTERM);
    }
}

fn longest_never_comes() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::MAX);
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        send::raise(Signal::TERM).expect("raise");
        assert!(SHUTDOWN.time_left() > Some(Duration::from_secs(100 * 365 * 24 * 3_600)));
    });
}

fn second_signal_comes_before_it() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE).debounce(Duration::ZERO);
    let mut child = Child::start(|link| {
        SHUTDOWN.catch([Signal::INT, Signal::TERM]).expect("catch");
        link.ready();
        SHUTDOWN.wait(None).expect("wait");
        link.say("asked");
        link.hear();
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.expect("asked");
    child.kill(libc::SIGINT);
    child.wait().assert_died_by(libc::SIGINT);
}

fn cancelled_it_does_not_come() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    static OTHER: Latch = Latch::new();
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        OTHER.catch(Signal::TERM).expect("catch");
        // Once before it expires, once when it has expired and its signal is on the way.
        for on_the_way in [false, true] {
            send::raise(Signal::TERM).expect("raise");
            assert_eq!(OTHER.take(), Signal::TERM.into());
            let blocked = MaskGuard::block(Signal::TERM).expect("mask");
            if on_the_way {
                SHUTDOWN.set_time_left(Duration::ZERO).expect("it is requested");
            }
            while on_the_way && !wait::pending().expect("pending").contains(Signal::TERM) {
                thread::yield_now();
            }
            assert_eq!(SHUTDOWN.reset(), Some(Signal::TERM));
            assert_eq!(SHUTDOWN.time_left(), None);
            assert_eq!(armed_timers(), 0, "it is stopped");
            drop(blocked);
            assert!(!SHUTDOWN.is_requested(), "what was on the way asks nobody");
            let _late = OTHER.take();
        }
    });
}

/// How many of this process' timers will expire.
fn armed_timers() -> usize {
    let timers = fs::read_to_string("/proc/self/timers").expect("timers");
    let ids = timers.lines().filter_map(|line| line.strip_prefix("ID: ")?.parse().ok());
    let settings = ids.map(|id| sys::timer_gettime(id).expect("a timer").value);
    settings.filter(|value| *value != sys::KernelTimespec::default()).count()
}

/// Kernels before 6.13 leave a timer's signal pending when the timer is deleted.
fn what_a_deleted_timer_has_left_is_nobodys() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        let from_an_old_timer = || {
            let mut info = sys::KernelSiginfo::zeroed();
            let address = (&raw const SHUTDOWN).addr();
            let (mut head, mut tail) = (libc::SI_TIMER.to_ne_bytes().to_vec(), Vec::new());
            head.extend([0; size_of::<usize>() - 4]); // the union is aligned to a word
            tail.extend(1_000_000_i32.to_ne_bytes()); // the id
            tail.extend(0_i32.to_ne_bytes()); // the overrun
            tail.extend(address.to_ne_bytes());
            for (to, from) in info.bytes.iter_mut().skip(8).zip(head.iter().chain(&tail)) {
                *to = *from;
            }
            // SAFETY: the signal is caught by a receiver that is fit for any details.
            let sent = unsafe { sys::rt_sigqueueinfo(sys::getpid(), libc::SIGTERM, &info) };
            assert_eq!(sent, Ok(()));
        };
        from_an_old_timer();
        assert_eq!(SHUTDOWN.requested_by(), None, "it asks nobody");
        send::raise(Signal::TERM).expect("raise");
        from_an_old_timer(); // and ends nobody
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
    });
}

fn asked_anew_it_starts_anew() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        SHUTDOWN.catch([Signal::TERM, Signal::INT]).expect("catch");
        for signal in [Signal::TERM, Signal::INT, Signal::TERM] {
            send::raise(signal).expect("raise");
            assert_eq!(SHUTDOWN.requested_by(), Some(signal));
            assert!(SHUTDOWN.time_left().is_some());
            assert_eq!(SHUTDOWN.reset(), Some(signal));
        }
    });
}

fn time_left_is_told() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        assert_eq!(SHUTDOWN.time_left(), None);
        send::raise(Signal::TERM).expect("raise");
        let first = SHUTDOWN.time_left().expect("it runs");
        assert!(first <= LATE && first > Duration::from_secs(1_800), "{first:?}");
        while SHUTDOWN.time_left() == Some(first) {}
        assert!(SHUTDOWN.time_left() < Some(first));
    });
}

fn asked_by_code_it_comes_too() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    let child = Child::start(|link| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        SHUTDOWN.request(Signal::TERM);
        link.hear();
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

fn released_meanwhile_it_ends_all_the_same() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(SOON);
    let child = Child::start(|link| {
        SHUTDOWN.catch([Signal::TERM, Signal::INT]).expect("catch");
        send::raise(Signal::INT).expect("raise");
        SHUTDOWN.release([Signal::TERM, Signal::INT]).expect("release");
        link.hear();
    });
    child.wait().assert_died_by(libc::SIGINT);
}

/// A program's own timer with the same signal is a second signal, as before.
fn others_of_its_timers_are_others() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE).debounce(Duration::ZERO);
    let child = Child::start(|link| {
        SHUTDOWN.catch([Signal::TERM, Signal::INT]).expect("catch");
        send::raise(Signal::INT).expect("raise");
        let timer = PosixTimer::new(Clock::Monotonic, Signal::TERM, SigVal::from_int(1));
        let timer = timer.expect("a timer");
        timer.set(SOON, Duration::ZERO).expect("set");
        assert!(SHUTDOWN.is_requested());
        link.hear();
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

fn without_one_nobody_ends_it() {
    static SHUTDOWN: Shutdown = Shutdown::new();
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        send::raise(Signal::TERM).expect("raise");
        assert_eq!(SHUTDOWN.time_left(), None);
        SHUTDOWN.release(Signal::TERM).expect("release");
        assert_eq!(
            action::query(Signal::TERM).expect("query").disposition(),
            action::Disposition::Default
        );
    });
}
