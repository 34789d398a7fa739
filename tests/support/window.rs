//! Children forked in a `ForkWindow`, beside the harness: by a process that may have threads.

use super::names::pid;
use super::sys::exit_now;
use core::panic::AssertUnwindSafe;
use siglatch::child::{self, ForkWindow};
use siglatch::fd::EventFd;
use siglatch::{ChildState, Pid};
use std::panic::catch_unwind;

/// Forks in a window; the child does `body` and exits. Gives the child.
#[track_caller]
pub fn fork(body: impl FnOnce()) -> Pid {
    let window = ForkWindow::open().expect("window");
    // SAFETY: the child uses what the scenario has set up, and locks of nobody else: other threads
    // of these processes send signals and do nothing besides.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the child of fork(2) has one thread, and this is no handler.
        unsafe { window.in_child() };
        run(body);
    }
    pid(child)
}

/// Runs `body` and exits. A panic is told by the status.
pub fn run(body: impl FnOnce()) -> ! {
    let result = catch_unwind(AssertUnwindSafe(body));
    exit_now(i32::from(result.is_err()))
}

/// The child ends with nothing to complain about.
#[track_caller]
pub fn assert_fine(child: Pid) {
    assert_eq!(child::wait(child), Ok(ChildState::Exited(0)));
}

/// An eventfd for good.
pub fn event() -> &'static EventFd {
    Box::leak(Box::new(EventFd::new().expect("eventfd")))
}
