//! Waiting for the end of a process by its descriptor, and reaping by it.

#![expect(unsafe_code, reason = "forks, and makes descriptors by hand")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::time::Duration;
use siglatch::fd::{Fd, PidFd};
use siglatch::timer::IntervalTimer;
use siglatch::{ChildState, Errno, Latch, Signal, child, sys};
use std::thread;
use std::time::Instant;
use support::names::{pid, us};
use support::timers::assert_stops_do_not_prolong;
use support::{self, Child, Scenario, in_child, limits, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        the_end_of_any_process_is_waited_for,
        a_wait_ends_when_it_was_to_end_though_it_is_stopped,
        a_child_is_reaped_by_its_descriptor,
        a_descriptor_that_does_not_wait,
        a_descriptor_of_other_code_is_taken_over,
    ]
}

fn open(raw: i32) -> PidFd {
    PidFd::open(pid(raw)).expect("pidfd_open")
}

/// A process that does nothing until it is told to, or killed.
fn sleeper() -> Child {
    Child::start(|link| drop(link.hear()))
}

/// A time that passes, and one that does not.
const MOMENT: Option<Duration> = Some(Duration::from_millis(2));

fn the_end_of_any_process_is_waited_for() {
    let mut process = sleeper();
    let fd = open(process.pid());
    let us = open(us());
    in_child(|| {
        static TICK: Latch = Latch::new().restart(false);
        TICK.catch(Signal::ALRM).expect("catch");
        assert_eq!(fd.wait(Some(Duration::ZERO)), Ok(false));
        assert_eq!(us.wait(MOMENT), Ok(false));
        // However many handlers run meanwhile, it is not early, and not for ever.
        let each = Duration::from_micros(200);
        IntervalTimer::Real.set(each, each).expect("timer");
        let (begin, time) = (Instant::now(), Duration::from_millis(20));
        assert_eq!(fd.wait(Some(time)), Ok(false));
        assert!(begin.elapsed() >= time);
        IntervalTimer::Real.cancel().expect("timer");
    });
    process.tell("end");
    // Not its parent, and not even waited for yet.
    in_child(|| {
        assert_eq!(fd.wait(None), Ok(true));
        assert_eq!(fd.wait(Some(Duration::MAX)), Ok(true));
        assert_eq!(fd.try_wait(), Err(Errno::CHILD));
    });
    process.wait().assert_exited(0);
    assert_eq!(fd.wait(None), Ok(true));
    assert_eq!(fd.try_wait(), Err(Errno::CHILD));
}

fn a_wait_ends_when_it_was_to_end_though_it_is_stopped() {
    let process = sleeper();
    let fd = open(process.pid());
    assert_stops_do_not_prolong(|time| fd.wait(Some(time)) == Ok(false));
}

fn a_child_is_reaped_by_its_descriptor() {
    in_child(|| {
        // SAFETY: the child exits.
        let Some((child, fd)) = (unsafe { child::fork_with_pidfd() }).expect("fork") else {
            thread::yield_now();
            support::exit_now(7)
        };
        assert_eq!(fd.wait(None), Ok(true));
        assert_eq!(fd.try_wait(), Ok(Some(ChildState::Exited(7))));
        assert_eq!(fd.try_wait(), Err(Errno::CHILD));
        assert_eq!(child::try_wait(child), Err(Errno::CHILD));
        assert_eq!(fd.probe(), Err(Errno::SRCH));
        // It is closed by exec, and the child has none.
        // SAFETY: no memory is passed.
        let flags = unsafe { libc::fcntl(fd.as_raw(), libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC);
        // One that stops and goes on has not ended.
        let child = Child::start(|link| drop(link.hear()));
        let fd = open(child.pid());
        child.kill(libc::SIGSTOP);
        assert_eq!(child.stopped(), libc::SIGSTOP);
        assert_eq!((fd.wait(MOMENT), fd.try_wait()), (Ok(false), Ok(None)));
        child.kill(libc::SIGCONT);
        child.continued();
        assert_eq!((fd.wait(MOMENT), fd.try_wait()), (Ok(false), Ok(None)));
        child.kill(libc::SIGKILL);
        child.wait().assert_died_by(libc::SIGKILL);
    });
    // Neither a process nor a descriptor is left where one of the two cannot be.
    in_child(|| {
        limits::no_descriptors();
        // SAFETY: there is no child.
        let forked = unsafe { child::fork_with_pidfd() };
        assert_eq!(forked.map(|parent| parent.is_some()), Err(Errno::MFILE));
        assert_eq!(child::wait_any(), Err(Errno::CHILD));
    });
}

fn a_descriptor_that_does_not_wait() {
    in_child(|| {
        let process = sleeper();
        let fd = PidFd::nonblocking(pid(process.pid())).expect("Linux 5.10");
        let blocking = sys::waitid(libc::P_PIDFD, fd.as_raw(), libc::WEXITED);
        assert_eq!(blocking.map(drop), Err(Errno::AGAIN));
        assert_eq!((fd.wait(MOMENT), fd.try_wait()), (Ok(false), Ok(None)));
        process.kill(libc::SIGTERM);
        assert_eq!(fd.wait(None), Ok(true));
        process.wait().assert_died_by(libc::SIGTERM);
        assert_eq!(PidFd::nonblocking(pid(i32::MAX)).map(drop), Err(Errno::SRCH));
    });
}

fn a_descriptor_of_other_code_is_taken_over() {
    in_child(|| {
        let process = sleeper();
        // SAFETY: the call takes two integers.
        let raw = unsafe { libc::syscall(libc::SYS_pidfd_open, process.pid(), 0) };
        // SAFETY: the call has just made it.
        let fd = PidFd::from(unsafe { Fd::from_raw(raw.try_into().expect("a descriptor")) });
        assert_eq!(fd.probe(), Ok(()));
        assert_eq!(fd.send(Signal::TERM), Ok(()));
        assert_eq!(PidFd::from(fd.into_fd()).wait(None), Ok(true));
        process.wait().assert_died_by(libc::SIGTERM);
    });
}
