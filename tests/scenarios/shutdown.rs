//! The first signal asks, the second ends the process: whatever the program is doing.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use siglatch::{Dispatcher, Latch, Pid, Shutdown, Signal, send, timer};
use std::thread;
use support::{self, Child, Scenario, in_child, oracle, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        first_asks_and_wakes,
        second_ends_by_that_signal,
        second_ends_an_endless_loop,
        second_ends_a_deferred_handler_that_never_returns,
        second_ends_whichever_thread_takes_it,
        two_at_once_from_many_threads_end_it,
        cancelled_starts_anew,
        ignored_stays_ignored,
        who_asked_is_told,
        another_thread_asks,
        asked_twice_by_threads_ends_it,
        others_get_the_first_too,
        released_leaves_what_was_there,
        child_of_fork_has_a_copy,
    ]
}

const INT: i32 = libc::SIGINT;
const TERM: i32 = libc::SIGTERM;
const HUP: i32 = libc::SIGHUP;

/// Catches the three that ask a program to end.
fn catch(shutdown: &'static Shutdown) {
    shutdown.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
}

fn first_asks_and_wakes() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut child = Child::start(|link| {
            catch(&SHUTDOWN);
            assert!(!SHUTDOWN.is_requested());
            assert_eq!(SHUTDOWN.requested_by(), None);
            assert_eq!(SHUTDOWN.wait(Some(Duration::ZERO)), Ok(false));
            link.ready();
            assert_eq!(SHUTDOWN.wait(None), Ok(true));
            assert!(SHUTDOWN.is_requested());
            // It stays asked.
            assert_eq!(SHUTDOWN.wait(None), Ok(true));
            assert_eq!(SHUTDOWN.requested_by(), Some(signal));
        });
        child.await_ready();
        child.kill(signal.as_raw());
        child.wait().assert_exited(0);
    }
}

fn second_ends_by_that_signal() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    for (first, second) in [(INT, INT), (INT, TERM), (TERM, INT), (TERM, TERM), (HUP, INT)] {
        let mut child = Child::start(|link| {
            catch(&SHUTDOWN);
            link.ready();
            SHUTDOWN.wait(None).expect("wait");
            link.say("asked");
            // It never finishes.
            link.hear();
        });
        child.await_ready();
        child.kill(first);
        child.expect("asked");
        child.kill(second);
        child.wait().assert_died_by(second);
    }
}

fn second_ends_an_endless_loop() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    for (first, second) in [(INT, INT), (INT, TERM), (TERM, INT)] {
        let mut child = Child::start(|link| {
            catch(&SHUTDOWN);
            link.ready();
            while !SHUTDOWN.is_requested() {}
            link.say("asked");
            #[expect(clippy::empty_loop, reason = "it is what the program is stuck in")]
            loop {}
        });
        child.await_ready();
        child.kill(first);
        child.expect("asked");
        child.kill(second);
        child.wait().assert_died_by(second);
    }
}

fn second_ends_a_deferred_handler_that_never_returns() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    static SIGNALS: Dispatcher = Dispatcher::new();
    static INSIDE: AtomicBool = AtomicBool::new(false);
    for second in [INT, TERM] {
        let mut child = Child::start(|link| {
            catch(&SHUTDOWN);
            SIGNALS
                .catch(Signal::INT, |_| {
                    INSIDE.store(true, SeqCst);
                    loop {
                        thread::park();
                    }
                })
                .expect("on");
            // The other thread, to say that the function runs.
            let mut words = thread::scope(|scope| {
                scope.spawn(|| {
                    link.ready();
                    while !INSIDE.load(SeqCst) {
                        core::hint::spin_loop();
                    }
                    link.say("inside");
                });
                SIGNALS.wait(None).expect("wait");
                SIGNALS.dispatch();
                ["a function that never returns has returned"].into_iter()
            });
            panic_with(words.next());
        });
        child.await_ready();
        child.kill(INT);
        child.expect("inside");
        child.kill(second);
        child.wait().assert_died_by(second);
    }
}

fn panic_with(word: Option<&str>) {
    assert_eq!(word, None);
}

fn second_ends_whichever_thread_takes_it() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    in_child(|| {
        let child = Child::start(|_| {
            catch(&SHUTDOWN);
            thread::spawn(|| send::raise(Signal::TERM)).join().expect("a thread").expect("raise");
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
            thread::spawn(|| send::raise(Signal::INT)).join().expect("a thread").expect("raise");
        });
        child.wait().assert_died_by(INT);
    });
}

/// Each thread sends one; of two signals at once, one asks and one ends.
fn two_at_once_from_many_threads_end_it() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    static START: AtomicU32 = AtomicU32::new(0);
    for _ in 0..20 {
        let child = Child::start(|_| {
            catch(&SHUTDOWN);
            let raise = || {
                START.fetch_add(1, SeqCst);
                while START.load(SeqCst) < 2 {}
                send::raise(Signal::TERM).expect("raise");
            };
            for thread in [thread::spawn(raise), thread::spawn(raise)] {
                thread.join().expect("a thread that ends");
            }
        });
        child.wait().assert_died_by(TERM);
    }
}

fn cancelled_starts_anew() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    let child = Child::start(|_| {
        catch(&SHUTDOWN);
        assert_eq!(SHUTDOWN.reset(), None);
        for signal in [Signal::INT, Signal::TERM, Signal::INT] {
            send::raise(signal).expect("raise");
            assert_eq!(SHUTDOWN.requested_by(), Some(signal));
            assert_eq!(SHUTDOWN.reset(), Some(signal));
            assert_eq!(SHUTDOWN.reset(), None);
            assert!(!SHUTDOWN.is_requested());
            assert_eq!(SHUTDOWN.wait(Some(Duration::ZERO)), Ok(false));
        }
        send::raise(Signal::HUP).expect("raise");
        send::raise(Signal::INT).expect("raise");
    });
    child.wait().assert_died_by(INT);
}

/// As nohup(1) starts a program.
fn who_asked_is_told() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    let mut child = Child::start(|link| {
        catch(&SHUTDOWN);
        assert_eq!(SHUTDOWN.sender(), None);
        link.ready();
        SHUTDOWN.wait(None).expect("wait");
        link.say(&SHUTDOWN.sender().expect("a process").to_string());
        SHUTDOWN.reset();
        assert_eq!(SHUTDOWN.sender(), None);
        // This process itself, by a signal and without one.
        for ask in [|| send::raise(Signal::TERM).expect("raise"), || SHUTDOWN.request(Signal::TERM)]
        {
            ask();
            assert_eq!(SHUTDOWN.sender(), Some(Pid::this()));
            SHUTDOWN.reset();
        }
        // The kernel: an alarm.
        SHUTDOWN.catch(Signal::ALRM).expect("catch");
        timer::IntervalTimer::Real.set(Duration::from_millis(1), Duration::ZERO).expect("timer");
        SHUTDOWN.wait(None).expect("wait");
        assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.sender()), (Some(Signal::ALRM), None));
    });
    child.await_ready();
    let third = child.kill_from_third(TERM);
    child.expect(&third.to_string());
    child.wait().assert_exited(0);
}

fn ignored_stays_ignored() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    let child = Child::start(|_| {
        oracle::set_ignored(HUP);
        let caught = SHUTDOWN.catch_unless_ignored([Signal::HUP, Signal::TERM]);
        assert_eq!(caught, Ok(Signal::TERM.into()));
        assert_eq!(SHUTDOWN.caught(), Signal::TERM.into());
        for _ in 0..3 {
            send::raise(Signal::HUP).expect("raise");
        }
        assert!(!SHUTDOWN.is_requested());
        assert_eq!(oracle::raw_action(HUP).handler, libc::SIG_IGN);
        send::raise(Signal::TERM).expect("raise");
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
        send::raise(Signal::HUP).expect("raise");
        send::raise(Signal::TERM).expect("raise");
    });
    child.wait().assert_died_by(TERM);
}

fn another_thread_asks() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    let child = Child::start(|_| {
        catch(&SHUTDOWN);
        let asking = thread::spawn(|| SHUTDOWN.request(Signal::TERM));
        assert_eq!(SHUTDOWN.wait(None), Ok(true));
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
        asking.join().expect("a thread that ends");
        send::raise(Signal::INT).expect("raise");
    });
    child.wait().assert_died_by(INT);
}

fn asked_twice_by_threads_ends_it() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    let child = Child::start(|_| {
        // Nothing is caught: that is not needed to ask.
        SHUTDOWN.request(Signal::TERM);
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
        SHUTDOWN.request(Signal::USR1);
    });
    child.wait().assert_died_by(libc::SIGUSR1);
}

fn others_get_the_first_too() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    static LATCH: Latch = Latch::new();
    let child = Child::start(|_| {
        catch(&SHUTDOWN);
        LATCH.catch(Signal::TERM).expect("catch");
        send::raise(Signal::TERM).expect("raise");
        assert!(LATCH.take_signal(Signal::TERM));
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
        send::raise(Signal::TERM).expect("raise");
    });
    child.wait().assert_died_by(TERM);
}

fn released_leaves_what_was_there() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    in_child(|| {
        let before = support::state::SignalState::now();
        catch(&SHUTDOWN);
        send::raise(Signal::TERM).expect("raise");
        SHUTDOWN.release([Signal::INT, Signal::TERM, Signal::HUP]).expect("release");
        before.assert_unchanged("a shutdown that was released");
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
        Child::start(|_| send::raise(Signal::INT).expect("raise")).wait().assert_died_by(INT);
    });
}

fn child_of_fork_has_a_copy() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    in_child(|| {
        catch(&SHUTDOWN);
        send::raise(Signal::TERM).expect("raise");
        Child::start(|_| send::raise(Signal::INT).expect("raise")).wait().assert_died_by(INT);
        in_child(|| {
            assert_eq!(SHUTDOWN.reset(), Some(Signal::TERM));
            send::raise(Signal::INT).expect("raise");
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::INT));
        });
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
    });
}
