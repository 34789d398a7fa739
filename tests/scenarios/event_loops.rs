//! The event loops among the examples, as programs, with signals from another process: each reads
//! its configuration again on SIGHUP, goes on, and ends well. That of tokio is there with feature
//! `std`.

use std::process::Command;
use support::{Program, Scenario, example, scenarios, spawn};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let always = scenarios![
        poll_reloads_and_works_on,
        poll_ends_on_either_signal,
        poll_tells_all_that_came_at_once,
        mio_reloads_and_works_on,
        mio_ends_on_either_signal,
        mio_tells_all_that_came_at_once,
    ];
    #[cfg(feature = "std")]
    let with_std = scenarios![
        tokio_reloads_and_works_on,
        tokio_ends_on_either_signal,
        tokio_tells_all_that_came_at_once,
    ];
    #[cfg(not(feature = "std"))]
    let with_std = vec![];
    [always, with_std].concat()
}

/// Starts the loop, and waits until it works: then it has caught its signals.
#[track_caller]
fn start(name: &str) -> Program {
    let mut program = spawn(&mut Command::new(example(name)));
    let pid = program.pid();
    assert_eq!(program.expect_line("pid"), format!("pid {pid}"));
    program.expect_line("Working...");
    program
}

/// It ends with status 0, and names those who asked as the last thing but one.
#[track_caller]
fn assert_ends(program: Program, names: &[&str]) {
    let outcome = program.wait();
    outcome.assert_exited(0);
    let (_, last) = outcome.output.rsplit_once("Stopping program...\n").unwrap_or_default();
    let asked = names.iter().map(|name| format!("{name} asked to stop\n"));
    let asked: String = asked.collect();
    assert_eq!(last, format!("{asked}Program exited safely\n"));
}

#[track_caller]
fn reloads_and_works_on(name: &str) {
    let mut program = start(name);
    // Each is sent once the one before was seen: a wake-up that is missed ends the test.
    for _ in 0..100 {
        program.kill(libc::SIGHUP);
        program.expect_line("Configuration read again");
    }
    // It still ticks, and SIGHUP has not ended it.
    program.expect_line("Working...");
    program.kill(libc::SIGTERM);
    assert_ends(program, &["SIGTERM"]);
}

#[track_caller]
fn ends_on_either_signal(name: &str) {
    for (signo, asked) in [(libc::SIGTERM, "SIGTERM"), (libc::SIGINT, "SIGINT")] {
        let program = start(name);
        program.kill(signo);
        assert_ends(program, &[asked]);
    }
}

/// They come while it is stopped, and so before it can look at any.
#[track_caller]
fn tells_all_that_came_at_once(name: &str) {
    let mut program = start(name);
    program.kill(libc::SIGSTOP);
    assert_eq!(program.stopped(), libc::SIGSTOP);
    for signo in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGCONT] {
        program.kill(signo);
    }
    program.expect_line("Configuration read again");
    assert_ends(program, &["SIGINT", "SIGTERM"]);
}

fn poll_reloads_and_works_on() {
    reloads_and_works_on("poll_loop");
}

fn poll_ends_on_either_signal() {
    ends_on_either_signal("poll_loop");
}

fn poll_tells_all_that_came_at_once() {
    tells_all_that_came_at_once("poll_loop");
}

fn mio_reloads_and_works_on() {
    reloads_and_works_on("mio_loop");
}

fn mio_ends_on_either_signal() {
    ends_on_either_signal("mio_loop");
}

fn mio_tells_all_that_came_at_once() {
    tells_all_that_came_at_once("mio_loop");
}

#[cfg(feature = "std")]
fn tokio_reloads_and_works_on() {
    reloads_and_works_on("tokio_loop");
}

#[cfg(feature = "std")]
fn tokio_ends_on_either_signal() {
    ends_on_either_signal("tokio_loop");
}

#[cfg(feature = "std")]
fn tokio_tells_all_that_came_at_once() {
    tells_all_that_came_at_once("tokio_loop");
}
