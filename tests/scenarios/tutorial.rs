//! The examples of `examples/README.md` in their order, as programs that get real signals.
//! (`graceful_shutdown` has a file of its own: `examples.rs`.)

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Instant;
use support::{Outcome, Program, Scenario, assert_contains, example, root, scenarios, spawn};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        basic_handling,
        handle_sigint,
        default_behaviour_of_int,
        default_behaviour_of_term,
        handle_sigterm,
        one_handler_many_signals,
        ignore_signal,
        ignore_signal_ignored_before,
        restore_default,
        restore_default_ignored_before,
        logging,
        graceful_shutdown,
        alarm,
        server_shutdown_without_connections,
        server_shutdown_drains,
        server_shutdown_has_a_limit,
        server_shutdown_at_once_by_the_second,
        common_mistakes,
        common_mistakes_term_ignored_before,
        every_example_is_listed,
    ]
}

/// Starts an example, which says its pid first, and waits until it is ready.
#[track_caller]
fn start(name: &str, arguments: &[&str], ready: &str) -> Program {
    let mut command = Command::new(example(name));
    started(spawn(command.args(arguments)), ready)
}

/// The same, from a shell that ignores signals.
#[track_caller]
fn start_ignoring(signals: &str, name: &str, ready: &str) -> Program {
    let script = format!(r#"trap '' {signals}; exec "$0""#);
    let mut command = Command::new("sh");
    started(spawn(command.args(["-c", &script]).arg(example(name))), ready)
}

#[track_caller]
fn started(mut program: Program, ready: &str) -> Program {
    let line = program.expect_line("pid");
    assert_eq!(line, format!("pid {}", program.pid()));
    program.expect_line(ready);
    program
}

/// An impatient person: the signal again and again, until it has ended the program.
#[track_caller]
fn press_until_it_ends(program: Program, signo: i32) -> Outcome {
    loop {
        program.kill(signo);
        if program.ends_within(Duration::from_millis(50)) {
            return program.wait();
        }
    }
}

/// What it wrote after the line that says that it is ready.
#[track_caller]
fn after<'a>(outcome: &'a Outcome, ready: &str) -> Vec<&'a str> {
    let (_, rest) = outcome.output.split_once(ready).expect("it was ready");
    rest.lines().skip(1).collect()
}

fn basic_handling() {
    let program = start("basic_handling", &[], "Waiting");
    program.kill(libc::SIGUSR1);
    let us = std::process::id();
    let outcome = program.wait();
    outcome.assert_exited(0);
    let came = format!("SIGUSR1 came from process Some({us})");
    assert_eq!(after(&outcome, "Waiting"), [came.as_str(), "1 function called"]);
}

fn handle_sigint() {
    let mut program = start("handle_sigint", &[], "Running...");
    program.kill(libc::SIGINT);
    program.expect_line("Signal received: 2 (so far: 0)");
    program.expect_line("Running...");
    program.kill(libc::SIGINT);
    program.expect_line("Signal received: 2 (so far: 1)");
    program.expect_line("Twice is enough");
    program.wait().assert_died_by(libc::SIGINT);
}

#[track_caller]
fn default_behaviour(signo: i32) {
    let program = start("default_behaviour", &[], "Waiting");
    program.kill(libc::SIGCHLD); // nothing happens
    program.kill(signo);
    let outcome = program.wait();
    outcome.assert_died_by(signo);
    for line in [
        "SIGINT: Default; by default: Terminate",
        "SIGTERM: Default; by default: Terminate",
        "SIGCHLD: Default; by default: Ignore",
        "SIGTSTP: Default; by default: Stop",
    ] {
        assert_contains(&outcome.output, line);
    }
    assert!(after(&outcome, "Waiting").is_empty(), "it was to say no more");
}

fn default_behaviour_of_int() {
    default_behaviour(libc::SIGINT);
}

fn default_behaviour_of_term() {
    default_behaviour(libc::SIGTERM);
}

fn handle_sigterm() {
    let program = start("handle_sigterm", &[], "Serving...");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_exited(0);
    assert_eq!(after(&outcome, "Serving...").last(), Some(&"Graceful shutdown triggered"));
}

fn one_handler_many_signals() {
    let mut program = start("one_handler_many_signals", &[], "Waiting...");
    for (signo, line) in [
        (libc::SIGUSR1, "Handled signal: SIGUSR1 (User defined signal 1)"),
        (libc::SIGHUP, "Handled signal: SIGHUP (Hangup)"),
        (libc::SIGUSR2, "Handled signal: SIGUSR2 (User defined signal 2)"),
        (libc::SIGUSR1, "Handled signal: SIGUSR1 (User defined signal 1)"),
        (libc::SIGTERM, "Handled signal: SIGTERM (Terminated)"),
    ] {
        program.kill(signo);
        assert_eq!(program.expect_line("Handled"), line);
    }
    program.wait().assert_exited(0);
}

#[track_caller]
fn ignores_ctrl_c(program: Program, before: &str) {
    for _ in 0..3 {
        program.kill(libc::SIGINT);
    }
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_exited(0);
    assert_contains(&outcome.output, &format!("Before: {before}\nNow: Ignore\n"));
    assert_eq!(after(&outcome, "Ctrl-C is ignored"), ["Restored: true"]);
}

fn ignore_signal() {
    ignores_ctrl_c(start("ignore_signal", &[], "Ctrl-C is ignored"), "Default");
}

fn ignore_signal_ignored_before() {
    ignores_ctrl_c(start_ignoring("INT", "ignore_signal", "Ctrl-C is ignored"), "Ignore");
}

#[track_caller]
fn second_has_the_default(mut program: Program) {
    program.kill(libc::SIGINT);
    program.expect_line("Now it is Default");
    program.kill(libc::SIGINT);
    program.wait().assert_died_by(libc::SIGINT);
}

fn restore_default() {
    second_has_the_default(start("restore_default", &[], "Waiting"));
}

fn restore_default_ignored_before() {
    second_has_the_default(start_ignoring("INT", "restore_default", "Waiting"));
}

fn logging() {
    let us = std::process::id();
    let mut program = start("logging", &[], "Ready");
    for (signo, name) in
        [(libc::SIGINT, "SIGINT"), (libc::SIGHUP, "SIGHUP"), (libc::SIGTERM, "SIGTERM")]
    {
        program.kill(signo);
        let line = program.expect_line("Signal received");
        assert_contains(&line, "INFO");
        assert_contains(&line, &format!("{name} ({signo})"));
        assert_contains(&line, &format!("pid: {us}"));
    }
    assert_contains(&program.expect_line("Leaving"), "WARN");
    program.wait().assert_exited(0);
}

fn graceful_shutdown() {
    let program = start("graceful_shutdown", &[], "Working...");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_exited(0);
    assert_contains(&outcome.output, "Stopping program...\nSIGTERM asked to stop\n");
}

fn alarm() {
    let sent = Instant::now();
    let mut program = start("alarm", &[], "Waiting");
    program.expect_line("Alarm triggered!");
    assert!(sent.elapsed() >= Duration::from_secs(1), "it came early");
    let outcome = program.wait();
    outcome.assert_exited(0);
    let mut lines = vec!["Alarm triggered!"; 4];
    lines.push("Cancelled, after every 20ms");
    assert_eq!(after(&outcome, "Waiting"), lines);
}

/// The server, and where it listens.
#[track_caller]
fn server(limit: &str) -> (Program, SocketAddr) {
    let mut program = spawn(Command::new(example("server_shutdown")).arg(limit));
    assert_eq!(program.expect_line("pid"), format!("pid {}", program.pid()));
    let line = program.expect_line("listening on ");
    let address = line.rsplit(' ').next().expect("a word").parse().expect("an address");
    (program, address)
}

/// A client that has been accepted.
#[track_caller]
fn connect(program: &mut Program, address: SocketAddr) -> BufReader<TcpStream> {
    let client = TcpStream::connect(address).expect("the server listens");
    program.expect_line("connected");
    BufReader::new(client)
}

/// Sends a line, which has to come back.
#[track_caller]
fn echo(client: &mut BufReader<TcpStream>, text: &str) {
    writeln!(client.get_mut(), "{text}").expect("the server reads");
    let mut line = String::new();
    client.read_line(&mut line).expect("the server writes");
    assert_eq!(line, format!("{text}\n"));
}

#[track_caller]
fn refuses(address: SocketAddr) {
    let refused = TcpStream::connect(address).expect_err("nobody listens any more");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

fn server_shutdown_without_connections() {
    for signo in [libc::SIGTERM, libc::SIGINT] {
        let (program, address) = server("3600");
        program.kill(signo);
        let outcome = program.wait();
        outcome.assert_exited(0);
        let told = after(&outcome, "listening");
        assert_eq!(told, ["Shutting down server...", "All connections have ended"]);
        refuses(address);
    }
}

fn server_shutdown_drains() {
    let (mut program, address) = server("3600");
    let mut first = connect(&mut program, address);
    let mut second = connect(&mut program, address);
    echo(&mut first, "before");
    program.kill(libc::SIGTERM);
    program.expect_line("Shutting down server...");
    refuses(address);
    // Those that are open are served to their end.
    echo(&mut first, "after");
    drop(first);
    echo(&mut second, "still there");
    drop(second);
    program.expect_line("All connections have ended");
    program.wait().assert_exited(0);
}

fn server_shutdown_has_a_limit() {
    let (mut program, address) = server("0.2");
    let mut client = connect(&mut program, address);
    echo(&mut client, "before");
    let sent = Instant::now();
    program.kill(libc::SIGTERM);
    program.expect_line("Time is up");
    let outcome = program.wait();
    assert!(sent.elapsed() >= Duration::from_millis(200), "the limit came early");
    outcome.assert_exited(1);
}

fn server_shutdown_at_once_by_the_second() {
    let (mut program, address) = server("60");
    let mut client = connect(&mut program, address);
    echo(&mut client, "before");
    program.kill(libc::SIGTERM);
    program.expect_line("Shutting down server...");
    press_until_it_ends(program, libc::SIGINT).assert_died_by(libc::SIGINT);
}

fn common_mistakes() {
    for second in [libc::SIGINT, libc::SIGTERM] {
        let mut program = start("common_mistakes", &[], "Working...");
        program.kill(libc::SIGINT);
        program.expect_line("Stuck in the handler...");
        let outcome = press_until_it_ends(program, second);
        outcome.assert_died_by(second);
        assert!(!outcome.output.contains("safely"), "it was stuck");
    }
}

fn common_mistakes_term_ignored_before() {
    let program = start_ignoring("TERM", "common_mistakes", "Working...");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_died_by(libc::SIGTERM);
    assert_eq!(after(&outcome, "Working...").last(), Some(&"Program exited safely"));
}

/// A line of the list for each program, and a program for each line.
fn every_example_is_listed() {
    let folder = root().join("examples");
    let list = fs::read_to_string(folder.join("README.md")).expect("a list");
    let mut programs: usize = 0;
    let folders = [folder.clone(), folder.join("crates")];
    for entry in folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder")) {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(&folder).unwrap_or(&path).display();
            assert_contains(&list, &format!("]({name})"));
            programs = programs.saturating_add(1);
        }
    }
    assert_eq!(list.matches(".rs)").count(), programs);
}
