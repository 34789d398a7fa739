//! Waiting for one child: every kind of end, decoded.

#![expect(unsafe_code, reason = "makes children of an unusual kind")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::child::{self, Children};
use siglatch::timer::IntervalTimer;
use siglatch::{ChildState, Latch, Pid, Signal, sys};
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread::scope;
use support::core_files::CoreDir;
use support::ending::{End, ends, ends_on_close, fork};
use support::names::pid;
use support::{Scenario, exit_now, in_child, recorder, scenarios, skip};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        every_kind_of_end,
        dumped_core_is_told,
        wait_for_one_goes_on_after_a_handler,
        child_with_another_signal_at_its_end_is_a_child,
        states_are_told_as_a_shell_does,
    ]
}

fn every_kind_of_end() {
    in_child(|| {
        for status in [0, 1, 127, 128, 255] {
            assert_eq!(child::wait(ends(End::Exit(status))), Ok(ChildState::Exited(status)));
        }
        for signo in [libc::SIGHUP, libc::SIGKILL, libc::SIGALRM, libc::SIGRTMIN(), 64] {
            assert_eq!(
                child::wait(ends(End::Signal(signo))),
                Ok(ChildState::Killed(Signal::from_raw(signo).expect("a signal")))
            );
        }
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let child = ends_on_close(&gate, &open, End::Exit(9));
        assert_eq!(child::try_wait(child), Ok(None));
        drop(open);
        assert_eq!(child::wait(child), Ok(ChildState::Exited(9)));
    });
}

fn dumped_core_is_told() {
    let Some(cores) = CoreDir::new() else { return skip("core dumps are not files here") };
    in_child(|| {
        let child = fork(|| {
            cores.enter();
            End::Signal(libc::SIGABRT).happen();
        });
        assert_eq!(child::wait(child), Ok(ChildState::Dumped(Signal::ABRT)));
    });
}

fn wait_for_one_goes_on_after_a_handler() {
    static TICK: Latch = Latch::new().restart(false);
    in_child(|| {
        TICK.catch(Signal::ALRM).expect("catch");
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let child = ends_on_close(&gate, &open, End::Exit(8));
        let each = Duration::from_millis(1);
        IntervalTimer::Real.set(each, each).expect("timer");
        scope(|scope| {
            scope.spawn(move || {
                for _ in 0..20 {
                    TICK.wait(None).expect("wait");
                    let _ticked = TICK.take();
                }
                drop(open);
            });
            assert_eq!(child::wait(child), Ok(ChildState::Exited(8)));
        });
    });
}

/// A child of clone(2) whose end sends the signal of this number, or none.
fn clone(
    exit_signal: i32,
    gate: &os_pipe::PipeReader,
    open: &os_pipe::PipeWriter,
    end: End,
) -> Pid {
    let flags = usize::try_from(exit_signal).expect("a signal");
    // The stack comes first there (clone(2)).
    let [first, second] = if cfg!(target_arch = "s390x") { [0, flags] } else { [flags, 0] };
    // SAFETY: it is fork(2) but for that signal; this process has one thread.
    let child = unsafe { sys::syscall5(sys::nr::CLONE, first, second, 0, 0, 0) };
    if child == 0 {
        // SAFETY: this process's copy of the writing end, which it does not use.
        unsafe { libc::close(open.as_raw_fd()) };
        let mut gate = gate;
        let _end = gate.read(&mut [0]);
        end.happen();
    }
    pid(child.try_into().expect("a process id"))
}

/// It was told as gone while it ran, and its table forgot it.
fn child_with_another_signal_at_its_end_is_a_child() {
    static CHILDREN: Children<4> = Children::new();
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        CHILDREN.catch().expect("catch");
        for exit_signal in [0, libc::SIGUSR1] {
            let (gate, open) = os_pipe::pipe().expect("pipe");
            let [one, two, three] =
                [1, 2, 3].map(|status| clone(exit_signal, &gate, &open, End::Exit(status)));
            CHILDREN.add(two).expect("room");
            assert_eq!(child::try_wait(one), Ok(None));
            assert_eq!(CHILDREN.reap().count(), 0);
            assert!(CHILDREN.contains(two));
            assert_eq!(child::reap_any(|_| false).count(), 0);
            drop(open);
            assert_eq!(child::wait(one), Ok(ChildState::Exited(1)));
            // No SIGCHLD tells of the other, and a poll loop may ask by itself.
            while CHILDREN.contains(two) {
                for change in CHILDREN.reap() {
                    assert_eq!((change.pid, change.state), (two, Some(ChildState::Exited(2))));
                }
            }
            assert_eq!(child::wait_any(), Ok(three));
            assert_eq!(child::reap_any(|_| false).map(|change| change.pid).last(), Some(three));
        }
    });
}

fn states_are_told_as_a_shell_does() {
    use ChildState::{Continued, Dumped, Exited, Killed, KilledByReserved, Stopped, Trapped};
    let last = Signal::from_raw(64).expect("a signal");
    for (state, status, signal) in [
        (Exited(0), Some(0), None),
        (Exited(255), Some(255), None),
        (Killed(Signal::TERM), Some(143), Some(Signal::TERM)),
        (Killed(last), Some(192), Some(last)),
        // Glibc's, which a program cannot name, but die of.
        (KilledByReserved(33), Some(161), None),
        (Dumped(Signal::ABRT), Some(134), Some(Signal::ABRT)),
        (Stopped(Signal::TSTP), Some(148), Some(Signal::TSTP)),
        (Trapped(5), None, None),
        (Continued, None, None),
    ] {
        assert_eq!((state.shell_status(), state.signal()), (status, signal), "{state:?}");
        assert_eq!(state.is_end(), status.is_some() && !matches!(state, Stopped(_)));
    }
    // A real shell says the same.
    for script in ["exit 3", "kill -TERM $$", "kill -QUIT $$", "kill -USR1 $$"] {
        let outer = format!("sh -c '{script}'; echo $?");
        let output = Command::new("sh").args(["-c", &outer]).output().expect("sh").stdout;
        let said = String::from_utf8_lossy(&output).trim().parse().ok();
        let child = fork(|| {
            let errno = Command::new("sh").args(["-c", script]).exec();
            exit_now(errno.raw_os_error().unwrap_or_default());
        });
        let state = child::wait(child).expect("wait");
        assert_eq!((state.shell_status(), said.is_some()), (said, true), "{script}");
    }
}
