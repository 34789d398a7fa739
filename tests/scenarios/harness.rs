//! The fork harness under test: what it hears and what it reports; `watchdog` has what hangs.

#![expect(unsafe_code, reason = "an exit handler is registered with C; files of one thread")]
#![expect(clippy::panic, reason = "children panic to see it reported")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use super::watchdog::{SHORT, assert_gone};
use std::ffi::OsStr;
use std::process::Command;
use std::{env, fs, process, sync, thread};
use support::oracle::{self, RawAction, raw_action};
use support::{self, Child, Link, Scenario, Status, exit_now};
use support::{assert_contains, failure_of, scenarios, spawn};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        exit_status_is_decoded,
        death_by_signal_is_decoded,
        wrong_end_fails_with_the_report,
        panic_is_told_with_its_place,
        panic_ends_a_wait_for_a_word,
        handshake_goes_both_ways,
        wrong_word_fails_with_both,
        early_end_fails_the_wait,
        last_words_are_heard,
        long_talk_does_not_block,
        failure_of_the_scenario_shows_the_child,
        child_skips_exit_handlers,
        fork_beside_threads_is_refused,
        fork_waits_for_the_end_of_joined_threads,
        third_process_is_the_sender,
        queued_value_arrives,
        stop_and_continue_are_seen,
        stop_that_never_comes_fails,
        child_starts_with_our_signal_state,
        oracle_reads_masks,
        oracle_reads_actions,
        program_is_read_and_signalled,
        program_that_ends_early_fails_the_wait,
        command_line_works_as_usual,
        skip_is_visible,
        failure_tells_how_to_run_it_again,
        scenario_whose_process_ends_has_failed,
        scenario_has_a_process_of_its_own,
        scenario_has_a_process_also_if_it_is_the_second,
        every_family_is_run,
    ]
}

fn exit_status_is_decoded() {
    Child::start(|_| {}).wait().assert_exited(0);
    Child::start(|_| exit_now(3)).wait().assert_exited(3);
    Child::start(|_| exit_now(255)).wait().assert_exited(255);
}

fn death_by_signal_is_decoded() {
    let child = Child::start(|link| drop(link.hear()));
    child.kill(libc::SIGTERM);
    let outcome = child.wait();
    outcome.assert_died_by(libc::SIGTERM);
    assert_eq!(outcome.status, Status::Signaled { signal: libc::SIGTERM, core: false });
    assert_eq!(outcome.status.to_string(), "died by SIGTERM (15)");

    let child = Child::start(|link| drop(link.hear()));
    child.kill(libc::SIGRTMIN());
    let outcome = child.wait();
    assert_eq!(outcome.status.to_string(), format!("died by SIGRTMIN+0 ({})", libc::SIGRTMIN()));
}

fn wrong_end_fails_with_the_report() {
    let text = failure_of(|| {
        let child = Child::start(|link| {
            println!("on stdout");
            eprintln!("on stderr");
            link.say("a word");
            exit_now(7);
        });
        child.wait().assert_died_by(libc::SIGINT);
    });
    assert_contains(&text, "tests/scenarios/harness.rs:");
    assert_contains(&text, "was to have died by SIGINT (2), and exited with 7");
    assert_contains(&text, "scenario `harness::wrong_end_fails_with_the_report`");
    assert_contains(&text, "it says \"a word\"");
    assert_contains(&text, "on stdout\n    on stderr");
}

fn panic_is_told_with_its_place() {
    let outcome = Child::start(|_| panic!("the {} is broken", "latch")).wait();
    outcome.assert_exited(101);
    let panic = outcome.panic.as_deref().unwrap_or_default();
    assert_contains(panic, "tests/scenarios/harness.rs:");
    assert_contains(panic, "the latch is broken");

    let text = failure_of(|| outcome.assert_exited(0));
    assert_contains(&text, "and exited with 101; it panicked:");
    assert_contains(&text, "the latch is broken");
}

fn panic_ends_a_wait_for_a_word() {
    let text = failure_of(|| Child::start(|_| panic!("too early")).await_ready());
    assert_contains(&text, "waited for the child to be ready, and the child panicked:");
    assert_contains(&text, "too early");
}

fn handshake_goes_both_ways() {
    let mut child = Child::start(|link| {
        link.ready();
        let name = link.hear();
        link.say(&format!("hello {name}"));
        assert_eq!(link.hear(), "");
        link.say("");
        link.say("two\nlines");
    });
    child.await_ready();
    child.tell("parent");
    assert_eq!(child.hear(), "hello parent");
    child.tell("");
    child.expect("");
    child.expect("two\nlines");
    let outcome = child.wait();
    outcome.assert_exited(0);
    assert_eq!(outcome.said, ["hello parent", "", "two\nlines"]);
}

fn wrong_word_fails_with_both() {
    let text = failure_of(|| Child::start(|link| link.say("no")).expect("yes"));
    assert_contains(&text, "waited for the word \"yes\", and heard \"no\"");

    let text = failure_of(|| Child::start(Link::ready).expect("yes"));
    assert_contains(&text, "waited for the word \"yes\", and the child is ready");
}

fn early_end_fails_the_wait() {
    let text = failure_of(|| Child::start(|_| exit_now(4)).await_ready());
    assert_contains(&text, "waited for the child to be ready, but the child exited with 4");
}

fn last_words_are_heard() {
    for _ in 0..50 {
        let mut child = Child::start(|link| link.say("and gone"));
        child.expect("and gone");
        child.wait().assert_exited(0);
    }
}

fn long_talk_does_not_block() {
    // Far more than a socket holds, so the child ends only if somebody listens.
    let outcome = Child::start(|link| (0..1000).for_each(|_| link.say(&"x".repeat(1000)))).wait();
    outcome.assert_exited(0);
    assert_eq!(outcome.said.len(), 1000);
}

fn failure_of_the_scenario_shows_the_child() {
    let mut pid = 0;
    let text = failure_of(|| {
        let mut child = Child::start(|link| {
            println!("still here");
            link.ready();
            link.hear();
        });
        pid = child.pid();
        child.await_ready();
        panic!("the scenario's own fault");
    });
    assert_contains(&text, "the scenario's own fault");
    assert_contains(&text, "still here");
    assert_gone(pid);
}

fn child_skips_exit_handlers() {
    extern "C" fn leave_a_trace() {
        println!("an exit handler has run");
    }
    let outcome = Child::start(|_| {
        // SAFETY: the function may run at any exit of this process.
        assert_eq!(unsafe { libc::atexit(leave_a_trace) }, 0);
        print!("the closure has run");
    })
    .wait();
    outcome.assert_exited(0);
    assert_eq!(outcome.output, "the closure has run");
}

fn fork_beside_threads_is_refused() {
    let outcome = Child::start(|_| {
        let (park, parked) = sync::mpsc::channel::<()>();
        let thread = thread::spawn(move || parked.recv());
        let text = failure_of(|| drop(Child::start(|_| {})));
        assert_contains(&text, "start threads in a child");
        drop(park);
        drop(thread.join());
    })
    .wait();
    outcome.assert_exited(0);
}

/// The kernel wakes who joins a thread before it closes the files that the thread has for itself. With
/// a watch of inotify(7) that takes milliseconds.
fn fork_waits_for_the_end_of_joined_threads() {
    fn end_slowly() {
        // SAFETY: of this thread, only its table of files changes.
        assert_eq!(unsafe { libc::unshare(libc::CLONE_FILES) }, 0);
        // SAFETY: a new descriptor.
        let inotify = unsafe { libc::inotify_init1(0) };
        // SAFETY: reads a path that ends in a nul.
        let watch = unsafe { libc::inotify_add_watch(inotify, c"/".as_ptr(), libc::IN_CREATE) };
        assert_eq!(watch, 1);
    }
    let outcome = Child::start(|_| {
        thread::spawn(end_slowly).join().expect("a thread that ends");
        Child::start(|_| {}).wait().assert_exited(0);
    })
    .wait();
    outcome.assert_exited(0);
}

fn third_process_is_the_sender() {
    let mut child = Child::start(|link| {
        oracle::block(libc::SIGUSR1);
        link.ready();
        link.say(&oracle::take(libc::SIGUSR1).pid.to_string());
        link.say(&oracle::take(libc::SIGUSR1).pid.to_string());
    });
    child.await_ready();
    child.kill(libc::SIGUSR1);
    child.expect(&process::id().to_string());
    let third = child.kill_from_third(libc::SIGUSR1);
    assert_ne!(third, child.pid());
    assert_ne!(third, process::id() as i32);
    child.expect(&third.to_string());
    child.wait().assert_exited(0);
}

fn queued_value_arrives() {
    let mut child = Child::start(|link| {
        oracle::block(libc::SIGUSR2);
        link.ready();
        link.say(&oracle::take(libc::SIGUSR2).value.to_string());
    });
    child.await_ready();
    child.queue(libc::SIGUSR2, -42);
    child.expect("-42");
    child.wait().assert_exited(0);
}

fn stop_and_continue_are_seen() {
    let mut child = Child::start(|link| {
        link.ready();
        let word = link.hear();
        link.say(&format!("first {word}"));
        let word = link.hear();
        link.say(&format!("then {word}"));
    });
    child.await_ready();
    child.kill(libc::SIGSTOP);
    assert_eq!(child.stopped(), libc::SIGSTOP);
    child.tell("while stopped");
    child.kill(libc::SIGCONT);
    child.continued();
    child.expect("first while stopped");
    child.tell("while running");
    child.expect("then while running");
    child.wait().assert_exited(0);
    // The wait for SIGCHLD has restored our mask.
    assert_eq!(oracle::own_status().blocked, 0);
}

fn stop_that_never_comes_fails() {
    let text = failure_of(|| {
        let child = Child::start(|link| drop(link.hear()));
        child.watch_for(SHORT);
        child.stopped();
    });
    assert_contains(&text, "waited in vain for a stop: no progress");

    let text = failure_of(|| {
        Child::start(|_| exit_now(5)).stopped();
    });
    assert_contains(&text, "waited for a stop, but the process exited with 5");
}

fn child_starts_with_our_signal_state() {
    let ours = oracle::own_status();
    let theirs = Child::start(|link| link.say(&format!("{:?}", oracle::own_status()))).hear();
    assert_eq!(theirs, format!("{ours:?}"));
    assert!(oracle::has(ours.ignored, libc::SIGPIPE), "Rust ignores SIGPIPE");
}

fn oracle_reads_masks() {
    let mut child = Child::start(|link| {
        oracle::block(libc::SIGUSR1);
        oracle::set_ignored(libc::SIGHUP);
        link.ready();
        link.hear();
    });
    child.await_ready();
    child.kill(libc::SIGUSR1);
    let status = oracle::proc_status(child.pid());
    assert_eq!(status.blocked, oracle::bit(libc::SIGUSR1));
    assert_eq!(status.shared_pending, oracle::bit(libc::SIGUSR1));
    assert_eq!(status.pending, 0);
    assert!(oracle::has(status.ignored, libc::SIGHUP));
    assert!(!oracle::has(status.caught, libc::SIGHUP));
}

fn oracle_reads_actions() {
    let outcome = Child::start(|_| {
        assert_eq!(oracle::raw_action(libc::SIGUSR1), RawAction::default());
        assert_eq!(oracle::set_ignored(libc::SIGUSR1), RawAction::default());
        assert_eq!(oracle::set_default(libc::SIGUSR1).handler, libc::SIG_IGN);
        // The runtime's own handler has an alternate stack.
        let caught = oracle::raw_action(libc::SIGSEGV);
        assert!(caught.handler > libc::SIG_IGN);
        assert_ne!(caught.flags & u64::from(libc::SA_ONSTACK as u32), 0);
    })
    .wait();
    outcome.assert_exited(0);
}

fn program_is_read_and_signalled() {
    let script = "echo first; echo ready >&2; read line; echo never";
    let (stdin, _open) = os_pipe::pipe().expect("pipe");
    let mut program = spawn(Command::new("sh").args(["-c", script]).stdin(stdin));
    assert_eq!(program.expect_line("read"), "ready");
    program.kill(libc::SIGTERM);
    let outcome = program.wait();
    outcome.assert_died_by(libc::SIGTERM);
    assert_eq!(outcome.output, "first\nready\n");
}

fn program_that_ends_early_fails_the_wait() {
    let text = failure_of(|| {
        let mut program = spawn(Command::new("sh").args(["-c", "echo something else; exit 3"]));
        program.expect_line("ready");
    });
    assert_contains(&text, "waited for a line with \"ready\", but the program exited with 3");
    assert_contains(&text, "something else");
}

fn command_line_works_as_usual() {
    let list = spawn(&mut this_test(&["--list"])).wait();
    assert_contains(&list.output, "harness::exit_status_is_decoded: test\n");

    let arguments = ["--exact", "harness::exit_status_is_decoded", "--test-threads=8"];
    let one = spawn(&mut this_test(&arguments)).wait();
    assert_contains(&one.output, "running 1 test\n");
    assert_contains(&one.output, "test result: ok. 1 passed; 0 failed;");
}

fn skip_is_visible() {
    // This scenario runs a second time inside itself, and that one is skipped.
    const INNER: &str = "HARNESS_SKIPS_INSIDE";
    if env::var_os(INNER).is_some() {
        return support::skip("no such call");
    }
    let mut command = this_test(&["--exact", "harness::skip_is_visible", "--quiet"]);
    let outcome = spawn(command.env(INNER, "1")).wait();
    outcome.assert_exited(0);
    assert_contains(&outcome.output, "0 passed; 0 failed; 1 ignored");
    assert_contains(&outcome.output, "skipped: harness::skip_is_visible: no such call\n");
}

fn failure_tells_how_to_run_it_again() {
    const INNER: &str = "HARNESS_FAILS_INSIDE";
    const NAME: &str = "harness::failure_tells_how_to_run_it_again";
    assert!(env::var_os(INNER).is_none(), "as it was to");
    let outcome = spawn(this_test(&["--exact", NAME]).env(INNER, "1")).wait();
    outcome.assert_exited(101);
    assert_contains(&outcome.output, "as it was to\n\nonce more: cargo test");
    assert_contains(&outcome.output, &format!("--test scenarios -- --exact '{NAME}'\n"));
}

fn scenario_whose_process_ends_has_failed() {
    const INNER: &str = "HARNESS_ENDS_INSIDE";
    const NAME: &str = "harness::scenario_whose_process_ends_has_failed";
    match env::var(INNER).as_deref() {
        Ok("exits") => exit_now(0),
        Ok(_) => process::abort(),
        Err(_) => {}
    }
    for (how, told) in [("exits", "exited with 0"), ("aborts", "died by SIGABRT (6)")] {
        let outcome = spawn(this_test(&["--exact", NAME]).env(INNER, how)).wait();
        outcome.assert_exited(101);
        assert_contains(&outcome.output, &format!("the scenario's own process {told}"));
        assert_contains(&outcome.output, "once more: cargo test");
    }
}

/// The next one finds nothing of it.
fn scenario_has_a_process_of_its_own() {
    const INNER: &str = "HARNESS_LEAVES_INSIDE";
    if env::var_os(INNER).is_some() {
        let found = raw_action(libc::SIGUSR1).handler;
        oracle::set_ignored(libc::SIGUSR1);
        assert_eq!(found, libc::SIG_DFL, "left by another");
        return;
    }
    // Both by one spawner.
    let mut command = this_test(&["harness::scenario_has_a_process", "--test-threads=1"]);
    let outcome = spawn(command.env(INNER, "1")).wait();
    outcome.assert_exited(0);
    assert_contains(&outcome.output, "2 passed; 0 failed");
}

fn scenario_has_a_process_also_if_it_is_the_second() {
    scenario_has_a_process_of_its_own();
}

/// What is in the folder of the scenarios and has no line in `main.rs` would be run by nobody.
fn every_family_is_run() {
    let main = include_str!("main.rs");
    let folder = support::root().join("tests/scenarios");
    for file in fs::read_dir(folder).expect("the scenarios") {
        let path = file.expect("a file").path();
        let family = path.file_stem().and_then(OsStr::to_str).expect("a name").to_owned();
        if family != "main" {
            assert_contains(main, &format!("\nmod {family};\n"));
            assert_contains(main, &format!(" {family}::scenarios(),\n"));
        }
    }
}

/// This test binary with these arguments.
fn this_test(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("the path of this test"));
    command.args(arguments);
    command
}
