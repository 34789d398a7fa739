//! Waiting for one child: every kind of end, decoded.

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use crate::support::core_files::CoreDir;
use crate::support::ending::{End, ends, ends_on_close, fork};
use crate::support::names::pid;
use crate::support::{Scenario, in_child, scenarios, skip};
use core::time::Duration;
use siglatch::timer::IntervalTimer;
use siglatch::{ChildState, Errno, Latch, Pid, Signal, child};
use std::io;
use std::thread::scope;

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        every_kind_of_end,
        dumped_core_is_told,
        wait_for_one_goes_on_after_a_handler,
        not_a_child_is_an_error,
    ]
}

fn every_kind_of_end() {
    in_child(|| {
        for status in [0, 1, 127, 128, 255] {
            assert_eq!(child::wait(ends(End::Exit(status))), Ok(ChildState::Exited(status)));
        }
        for signo in [libc::SIGHUP, libc::SIGKILL, libc::SIGALRM, libc::SIGRTMIN(), 64] {
            assert_eq!(child::wait(ends(End::Signal(signo))), Ok(ChildState::Killed(signo)));
        }
        let (gate, open) = io::pipe().expect("pipe");
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
        assert_eq!(child::wait(child), Ok(ChildState::Dumped(libc::SIGABRT)));
    });
}

fn wait_for_one_goes_on_after_a_handler() {
    static TICK: Latch = Latch::new().restart(false);
    in_child(|| {
        TICK.catch(Signal::ALRM).expect("catch");
        let (gate, open) = io::pipe().expect("pipe");
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

fn not_a_child_is_an_error() {
    in_child(|| {
        for other in [Pid::this(), pid(1), pid(i32::MAX)] {
            assert_eq!(child::wait(other), Err(Errno::CHILD));
            assert_eq!(child::try_wait(other), Err(Errno::CHILD));
            assert_eq!(child::try_change(other), Err(Errno::CHILD));
        }
    });
}
