//! What hangs under the harness: when that is told, what is told of it, and that nothing of it is left.

#![expect(unsafe_code, reason = "a child forks beside the harness")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::hint;
use core::time::Duration;
use siglatch::timer::Clock;
use siglatch::{Latch, Signal, mask, send};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};
use support::{self, Child, Scenario, assert_contains, failure_of, oracle, scenarios, spawn};

/// A length for the watchdog of what is to hang.
pub(crate) const SHORT: Duration = Duration::from_millis(500);

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        hang_is_killed_and_reported,
        waiter_that_nobody_wakes_is_reported,
        spin_is_reported,
        progress_is_no_hang,
        program_that_hangs_is_killed,
        dropped_child_is_killed_and_reaped,
        what_a_dropped_child_has_forked_is_killed,
    ]
}

fn hang_is_killed_and_reported() {
    let mut pid = 0;
    let text = failure_of(|| {
        let mut child = Child::start(|link| {
            oracle::set_ignored(libc::SIGTERM);
            println!("about to hang");
            link.ready();
            link.hear();
        });
        pid = child.pid();
        child.watch_for(SHORT);
        child.await_ready();
        child.kill(libc::SIGTERM);
        child.expect("the end");
    });
    assert_contains(&text, "waited in vain for the word \"the end\": no progress");
    assert_contains(
        &text,
        &format!("`watchdog::hang_is_killed_and_reported`, process {pid}, did not end"),
    );
    assert_contains(&text, "it is ready\n    we send SIGTERM (15)");
    assert_contains(&text, "about to hang");
    assert_contains(&text, "State   S (sleeping)");
    let ignored = text.lines().find(|line| line.trim_start().starts_with("SigIgn"));
    assert_contains(ignored.unwrap_or_default(), "SIGTERM (15)");
    assert_gone(pid);
}

fn waiter_that_nobody_wakes_is_reported() {
    static NEVER_SET: Latch = Latch::new();
    let text = failure_of(|| {
        let mut child = Child::start(|link| {
            mask::block(Signal::USR2).expect("block");
            send::raise(Signal::USR2).expect("raise");
            thread::scope(|scope| {
                scope.spawn(|| NEVER_SET.wait(None));
                link.say("the waiter is there");
            });
        });
        child.watch_for(SHORT);
        child.expect("the waiter is there");
        child.wait().assert_exited(0);
    });
    assert_contains(&text, "waited in vain for the end of the child: no progress");
    assert_contains(&text, "it says \"the waiter is there\"");
    // Of each of the two threads.
    let waits = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!(text.lines().filter(|line| line.trim().starts_with("thread ")).count(), 2, "{text}");
    assert_eq!(waits("State   S (sleeping)"), 2, "{text}");
    let futex = [Some(libc::SYS_futex), support::thread::with_long_times(libc::SYS_futex)];
    let in_futex = |call: &libc::c_long| waits(&format!("syscall {call} "));
    assert_eq!(futex.iter().flatten().map(in_futex).sum::<usize>(), 2, "{text}");
    let of = |field: &str| {
        let lines = text.lines().filter(|line| line.trim().starts_with(field));
        lines.filter(|line| line.contains("SIGUSR2 (12)")).count()
    };
    assert_eq!((of("SigBlk"), of("SigPnd"), of("ShdPnd")), (2, 1, 0), "{text}");
}

/// By the processor time that it uses: no thread of it sleeps.
fn spin_is_reported() {
    let text = failure_of(|| {
        let child = Child::start(|_| {
            loop {
                hint::spin_loop();
            }
        });
        child.watch_for(SHORT);
        child.wait().assert_exited(0);
    });
    assert_contains(&text, "waited in vain for the end of the child: no progress");
    assert_contains(&text, "of processor time, 0ns asleep");
    assert_contains(&text, "State   R (running)");
}

/// Several lengths of the watchdog, in each half of which there is a sign: by itself, by a word.
fn progress_is_no_hang() {
    let work = |sign: &mut dyn FnMut()| {
        for _ in 0..6 {
            let used = || Clock::ProcessCpu.now().expect("a time");
            let begin = used();
            while used().saturating_sub(begin).saturating_mul(2) < SHORT {
                hint::spin_loop();
            }
            sign();
        }
    };
    let mut child = Child::start(|link| {
        work(&mut support::progress);
        work(&mut || link.say("on"));
    });
    child.watch_for(SHORT);
    (0..6).for_each(|_| child.expect("on"));
    child.wait().assert_exited(0);
}

fn program_that_hangs_is_killed() {
    let mut pid = 0;
    let text = failure_of(|| {
        let (stdin, _open) = os_pipe::pipe().expect("pipe");
        let mut command = Command::new("cat");
        let program = spawn(command.stdin(stdin));
        program.watch_for(SHORT);
        pid = program.pid();
        program.wait().assert_exited(0);
    });
    assert_contains(&text, "waited in vain for the end of the program: no progress");
    assert_contains(&text, "started as \"cat\"");
    assert_gone(pid);
}

fn dropped_child_is_killed_and_reaped() {
    let child = Child::start(|link| drop(link.hear()));
    let pid = child.pid();
    drop(child);
    assert_gone(pid);
}

fn what_a_dropped_child_has_forked_is_killed() {
    let mut child = Child::start(|link| {
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            0 => loop {
                hint::spin_loop();
            },
            child => link.say(&child.to_string()),
        }
        link.hear();
    });
    let grandchild: i32 = child.hear().parse().expect("a process id");
    drop(child);
    // Killed, it may be a zombie until process 1 has reaped it.
    let stat = || fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
    while !stat().is_empty() && !stat().contains(") Z ") {
        thread::yield_now();
    }
}

/// The process has been reaped.
#[track_caller]
pub(crate) fn assert_gone(pid: i32) {
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is still there");
}
