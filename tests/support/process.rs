//! A process that the harness started: signals to it, waits for it that end at a deadline, and
//! the story of it for a report.

use super::failure;
use super::outcome::Status;
use super::report::{kernel_view, section, signal_name};
use super::sys::{self, Change, ChildNews, Side};
use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Instant;

/// How long a process may live unless the scenario says otherwise.
pub const USUAL_LIMIT: Duration = Duration::from_secs(10);

/// A child process of ours, killed and reaped when dropped. [`Child`](super::Child) and
/// [`Program`](super::Program) are one of these with a way to hear it.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    /// Readable once the process has ended.
    pidfd: OwnedFd,
    limit: Duration,
    deadline: Instant,
    /// How it ended, once it is reaped. From then on the pid may be somebody else's.
    reaped: Cell<Option<Status>>,
    /// What happened to it, in order.
    story: RefCell<Vec<String>>,
}

impl Process {
    /// Takes charge of `pid`, a child of ours that nobody else waits for.
    pub(super) fn new(pid: i32, limit: Duration) -> Self {
        let deadline = Instant::now().checked_add(limit).expect("a limit that a clock can show");
        let (reaped, story) = (Cell::new(None), RefCell::new(Vec::new()));
        Process { pid, pidfd: sys::pidfd(pid), limit, deadline, reaped, story }
    }

    /// The process id.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Sends a signal from this process.
    #[track_caller]
    pub fn kill(&self, signo: i32) {
        self.note(format!("we send {}", signal_name(signo)));
        if let Err(error) = sys::kill(self.pid, signo) {
            panic!("kill({}, {signo}): {error}", self.pid);
        }
    }

    /// Sends a signal with a value, by sigqueue(3), from this process.
    #[track_caller]
    pub fn queue(&self, signo: i32, value: i32) {
        self.note(format!("we queue {} with the value {value}", signal_name(signo)));
        if let Err(error) = sys::queue(self.pid, signo, value) {
            panic!("sigqueue({}, {signo}, {value}): {error}", self.pid);
        }
    }

    /// Sends a signal from a third process, which has ended when this returns. Gives its pid.
    #[track_caller]
    pub fn kill_from_third(&self, signo: i32) -> i32 {
        let third = match sys::fork() {
            Side::Child => sys::exit_now(i32::from(sys::kill(self.pid, signo).is_err())),
            Side::Parent { child } => child,
        };
        self.note(format!("process {third} sends {}", signal_name(signo)));
        let end = sys::change(third, libc::WEXITED);
        assert_eq!(end, Some(Change::Ended(Status::Exited(0))), "process {third}'s kill(2)");
        third
    }

    /// Waits until the process is stopped, and gives the signal that stopped it.
    #[track_caller]
    pub fn stopped(&self) -> i32 {
        match self.await_change(libc::WSTOPPED, "a stop") {
            Change::Stopped { signal } => {
                self.note(format!("stopped by {}", signal_name(signal)));
                signal
            }
            other => panic!("waited for a stop, and got {other:?}"),
        }
    }

    /// Waits until the stopped process goes on. It must not end before this has seen it.
    #[track_caller]
    pub fn continued(&self) {
        let change = self.await_change(libc::WCONTINUED, "SIGCONT to take effect");
        assert_eq!(change, Change::Continued);
        self.note("continued".to_owned());
    }

    #[track_caller]
    fn await_change(&self, kind: i32, awaited: &str) -> Change {
        let news = ChildNews::listen();
        loop {
            if let Some(change) = sys::change(self.pid, kind | libc::WNOHANG) {
                return change;
            }
            if let Some(status) = self.status() {
                panic!("waited for {awaited}, but the process {status}");
            }
            if !news.wait(self.deadline) {
                self.too_late(awaited);
            }
        }
    }

    /// How the process ended, if it has. It stays a zombie, so its pid stays its own.
    pub(super) fn status(&self) -> Option<Status> {
        if let Some(status) = self.reaped.get() {
            return Some(status);
        }
        match sys::change(self.pid, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) {
            Some(Change::Ended(status)) => Some(status),
            _ => None,
        }
    }

    /// Waits until `source` can be read, or (false) until the process has ended and left nothing
    /// there to read.
    #[track_caller]
    pub(super) fn readable(&self, source: BorrowedFd<'_>, awaited: &str) -> bool {
        match sys::poll([source, self.pidfd.as_fd()], self.deadline) {
            [false, false] => self.too_late(awaited),
            [true, _] => true,
            // Its last words may have come between the kernel's look at the one and the other.
            [false, true] => sys::poll([source], Instant::now()) == [true],
        }
    }

    /// Waits for the end of the process and reaps it.
    #[track_caller]
    pub(super) fn reap(&self) -> Status {
        if sys::poll([self.pidfd.as_fd()], self.deadline) == [false] {
            self.too_late("the end of the process");
        }
        let Some(Change::Ended(status)) = sys::change(self.pid, libc::WEXITED) else {
            panic!("somebody else has reaped process {}", self.pid);
        };
        self.reaped.set(Some(status));
        status
    }

    #[track_caller]
    fn too_late(&self, awaited: &str) -> ! {
        panic!("waited {:?} in vain for {awaited}", self.limit);
    }

    /// Adds a line to the story.
    pub(super) fn note(&self, line: String) {
        self.story.borrow_mut().push(line);
    }

    /// Everything known about the process, to be read by who looks for the fault.
    pub(super) fn report(&self, output: &str) -> String {
        let (scenario, pid) = (failure::scenario(), self.pid);
        let end = match self.status() {
            Some(status) => status.to_string(),
            None => "did not end, and is killed now".to_owned(),
        };
        let mut report = format!("scenario `{scenario}`, process {pid}, {end}");
        report += &section("what happened", self.story.borrow().iter());
        report += &section("its output", output.lines());
        if self.reaped.get().is_none() {
            report += &section("the kernel's view", kernel_view(pid).iter());
        }
        report
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reaped.get().is_none() {
            // Not reaped, so the pid is still this process. SIGKILL reaches a stopped one too.
            drop(sys::kill(self.pid, libc::SIGKILL));
            sys::change(self.pid, libc::WEXITED);
        }
    }
}
