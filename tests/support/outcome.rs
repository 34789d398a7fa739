//! How a process ended, in words, and the assertions about it.

use super::failure;
use super::report::signal_name;
use core::fmt;
use siglatch::{ChildState, Signal};
use std::thread;

/// A decoded wait status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Exited(i32),
    Signaled { signal: i32, core: bool },
}

/// `exited with 0`, `died by SIGTERM (15)`, `died by SIGSEGV (11), core dumped`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Status::Exited(status) => write!(f, "exited with {status}"),
            Status::Signaled { signal, core } => {
                let core = if core { ", core dumped" } else { "" };
                write!(f, "died by {}{core}", signal_name(signal))
            }
        }
    }
}

/// Everything that is left of a process. If the scenario fails while it has this, the process's
/// report is part of the failure.
#[derive(Debug)]
#[must_use = "an outcome that nobody looks at proves nothing"]
pub struct Outcome {
    pub status: Status,
    /// What it wrote to stdout and stderr, in order.
    pub output: String,
    /// Every word it said over its link.
    pub said: Vec<String>,
    /// Message and place of the panic that ended its closure.
    pub panic: Option<String>,
    _report: OnFailure,
}

impl Outcome {
    pub(super) fn new(
        status: Status,
        output: String,
        said: Vec<String>,
        panic: Option<String>,
        report: String,
    ) -> Self {
        Outcome { status, output, said, panic, _report: OnFailure(report) }
    }

    /// The end as a parent is told it.
    pub fn state(&self) -> ChildState {
        match self.status {
            Status::Exited(status) => ChildState::Exited(status),
            Status::Signaled { signal: signo, core } => match Signal::from_raw(signo) {
                Ok(signal) if core => ChildState::Dumped(signal),
                Ok(signal) => ChildState::Killed(signal),
                Err(_) => ChildState::KilledByReserved(signo),
            },
        }
    }

    /// The process has exited with this status.
    #[track_caller]
    pub fn assert_exited(&self, status: i32) {
        self.assert(|found| found == Status::Exited(status), &Status::Exited(status).to_string());
    }

    /// The process has died by this signal, with a core dump or without.
    #[track_caller]
    pub fn assert_died_by(&self, signo: i32) {
        let wanted = format!("died by {}", signal_name(signo));
        let fits = |found| matches!(found, Status::Signaled { signal, .. } if signal == signo);
        self.assert(fits, &wanted);
    }

    #[track_caller]
    fn assert(&self, fits: impl FnOnce(Status) -> bool, wanted: &str) {
        let found = self.status;
        let why = self.panic.as_ref().map(|text| format!("; it panicked:\n{text}"));
        let why = why.unwrap_or_default();
        assert!(fits(found), "the process was to have {wanted}, and {found}{why}");
    }
}

/// A report that joins the failure if there is one.
#[derive(Debug)]
struct OnFailure(String);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if thread::panicking() {
            failure::attach(core::mem::take(&mut self.0));
        }
    }
}
