//! Children that end in a chosen way, forked beside the harness: nobody but the scenario waits for
//! them.

use super::names::pid;
use super::sys::exit_now;
use os_pipe::{PipeReader, PipeWriter};
use siglatch::{ChildState, Pid, Signal, sys};
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::thread;

/// How a child ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Exit(i32),
    Signal(i32),
}

impl End {
    pub fn of(number: i32) -> Self {
        match number % 4 {
            0 => Self::Signal(libc::SIGKILL),
            1 => Self::Signal(libc::SIGTERM),
            _ => Self::Exit(number % 256),
        }
    }

    pub fn state(self) -> ChildState {
        match self {
            Self::Exit(status) => ChildState::Exited(status),
            Self::Signal(signo) => ChildState::Killed(Signal::from_raw(signo).expect("a signal")),
        }
    }

    pub fn happen(self) -> ! {
        if let Self::Signal(signo) = self {
            // SAFETY: no memory is passed; the default action ends this process.
            unsafe { libc::raise(signo) };
        }
        exit_now(match self {
            Self::Exit(status) => status,
            Self::Signal(_) => 99,
        })
    }
}

/// A child that does `body`.
pub fn fork(body: impl FnOnce()) -> Pid {
    // SAFETY: the processes of these scenarios have one thread when they fork.
    match unsafe { libc::fork() } {
        0 => {
            body();
            exit_now(0)
        }
        child => pid(child),
    }
}

pub fn ends(end: End) -> Pid {
    fork(|| end.happen())
}

/// Until a child is a zombie. It is not reaped.
#[track_caller]
pub fn await_end(child: Pid) {
    await_change(child, libc::WEXITED);
}

/// Until a child is stopped. That is not told.
#[track_caller]
pub fn await_stop(child: Pid) {
    await_change(child, libc::WSTOPPED);
}

/// Until no process has the number of a child that nobody waits for. When the last wait has failed,
/// the kernel may still be reaping it.
pub fn await_gone(child: Pid) {
    // SAFETY: there is no signal 0; it only asks.
    while unsafe { libc::kill(child.as_raw(), 0) } == 0 {
        thread::yield_now();
    }
}

#[track_caller]
fn await_change(child: Pid, change: i32) {
    let options = change | libc::WNOWAIT | libc::__WALL;
    assert!(sys::waitid(libc::P_PID, child.as_raw(), options).is_ok());
}

/// A child that ends when its parent closes the writing end of the pipe.
pub fn ends_on_close(mut gate: &PipeReader, open: &PipeWriter, end: End) -> Pid {
    fork(|| {
        // SAFETY: this process's copy of the writing end, which it does not use.
        unsafe { libc::close(open.as_raw_fd()) };
        let _end = gate.read(&mut [0]);
        end.happen();
    })
}
