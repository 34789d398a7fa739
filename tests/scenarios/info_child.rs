//! Real `siginfo_t`s of SIGCHLD, decoded: each field against the C library's accessors, and against
//! what became of the child.

#![expect(unsafe_code, reason = "a child asks to be traced or moved, by C")]
#![expect(clippy::panic, reason = "another cause is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "times far from any limit")]

use core::hint::black_box;
use core::ptr;
use siglatch::{Cause, ChildState, SigInfoTrust, Signal};
use std::fs;
use support::core_files::CoreDir;
use support::names::uid;
use support::{self, Child, Scenario, Status, exit_now, in_child, oracle, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        child_that_exits,
        child_that_is_killed,
        child_that_dumps_core,
        child_that_stops_and_goes_on,
        child_that_is_traced,
        child_tells_its_times,
    ]
}

/// Takes SIGCHLD, and tells what became of which child.
#[track_caller]
fn take_child(code: i32) -> (i32, ChildState) {
    let (raw, info) = siginfo::take_decoded(libc::SIGCHLD);
    assert_eq!(raw.code(), code);
    let Cause::Child { pid, uid: owner, state, user_ticks, system_ticks } = info.cause() else {
        panic!("{info:?}");
    };
    assert_eq!((pid, owner), (raw.pid(), raw.uid()));
    assert_eq!(owner, uid());
    assert_eq!(
        (user_ticks, system_ticks),
        (raw.utime() as isize as i64, raw.stime() as isize as i64)
    );
    let status = match state {
        ChildState::Exited(number) | ChildState::Trapped(number) => number,
        ChildState::Killed(signal) | ChildState::Dumped(signal) | ChildState::Stopped(signal) => {
            signal.as_raw()
        }
        ChildState::Continued => libc::SIGCONT,
        _ => panic!("{info:?}"),
    };
    assert_eq!(status, raw.status());
    assert_eq!((info.sender(), info.trust()), (None, SigInfoTrust::Kernel));
    (pid, state)
}

fn child_that_exits() {
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        for status in [0, 1, 255] {
            let child = Child::start(|_| exit_now(status));
            let told = take_child(libc::CLD_EXITED);
            assert_eq!(told, (child.pid(), ChildState::Exited(status)));
            child.wait().assert_exited(status);
        }
    });
}

fn last() -> Signal {
    Signal::all().last().unwrap_or(Signal::TERM)
}

fn child_that_is_killed() {
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        for signal in [Signal::KILL, Signal::TERM, last()] {
            let signo = signal.as_raw();
            let child = Child::start(|link| drop(link.hear()));
            child.kill(signo);
            let told = take_child(libc::CLD_KILLED);
            assert_eq!(told, (child.pid(), ChildState::Killed(signal)));
            child.wait().assert_died_by(signo);
        }
    });
}

fn child_that_dumps_core() {
    let Some(dir) = CoreDir::new() else {
        return support::skip("core files go elsewhere, or nowhere");
    };
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        let mut child = Child::start(|link| {
            dir.enter();
            link.ready();
            link.hear();
        });
        child.await_ready();
        child.kill(libc::SIGQUIT);
        let told = take_child(libc::CLD_DUMPED);
        assert_eq!(told, (child.pid(), ChildState::Dumped(Signal::QUIT)));
        let outcome = child.wait();
        assert_eq!(outcome.status, Status::Signaled { signal: libc::SIGQUIT, core: true });
    });
}

fn child_that_stops_and_goes_on() {
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        let mut child = Child::start(|link| {
            // In a group of its own, which has a parent outside: in an orphaned one, as a test run
            // may be, SIGTSTP stops nobody.
            // SAFETY: it moves this process alone.
            assert_eq!(unsafe { libc::setpgid(0, 0) }, 0);
            link.ready();
            link.hear();
        });
        child.await_ready();
        for signal in [Signal::STOP, Signal::TSTP] {
            child.kill(signal.as_raw());
            let told = take_child(libc::CLD_STOPPED);
            assert_eq!(told, (child.pid(), ChildState::Stopped(signal)));
            child.kill(libc::SIGCONT);
            let told = take_child(libc::CLD_CONTINUED);
            assert_eq!(told, (child.pid(), ChildState::Continued));
        }
    });
}

fn child_that_is_traced() {
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        let child = Child::start(|_| {
            let nothing = ptr::null_mut::<libc::c_void>();
            // SAFETY: this process asks its parent to trace it, and passes no memory.
            let result = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, nothing, nothing) };
            assert_eq!(result, 0);
            // SAFETY: no handler is installed for it.
            assert_eq!(unsafe { libc::raise(libc::SIGUSR2) }, 0);
        });
        let told = take_child(libc::CLD_TRAPPED);
        assert_eq!(told, (child.pid(), ChildState::Trapped(libc::SIGUSR2)));
    });
}

/// Those of its life that the kernel has sampled at a clock interrupt: of little work on a busy
/// machine maybe none.
fn child_tells_its_times() {
    in_child(|| {
        oracle::block(libc::SIGCHLD);
        let mut told = [5, 50, 500].into_iter().map(|work| (work, told_after(work)));
        let told = told.find(|(_, told)| *told != 0);
        assert!(told.is_some_and(|(work, told)| (1..work * 200).contains(&told)), "{told:?}");
    });
}

/// The ticks that are told of a child, which ends when it has used that many.
fn told_after(work: i64) -> i64 {
    let child = Child::start(|_| {
        let used = || {
            let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
            // utime and stime are the fields 14 and 15; the name before may hold anything.
            let fields = text.rsplit(") ").next().unwrap_or_default().split(' ');
            fields.skip(11).take(2).filter_map(|field| field.parse::<i64>().ok()).sum::<i64>()
        };
        while used() < work {
            black_box((0..1_000_000_u64).map(black_box).sum::<u64>());
        }
    });
    let (_, info) = siginfo::take_decoded(libc::SIGCHLD);
    let Cause::Child { user_ticks, system_ticks, .. } = info.cause() else {
        panic!("{info:?}");
    };
    child.wait().assert_exited(0);
    user_ticks + system_ticks
}
