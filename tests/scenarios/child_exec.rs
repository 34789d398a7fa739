//! What a program of execve(2) starts with: what we were started with ourselves.

#![expect(unsafe_code, reason = "sets what a program is started with, between fork and exec")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::ffi::CStr;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use siglatch::child::{ExecSignals, ForkWindow, InheritedSignals};
use siglatch::timer::{Clock, PosixTimer};
use siglatch::{Errno, Latch, SigSet, SigVal, Signal, action, mask, send, sys};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use support::oracle::{self, bit, set_default, set_ignored};
use support::{
    self, Child, Scenario, Status, example, exit_now, foreign, in_child, scenarios, spawn, state,
};

siglatch::inherited_signals! {
    /// Of the test program.
    static START
}

static LATCH: Latch = Latch::new();

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        command_starts_with_what_we_started_with,
        runtime_changes_nothing_of_it,
        restored_is_what_was_noted,
        signals_of_a_c_library_are_restored_too,
        handlers_of_ours_are_gone,
        what_came_in_the_window_ends_it,
        nothing_noted_is_an_error,
        runs_as_if_we_were_not_there,
        a_value_is_changed_and_applied,
        the_current_state_is_a_value,
        a_utility_ignores_after_its_mask_is_open,
        what_cannot_be_ignored_or_blocked_is_refused,
        a_program_is_executed_with_a_state,
        no_handler_runs_amid_the_restoring,
    ]
}

const USR1: i32 = libc::SIGUSR1;
const PIPE: i32 = libc::SIGPIPE;
const HUP: i32 = libc::SIGHUP;
const CHLD: i32 = libc::SIGCHLD;

/// The four lines of `/proc/self/status`, from a program that says them.
fn said(output: &str, field: &str) -> u64 {
    let prefix = format!("{field}:\t");
    let line = output.lines().find_map(|line| line.strip_prefix(&prefix)).expect(field);
    u64::from_str_radix(line, 16).expect("sixteen digits")
}

/// Runs `cat /proc/self/status` by the example, which was itself started with these.
#[track_caller]
fn assert_handed_on(ignored: &'static [i32], blocked: u64) {
    let mut command = Command::new(example("run"));
    command.args(["cat", "/proc/self/status"]);
    let prepare = move || {
        for signo in 1..=64 {
            if ![libc::SIGKILL, libc::SIGSTOP, 32, 33].contains(&signo) {
                if ignored.contains(&signo) {
                    set_ignored(signo)
                } else {
                    set_default(signo)
                };
            }
        }
        state::set_raw_mask(blocked);
        Ok(())
    };
    // SAFETY: it makes system calls and nothing else.
    unsafe { command.pre_exec(prepare) };
    let outcome = spawn(&mut command).wait();
    outcome.assert_exited(0);
    let output = &outcome.output;
    let wanted = ignored.iter().fold(0, |bits, signo| bits | bit(*signo));
    assert_eq!(said(output, "SigIgn"), wanted, "ignored");
    assert_eq!(said(output, "SigBlk"), blocked, "blocked");
    assert_eq!(said(output, "SigCgt"), 0, "caught");
}

fn command_starts_with_what_we_started_with() {
    assert_handed_on(&[], 0);
    assert_handed_on(&[HUP, USR1, libc::SIGTSTP], bit(libc::SIGWINCH) | bit(40));
    assert_handed_on(&[64], bit(HUP));
}

/// Rust's ignores SIGPIPE before `main`, and `Command` gives it its default.
fn runtime_changes_nothing_of_it() {
    assert_handed_on(&[PIPE], 0);
    assert_handed_on(&[PIPE, CHLD, HUP], bit(PIPE) | bit(USR1));
}

fn restored_is_what_was_noted() {
    static NOTED: InheritedSignals = InheritedSignals::new();
    in_child(|| {
        set_ignored(USR1);
        set_ignored(HUP);
        state::set_raw_mask(bit(libc::SIGWINCH) | bit(50));
        assert_eq!(NOTED.capture(), Ok(()));
        let noted: SigSet = [Signal::WINCH, Signal::from_raw(50).expect("real-time")].into();
        assert_eq!(NOTED.mask(), Some(noted));
        let ignored = NOTED.ignored().expect("noted");
        assert!(ignored.contains(Signal::USR1) && ignored.contains(Signal::HUP));
        assert!(!ignored.contains(Signal::TERM));

        let before = oracle::own_status();
        action::default(Signal::USR1).expect("default");
        action::ignore(Signal::TERM).expect("ignore");
        LATCH.catch([Signal::HUP, Signal::USR2]).expect("catch");
        mask::set(Signal::INT).expect("mask");
        assert_eq!(NOTED.restore_for_exec(), Ok(()));
        let after = oracle::own_status();
        assert_eq!(after.ignored, before.ignored);
        assert_eq!(after.blocked, before.blocked);
        assert_eq!(after.caught, 0);
        // Once more is no change.
        assert_eq!(NOTED.restore_for_exec(), Ok(()));
        assert_eq!(oracle::own_status(), after);
    });
}

/// A parent that makes raw system calls may hand them on blocked, or ignored.
fn signals_of_a_c_library_are_restored_too() {
    static NOTED: InheritedSignals = InheritedSignals::new();
    in_child(|| {
        let odd = bit(32) | bit(33) | bit(34) | bit(USR1);
        state::set_raw_mask(odd);
        set_ignored(33);
        assert_eq!(NOTED.capture(), Ok(()));
        state::set_raw_mask(0);
        set_ignored(32);
        set_default(33);
        assert_eq!(NOTED.restore_for_exec(), Ok(()));
        state::assert_mask(state::raw_mask(), odd);
        let ignored = oracle::own_status().ignored;
        assert_eq!(ignored & (bit(32) | bit(33)), bit(33));
    });
}

fn handlers_of_ours_are_gone() {
    let child = Child::start(|_| {
        LATCH.catch(Signal::TERM).expect("catch");
        assert_eq!(START.restore_for_exec(), Ok(()));
        send::raise(Signal::TERM).expect("raise");
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

/// As it would have ended the other program a moment later.
fn what_came_in_the_window_ends_it() {
    let child = Child::start(|_| {
        LATCH.catch(Signal::TERM).expect("catch");
        let window = ForkWindow::open().expect("window");
        send::raise(Signal::TERM).expect("raise");
        assert!(!LATCH.is_set());
        assert_eq!(START.restore_for_exec(), Ok(()));
        drop(window);
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

fn nothing_noted_is_an_error() {
    static NOTHING: InheritedSignals = InheritedSignals::new();
    in_child(|| {
        LATCH.catch(Signal::TERM).expect("catch");
        let before = state::SignalState::now();
        assert_eq!(NOTHING.restore_for_exec(), Err(Errno::INVAL));
        assert_eq!((NOTHING.ignored(), NOTHING.mask()), (None, None));
        before.assert_unchanged("restoring nothing");
    });
}

fn runs_as_if_we_were_not_there() {
    let run = |script: &str| {
        let mut command = Command::new(example("run"));
        command.args(["sh", "-c", script]);
        command
    };
    spawn(&mut run("exit 7")).wait().assert_exited(7);
    spawn(&mut run("kill -TERM $$")).wait().assert_died_by(libc::SIGTERM);
    // The signal goes on to the command, and its end is ours.
    for signo in [libc::SIGINT, libc::SIGTERM, HUP] {
        let mut program = spawn(&mut run("echo ready; while :; do sleep 0.01; done"));
        program.expect_line("ready");
        program.kill(signo);
        program.wait().assert_died_by(signo);
    }
    let mut none = Command::new(example("run"));
    let outcome = spawn(none.arg("/no/such/program")).wait();
    outcome.assert_exited(1);
    support::assert_contains(&outcome.output, "NotFound");
}

/// `HUP` and `PIPE` are ignored, `USR2` and 50 are blocked.
fn changed() -> ExecSignals {
    let fifty = Signal::from_raw(50).expect("real-time");
    ExecSignals::new()
        .ignore([Signal::HUP, Signal::PIPE, Signal::TERM])
        .default_action(Signal::TERM)
        .block([Signal::USR1, Signal::USR2, fifty])
        .unblock(Signal::USR1)
}

/// What that is to the kernel: ignored, and blocked.
fn changed_bits() -> (u64, u64) {
    (bit(HUP) | bit(PIPE), bit(libc::SIGUSR2) | bit(50))
}

fn a_value_is_changed_and_applied() {
    in_child(|| {
        LATCH.catch([Signal::HUP, Signal::TERM]).expect("catch");
        let wanted = changed();
        assert!(wanted.ignored().contains(Signal::HUP) && !wanted.ignored().contains(Signal::TERM));
        assert!(wanted.mask().contains(Signal::USR2) && !wanted.mask().contains(Signal::USR1));
        assert_eq!(wanted.apply(), Ok(()));
        let now = oracle::own_status();
        assert_eq!((now.ignored, now.blocked), changed_bits());
        assert_eq!(now.caught, 0);
        assert_eq!(ExecSignals::current(), Ok(wanted));
        assert_eq!(ExecSignals::default().apply(), Ok(()));
        let now = oracle::own_status();
        assert_eq!((now.ignored, now.blocked, now.caught), (0, 0, 0));
    });
}

/// The same as a static notes, those of a C library included.
fn the_current_state_is_a_value() {
    static NOTED: InheritedSignals = InheritedSignals::new();
    in_child(|| {
        assert_eq!(NOTED.exec_signals(), None);
        set_ignored(USR1);
        set_ignored(33);
        state::set_raw_mask(bit(HUP) | bit(32));
        NOTED.capture().expect("capture");
        let noted = NOTED.exec_signals().expect("noted");
        assert_eq!(ExecSignals::current(), Ok(noted));
        assert_ne!(noted, noted.unblock(Signal::HUP));
        state::set_raw_mask(0);
        set_default(33);
        // What has no name is kept.
        assert_eq!(noted.default_action(Signal::USR1).unblock(Signal::HUP).apply(), Ok(()));
        state::assert_mask(state::raw_mask(), bit(32));
        assert_eq!(oracle::own_status().ignored & (bit(33) | bit(USR1)), bit(33));
    });
}

/// env(1) and nohup(1): a signal that is caught until the very moment, and pending, is ignored by
/// the next program, and does not end this one on the way there.
fn a_utility_ignores_after_its_mask_is_open() {
    let mut command = Command::new("sh");
    command.args(["-c", "kill -HUP $$; kill -HUP $$; exit 7"]);
    let signals = START.exec_signals().expect("noted").ignore(Signal::HUP);
    let prepare = move || {
        LATCH.catch(Signal::HUP).expect("catch");
        let _window = ForkWindow::open().expect("window");
        send::raise(Signal::HUP).expect("raise");
        assert_eq!(signals.apply(), Ok(()));
        Ok(())
    };
    // SAFETY: it makes system calls and nothing else.
    unsafe { command.pre_exec(prepare) };
    spawn(&mut command).wait().assert_exited(7);
}

fn what_cannot_be_ignored_or_blocked_is_refused() {
    in_child(|| {
        LATCH.catch(Signal::TERM).expect("catch");
        let before = state::SignalState::now();
        for signal in [Signal::KILL, Signal::STOP] {
            for signals in [changed().ignore(signal), changed().block(signal)] {
                assert_eq!(signals.apply(), Err(Errno::INVAL), "{signals:?}");
                let errno = exec(signals, c"/bin/true", &[c"true"]);
                assert_eq!(errno, Errno::INVAL);
                before.assert_unchanged("a refused state");
            }
            let signals = changed().ignore(signal).default_action(signal);
            assert_eq!(signals, changed());
        }
    });
}

/// Executes a program, which does not return.
fn exec(signals: ExecSignals, path: &CStr, arguments: &[&CStr]) -> Errno {
    let mut pointers: Vec<_> = arguments.iter().map(|text| text.as_ptr()).collect();
    pointers.push(ptr::null());
    let environment = [c"PATH=/usr/bin:/bin".as_ptr(), c"GIVEN=yes".as_ptr(), ptr::null()];
    // SAFETY: both end by a null pointer, and the process is for the program.
    unsafe { signals.exec(path, pointers.as_ptr(), environment.as_ptr()) }
}

fn a_program_is_executed_with_a_state() {
    let run = |path: &CStr, arguments: &[&CStr]| {
        let outcome = Child::start(|_| {
            LATCH.catch([Signal::HUP, Signal::TERM]).expect("catch");
            panic!("{}", exec(changed(), path, arguments));
        });
        outcome.wait()
    };
    let outcome = run(c"/bin/cat", &[c"cat", c"/proc/self/status"]);
    outcome.assert_exited(0);
    let output = &outcome.output;
    assert_eq!((said(output, "SigIgn"), said(output, "SigBlk")), changed_bits());
    assert_eq!(said(output, "SigCgt"), 0);
    let outcome = run(c"/bin/sh", &[c"sh", c"-c", c"echo $0 $1 $GIVEN; exit 7", c"name", c"one"]);
    outcome.assert_exited(7);
    assert_eq!(outcome.output, "name one yes\n");
    // Nothing at all is given: the kernel puts an empty name there, which busybox does not know.
    let outcome = Child::start(|_| {
        // SAFETY: null stands for nothing.
        let errno = unsafe { sys::execve(c"/bin/true", ptr::null(), ptr::null()) };
        panic!("{errno}");
    });
    let program = std::fs::canonicalize("/bin/true").expect("a program");
    let status = if program.ends_with("busybox") { 127 } else { 0 };
    assert_eq!(outcome.wait().status, Status::Exited(status));
}

/// Signals of a timer pour in meanwhile: their handler would find that the first actions are restored.
fn no_handler_runs_amid_the_restoring() {
    static STATE: InheritedSignals = InheritedSignals::new();
    static CALLS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn look(_signo: i32) {
        if oracle::raw_action(HUP).handler != libc::SIG_IGN {
            exit_now(3);
        }
        CALLS.fetch_add(1, SeqCst);
    }
    // Restored late.
    let late = Signal::PWR;
    for _ in 0..100 {
        let child = Child::start(|_| {
            STATE.capture().expect("capture");
            set_ignored(HUP);
            foreign::set(late.as_raw(), &foreign::action(look as *const () as usize, 0));
            let timer = PosixTimer::new(Clock::Monotonic, late, SigVal::default()).expect("create");
            let often = Duration::from_micros(20);
            timer.set(often, often).expect("settime");
            while CALLS.load(SeqCst) < 3 {
                std::thread::yield_now();
            }
            STATE.restore_for_exec().expect("restore");
            exit_now(0);
        });
        // In the end, one may be pending.
        let status = child.wait().status;
        let by_default = Status::Signaled { signal: late.as_raw(), core: false };
        assert!([Status::Exited(0), by_default].contains(&status), "{status}: a handler ran");
    }
}
