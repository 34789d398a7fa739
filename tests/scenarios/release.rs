//! When a release returns, no handler sets a flag of the released signals any more; and a signal
//! on its way is never lost in between.

#![expect(unsafe_code, reason = "a hook runs in signal context")]

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use siglatch::{Hook, HookContext, HookVerdict, Latch, SigSet, Signal};
use std::thread::{scope, yield_now};
use std::time::Instant;
use support::oracle::raw_action;
use support::{Child, Scenario, Status, exit_now, in_child, recorder, scenarios, steps, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        handler_in_flight_is_waited_for,
        handlers_that_keep_coming_are_not,
        no_flag_is_set_after_the_release,
        signal_is_caught_or_takes_its_effect,
        signal_of_a_thread_is_caught_or_takes_its_effect,
        signal_reaches_the_handler_before_or_ours,
    ]
}

static LATCH: Latch = Latch::new();
/// Keeps the signal caught, so that the process survives when the other one leaves.
static KEEPS: Latch = Latch::new();

fn handler_in_flight_is_waited_for() {
    static INSIDE: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    static LEFT: AtomicBool = AtomicBool::new(false);
    fn stays(_: HookContext<'_>) -> HookVerdict {
        INSIDE.store(true, SeqCst);
        while !GO_ON.load(SeqCst) {
            core::hint::spin_loop();
        }
        LEFT.store(true, SeqCst);
        HookVerdict::Taken
    }
    // SAFETY: it does nothing but atomic loads and stores, and comes back.
    static HOOK: Hook = unsafe { Hook::new(stays) };
    static RELEASED: AtomicBool = AtomicBool::new(false);

    in_child(|| {
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let releaser = recorder::gettid();
        scope(|scope| {
            scope.spawn(|| thread::raise(libc::SIGUSR1));
            while !INSIDE.load(SeqCst) {
                yield_now();
            }
            scope.spawn(move || {
                // The release sleeps because of the handler. If it does not, it returns.
                while !RELEASED.load(SeqCst) && !thread::sleeps(releaser, libc::SYS_clock_nanosleep)
                {
                    yield_now();
                }
                let too_early = RELEASED.load(SeqCst);
                GO_ON.store(true, SeqCst);
                assert!(!too_early, "the release has returned while the handler runs");
            });
            assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            RELEASED.store(true, SeqCst);
            assert!(LEFT.load(SeqCst), "the release has returned while the handler runs");
        });
    });
}

/// Signals pour in while `body` runs, to threads by themselves and by each other, and to the
/// process from another one.
fn in_a_storm(signo: i32, threads: usize, body: impl FnOnce()) {
    let pid = std::process::id() as i32;
    let storm = Child::start(move |_| {
        loop {
            // SAFETY: a process id and a signal that the process catches.
            if unsafe { libc::kill(pid, signo) } != 0 {
                return;
            }
        }
    });
    let last: AtomicI32 = AtomicI32::new(recorder::gettid());
    let work = |_| {
        let me = recorder::gettid();
        thread::raise(signo);
        // Threads of this storm end together, so the one before is there still, or is the main one.
        let before = last.swap(me, SeqCst);
        thread::try_kill(before, signo);
    };
    thread::beside(threads, work, body);
    drop(storm);
}

fn handlers_that_keep_coming_are_not() {
    in_child(|| {
        assert_eq!(KEEPS.catch(Signal::USR1), Ok(()));
        in_a_storm(libc::SIGUSR1, 8, || {
            for _ in steps(0..100) {
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            }
        });
    });
}

fn no_flag_is_set_after_the_release() {
    in_child(|| {
        assert_eq!(KEEPS.catch([Signal::USR1, Signal::USR2]), Ok(()));
        in_a_storm(libc::SIGUSR1, 4, || {
            for _ in steps(0..50) {
                assert_eq!(LATCH.catch([Signal::USR1, Signal::USR2]), Ok(()));
                while !LATCH.is_set() {
                    yield_now();
                }
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
                let _while_caught = LATCH.take();
                for _ in 0..3 {
                    let _seen = KEEPS.take();
                    while !KEEPS.is_set() {
                        yield_now();
                    }
                    assert_eq!(LATCH.pending(), SigSet::empty());
                }
            }
        });
    });
}

fn signal_is_caught_or_takes_its_effect() {
    let (mut caught, mut killed) = (false, false);
    for round in 0..200_u32 {
        let mut child = Child::start(|link| {
            // Every other time it begins with the signal caught, so that each end has its turn even
            // where the two processes take turns on one processor.
            if round % 2 == 0 {
                assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
            }
            link.ready();
            // If the signal were lost, this would not end.
            while !LATCH.is_set() {
                assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
                assert_eq!(LATCH.release(Signal::TERM).map(drop), Ok(()));
            }
            exit_now(3);
        });
        child.await_ready();
        child.kill(libc::SIGTERM);
        match child.wait().status {
            Status::Exited(3) => caught = true,
            Status::Signaled { signal: libc::SIGTERM, .. } => killed = true,
            other => assert_eq!(other, Status::Exited(3)),
        }
    }
    assert!(caught && killed, "caught {caught}, killed {killed}: this has not shown much");
}

fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        core::hint::spin_loop();
    }
}

fn signal_of_a_thread_is_caught_or_takes_its_effect() {
    static WAITS: AtomicBool = AtomicBool::new(false);
    static GO: AtomicBool = AtomicBool::new(false);
    for round in 0..300_u32 {
        let outcome = Child::start(|_| {
            assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
            let other = std::thread::spawn(move || {
                WAITS.store(true, SeqCst);
                while !GO.load(SeqCst) {
                    core::hint::spin_loop();
                }
                // A little later each time, to meet the release at every point of its way.
                spin(Duration::from_nanos(20).saturating_mul(round % 100));
                thread::raise(libc::SIGTERM);
                // It has been taken, and has not killed.
                exit_now(if LATCH.is_set() { 3 } else { 4 });
            });
            while !WAITS.load(SeqCst) {
                yield_now();
            }
            GO.store(true, SeqCst);
            // A signal takes longer to its handler than a release takes.
            spin(Duration::from_micros(4));
            assert_eq!(LATCH.release(Signal::TERM).map(drop), Ok(()));
            drop(other.join());
        })
        .wait();
        if outcome.status != Status::Exited(3) {
            outcome.assert_died_by(libc::SIGTERM);
        }
    }
}

fn signal_reaches_the_handler_before_or_ours() {
    const EACH: u32 = 20_000;
    in_child(|| {
        thread::settle();
        recorder::install(libc::SIGUSR1);
        let before = raw_action(libc::SIGUSR1);
        let done = AtomicU32::new(0);
        scope(|scope| {
            scope.spawn(|| {
                // Each has been taken when the next is sent, so none is merged with another.
                steps(0..EACH).for_each(|_| thread::raise(libc::SIGUSR1));
                done.store(1, SeqCst);
            });
            while done.load(SeqCst) == 0 {
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            }
        });
        // Before, after and under ours it is called for each of them, exactly once.
        assert_eq!(recorder::count(), EACH);
        assert_eq!(raw_action(libc::SIGUSR1), before);
    });
}
