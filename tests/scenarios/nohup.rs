//! What was ignored when the program began, by nohup(1) or by a shell, stays ignored if asked.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::{Errno, Latch, SigSet, Signal, send};
use std::env;
use std::io;
use std::process::{Command, Stdio};
use support::oracle::{RawAction, bit, raw_action, set_ignored, set_raw_action};
use support::state::SignalState;
use support::{self, Program, Scenario, in_child, recorder, scenarios, spawn};

/// With this in the environment, this program is the one that a shell starts.
pub(crate) const PROGRAM: &str = "NOHUP_PROGRAM";

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        ignored_stays_ignored,
        not_ignored_is_caught,
        all_ignored_changes_nothing,
        plain_catch_takes_it_all_the_same,
        what_counts_is_before_us,
        caught_by_other_code_is_not_ignored,
        release_changes_what_was_caught_only,
        errors_come_first,
        started_by_nohup,
        started_by_a_shell,
        started_by_a_shell_that_ignores_nothing,
    ]
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();

const ASKED: [Signal; 3] = [Signal::HUP, Signal::INT, Signal::TERM];

/// Has a signal ignored, with a mask and flags that serve for nothing but to be kept.
fn ignore_oddly(signo: i32) -> RawAction {
    let flags = u64::from((libc::SA_RESTART | libc::SA_NOCLDSTOP) as u32);
    let odd = RawAction { handler: libc::SIG_IGN, flags, restorer: 0, mask: bit(libc::SIGUSR2) };
    // SAFETY: 1 is `SIG_IGN`, no function.
    #[expect(unsafe_code, reason = "sets an action without the crate under test")]
    unsafe {
        set_raw_action(signo, &odd)
    };
    raw_action(signo)
}

fn ignored_stays_ignored() {
    in_child(|| {
        let before = ignore_oddly(libc::SIGHUP);
        let caught = LATCH.catch_unless_ignored(ASKED);
        assert_eq!(caught, Ok([Signal::INT, Signal::TERM].into()));
        assert_eq!(LATCH.caught(), [Signal::INT, Signal::TERM].into());
        assert_eq!(raw_action(libc::SIGHUP), before);
        for signal in ASKED {
            assert_eq!(send::raise(signal), Ok(()));
        }
        assert_eq!(LATCH.take(), [Signal::INT, Signal::TERM].into());
    });
}

fn not_ignored_is_caught() {
    in_child(|| {
        assert_eq!(LATCH.catch_unless_ignored(ASKED), Ok(ASKED.into()));
        for signal in ASKED {
            assert_eq!(send::raise(signal), Ok(()));
        }
        assert_eq!(LATCH.take(), ASKED.into());
        assert_eq!(LATCH.catch_unless_ignored(SigSet::empty()), Ok(SigSet::empty()));
    });
}

fn all_ignored_changes_nothing() {
    in_child(|| {
        for signal in ASKED {
            set_ignored(signal.as_raw());
        }
        let before = SignalState::now();
        assert_eq!(LATCH.catch_unless_ignored(ASKED), Ok(SigSet::empty()));
        assert_eq!(LATCH.caught(), SigSet::empty());
        before.assert_unchanged("a catch of nothing");
    });
}

fn plain_catch_takes_it_all_the_same() {
    in_child(|| {
        let before = ignore_oddly(libc::SIGHUP);
        assert_eq!(LATCH.catch(Signal::HUP), Ok(()));
        assert_eq!(send::raise(Signal::HUP), Ok(()));
        assert!(LATCH.take_signal(Signal::HUP));
        assert_eq!(LATCH.release(Signal::HUP).map(drop), Ok(()));
        assert_eq!(raw_action(libc::SIGHUP), before);
    });
}

fn what_counts_is_before_us() {
    in_child(|| {
        set_ignored(libc::SIGHUP);
        // One latch wants it whatever was before; that does not count for the other.
        assert_eq!(LATCH.catch(ASKED), Ok(()));
        let before = SignalState::now();
        assert_eq!(OTHER.catch_unless_ignored(Signal::HUP), Ok(SigSet::empty()));
        before.assert_unchanged("a catch of nothing");
        let caught = OTHER.catch_unless_ignored(ASKED);
        assert_eq!(caught, Ok([Signal::INT, Signal::TERM].into()));
        for signal in ASKED {
            assert_eq!(send::raise(signal), Ok(()));
        }
        assert_eq!(LATCH.take(), ASKED.into());
        assert_eq!(OTHER.take(), [Signal::INT, Signal::TERM].into());
    });
}

fn caught_by_other_code_is_not_ignored() {
    in_child(|| {
        recorder::install(libc::SIGHUP);
        assert_eq!(LATCH.catch_unless_ignored(Signal::HUP), Ok(Signal::HUP.into()));
        assert_eq!(send::raise(Signal::HUP), Ok(()));
        assert!(LATCH.take_signal(Signal::HUP));
        assert_eq!(recorder::count(), 1);
    });
}

fn release_changes_what_was_caught_only() {
    in_child(|| {
        ignore_oddly(libc::SIGHUP);
        let before = SignalState::now();
        let caught = LATCH.catch_unless_ignored(ASKED).expect("a catch");
        assert_eq!(LATCH.release(ASKED).map(drop), Ok(()));
        before.assert_unchanged("the release");
        assert_eq!(LATCH.catch_unless_ignored(ASKED), Ok(caught), "the same again");
    });
}

fn errors_come_first() {
    in_child(|| {
        set_ignored(libc::SIGHUP);
        let before = SignalState::now();
        let with_kill = SigSet::from(ASKED).with(Signal::KILL);
        let error = LATCH.catch_unless_ignored(with_kill).expect_err("SIGKILL");
        assert_eq!((error.errno(), error.signal()), (Errno::INVAL, Some(Signal::KILL)));
        let with_fault = SigSet::from(ASKED).with(Signal::SEGV);
        let error = LATCH.catch_unless_ignored(with_fault).expect_err("SIGSEGV");
        assert_eq!((error.errno(), error.signal()), (Errno::OPNOTSUPP, Some(Signal::SEGV)));
        assert_eq!(LATCH.caught(), SigSet::empty());
        before.assert_unchanged("two errors");
    });
}

/// The program under the shell: it tells what it could catch, then what came.
pub(crate) fn program() {
    match LATCH.catch_unless_ignored(ASKED) {
        Ok(caught) => println!("caught {caught:?}"),
        Err(errno) => println!("{errno}"),
    }
    if LATCH.wait(None) == Ok(true) {
        println!("came {:?}", LATCH.take());
    }
}

/// The program is sent what it has not caught, which does nothing, and then SIGTERM.
#[track_caller]
fn assert_ignores(mut program: Program, ignored: &[Signal]) {
    let asked = SigSet::from(ASKED);
    let caught = asked.difference(ignored.iter().copied().collect());
    program.expect_line(&format!("caught {caught:?}"));
    for signal in ignored {
        program.kill(signal.as_raw());
    }
    program.kill(libc::SIGTERM);
    program.expect_line(&format!("came {:?}", SigSet::from(Signal::TERM)));
    program.wait().assert_exited(0);
}

/// A command that becomes the program.
fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env(PROGRAM, "1").stdin(Stdio::null());
    command
}

fn this() -> std::path::PathBuf {
    env::current_exe().expect("the path of this test")
}

fn started_by_nohup() {
    if let Err(error) = Command::new("nohup").arg("--version").output() {
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        return support::skip("there is no nohup(1)");
    }
    assert_ignores(spawn(command("nohup").arg(this())), &[Signal::HUP]);
}

fn started_by_a_shell() {
    let mut shell = command("sh");
    shell.args(["-c", "trap '' HUP INT; exec \"$0\""]).arg(this());
    assert_ignores(spawn(&mut shell), &[Signal::HUP, Signal::INT]);
}

fn started_by_a_shell_that_ignores_nothing() {
    assert_ignores(spawn(command("sh").args(["-c", "exec \"$0\""]).arg(this())), &[]);
}
