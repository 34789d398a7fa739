//! The examples as their users run them: as programs, with signals from outside.

#![expect(unsafe_code, reason = "a terminal is made for a program")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use support::terminal::{open_terminal, take_terminal};
use support::{self, Outcome, Program, Scenario, example, scenarios, signal_name, spawn};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        term_ends_it,
        int_ends_it,
        both_are_named,
        ctrl_c_ends_it,
        kill_says_nothing,
        ignored_at_the_start,
        other_signals_have_their_usual_effect,
        bare_term_ends_it,
        bare_int_ends_it,
        bare_both_are_named,
        bare_ctrl_c_ends_it,
        bare_kill_says_nothing,
        bare_ignored_at_the_start,
    ]
}

/// The main job, with std.
fn hosted() -> PathBuf {
    example("graceful_shutdown")
}

/// The main job without libc, if this is not the published crate.
fn bare() -> Option<PathBuf> {
    let program = support::bare();
    if program.is_none() {
        support::skip("the package of it is not here");
    }
    program
}

/// Starts the program, and waits until it works: then it has caught its signals.
#[track_caller]
fn start(command: &mut Command) -> Program {
    let mut program = spawn(command);
    program.expect_line("Working...");
    program
}

/// Waits for the end, and notes how long that took.
#[track_caller]
fn end(program: Program, what: &str, sent: Instant) -> Outcome {
    let outcome = program.wait();
    let time = sent.elapsed();
    let milliseconds = time.as_secs_f64() * 1e3;
    support::tell_at_the_end(format!("{what}: {milliseconds:.1} ms from the signal to the end"));
    outcome
}

/// It has finished its work, named the signals, and left with status 0.
#[track_caller]
fn assert_graceful(outcome: &Outcome, signals: &[&str]) {
    outcome.assert_exited(0);
    let asked = signals.iter().map(|signal| format!("{signal} asked to stop\n"));
    let asked: String = asked.collect();
    let (_, last) = outcome.output.rsplit_once("Working...\n").expect("it has worked");
    assert_eq!(last, format!("Stopping program...\n{asked}Program exited safely\n"));
}

#[track_caller]
fn ends_by(path: &Path, signo: i32, name: &str) {
    let program = start(&mut Command::new(path));
    let sent = Instant::now();
    program.kill(signo);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let outcome = end(program, &format!("{file}, {name}"), sent);
    assert_graceful(&outcome, &[name]);
}

/// Both come while it is stopped, and so before it can look at either.
#[track_caller]
fn names_both(path: &Path) {
    let program = start(&mut Command::new(path));
    program.kill(libc::SIGSTOP);
    assert_eq!(program.stopped(), libc::SIGSTOP);
    program.kill(libc::SIGTERM);
    program.kill(libc::SIGINT);
    program.kill(libc::SIGCONT);
    assert_graceful(&program.wait(), &["SIGINT", "SIGTERM"]);
}

/// The program in a terminal of its own, into which Ctrl-C is typed.
#[track_caller]
fn ends_by_ctrl_c(path: &Path) {
    let (mut keyboard, terminal) = open_terminal();
    let mut command = Command::new(path);
    command.stdin(terminal);
    // SAFETY: between fork and exec this makes two system calls and nothing else.
    unsafe { command.pre_exec(take_terminal) };
    let program = start(&mut command);
    let sent = Instant::now();
    keyboard.write_all(b"\x03").expect("the terminal takes input");
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let outcome = end(program, &format!("{file}, Ctrl-C"), sent);
    assert_graceful(&outcome, &["SIGINT"]);
}

#[track_caller]
fn says_nothing_when_killed(path: &Path) {
    let program = start(&mut Command::new(path));
    program.kill(libc::SIGKILL);
    let outcome = program.wait();
    outcome.assert_died_by(libc::SIGKILL);
    let said = |line: &str| !line.starts_with("pid ") && line != "Working...";
    assert!(!outcome.output.lines().any(said), "it was not to say more");
}

/// A shell without job control starts its background programs with SIGINT ignored.
#[track_caller]
fn ends_though_ignored_at_the_start(path: &Path) {
    for (signo, name) in [(libc::SIGINT, "SIGINT"), (libc::SIGTERM, "SIGTERM")] {
        let mut command = Command::new("sh");
        command.args(["-c", r#"trap '' INT TERM HUP; exec "$0""#]).arg(path);
        let program = start(&mut command);
        program.kill(libc::SIGHUP); // it was to be ignored, and still is
        program.kill(signo);
        assert_graceful(&program.wait(), &[name]);
    }
}

fn term_ends_it() {
    ends_by(&hosted(), libc::SIGTERM, "SIGTERM");
}

fn int_ends_it() {
    ends_by(&hosted(), libc::SIGINT, "SIGINT");
}

fn both_are_named() {
    names_both(&hosted());
}

fn ctrl_c_ends_it() {
    ends_by_ctrl_c(&hosted());
}

fn kill_says_nothing() {
    says_nothing_when_killed(&hosted());
}

fn ignored_at_the_start() {
    ends_though_ignored_at_the_start(&hosted());
}

fn other_signals_have_their_usual_effect() {
    for signo in [libc::SIGHUP, libc::SIGUSR1] {
        let mut program = spawn(&mut Command::new(hosted()));
        let pid = program.pid();
        assert_eq!(program.expect_line("pid"), format!("pid {pid}"));
        program.expect_line("Working...");
        program.kill(signo);
        let outcome = program.wait();
        outcome.assert_died_by(signo);
        assert!(!outcome.output.contains("Stopping"), "{} is not caught", signal_name(signo));
    }
}

fn bare_term_ends_it() {
    if let Some(path) = bare() {
        ends_by(&path, libc::SIGTERM, "SIGTERM");
    }
}

fn bare_int_ends_it() {
    if let Some(path) = bare() {
        ends_by(&path, libc::SIGINT, "SIGINT");
    }
}

fn bare_both_are_named() {
    if let Some(path) = bare() {
        names_both(&path);
    }
}

fn bare_ctrl_c_ends_it() {
    if let Some(path) = bare() {
        ends_by_ctrl_c(&path);
    }
}

fn bare_kill_says_nothing() {
    if let Some(path) = bare() {
        says_nothing_when_killed(&path);
    }
}

fn bare_ignored_at_the_start() {
    if let Some(path) = bare() {
        ends_though_ignored_at_the_start(&path);
    }
}
