//! What the handler leaves alone, and what it may interrupt.

#![expect(unsafe_code, reason = "sets errno, and an interval timer")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "sets have no overflow")]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use siglatch::{Errno, Latch, SigSet, Signal, send};
use std::process::abort;
use std::thread::scope;
use support::oracle::raw_action;
use support::{Scenario, foreign, in_child, recorder, scenarios, steps, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        errno_is_untouched,
        errno_is_untouched_when_somebody_waits,
        errno_is_untouched_when_nobody_wants_it,
        errno_is_untouched_under_other_code,
        storm_during_catch_and_release,
        storm_of_what_is_being_caught,
        storm_from_four_threads_loses_no_last_flag,
        catch_in_a_handler_is_refused_where_it_would_hang,
    ]
}

static LATCH: Latch = Latch::new();
static KEEPS: Latch = Latch::new();

/// A signal that the calling thread sends itself leaves errno as it was.
#[track_caller]
fn assert_errno_is_kept(signo: i32) {
    // One that no system call makes, and the usual states.
    for before in [4242, 0, libc::EINTR, libc::EAGAIN] {
        // SAFETY: no argument, and it cannot fail.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: the thread's own errno, which is there as long as the thread is.
        unsafe { errno.write(before) };
        thread::raise(signo);
        // SAFETY: the same.
        let after = unsafe { errno.read() };
        assert_eq!(after, before, "errno after signal {signo}");
    }
}

fn errno_is_untouched() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, Signal::TERM]), Ok(()));
        assert_errno_is_kept(libc::SIGUSR1);
        assert_errno_is_kept(libc::SIGTERM);
        assert_eq!(LATCH.take(), [Signal::USR1, Signal::TERM].into());
    });
}

fn errno_is_untouched_when_somebody_waits() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let waiter = core::sync::atomic::AtomicI32::new(0);
        scope(|scope| {
            scope.spawn(|| {
                waiter.store(recorder::gettid(), SeqCst);
                while !LATCH.contains(Signal::TERM) {
                    let _woken = LATCH.wait(None);
                    let _woken_by = LATCH.take_signal(Signal::USR1);
                }
            });
            while waiter.load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            for _ in 0..100 {
                thread::await_sleep(waiter.load(SeqCst), libc::SYS_futex);
                assert_errno_is_kept(libc::SIGUSR1);
            }
            LATCH.set(Signal::TERM);
        });
    });
}

fn errno_is_untouched_when_nobody_wants_it() {
    in_child(|| {
        // Other code restores ours when we have gone: ours goes, and sends the signal again.
        let signo = libc::SIGWINCH;
        for _ in 0..3 {
            assert_eq!(LATCH.catch(Signal::WINCH), Ok(()));
            foreign::first().come(signo);
            assert_eq!(LATCH.release(Signal::WINCH).map(drop), Ok(()));
            foreign::first().leave(signo);
            assert!(raw_action(signo).handler > libc::SIG_IGN);
            assert_errno_is_kept(signo);
            assert_eq!(raw_action(signo).handler, libc::SIG_DFL);
        }
    });
}

fn errno_is_untouched_under_other_code() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        foreign::first().come(libc::SIGUSR1);
        assert_eq!(KEEPS.catch(Signal::USR1), Ok(()));
        assert_errno_is_kept(libc::SIGUSR1);
        assert_eq!(LATCH.take(), Signal::USR1.into());
        assert_eq!(KEEPS.take(), Signal::USR1.into());
        assert_eq!(foreign::first().take_calls(), 4);
    });
}

/// How often the storm has struck.
static STRUCK: AtomicU32 = AtomicU32::new(0);

/// How many rounds of the interrupted code have begun, now and when the storm struck last.
static ROUNDS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// The microseconds to the next strike.
static DELAY: AtomicI32 = AtomicI32::new(SHORTEST);
const SHORTEST: i32 = 20;

/// The storm's own handler: starts the timer again. It waits longer where the interrupted code has not
/// got on since the last time, and shorter where it has: a slow machine takes longer than the shortest
/// to deliver a signal.
extern "C" fn strike(_signo: c_int) {
    STRUCK.fetch_add(1, SeqCst);
    let [now, last] = ROUNDS.each_ref().map(|rounds| rounds.load(SeqCst));
    let delay = DELAY.load(SeqCst);
    let delay = if now == last { delay * 2 } else { delay / 2 };
    DELAY.store(delay.clamp(SHORTEST, 500_000), SeqCst);
    ROUNDS[1].store(now, SeqCst);
    start_timer();
}

fn start_timer() {
    let once = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let delay = DELAY.load(SeqCst);
    let next = libc::timeval { tv_sec: 0, tv_usec: delay.into() };
    let timer = libc::itimerval { it_interval: once, it_value: next };
    // SAFETY: the timer is initialised and only read; the old one is not asked for.
    let result =
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, core::ptr::null_mut()) };
    if result != 0 {
        abort();
    }
}

/// Installs the handler of the storm, which begins with `start_timer`.
fn install_storm() {
    foreign::set(libc::SIGALRM, &foreign::action(strike as *const () as usize, 0));
}

/// Calls `body` with 1, 2, 3, … at least this often, and until the storm has struck many times.
fn at_least(rounds: u32, struck: impl Fn() -> u32, mut body: impl FnMut(u32)) {
    for round in steps(1_u32..) {
        if round > rounds && struck() >= 200 {
            break;
        }
        ROUNDS[0].store(round, SeqCst);
        body(round);
    }
}

fn storm_during_catch_and_release() {
    in_child(|| {
        install_storm();
        let before = [libc::SIGALRM, libc::SIGUSR1, libc::SIGUSR2].map(raw_action);
        assert_eq!(KEEPS.catch(Signal::ALRM), Ok(()));
        start_timer();
        at_least(
            10_000,
            || STRUCK.load(SeqCst),
            |round| {
                assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2]), Ok(()));
                assert_eq!(send::raise(Signal::USR1), Ok(()));
                assert_eq!(LATCH.take(), Signal::USR1.into(), "in round {round}");
                assert_eq!(LATCH.release([Signal::USR1, Signal::USR2]).map(drop), Ok(()));
            },
        );
        assert!(KEEPS.take_signal(Signal::ALRM));
        // The storm goes on.
        assert_eq!(KEEPS.release(Signal::ALRM).map(drop), Ok(()));
        let after = [libc::SIGALRM, libc::SIGUSR1, libc::SIGUSR2].map(raw_action);
        assert_eq!(after, before);
    });
}

fn storm_of_what_is_being_caught() {
    in_child(|| {
        install_storm();
        let before = raw_action(libc::SIGALRM);
        start_timer();
        let caught = AtomicU32::new(0);
        let struck = || STRUCK.load(SeqCst).min(caught.load(SeqCst));
        at_least(10_000, struck, |round| {
            assert_eq!(LATCH.catch(Signal::ALRM), Ok(()));
            assert_eq!(LATCH.release(Signal::ALRM).map(drop), Ok(()));
            let taken = LATCH.take();
            assert!(taken == SigSet::empty() || taken == Signal::ALRM.into());
            caught.fetch_add(u32::from(!taken.is_empty()), SeqCst);
            assert_eq!(LATCH.take(), SigSet::empty(), "in round {round}");
        });
        assert_eq!(raw_action(libc::SIGALRM), before);
    });
}

/// The real-time signal of one thread of a storm.
fn own(n: usize) -> Signal {
    u8::try_from(n).ok().and_then(|n| Signal::rt(n).ok()).expect("a real-time signal")
}

fn storm_from_four_threads_loses_no_last_flag() {
    const THREADS: usize = 4;
    const BURSTS: u32 = 5_000;
    static SENT: [AtomicU32; THREADS] = [const { AtomicU32::new(0) }; THREADS];
    static SEEN: [AtomicU32; THREADS] = [const { AtomicU32::new(0) }; THREADS];
    in_child(|| {
        let signals: SigSet = (0..THREADS).map(own).collect();
        assert_eq!(LATCH.catch(signals), Ok(()));
        scope(|scope| {
            for (n, (sent, seen)) in SENT.iter().zip(&SEEN).enumerate() {
                scope.spawn(move || {
                    for burst in steps(1..=BURSTS) {
                        assert_eq!(send::raise(own(n)), Ok(()));
                        // The flag makes it visible, nothing else.
                        sent.store(burst, Relaxed);
                        assert_eq!(send::raise(own(n)), Ok(()));
                        // It is the last of the burst: nothing repairs it if it is lost.
                        while seen.load(Relaxed) != burst {
                            std::thread::yield_now();
                        }
                    }
                });
            }
            while SEEN.iter().any(|seen| seen.load(Relaxed) != BURSTS) {
                assert_eq!(LATCH.wait(None), Ok(true));
                let taken = LATCH.take();
                assert_eq!(taken - signals, SigSet::empty());
                for (n, (seen, sent)) in SEEN.iter().zip(&SENT).enumerate() {
                    if taken.contains(own(n)) {
                        seen.store(sent.load(Relaxed), Relaxed);
                    }
                }
            }
        });
    });
}

/// How often the catch of the handler below went through, was refused, and did anything else.
static DONE: AtomicU32 = AtomicU32::new(0);
static REFUSED: AtomicU32 = AtomicU32::new(0);
static WRONG: AtomicU32 = AtomicU32::new(0);

extern "C" fn catches(_signo: i32) {
    static INNER: Latch = Latch::new();
    let counter = match INNER.catch(Signal::WINCH) {
        Ok(()) if INNER.release(Signal::WINCH).is_ok() => &DONE,
        Err(error) if error.errno() == Errno::DEADLK && INNER.caught().is_empty() => &REFUSED,
        _ => &WRONG,
    };
    counter.fetch_add(1, SeqCst);
    start_timer();
}

fn catch_in_a_handler_is_refused_where_it_would_hang() {
    in_child(|| {
        let action = foreign::action(catches as *const () as usize, libc::SA_ONSTACK);
        foreign::set(libc::SIGALRM, &action);
        let before = [libc::SIGUSR1, libc::SIGWINCH].map(raw_action);
        start_timer();
        at_least(
            1_000,
            || REFUSED.load(SeqCst),
            |round| {
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                assert_eq!(send::raise(Signal::USR1), Ok(()));
                assert_eq!(LATCH.take(), Signal::USR1.into(), "in round {round}");
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            },
        );
        // Outside of catch and release it goes through.
        let done = DONE.load(SeqCst);
        while DONE.load(SeqCst) == done {
            core::hint::spin_loop();
        }
        assert_eq!(WRONG.load(SeqCst), 0);
        foreign::set(libc::SIGALRM, &foreign::action(libc::SIG_IGN, 0));
        assert_eq!([libc::SIGUSR1, libc::SIGWINCH].map(raw_action), before);
    });
}
