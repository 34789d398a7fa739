//! What terminals, shells and wrappers make of one request, on a pseudo-terminal with real shells.
//!
//! ```text
//! SIGLATCH_RUNS=100 cargo test --test scenarios terminal::    each a hundred times, and a table
//! ```

#![expect(unsafe_code, reason = "has the descriptor that the harness listens to")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::{Dispatcher, Latch, Shutdown, Signal, stop};
use std::fs::{self, File};
use std::io::{self, BufRead as _, ErrorKind, Read as _, Write as _};
use std::os::fd::FromRawFd as _;
use std::process::Command;
use std::time::Instant;
use std::{env, process, thread};
use support::terminal::{Terminal, WORDS};
use support::{Child, Scenario, scenarios, tell_at_the_end};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        closed_terminal_of_bash,
        closed_terminal_of_dash,
        closed_terminal_of_a_login_shell,
        ctrl_c_and_a_wrapper_that_forwards_it,
        ctrl_c_under_timeout,
        timeout_expires,
        hang_up_and_term_of_a_supervisor,
        two_kinds_at_once,
        same_twice,
        second_ctrl_c_ends_it,
        ctrl_c_leaves_the_loop_of_bash,
        ctrl_c_leaves_the_loop_of_dash,
        nothing_follows_after_ctrl_c,
        background_read_does_not_spin,
        background_read_stops_and_goes_on,
    ]
}

const INT: i32 = libc::SIGINT;
const TERM: i32 = libc::SIGTERM;
const HUP: i32 = libc::SIGHUP;

/// With this in the environment, this program is the one that a shell starts, and does what it says.
pub(crate) const PROGRAM: &str = "TERMINAL_PROGRAM";

static SHUTDOWN: Shutdown = Shutdown::new();

pub(crate) fn program() {
    // SAFETY: the harness has made it for this program, and nobody else here knows it.
    let words = unsafe { File::from_raw_fd(WORDS) };
    let say = |word: &str| writeln!(&words, "{word}").expect("the harness listens");
    match env::var(PROGRAM).expect("what to do").as_str() {
        "finish" => finish(say),
        "hang" => {
            SHUTDOWN.catch([Signal::INT, Signal::TERM]).expect("catch");
            say("ready");
            SHUTDOWN.wait(None).expect("wait");
            say("asked");
            loop {
                thread::park();
            }
        }
        "read" => read(say),
        "read and stop" => read_and_stop(say),
        other => unreachable!("{other:?}"),
    }
}

/// Finishes its work when it is asked, which takes as long as the rest of the request may need.
fn finish(say: impl Fn(&str)) {
    SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
    say(&format!("ready {}", std::os::unix::process::parent_id()));
    SHUTDOWN.wait(None).expect("wait");
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_millis(300) {
        thread::sleep(Duration::from_millis(10));
    }
    say(&format!("finished, {} signals", SHUTDOWN.count()));
    SHUTDOWN.exit(0)
}

/// Reads, as a job in the background.
fn read(say: impl Fn(&str)) {
    static LATCH: Latch = Latch::new();
    LATCH.catch(Signal::TTIN).expect("catch");
    say("ready");
    let error = io::stdin().read(&mut [0; 16]).expect_err("nothing is read in the background");
    say(&format!("{:?}, {}", error.kind(), LATCH.is_set()));
}

/// The recipe on the page of `stop`.
fn read_and_stop(say: impl Fn(&str)) {
    static SIGNALS: Dispatcher = Dispatcher::new().restart(false);
    let stop = |_: &_| stop::stop_by(Signal::TTIN).expect("a signal that stops");
    SIGNALS.catch(Signal::TTIN, stop).expect("catch");
    say(&process::id().to_string());
    let mut stdin = io::stdin().lock();
    let length = loop {
        match stdin.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                SIGNALS.dispatch();
            }
            bytes => break bytes.expect("a terminal").len(),
        }
    };
    say(&format!("{length} bytes"));
}

/// A shell as people have it.
fn shell(words: &[&str], what: &str) -> Terminal {
    let (name, arguments) = words.split_first().expect("a shell");
    let mut command = Command::new(name);
    command.args(arguments).env(PROGRAM, what).env("HOME", "/nonexistent").env("TERM", "dumb");
    command.env("PROG", env::current_exe().expect("the path of this test"));
    Terminal::start(&mut command)
}

/// Whether a program of this name is found, as a shell finds it.
fn is_here(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_here = env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !is_here {
        support::skip(&format!("there is no {name}"));
    }
    is_here
}

const BASH: &[&str] = &["bash", "--norc", "-i"];
const DASH: &[&str] = &["dash", "-i"];

/// Runs it some times, or as often as the environment says; `run` fails or tells how it ended.
pub(crate) fn repeat(what: &str, mut run: impl FnMut() -> String) {
    let runs = env::var("SIGLATCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(2_u32);
    let mut ends = std::collections::BTreeMap::new();
    for _ in 0..runs {
        let times: &mut u32 = ends.entry(run()).or_default();
        *times = times.saturating_add(1);
    }
    let ends = ends.iter().map(|(end, times)| format!("{times} {end}")).collect::<Vec<_>>();
    tell_at_the_end(format!("{what:<32} {runs} runs: {}", ends.join("; ")));
}

/// Waits for the word that it is ready, with the process that has started it.
#[track_caller]
fn ready(terminal: &mut Terminal) -> i32 {
    let word = terminal.hear();
    word.strip_prefix("ready ").and_then(|parent| parent.parse().ok()).expect("a parent")
}

/// Waits until the kernel says that the process is in this state, or that it is not.
#[track_caller]
fn await_state(process: i32, is_in: bool, state: char) {
    let wanted = format!("State:\t{state}");
    let status = || fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    while status().contains(&wanted) != is_in {
        thread::yield_now();
    }
}

#[track_caller]
fn finished(terminal: &mut Terminal) -> String {
    let word = terminal.hear();
    assert!(word.starts_with("finished"), "{word}");
    word
}

#[track_caller]
fn closed_terminal(words: &[&str]) {
    if !words.iter().take(1).all(|name| is_here(name)) {
        return;
    }
    repeat(&format!("closed terminal, {}", words.join(" ")), || {
        let mut terminal = shell(words, "finish");
        terminal.press("\"$PROG\"\n");
        ready(&mut terminal);
        terminal.close();
        finished(&mut terminal)
    });
}

fn closed_terminal_of_bash() {
    closed_terminal(BASH);
}

fn closed_terminal_of_dash() {
    closed_terminal(DASH);
}

fn closed_terminal_of_a_login_shell() {
    closed_terminal(&["bash", "-l", "-i"]);
}

fn ctrl_c_and_a_wrapper_that_forwards_it() {
    if !is_here("bash") {
        return;
    }
    // As long as a wrapper in a language of scripts takes.
    let wrapper =
        r#"sh -c 'trap "sleep 0.02; kill -INT \$p" INT; "$PROG" & p=$!; wait $p; wait $p'"#;
    repeat("Ctrl-C, and a wrapper forwards", || {
        let mut terminal = shell(BASH, "finish");
        terminal.press(&format!("{wrapper}\n"));
        ready(&mut terminal);
        terminal.press("\x03");
        finished(&mut terminal)
    });
}

fn ctrl_c_under_timeout() {
    if !is_here("bash") {
        return;
    }
    repeat("Ctrl-C, under timeout(1)", || {
        let mut terminal = shell(BASH, "finish");
        terminal.press("timeout 600 \"$PROG\"\n");
        ready(&mut terminal);
        terminal.press("\x03");
        finished(&mut terminal)
    });
}

/// Its own alarm is what makes it expire, and comes from here.
fn timeout_expires() {
    if !is_here("bash") {
        return;
    }
    repeat("timeout(1) expires", || {
        let mut terminal = shell(BASH, "finish");
        terminal.press("timeout 600 \"$PROG\"\n");
        let timeout = ready(&mut terminal);
        // Before it knows its child it would only exit.
        await_state(timeout, true, 'S');
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { libc::kill(timeout, libc::SIGALRM) }, 0);
        finished(&mut terminal)
    });
}

/// What comes together from `kill`, by this process.
#[track_caller]
fn together(what: &str, signals: &[i32], died_by: i32) {
    repeat(what, || {
        let mut child = Child::start(|link| {
            SHUTDOWN.catch([Signal::INT, Signal::TERM, Signal::HUP]).expect("catch");
            link.ready();
            SHUTDOWN.wait(None).expect("wait");
            thread::sleep(Duration::from_millis(100));
            link.say(&format!("finished, {} signals", SHUTDOWN.count()));
            SHUTDOWN.exit(0)
        });
        child.await_ready();
        for signo in signals {
            child.kill(*signo);
        }
        let word = child.hear();
        child.wait().assert_died_by(died_by);
        word
    });
}

fn hang_up_and_term_of_a_supervisor() {
    together("a supervisor's HUP and TERM", &[HUP, TERM], HUP);
}

fn two_kinds_at_once() {
    together("INT and TERM at once", &[INT, TERM], INT);
}

fn same_twice() {
    together("TERM, twice", &[TERM, TERM], TERM);
}

/// The shell tells that it has died by the Ctrl-C.
fn second_ctrl_c_ends_it() {
    if !is_here("bash") {
        return;
    }
    repeat("a second Ctrl-C, after a while", || {
        let mut terminal = shell(BASH, "hang");
        terminal.press("\"$PROG\"; echo status $? >&9\n");
        terminal.expect("ready");
        terminal.press("\x03");
        terminal.expect("asked");
        let asked = Instant::now();
        // Not in the settling time; what comes after it is the second request.
        while asked.elapsed() < Duration::from_millis(550) {
            thread::sleep(Duration::from_millis(10));
        }
        terminal.press("\x03");
        // Bash leaves the line with it.
        terminal.press("echo status $? >&9\n");
        terminal.hear()
    });
}

#[track_caller]
fn leaves_the_loop(words: &[&str]) {
    if !words.iter().take(1).all(|name| is_here(name)) {
        return;
    }
    repeat(&format!("Ctrl-C in a loop, {}", words.join(" ")), || {
        let mut terminal = shell(words, "finish");
        terminal.press("for i in 1 2 3; do \"$PROG\"; done; echo after >&9\n");
        ready(&mut terminal);
        terminal.press("\x03");
        finished(&mut terminal);
        terminal.press("echo left >&9\n");
        terminal.expect("left");
        "leave the loop".to_owned()
    });
}

fn ctrl_c_leaves_the_loop_of_bash() {
    leaves_the_loop(BASH);
}

fn ctrl_c_leaves_the_loop_of_dash() {
    leaves_the_loop(DASH);
}

fn nothing_follows_after_ctrl_c() {
    if !["bash", "dash"].into_iter().all(is_here) {
        return;
    }
    for words in [BASH, DASH] {
        let mut terminal = shell(words, "finish");
        terminal.press("\"$PROG\" && echo deploy >&9\n");
        ready(&mut terminal);
        terminal.press("\x03");
        finished(&mut terminal);
        terminal.press("echo left >&9\n");
        terminal.expect("left");
    }
}

/// The kernel restarts the call for ever if the action asks for it.
fn background_read_does_not_spin() {
    if !is_here("bash") {
        return;
    }
    let mut terminal = shell(BASH, "read");
    terminal.press("\"$PROG\" &\n");
    terminal.expect("ready");
    terminal.expect("Interrupted, true");
}

fn background_read_stops_and_goes_on() {
    if !is_here("bash") {
        return;
    }
    let mut terminal = shell(BASH, "read and stop");
    terminal.press("\"$PROG\" &\n");
    let process = terminal.hear().parse().expect("a process");
    await_state(process, true, 'T');
    terminal.press("fg\n");
    await_state(process, false, 'T');
    terminal.press("hello\n");
    terminal.expect("6 bytes");
}
