//! What a row is, how it is run, and the words that all rows share.

use core::fmt::Display;
use core::sync::atomic::{AtomicU64, Ordering};
use siglatch::action::{self, Disposition};
use siglatch::{Callback, Dispatcher, Errno, SigInfo, SigSet, Signal, send};
use std::process::Command;
use std::sync::LazyLock;
use support::{Child, Outcome, Status, exit_now, shared_counter, spawn};

/// Both sides of a difference that is meant to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Differs {
    pub(crate) python: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) why: &'static str,
}

/// Rows: a name, the script, the block that does the same, and for a difference both sides and why.
macro_rules! rows {
    ($($(#[$cfg:meta])* $name:ident $python:literal $ours:block
        $(=> $theirs:literal $here:literal $why:literal)?)+) => {
        pub(crate) fn rows() -> Vec<support::Scenario> {
            Vec::from([$($(#[$cfg])* support::Scenario {
                name: stringify!($name),
                run: || {
                    #[allow(unused_mut, unused_assignments, clippy::allow_attributes,
                        reason = "most rows have no difference")]
                    let mut differs = None;
                    $(differs = Some($crate::row::Differs {
                        python: $theirs, ours: $here, why: $why,
                    });)?
                    $crate::row::compare($python, || { $ours; Ok(()) }, differs);
                },
            }),+])
        }
    };
}
pub(crate) use rows;

/// The words of the scripts.
///
/// Nothing says how long a script takes from one line to the next. One that has set a timer may have been
/// called already where it begins to wait, so it waits by `until_called`, or its timer comes at intervals:
/// a signal that comes just before the system call neither interrupts that nor has its function called.
/// `again` makes the interval longer each time, as a function may take longer than any that was chosen,
/// and then is called once more inside itself: which call is the first, one operation tells.
/// Before its end a script cancels such a timer: Python resets the actions first, and exits later.
const PRELUDE: &str = r"
import os, sys, threading, time
from itertools import count
from signal import *

called = []

def say(*words):
    print(*words, flush=True)

def attempt(call):
    try:
        say(call())
    except OSError as error:
        say('errno', error.errno)
    except (ValueError, OverflowError):
        say('errno', 22)

def numbers(signals):
    return ' '.join(['set'] + [str(int(one)) for one in sorted(signals)])

def handler(signum, frame):
    say('handler', signum)
    called.append(signum)

calls = count(1)

def again(signum, frame):
    call = next(calls)
    later = 0.05 * 2 ** call
    setitimer(ITIMER_REAL, later, later)
    if call == 1:
        say('handler', signum)

def until_called():
    while not called:
        time.sleep(0.001)

def about(seconds):
    return round(seconds / 100)

def other(signum, frame):
    say('other', signum)

def shown(what):
    return {SIG_DFL: 'default', SIG_IGN: 'ignore', None: 'foreign'}.get(what) or what.__name__

def itself(signum):
    os.kill(os.getpid(), signum)
";

static SCENARIOS: LazyLock<&AtomicU64> = LazyLock::new(shared_counter);
static DIFFER: LazyLock<&AtomicU64> = LazyLock::new(shared_counter);

/// Has all processes to come count together.
pub(crate) fn count_together() {
    LazyLock::force(&SCENARIOS);
    LazyLock::force(&DIFFER);
}

/// `scenarios: 80, differ: 0`
pub(crate) fn summary() -> String {
    let (scenarios, differ) = (&SCENARIOS, &DIFFER);
    format!(
        "scenarios: {}, differ: {}",
        scenarios.load(Ordering::Relaxed),
        differ.load(Ordering::Relaxed)
    )
}

/// Whether there is a Python to compare with; if not, why.
pub(crate) fn python_is_here() -> Result<(), String> {
    let version = Command::new("python3")
        .args([
            "-c",
            "import sys, ctypes, signal; print(sys.version_info >= (3, 11), int(signal.SIGRTMIN))",
        ])
        .output()
        .map_err(|error| format!("no python3: {error}"))?;
    match String::from_utf8_lossy(&version.stdout).trim_end().split_once(' ') {
        Some(("True", first)) if first == libc::SIGRTMIN().to_string() => Ok(()),
        Some(("True", _)) => Err("this python3 has another C library's signals".to_owned()),
        _ => Err("this python3 is older than 3.11 or has no ctypes".to_owned()),
    }
}

/// Runs a row.
#[track_caller]
pub(crate) fn compare(script: &str, ours: fn() -> Result<(), Errno>, differs: Option<Differs>) {
    SCENARIOS.fetch_add(1, Ordering::Relaxed);
    // Until it is shown that they do not, so that a panic counts.
    DIFFER.fetch_add(1, Ordering::Relaxed);

    let script = format!("{PRELUDE}{script}");
    let mut command = Command::new("python3");
    let theirs = spawn(command.args(["-I", "-S", "-W", "ignore", "-c", &script])).wait();
    let ours = Child::start(|_| {
        if let Err(errno) = ours() {
            say(format!("failed: {errno}"));
        }
    })
    .wait();

    let (theirs, ours) = (seen(&theirs), seen(&ours));
    assert!(!theirs.is_empty(), "Python shows nothing, which is not to be compared");
    match differs {
        None => assert_eq!(theirs, ours, "Python on the left, ours on the right"),
        Some(Differs { python, ours: expected, why }) => {
            assert_eq!(theirs, lines(python), "Python; the difference was to be: {why}");
            assert_eq!(ours, lines(expected), "ours; the difference was to be: {why}");
            assert_ne!(theirs, ours, "no difference any more: {why}");
        }
    }
    DIFFER.fetch_sub(1, Ordering::Relaxed);
}

/// The lines of the output, and the status if it is not a success.
fn seen(outcome: &Outcome) -> Vec<String> {
    let mut seen = lines(&outcome.output);
    // Python's processes may dump core, as far as the limit allows; ours are forbidden to.
    match outcome.status {
        Status::Exited(0) => {}
        Status::Exited(status) => seen.push(format!("exited with {status}")),
        Status::Signaled { signal, .. } => seen.push(format!("died by {signal}")),
    }
    seen.extend(outcome.panic.clone());
    seen
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The functions of all rows: each row has a process of its own.
pub(crate) static SIGNALS: Dispatcher = Dispatcher::new();

pub(crate) fn say(words: impl Display) {
    println!("{words}");
}

/// The value, or `errno 22`.
pub(crate) fn attempt(result: Result<impl Display, Errno>) {
    match result {
        Ok(value) => say(value),
        Err(errno) => say(format!("errno {}", errno.as_raw())),
    }
}

/// As [`attempt`], for what returns nothing.
pub(crate) fn none<T>(result: Result<T, Errno>) {
    attempt(result.map(|_| "None"));
}

/// `set 1 15`
pub(crate) fn numbers(signals: impl Into<SigSet>) -> String {
    let signals = signals.into().into_iter();
    let numbers = signals.map(|signal| format!(" {}", signal.as_raw()));
    format!("set{}", numbers.collect::<String>())
}

/// In hundreds, as there is time between one line and the next.
pub(crate) fn about(seconds: f64) -> f64 {
    (seconds / 100.0).round()
}

pub(crate) fn number(info: &SigInfo) -> i32 {
    info.signal().as_raw()
}

pub(crate) fn handler(info: &SigInfo) {
    say(format!("handler {}", number(info)));
}

pub(crate) fn other(info: &SigInfo) {
    say(format!("other {}", number(info)));
}

fn name(function: Callback) -> &'static str {
    let known: [(Callback, &str); 2] = [(handler, "handler"), (other, "other")];
    let same = |(one, _): &&(Callback, &str)| *one as usize == function as usize;
    known.iter().find(same).map_or("unknown", |(_, name)| name)
}

/// What `signal.getsignal` is here.
pub(crate) fn getsignal(signal: Signal) -> Result<&'static str, Errno> {
    Ok(match (SIGNALS.callback(signal), action::query(signal)?.disposition()) {
        (Some(function), Disposition::Handler) => name(function),
        (_, Disposition::Default) => "default",
        (_, Disposition::Ignore) => "ignore",
        (None, Disposition::Handler) => "foreign",
    })
}

/// What `signal.signal` is here, with a function. Returns the previous action.
pub(crate) fn set(signal: Signal, function: Callback) -> Result<&'static str, Errno> {
    let before = getsignal(signal)?;
    SIGNALS.catch(signal, function)?;
    Ok(before)
}

/// What `signal.signal` is here, with `SIG_DFL` or `SIG_IGN`.
pub(crate) fn unset(
    signal: Signal,
    change: fn(Signal) -> Result<action::Previous, Errno>,
) -> Result<&'static str, Errno> {
    let before = getsignal(signal)?;
    SIGNALS.release(signal)?;
    change(signal)?;
    Ok(before)
}

/// Raises a signal, and has its function called as Python would.
pub(crate) fn raise(signal: Signal) -> Result<(), Errno> {
    send::raise(signal)?;
    SIGNALS.dispatch();
    Ok(())
}

/// Ends the process. That it does not return is not told, for a row ends with a value.
pub(crate) fn leave(status: i32) {
    exit_now(status)
}

/// The last signal of all.
pub(crate) fn rtmax() -> Signal {
    Signal::all().last().expect("there are signals")
}
