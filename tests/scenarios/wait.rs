//! Waiting for a latch: what ends it, what does not, and when.

#![expect(unsafe_code, reason = "sets an interval timer and a handler that counts")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use siglatch::{InfoQueue, Latch, SigSet, Signal, mask, send};
use std::io;
use std::sync::mpsc;
use std::thread::{scope, yield_now};
use std::time::Instant;
use support::{self, Child, Link, Scenario, in_child, recorder, rounds, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        signal_from_outside_ends_it,
        signal_before_it_ends_it,
        signal_to_another_thread_ends_it,
        set_ends_it,
        all_who_wait_are_woken,
        longest_timeout_waits,
        other_latches_do_not_end_it,
        receivers_behind_one_that_is_waited_for,
        zero_only_looks,
        timeout_is_never_early,
        interruptions_do_not_move_the_end,
        interruptions_do_not_end_it,
        sleeps_again_after_a_stop_and_an_interruption,
        no_wake_up_is_lost_between_processes,
        no_wake_up_is_lost_between_threads,
    ]
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();

/// Says "asleep" once the calling thread sleeps in the futex(2) that `wait` makes.
fn say_when_asleep(link: &mut Link, wait: impl FnOnce()) {
    let me = recorder::gettid();
    scope(|scope| {
        scope.spawn(|| {
            thread::await_sleep(me, libc::SYS_futex);
            link.say("asleep");
        });
        wait();
    });
}

fn signal_from_outside_ends_it() {
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        say_when_asleep(link, || {
            assert_eq!(LATCH.wait(None), Ok(true));
            assert_eq!(LATCH.take(), Signal::TERM.into(), "it takes nothing");
        });
    });
    child.expect("asleep");
    child.kill_from_third(libc::SIGTERM);
    child.wait().assert_exited(0);
}

fn signal_before_it_ends_it() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        assert_eq!(send::raise(Signal::TERM), Ok(()));
        for timeout in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
            assert_eq!(LATCH.wait(timeout), Ok(true));
        }
    });
}

fn signal_to_another_thread_ends_it() {
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        let (tell, told) = mpsc::channel();
        scope(|scope| {
            // The other thread was started before the mask changes, so it takes the signal.
            scope.spawn(move || {
                let waiter = told.recv().expect("a thread id");
                thread::await_sleep(waiter, libc::SYS_futex);
                link.say("asleep");
                // In read(2), for a signal to interrupt; what it hears does not matter.
                link.hear();
            });
            assert_eq!(mask::block(Signal::TERM), Ok(SigSet::empty()));
            tell.send(recorder::gettid()).expect("somebody to tell");
            assert_eq!(LATCH.wait(None), Ok(true));
            assert_eq!(mask::query(), Ok(Signal::TERM.into()));
        });
    });
    child.expect("asleep");
    child.kill(libc::SIGTERM);
    child.tell("sent");
    child.wait().assert_exited(0);
}

fn set_ends_it() {
    in_child(|| {
        let me = recorder::gettid();
        scope(|scope| {
            scope.spawn(|| {
                thread::await_sleep(me, libc::SYS_futex);
                LATCH.set(Signal::HUP);
            });
            assert_eq!(LATCH.wait(None), Ok(true));
        });
        assert_eq!(LATCH.take(), Signal::HUP.into());
    });
}

fn all_who_wait_are_woken() {
    const WAITERS: usize = 8;
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        let (tell, told) = mpsc::channel();
        scope(|scope| {
            for _ in 0..WAITERS {
                let tell = tell.clone();
                scope.spawn(move || {
                    tell.send(recorder::gettid()).expect("somebody to tell");
                    drop(tell);
                    assert_eq!(LATCH.wait(None), Ok(true));
                });
            }
            for waiter in told.iter().take(WAITERS) {
                thread::await_sleep(waiter, libc::SYS_futex);
            }
            link.say("asleep");
        });
        // Woken all, and nobody took it.
        assert_eq!(LATCH.take(), Signal::TERM.into());
    });
    child.expect("asleep");
    child.kill(libc::SIGTERM);
    child.wait().assert_exited(0);
}

fn longest_timeout_waits() {
    for timeout in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(1 << 62)] {
        let mut child = Child::start(|link| {
            assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
            say_when_asleep(link, || assert_eq!(LATCH.wait(Some(timeout)), Ok(true)));
        });
        child.expect("asleep");
        child.kill(libc::SIGTERM);
        child.wait().assert_exited(0);
    }
}

fn other_latches_do_not_end_it() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR2), Ok(()));
        let me = recorder::gettid();
        scope(|scope| {
            scope.spawn(|| {
                for _ in 0..10 {
                    thread::await_sleep(me, libc::SYS_futex);
                    thread::kill(me, libc::SIGUSR2);
                    while !OTHER.take_signal(Signal::USR2) {
                        yield_now();
                    }
                }
                thread::kill(me, libc::SIGUSR1);
            });
            assert_eq!(LATCH.wait(None), Ok(true));
        });
        assert_eq!(LATCH.take(), Signal::USR1.into());
        assert!(!OTHER.is_set(), "it came back before the last of them");
    });
}

fn receivers_behind_one_that_is_waited_for() {
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        let me = recorder::gettid();
        scope(|scope| {
            scope.spawn(|| {
                thread::await_sleep(me, libc::SYS_futex);
                assert_eq!(send::raise(Signal::USR1), Ok(()));
            });
            assert_eq!(LATCH.wait(None), Ok(true));
        });
        assert_eq!([LATCH.take(), OTHER.take()], [SigSet::from(Signal::USR1); 2]);
        assert_eq!((QUEUE.drain().count(), QUEUE.lost(Signal::USR1)), (1, 0));
    });
}

fn zero_only_looks() {
    in_child(|| {
        assert_eq!(LATCH.wait(Some(Duration::ZERO)), Ok(false));
        LATCH.set(Signal::HUP);
        assert_eq!(LATCH.wait(Some(Duration::ZERO)), Ok(true));
        assert!(LATCH.take_signal(Signal::HUP), "it takes nothing");
        assert_eq!(LATCH.wait(Some(Duration::ZERO)), Ok(false));
    });
}

/// Waits in vain, and not too short.
#[track_caller]
fn assert_in_vain(timeout: Duration) {
    let begin = Instant::now();
    assert_eq!(LATCH.wait(Some(timeout)), Ok(false));
    let elapsed = begin.elapsed();
    assert!(elapsed >= timeout, "{elapsed:?} is before {timeout:?}");
}

fn timeout_is_never_early() {
    in_child(|| {
        for nanoseconds in [1, 999, 1_000, 50_001, 999_999, 1_000_000, 5_000_001, 20_000_000] {
            for _ in 0..10 {
                assert_in_vain(Duration::from_nanos(nanoseconds));
            }
        }
    });
}

static TICKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn tick(_signo: i32) {
    TICKS.fetch_add(1, Ordering::SeqCst);
}

/// From here on SIGALRM comes every two milliseconds, to be counted and then caught by a latch that
/// has system calls interrupted.
fn tick_and_interrupt() {
    static ALARM: Latch = Latch::new().restart(false);
    support::foreign::set(libc::SIGALRM, &support::foreign::action(tick as *const () as usize, 0));
    assert_eq!(ALARM.catch(Signal::ALRM), Ok(()));
    let period = libc::timeval { tv_sec: 0, tv_usec: 2_000 };
    let timer = libc::itimerval { it_interval: period, it_value: period };
    // SAFETY: the timer is initialised and only read; the old one is not asked for.
    let result =
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, core::ptr::null_mut()) };
    assert_eq!(result, 0, "setitimer: {}", io::Error::last_os_error());
}

fn interruptions_do_not_move_the_end() {
    in_child(|| {
        tick_and_interrupt();
        // It would never end if an interruption started it again.
        assert_in_vain(Duration::from_millis(300));
        assert!(TICKS.load(Ordering::SeqCst) >= 2, "nothing has interrupted it");
    });
}

/// After a stop the kernel goes on with the wait by restart_syscall(2), and on most architectures leaves its
/// number in the register for that. Once interrupted, the wait has to be made again by its own.
fn sleeps_again_after_a_stop_and_an_interruption() {
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
        say_when_asleep(link, || {
            assert_eq!(LATCH.wait(None), Ok(true));
        });
    });
    child.expect("asleep");
    for _ in 0..3 {
        child.kill(libc::SIGSTOP);
        assert_eq!(child.stopped(), libc::SIGSTOP);
        child.kill(libc::SIGCONT);
        child.continued();
        while !thread::is_asleep(child.pid()) {
            yield_now();
        }
        child.kill(libc::SIGUSR1);
        thread::await_sleep(child.pid(), libc::SYS_futex);
    }
    child.kill(libc::SIGTERM);
    child.wait().assert_exited(0);
}

fn interruptions_do_not_end_it() {
    let mut child = Child::start(|link| {
        tick_and_interrupt();
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        scope(|scope| {
            scope.spawn(|| {
                while TICKS.load(Ordering::SeqCst) < 20 {
                    yield_now();
                }
                link.ready();
            });
            assert_eq!(LATCH.wait(None), Ok(true));
            // At once: when the thread has ended, the signal may have come in any case.
            assert_eq!(LATCH.take(), Signal::TERM.into());
        });
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.wait().assert_exited(0);
}

fn no_wake_up_is_lost_between_processes() {
    const ROUNDS: usize = 10_000;
    let mut child = Child::start(|link| {
        assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2]), Ok(()));
        link.ready();
        for _ in 0..ROUNDS {
            assert_eq!(LATCH.wait(None), Ok(true));
            assert_eq!(LATCH.take().len(), 1);
            link.say("");
        }
    });
    child.await_ready();
    for signo in [libc::SIGUSR1, libc::SIGUSR2].into_iter().cycle().take(ROUNDS) {
        child.kill(signo);
        child.expect("");
    }
    child.wait().assert_exited(0);
}

fn no_wake_up_is_lost_between_threads() {
    let child = Child::start(|_| {
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        static DONE: AtomicBool = AtomicBool::new(false);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let waiter = recorder::gettid();
        scope(|scope| {
            scope.spawn(move || {
                for round in 0.. {
                    while TAKEN.load(Ordering::SeqCst) != round {
                        // Long enough for a waiter that has a processor.
                        if (0..1_000).all(|_| TAKEN.load(Ordering::SeqCst) != round) {
                            yield_now();
                        }
                    }
                    if DONE.load(Ordering::SeqCst) {
                        break;
                    }
                    // A little later each time, to meet the waiter at every point of its way.
                    (0..round % 256).for_each(|n| _ = core::hint::black_box(n));
                    // By the call, in a handler here, in a handler there.
                    match round % 3 {
                        0 => LATCH.set(Signal::USR1),
                        1 => thread::raise(libc::SIGUSR1),
                        _ => thread::kill(waiter, libc::SIGUSR1),
                    }
                }
            });
            for round in rounds(500, 60_000) {
                assert_eq!(LATCH.wait(None), Ok(true));
                assert_eq!(LATCH.take(), Signal::USR1.into());
                TAKEN.store(round.wrapping_add(1), Ordering::SeqCst);
            }
            // The one more that was sent meanwhile.
            assert_eq!(LATCH.wait(None), Ok(true));
            DONE.store(true, Ordering::SeqCst);
            TAKEN.fetch_add(1, Ordering::SeqCst);
        });
    });
    child.wait().assert_exited(0);
}
