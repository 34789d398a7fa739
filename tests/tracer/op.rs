//! An operation under test, and one run of it with a signal at one point.

use super::path::{Path, Until};
use super::ptrace::{Sent, Stop, Tracee, stop_here};
use super::shared;
use core::fmt;
use core::hint::black_box;
use siglatch::{CatchError, Errno, Signal};
use std::panic;
use std::{fs, thread};

/// Who got the signal, as the traced process itself found out after the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The one who had it before the operation, or has it after; nobody else.
    Theirs,
    /// Our receiver, and nobody else.
    Ours,
    /// Both of them.
    Both,
    /// The operation itself took it.
    During,
    /// It came too late for the operation, and was there to be taken after it.
    After,
    /// It was ignored.
    Ignored,
    /// It ended the process.
    Killed,
}

const ALL: [Seen; 6] =
    [Seen::Theirs, Seen::Ours, Seen::Both, Seen::During, Seen::After, Seen::Ignored];

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) String);

impl From<Errno> for Wrong {
    fn from(errno: Errno) -> Self {
        Self(format!("failed with {errno:?}"))
    }
}

impl From<CatchError> for Wrong {
    fn from(error: CatchError) -> Self {
        Self(format!("failed with {error:?}"))
    }
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Wrong {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Verdict = Result<Seen, Wrong>;

/// Goes on if the condition holds, and otherwise returns what is wrong.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::tracer::op::Wrong(format!($($text)+)));
        }
    };
}
#[allow(unused_imports, reason = "some binaries have no operations")]
pub(crate) use ensure;

/// An operation, with what is done before it and what has to hold after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op {
    pub(crate) name: &'static str,
    /// What is delivered at each instruction.
    pub(crate) signal: Signal,
    /// Prepares, runs the operation in a [`window`], and tells who got the signal.
    pub(crate) body: fn(&Sent) -> Verdict,
    /// Who gets a signal that comes early in the operation, who gets a later one, and so on.
    pub(crate) order: &'static [Seen],
    /// Whether it sleeps until the signal comes: then nothing is delivered after that.
    pub(crate) until: Until,
}

/// The operation itself: what is stepped.
#[expect(clippy::inline_always, reason = "what is stepped is the operation, and no call around it")]
#[inline(always)]
pub(crate) fn window<T>(operation: impl FnOnce() -> T) -> T {
    stop_here();
    let result = black_box(operation());
    stop_here();
    result
}

/// When a signal is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the instruction.
    Before,
    /// In the system call that the instruction makes, at its entry.
    Inside,
    /// In the system call, once the process sleeps in it.
    Asleep,
}

/// A place on the path of an operation, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) index: usize,
    pub(crate) moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = match self.moment {
            Moment::Before => "",
            Moment::Inside => "inside",
            Moment::Asleep => "asleep",
        };
        write!(f, "{}{moment}", self.index)
    }
}

impl Op {
    /// The instance that is delivered at a point: each has a value of its own.
    fn sent(&self, point: Point) -> Sent {
        let value = 0x5A00_0000 | point.index as i32;
        Sent { signal: self.signal, pid: 4_321, uid: 8_765, value }
    }

    /// A copy of the process, at the begin of the operation.
    fn begin(&self, sent: Sent) -> Result<Tracee, Wrong> {
        let mut tracee = Tracee::start(|| live(|| (self.body)(&sent)));
        until_begin(&mut tracee)?;
        Ok(tracee)
    }

    /// The instructions of the operation when no signal comes.
    pub(crate) fn path(&self) -> Result<Path, Wrong> {
        let sent = self.sent(Point { index: 0, moment: Moment::Before });
        Path::usual(|| Ok(Path::record(&mut self.begin(sent)?, self.until)?))
    }

    /// All points of the path.
    pub(crate) fn points(&self, path: &Path) -> Vec<Point> {
        let mut points = Vec::new();
        for (index, place) in path.places.iter().enumerate() {
            points.push(Point { index, moment: Moment::Before });
            if place.syscall.is_some() {
                points.push(Point { index, moment: Moment::Inside });
            }
        }
        if let (Until::Asleep, Some(index)) = (self.until, path.places.len().checked_sub(1)) {
            points.push(Point { index, moment: Moment::Asleep });
        }
        points
    }

    /// Runs it with its signal at a point.
    pub(crate) fn run(&self, path: &Path, point: Point) -> Verdict {
        let sent = self.sent(point);
        let mut tracee = at(path, point.index, || self.begin(sent))?;
        match point.moment {
            Moment::Before => {}
            Moment::Inside => {
                tracee.go_to_syscall();
                let stop = tracee.wait();
                ensure!(stop == Stop::Syscall, "no system call: {stop:?}");
            }
            Moment::Asleep => {
                tracee.go(0);
                until_asleep(&mut tracee)?;
            }
        }
        tracee.send(&sent);
        if point.moment != Moment::Asleep {
            tracee.go(0);
        }
        finish(&mut tracee, &[self.signal])
    }
}

/// How often a process is sent on a path again, after it took another.
const TRIES: usize = 20;

/// A copy of the process at a place of its path.
pub(crate) fn at(
    path: &Path,
    index: usize,
    begin: impl Fn() -> Result<Tracee, Wrong>,
) -> Result<Tracee, Wrong> {
    for _ in 0..TRIES {
        let mut tracee = begin()?;
        if path.reach(&mut tracee, index)? {
            return Ok(tracee);
        }
    }
    Err("it takes another path each time".into())
}

/// The traced process's whole life: its verdict becomes its exit status.
pub(crate) fn live(body: impl FnOnce() -> Verdict) -> i32 {
    let verdict = panic::catch_unwind(panic::AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Err(Wrong(format!("panicked: {}", text.unwrap_or("with no text"))))
    });
    match verdict {
        Ok(seen) => ALL.iter().position(|one| *one == seen).unwrap_or(ALL.len()) as i32,
        Err(wrong) => {
            shared::write(&wrong.0);
            WRONG
        }
    }
}

/// The exit status that says that the text of what is wrong has been left.
const WRONG: i32 = 98;

/// Waits for the begin of the operation; what the preparation sends itself is delivered.
pub(crate) fn until_begin(tracee: &mut Tracee) -> Result<(), Wrong> {
    loop {
        match tracee.wait() {
            Stop::Trap => break,
            Stop::Signal(signo) => tracee.go(signo),
            Stop::Exited(WRONG) => return Err(format!("in the set-up: {}", shared::read()).into()),
            other => return Err(format!("in the set-up: {other:?}").into()),
        }
    }
    tracee.pass_breakpoint();
    tracee.set_up().map_err(|error| error.to_string().into())
}

/// Lets the process run to its end, by its own exit or by one of these signals.
pub(crate) fn finish(tracee: &mut Tracee, signals: &[Signal]) -> Verdict {
    let ours = |signo: i32| signals.iter().any(|signal| signal.as_raw() == signo);
    loop {
        match tracee.wait() {
            Stop::Trap | Stop::Syscall => {
                tracee.pass_breakpoint();
                tracee.go(0);
            }
            Stop::Signal(signo) => tracee.go(signo),
            Stop::Killed(signo) if ours(signo) => return Ok(Seen::Killed),
            Stop::Exited(WRONG) => return Err(shared::read().into()),
            Stop::Exited(status) => {
                let seen = ALL.get(status.unsigned_abs() as usize);
                return seen.copied().ok_or_else(|| format!("it exited with {status}").into());
            }
            Stop::Killed(signo) => return Err(format!("signal {signo} has killed it").into()),
            Stop::Hangs => {
                let at = fs::read_to_string(format!("/proc/{}/syscall", tracee.pid()));
                return Err(format!("it hangs, in {}", at.unwrap_or_default().trim()).into());
            }
        }
    }
}

/// Waits until a process sleeps in a system call.
fn until_asleep(tracee: &mut Tracee) -> Result<(), Wrong> {
    while !tracee.hangs() {
        let stat = fs::read_to_string(format!("/proc/{}/stat", tracee.pid())).unwrap_or_default();
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')) {
            return Ok(());
        }
        thread::yield_now();
    }
    Err("it does not sleep".into())
}
