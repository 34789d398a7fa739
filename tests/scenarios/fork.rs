//! After fork(2): the child has its own flags and actions, and can go on whatever the other threads
//! of its parent were in the middle of.

#![expect(unsafe_code, reason = "forks beside threads, which the harness refuses to do")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::{Latch, SigSet, Signal, send};
use std::io;
use std::thread::scope;
use support::oracle::raw_action;
use support::{Child, Scenario, exit_now, in_child, recorder, scenarios, steps, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        signals_to_the_child_are_not_the_parents,
        signals_to_the_parent_are_not_the_childs,
        child_has_a_copy_of_the_flags,
        child_releases_for_itself,
        child_of_a_busy_process_catches_and_releases,
        child_waits_though_the_parent_waited,
    ]
}

static LATCH: Latch = Latch::new();

#[track_caller]
fn raise(signal: Signal) {
    assert_eq!(send::raise(signal), Ok(()));
}

fn signals_to_the_child_are_not_the_parents() {
    const SIGNALS: usize = 1_000;
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let mut child = Child::start(|link| {
            link.ready();
            for _ in 0..SIGNALS {
                assert_eq!(LATCH.wait(None), Ok(true));
                assert_eq!(LATCH.take(), Signal::USR1.into());
                link.say("");
            }
        });
        child.await_ready();
        for _ in 0..SIGNALS {
            child.kill(libc::SIGUSR1);
            child.expect("");
            assert!(!LATCH.is_set());
        }
        child.wait().assert_exited(0);
        assert!(!LATCH.is_set());
    });
}

fn signals_to_the_parent_are_not_the_childs() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        let mut child = Child::start(|link| {
            for _ in 0..100 {
                link.hear();
                assert!(!LATCH.is_set());
                link.say("");
            }
            raise(Signal::USR1);
            assert!(LATCH.is_set());
        });
        for _ in 0..100 {
            raise(Signal::USR1);
            child.tell("");
            child.expect("");
            assert!(LATCH.take_signal(Signal::USR1));
        }
        child.wait().assert_exited(0);
        assert!(!LATCH.is_set());
    });
}

fn child_has_a_copy_of_the_flags() {
    in_child(|| {
        assert_eq!(LATCH.catch([Signal::USR1, Signal::TERM]), Ok(()));
        raise(Signal::TERM);
        Child::start(|_| {
            assert_eq!(LATCH.caught(), [Signal::USR1, Signal::TERM].into());
            assert_eq!(LATCH.take(), Signal::TERM.into());
            raise(Signal::USR1);
            assert_eq!(LATCH.take(), Signal::USR1.into());
        })
        .wait()
        .assert_exited(0);
        assert_eq!(LATCH.take(), Signal::TERM.into());
    });
}

fn child_releases_for_itself() {
    in_child(|| {
        recorder::install(libc::SIGTERM);
        let before = raw_action(libc::SIGTERM);
        assert_eq!(LATCH.catch([Signal::TERM, Signal::USR1]), Ok(()));
        let caught = raw_action(libc::SIGTERM);
        let outcome = Child::start(|_| {
            assert_eq!(LATCH.release([Signal::TERM, Signal::USR1]).map(drop), Ok(()));
            assert_eq!(raw_action(libc::SIGTERM), before);
            raise(Signal::TERM);
            assert_eq!(recorder::count(), 1);
            assert!(!LATCH.is_set());
            raise(Signal::USR1);
        })
        .wait();
        outcome.assert_died_by(libc::SIGUSR1);
        assert_eq!(raw_action(libc::SIGTERM), caught);
        raise(Signal::TERM);
        raise(Signal::USR1);
        assert_eq!(LATCH.take(), [Signal::TERM, Signal::USR1].into());
    });
}

/// Forks, with other threads beside this one. In the child, `body` says what went wrong, if
/// anything: it must not panic, for that would unwind into what belongs to the parent.
#[track_caller]
fn fork(body: impl FnOnce() -> Result<(), &'static str>) -> i32 {
    // SAFETY: the C library leaves the allocator usable on both sides; no thread here ever holds
    // another lock that the child takes.
    let pid = unsafe { libc::fork() };
    assert_ne!(pid, -1, "fork: {}", io::Error::last_os_error());
    if pid != 0 {
        return pid;
    }
    // SAFETY: this option takes a signal number and no pointer.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    match body() {
        Ok(()) => exit_now(0),
        Err(what) => {
            eprintln!("in the child: {what}");
            exit_now(1)
        }
    }
}

/// The wait status of a child of ours that has ended.
#[track_caller]
fn reap(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: there is a place for the status.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } != pid {
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::EINTR));
    }
    status
}

fn check(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

/// Threads that catch and release all the time, and threads that are in a handler all the time.
const BUSY: usize = 4;
static BUSY_LATCHES: [Latch; BUSY] = [const { Latch::new() }; BUSY];
static KEEPS: Latch = Latch::new();

/// What the threads of the parent have to do with.
fn involved() -> SigSet {
    let own = (0..4).filter_map(|n| Signal::rt(n).ok());
    own.chain([Signal::USR1, Signal::USR2]).collect()
}

fn be_busy(n: usize) {
    if let Some(latch) = BUSY_LATCHES.get(n) {
        let own = u8::try_from(n).ok().and_then(|n| Signal::rt(n).ok()).expect("a signal");
        assert_eq!(latch.catch([own, Signal::USR1]), Ok(()));
        assert_eq!(latch.release([own, Signal::USR1]).map(drop), Ok(()));
    } else {
        thread::raise(libc::SIGUSR2);
    }
}

/// What any process can do, done in the child.
fn start_afresh() -> Result<(), &'static str> {
    static CHILDS: Latch = Latch::new();
    // A signal of its own, and then all those that the parent's threads left half caught.
    for signals in [SigSet::from(Signal::WINCH), involved()] {
        check(CHILDS.catch(signals).is_ok(), "catch")?;
        for signal in signals {
            check(send::raise(signal).is_ok(), "raise")?;
            check(CHILDS.wait(None) == Ok(true), "wait")?;
            check(CHILDS.take() == signal.into(), "the flag of a signal")?;
        }
        check(CHILDS.wait(Some(Duration::from_micros(1))) == Ok(false), "a wait in vain")?;
        check(CHILDS.release(signals).is_ok(), "release")?;
    }
    for latch in BUSY_LATCHES.iter().chain([&KEEPS]) {
        check(latch.release(SigSet::full()).is_ok(), "release of what the parent caught")?;
    }
    let left = |signal: Signal| raw_action(signal.as_raw()).handler != libc::SIG_DFL;
    check(!involved().into_iter().any(left), "an action that was left")
}

fn child_of_a_busy_process_catches_and_releases() {
    let child = Child::start(|_| {
        assert_eq!(KEEPS.catch(Signal::USR2), Ok(()));
        thread::beside(BUSY.saturating_add(2), be_busy, || {
            for round in steps(0..200) {
                assert_eq!(reap(fork(start_afresh)), 0, "the wait status, in round {round}");
            }
        });
    });
    child.wait().assert_exited(0);
}

fn child_waits_though_the_parent_waited() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        let (tell, told) = std::sync::mpsc::channel();
        scope(|scope| {
            scope.spawn(move || {
                tell.send(recorder::gettid()).expect("somebody to tell");
                assert_eq!(LATCH.wait(None), Ok(true));
                assert_eq!(LATCH.take(), Signal::HUP.into(), "the parent's own flag");
            });
            let waiter = told.recv().expect("a thread id");
            thread::await_sleep(waiter, libc::SYS_futex);
            let child = fork(|| {
                check(LATCH.wait(None) == Ok(true), "a wait")?;
                check(LATCH.take() == Signal::TERM.into(), "the flag")?;
                check(LATCH.wait(Some(Duration::from_micros(1))) == Ok(false), "a wait in vain")
            });
            thread::await_sleep(child, libc::SYS_futex);
            // SAFETY: a process id and a signal.
            assert_eq!(unsafe { libc::kill(child, libc::SIGTERM) }, 0);
            assert_eq!(reap(child), 0, "the wait status");
            LATCH.set(Signal::HUP);
        });
    });
}
