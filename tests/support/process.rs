//! A process that the harness started: signals to it, waits for it that end when it makes no
//! progress, and the story of it for a report.

use super::failure;
use super::outcome::Status;
use super::report::{section, signal_name};
use super::sys::{self, Change, ChildNews, Side};
use super::watchdog::{self, Watchdog};
use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Instant;

/// A child process of ours, killed and reaped when dropped. [`Child`](super::Child) and
/// [`Program`](super::Program) are one of these with a way to hear it.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    /// Readable once the process has ended.
    pidfd: OwnedFd,
    watchdog: RefCell<Watchdog>,
    /// How it ended, once it is reaped. From then on the pid may be somebody else's.
    reaped: Cell<Option<Status>>,
    /// What happened to it, in order.
    story: RefCell<Vec<String>>,
}

impl Process {
    /// Takes charge of `pid`, a child of ours that nobody else waits for.
    pub(super) fn new(pid: i32) -> Self {
        let watchdog = RefCell::new(Watchdog::new(pid));
        let (reaped, story) = (Cell::new(None), RefCell::new(Vec::new()));
        Process { pid, pidfd: sys::pidfd(pid), watchdog, reaped, story }
    }

    /// Has the watchdog of this process be satisfied with another length: for tests of itself.
    pub fn watch_for(&self, length: Duration) {
        self.watchdog.borrow_mut().set_length(length);
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
            if !news.wait(self.next_look()) {
                self.look(awaited);
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
        loop {
            match sys::poll([source, self.pidfd.as_fd()], self.next_look()) {
                [false, false] => self.look(awaited),
                [true, _] => {
                    watchdog::progress();
                    self.watchdog.borrow_mut().renew();
                    return true;
                }
                // Its last words may have come between the kernel's look at the one and the other.
                [false, true] => return sys::poll([source], Instant::now()) == [true],
            }
        }
    }

    /// Waits until one of `sources` can be read, and tells which.
    #[track_caller]
    pub(super) fn readable_of<const N: usize>(
        &self,
        sources: [BorrowedFd<'_>; N],
        awaited: &str,
    ) -> [bool; N] {
        loop {
            let ready = sys::poll(sources, self.next_look());
            if ready.contains(&true) {
                watchdog::progress();
                self.watchdog.borrow_mut().renew();
                return ready;
            }
            self.look(awaited);
        }
    }

    /// Waits for the end of the process for so long. `true` if it has ended.
    pub fn ends_within(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time).expect("a time that a clock can show");
        sys::poll([self.pidfd.as_fd()], until) == [true]
    }

    /// Waits for the end of the process and reaps it.
    #[track_caller]
    pub(super) fn reap(&self) -> Status {
        while sys::poll([self.pidfd.as_fd()], self.next_look()) == [false] {
            self.look("the end of the process");
        }
        let Some(Change::Ended(status)) = sys::change(self.pid, libc::WEXITED) else {
            panic!("somebody else has reaped process {}", self.pid);
        };
        self.reaped.set(Some(status));
        status
    }

    fn next_look(&self) -> Instant {
        self.watchdog.borrow().next_look()
    }

    /// Fails if the process makes no progress.
    #[track_caller]
    fn look(&self, awaited: &str) {
        let hangs = self.watchdog.borrow_mut().look();
        if let Some(why) = hangs {
            panic!("waited in vain for {awaited}: {why}");
        }
    }

    /// Adds a line to the story. What is told of is progress.
    pub(super) fn note(&self, line: String) {
        self.story.borrow_mut().push(line);
        watchdog::progress();
        self.watchdog.borrow_mut().renew();
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
            report += &watchdog::report(pid);
        }
        report
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reaped.get().is_none() {
            // Not reaped, so the pid is still this process. SIGKILL reaches a stopped one too.
            watchdog::kill(self.pid);
            sys::change(self.pid, libc::WEXITED);
        }
    }
}
