//! Every system call that a handled signal, a catch, a release and a wait make, as strace(1) sees
//! them. The lists here are those of DESIGN.md, where each call has its reason.
//!
//! strace runs this very program, which does one section of work after the other and marks where
//! each begins by a `write` of its name to a descriptor that is none.

#![expect(unsafe_code, reason = "a system call marks the beginning of a section")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::{Latch, SigSet, Signal, action, send};
use std::process::Command;
use std::{env, io};
use support::{self, Outcome, Scenario, oracle, scenarios, spawn};

/// Set in the environment of this very program when strace runs it.
pub(crate) const TRACED: &str = "SIGLATCH_TRACED";

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![calls_are_those_listed]
}

/// What is done in a section, and which system calls that makes. Of their arguments only the
/// constants are told, and of an action only its handler.
struct Section {
    name: &'static str,
    work: fn(),
    calls: &'static [&'static str],
}

static FIRST: Latch = Latch::new();
static SECOND: Latch = Latch::new();

/// A signal that this thread sends itself, and that nobody waits for.
const RAISED: &[&str] = &[
    "rt_sigprocmask(SIG_BLOCK)",
    "getpid()",
    "gettid()",
    "tgkill(SIGUSR1)",
    "rt_sigprocmask(SIG_SETMASK)",
    "--- SIGUSR1 ---",
    "rt_sigreturn()",
];

const SECTIONS: [Section; 15] = [
    Section {
        name: "catch",
        work: || FIRST.catch(Signal::USR1).expect("catch"),
        calls: &[
            "gettid()",
            "getpid()",
            "rt_sigaction(SIGUSR1, NULL, {SIG_DFL})",
            "rt_sigaction(SIGUSR1, {handler}, {SIG_DFL})",
        ],
    },
    Section {
        name: "a signal, with nobody waiting",
        work: || send::raise(Signal::USR1).expect("raise"),
        calls: RAISED,
    },
    Section {
        name: "look, wait for what is set, take, look again",
        work: || {
            assert!(FIRST.is_set());
            assert_eq!(FIRST.wait(None), Ok(true));
            assert_eq!(FIRST.take(), SigSet::from(Signal::USR1));
            assert_eq!(FIRST.wait(Some(Duration::ZERO)), Ok(false));
        },
        calls: &[],
    },
    Section {
        name: "wait in vain",
        work: || assert_eq!(FIRST.wait(Some(Duration::from_nanos(1))), Ok(false)),
        calls: &[
            "clock_gettime(CLOCK_MONOTONIC)",
            "futex(FUTEX_WAIT_BITSET_PRIVATE, FUTEX_BITSET_MATCH_ANY) = ETIMEDOUT",
        ],
    },
    Section {
        name: "catch what is caught",
        work: || FIRST.catch(Signal::USR1).expect("catch"),
        calls: &["gettid()", "rt_sigaction(SIGUSR1, NULL, {handler})"],
    },
    Section {
        name: "catch in a second latch, with one signal more",
        work: || SECOND.catch([Signal::USR1, Signal::USR2]).expect("catch"),
        calls: &[
            "gettid()",
            "rt_sigaction(SIGUSR1, NULL, {handler})",
            "rt_sigaction(SIGUSR2, NULL, {SIG_DFL})",
            "rt_sigaction(SIGUSR2, {handler}, {SIG_DFL})",
        ],
    },
    Section {
        name: "a signal for two latches",
        work: || send::raise(Signal::USR1).expect("raise"),
        calls: RAISED,
    },
    Section {
        name: "release while another latch wants it",
        work: || _ = FIRST.release(Signal::USR1).expect("release"),
        calls: &["gettid()", "rt_sigaction(SIGUSR1, NULL, {handler})"],
    },
    Section {
        name: "the last release",
        work: || _ = SECOND.release(Signal::USR1).expect("release"),
        calls: &[
            "gettid()",
            "rt_sigaction(SIGUSR1, NULL, {handler})",
            "rt_sigaction(SIGUSR1, {SIG_DFL}, {handler})",
        ],
    },
    Section {
        name: "release what is not caught",
        work: || _ = SECOND.release(Signal::USR1).expect("release"),
        calls: &["gettid()"],
    },
    Section {
        name: "release after other code has replaced the action",
        work: || {
            action::ignore(Signal::USR2).expect("ignore");
            SECOND.release(Signal::USR2).expect("release");
        },
        calls: &[
            "rt_sigaction(SIGUSR2, {SIG_IGN}, {handler})",
            "gettid()",
            "rt_sigaction(SIGUSR2, NULL, {SIG_IGN})",
        ],
    },
    Section {
        name: "catch unless ignored, and it is",
        work: || assert_eq!(FIRST.catch_unless_ignored(Signal::USR2), Ok(SigSet::empty())),
        calls: &["gettid()", "rt_sigaction(SIGUSR2, NULL, {SIG_IGN})"],
    },
    Section {
        name: "catch unless ignored, and it is not",
        work: || {
            assert_eq!(FIRST.catch_unless_ignored(Signal::HUP), Ok(SigSet::from(Signal::HUP)));
        },
        calls: &[
            "gettid()",
            "rt_sigaction(SIGHUP, NULL, {SIG_DFL})",
            "rt_sigaction(SIGHUP, NULL, {SIG_DFL})",
            "rt_sigaction(SIGHUP, {handler}, {SIG_DFL})",
        ],
    },
    Section {
        name: "what cannot be caught",
        work: || assert!(FIRST.catch([Signal::KILL, Signal::SEGV]).is_err()),
        calls: &[],
    },
    Section { name: "set by hand", work: || FIRST.set(Signal::HUP), calls: &[] },
];

/// The traced program: each section behind its marker, and one marker more at the end.
pub(crate) fn work() {
    // As a shell without job control, nohup(1) or a service manager may have left them.
    for signo in [libc::SIGUSR1, libc::SIGUSR2, libc::SIGHUP] {
        oracle::set_default(signo);
    }
    for section in &SECTIONS {
        mark(section.name);
        (section.work)();
    }
    mark("the end");
}

/// A `write` of the section's name to a descriptor that is none, and so to nowhere.
fn mark(name: &str) {
    // SAFETY: the name is there for its length, and only read.
    let written = unsafe { libc::write(-1, name.as_ptr().cast(), name.len()) };
    assert_eq!(written, -1, "write to no descriptor");
}

fn calls_are_those_listed() {
    match Command::new("strace").arg("--version").output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return support::skip("there is no strace");
        }
        other => drop(other.expect("strace")),
    }
    let this = env::current_exe().expect("the path of this test");
    let outcome = spawn(Command::new("strace").arg(this).env(TRACED, "1")).wait();
    if outcome.output.contains("strace: ") && outcome.output.contains("Operation not permitted") {
        return support::skip("no process may be traced here");
    }
    outcome.assert_exited(0);
    let found = traced_sections(&outcome);
    assert_eq!(found.len(), SECTIONS.len(), "sections");
    for (section, found) in SECTIONS.iter().zip(found) {
        assert_eq!(found, section.calls, "the calls of '{}'", section.name);
    }
}

/// The calls between each two markers.
fn traced_sections(outcome: &Outcome) -> Vec<Vec<String>> {
    let lines: Vec<&str> = outcome.output.lines().collect();
    let mut parts = lines.split(|line| line.starts_with("write(-1, ")).map(|part| {
        let calls = part.iter().map(|line| abridged(line));
        calls.collect()
    });
    // Before the first marker the program starts, after the last it ends.
    parts.next();
    parts.next_back();
    parts.collect()
}

/// `tgkill(123, 123, SIGUSR1) = 0` as `tgkill(SIGUSR1)`: constants are kept, numbers and addresses
/// are not, an action is its handler, and of the result its error.
fn abridged(line: &str) -> String {
    if let Some(signal) = line.strip_prefix("--- ") {
        let name = signal.split(' ').next().unwrap_or_default();
        return format!("--- {name} ---");
    }
    let (call, result) = line.rsplit_once(" = ").unwrap_or((line, ""));
    let (name, arguments) = call.split_once('(').unwrap_or((call, ""));
    // On 32 bits those with long times.
    let name = name.trim_end_matches("_time64").trim_end_matches("64");
    let arguments: Vec<String> = arguments
        .trim_end()
        .trim_end_matches(')')
        .split([',', '='])
        .map(|word| word.trim_matches([' ', '{', '}']))
        .scan(false, |action, word| {
            let told = match word {
                _ if *action && word.starts_with("0x") => "{handler}".to_owned(),
                _ if *action => format!("{{{word}}}"),
                _ if word == "NULL" && name == "rt_sigaction" => word.to_owned(),
                _ if is_constant(word) && !word.starts_with("SA_") => word.to_owned(),
                _ => String::new(),
            };
            *action = word == "sa_handler";
            Some(told)
        })
        .filter(|told| !told.is_empty())
        .collect();
    let error = result.strip_prefix("-1 ").and_then(|rest| rest.split(' ').next());
    let error = error.map(|error| format!(" = {error}")).unwrap_or_default();
    format!("{name}({}){error}", arguments.join(", "))
}

/// The name of one of C's constants. (No mask is one: strace writes that in brackets.)
fn is_constant(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    word.len() > 4
        && word.starts_with(|first: char| !first.is_ascii_digit())
        && word.bytes().all(fits)
}
