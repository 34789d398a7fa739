//! Descriptors that are closed, or of another kind than a process's.

#![expect(unsafe_code, reason = "descriptors are closed behind the back of who has them")]

use super::table::{answer, done, maybe, table, told};
use core::time::Duration;
use siglatch::fd::{EventFd, Fd, PidFd, Scope, SignalFd};
use siglatch::{Errno, SigVal, Signal, Tid, child, sys};
use std::fs::File;
use std::os::fd::IntoRawFd as _;
use std::process;
use support::ending::{End, ends};
use support::state::SignalState;

pub(super) fn check() {
    let table = table! {
        Kind:      Closed | File   | Pipe   | Counter | Signals | Directory | Thread | Gone;
        send:      EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | Ok        | Ok     | ESRCH;
        send_to:   EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | Ok        | Ok     | ESRCH;
        queue:     EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | Ok        | Ok     | ESRCH;
        probe:     EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | Ok        | Ok     | ESRCH;
        wait:      EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | EBADF     | false  | true;
        try_wait:  EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | EBADF     | ECHILD | ECHILD;
        waitid:    EBADF  | EBADF  | EBADF  | EBADF   | EBADF   | EBADF     | ECHILD | ECHILD;
    };
    table.check(|call, kind| {
        let has_threads = !matches!(PidFd::open_thread(Tid::this()), Err(Errno::INVAL));
        if kind == Kind::Thread && !has_threads {
            return None;
        }
        answer(|| {
            let fd = kind.open();
            let before = SignalState::now();
            let text = call(fd);
            before.assert_unchanged("whatever the answer is");
            text
        })
    });
}

/// What a descriptor is of that a [`PidFd`] is made of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Closed,
    /// One that poll(2) always finds readable.
    File,
    /// One that poll(2) never finds readable.
    Pipe,
    Counter,
    Signals,
    /// The process's in `/proc`, through which signals can be sent.
    Directory,
    /// A pidfd, of this thread.
    Thread,
    /// A pidfd, of a child that has been waited for.
    Gone,
}

impl Kind {
    fn open(self) -> &'static PidFd {
        let file = |path| File::open(path).expect("a file").into_raw_fd();
        let raw = match self {
            Self::File | Self::Closed => file("/dev/null".to_owned()),
            Self::Pipe => {
                let (reader, writer) = os_pipe::pipe().expect("pipe");
                core::mem::forget(writer);
                reader.into_raw_fd()
            }
            Self::Counter => EventFd::new().expect("eventfd").into_fd().into_raw(),
            Self::Signals => SignalFd::new(Signal::USR1).expect("signalfd").into_fd().into_raw(),
            Self::Directory => file(format!("/proc/{}", process::id())),
            Self::Thread => PidFd::open_thread(Tid::this()).expect("pidfd").into_fd().into_raw(),
            Self::Gone => {
                let child = ends(End::Exit(3));
                let fd = PidFd::open(child).expect("pidfd").into_fd().into_raw();
                child::wait(child).expect("a child");
                fd
            }
        };
        if self == Self::Closed {
            // SAFETY: the number is a descriptor, not memory.
            unsafe { libc::close(raw) };
        }
        // SAFETY: nobody else has it. Where it is closed, so it is for good.
        Box::leak(Box::new(PidFd::from(unsafe { Fd::from_raw(raw) })))
    }
}

fn send(fd: &'static PidFd) -> String {
    done(fd.send(Signal::WINCH))
}

fn send_to(fd: &'static PidFd) -> String {
    match fd.send_to(Scope::Process, Signal::WINCH) {
        // Linux before 6.9.
        Err(Errno::INVAL) => send(fd),
        sent => done(sent),
    }
}

fn queue(fd: &'static PidFd) -> String {
    done(fd.queue(Signal::WINCH, SigVal::from_int(1)))
}

fn probe(fd: &'static PidFd) -> String {
    done(fd.probe())
}

fn wait(fd: &'static PidFd) -> String {
    told(fd.wait(Some(Duration::ZERO)))
}

fn try_wait(fd: &'static PidFd) -> String {
    told(fd.try_wait().map(maybe))
}

fn waitid(fd: &'static PidFd) -> String {
    done(sys::waitid(libc::P_PIDFD, fd.as_raw(), libc::WEXITED | libc::WNOHANG))
}
