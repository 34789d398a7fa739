//! `examples/supervisor.rs`, as its users run it.

#![expect(unsafe_code, reason = "says what runs between fork and exec")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use siglatch::fd::PidFd;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use support::first_process::first_process;
use support::names::pid;
use support::oracle::{bit, set_ignored};
use support::{Program, Scenario, assert_contains, example, root, scenarios, skip, spawn, state};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        one_that_fails_is_started_again_later_each_time,
        one_that_is_done_ends_it,
        hang_up_is_handed_on,
        it_ends_as_the_command_does,
        term_stops_all,
        one_that_does_not_listen_is_killed,
        orphans_are_reaped,
        a_command_that_is_not_there_is_told,
        signals_that_a_launcher_blocked_or_ignored_come,
        the_command_ends_with_it,
        as_process_1_it_does_the_same,
        it_is_short,
    ]
}

fn supervise(script: &str) -> Program {
    spawn(Command::new(example("supervisor")).args(["sh", "-c", script]))
}

fn one_that_fails_is_started_again_later_each_time() {
    let mut program = supervise("echo started; exit 3");
    // After a run of more than ten seconds, as on a machine with other work, the first comes again.
    let mut delays = Vec::new();
    while !delays.ends_with(&["200ms", "400ms", "800ms"].map(str::to_owned)) {
        assert!(delays.len() < 30, "{delays:?}");
        program.expect_line("started");
        program.expect_line("Some(Exited(3))");
        delays.push(program.expect_line("restart").replace("no restart for ", ""));
    }
    // It is between two runs, and ends as the last one did.
    program.kill(libc::SIGTERM);
    program.wait().assert_exited(3);
}

fn one_that_is_done_ends_it() {
    supervise("exit 0").wait().assert_exited(0);
}

fn hang_up_is_handed_on() {
    let mut program =
        supervise("trap 'echo reloaded' HUP; echo ready; while :; do sleep 0.01; done");
    program.expect_line("ready");
    for _ in 0..2 {
        program.kill(libc::SIGHUP);
        program.expect_line("reloaded");
    }
    program.kill(libc::SIGINT);
    program.wait().assert_died_by(libc::SIGTERM);
}

fn it_ends_as_the_command_does() {
    let mut program = supervise("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    program.expect_line("ready");
    program.kill(libc::SIGTERM);
    program.wait().assert_exited(7);
}

/// What the command has started and does not wait for, too.
fn term_stops_all() {
    let mut program = supervise("sleep 1000 & sleep 1000 & echo $! ready; exec sleep 1000");
    let line = program.expect_line("ready");
    let other: i32 = line.split(' ').next().and_then(|text| text.parse().ok()).expect("a number");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_died_by(libc::SIGTERM);
    assert_contains(&outcome.output, &format!("{other}: Some(Killed(SIGTERM))"));
}

fn one_that_does_not_listen_is_killed() {
    let mut program = supervise("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    program.expect_line("ready");
    program.kill(libc::SIGTERM);
    program.kill(libc::SIGTERM);
    program.wait().assert_died_by(libc::SIGKILL);
}

fn orphans_are_reaped() {
    // The shell becomes a program that waits for nobody: what it has started is its until it ends.
    let mut program = supervise(
        r#"trap '' TERM; for n in 1 2 3; do
            (while [ "$(cat /proc/$$/comm)" = sh ]; do :; done; exit $n) &
        done; trap - TERM; echo ready; exec sleep 1000"#,
    );
    program.expect_line("ready");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_died_by(libc::SIGTERM);
    for status in 1..=3 {
        assert_contains(&outcome.output, &format!("Some(Exited({status}))"));
    }
    // And while it runs: the parent of this one has ended, so that no other can reap it.
    let mut program = supervise(
        "(sh -c 'while [ $PPID != $0 ] && kill -0 $PPID; do :; done 2>/dev/null; exit 9' $PPID &)
        echo ready; exec sleep 1000",
    );
    program.expect_line("Some(Exited(9))");
    program.kill(libc::SIGTERM);
    program.wait().assert_died_by(libc::SIGTERM);
}

fn a_command_that_is_not_there_is_told() {
    let outcome = spawn(Command::new(example("supervisor")).arg("/no/such/program")).wait();
    outcome.assert_exited(1);
    assert_contains(&outcome.output, "NotFound");
    spawn(&mut Command::new(example("supervisor"))).wait().assert_exited(1);
}

/// And the command has them blocked, as it would without a supervisor.
fn signals_that_a_launcher_blocked_or_ignored_come() {
    let mut command = Command::new(example("supervisor"));
    command.args(["cat", "/proc/self/status"]);
    let block = || {
        state::set_raw_mask(bit(libc::SIGTERM) | bit(libc::SIGCHLD));
        set_ignored(libc::SIGCHLD);
        Ok(())
    };
    // SAFETY: it makes two system calls.
    unsafe { command.pre_exec(block) };
    let outcome = spawn(&mut command).wait();
    outcome.assert_exited(0);
    let blocked = bit(libc::SIGTERM) | bit(libc::SIGCHLD);
    assert_contains(&outcome.output, &format!("SigBlk:\t{blocked:016x}"));
    assert_contains(&outcome.output, &format!("SigIgn:\t{:016x}", bit(libc::SIGCHLD)));
}

fn the_command_ends_with_it() {
    let mut program = supervise("echo $$ ready; exec sleep 1000");
    let line = program.expect_line("ready");
    let command: i32 = line.split(' ').next().and_then(|text| text.parse().ok()).expect("a number");
    let command = PidFd::open(pid(command)).expect("it is there");
    program.kill(libc::SIGKILL);
    program.wait().assert_died_by(libc::SIGKILL);
    assert_eq!(command.wait(None), Ok(true));
}

fn as_process_1_it_does_the_same() {
    // The orphan ends when its parent has ended: a parent may reap a child that ends before it.
    const SCRIPT: &str = "
        [ $PPID = 1 ] || exit 2
        orphan=$(sh -c 'while [ $PPID != 1 ] && kill -0 $PPID; do :; done 2>/dev/null; exit 9' \
            >/dev/null & echo $!)
        while kill -0 $orphan 2>/dev/null; do :; done # until it is reaped
        trap 'exit 0' TERM
        kill -TERM 1
        while :; do sleep 0.01; done";
    // Built and looked for where the files are those of all.
    let program = example("supervisor");
    let outcome = first_process(|| {
        let mut command = Command::new(program);
        panic!("{}", command.args(["sh", "-c", SCRIPT]).exec());
    });
    let Some(outcome) = outcome else { return skip("no pid namespace may be made here") };
    outcome.assert_exited(0);
    assert_contains(&outcome.output, "Some(Exited(9))");
}

/// Comments left out.
fn it_is_short() {
    let text = fs::read_to_string(root().join("examples/supervisor.rs")).expect("the program");
    let code =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    assert!(code.count() <= 60);
}
