//! Process 1 of a pid namespace of its own, with its own `/proc`: what
//! `unshare --fork --pid --mount-proc` makes of a program.

use super::failure::skip;
use super::sys::exit_now;
use super::{Child, Outcome, Status, sys};
use core::panic::AssertUnwindSafe;
use core::ptr;
use std::panic::catch_unwind;

/// Process 1 has failed; that there can be none here is told apart.
const FAILED: i32 = 1;
const REFUSED: i32 = 77;

/// Runs `body` as process 1, which has to come to its end. Skips where there can be none.
#[track_caller]
pub fn as_first_process(body: impl FnOnce()) {
    match first_process(body) {
        Some(outcome) => outcome.assert_exited(0),
        None => skip("no pid namespace may be made here"),
    }
}

/// What becomes of a process 1 that runs `body`, as a shell tells it; `None` where there can be none.
#[track_caller]
pub fn first_process(body: impl FnOnce()) -> Option<Outcome> {
    let child = Child::start(|_| {
        // SAFETY: flags only; the next child is the first of a namespace.
        if unsafe { libc::unshare(libc::CLONE_NEWPID | libc::CLONE_NEWNS) } != 0 {
            exit_now(REFUSED);
        }
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            0 => exit_now(live(body)),
            first => {
                exit_now(match sys::change(first, libc::WEXITED) {
                    Some(sys::Change::Ended(Status::Exited(status))) => status,
                    Some(sys::Change::Ended(Status::Signaled { signal, .. })) => signal | 128,
                    _ => FAILED,
                });
            }
        }
    });
    let outcome = child.wait();
    (outcome.status != Status::Exited(REFUSED)).then_some(outcome)
}

/// Process 1's whole life.
fn live(body: impl FnOnce()) -> i32 {
    // SAFETY: integers only. If the test is ended, this ends too.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if !own_proc() {
        return REFUSED;
    }
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => 0,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            eprintln!("{}", text.or(payload.downcast_ref().copied()).unwrap_or("?"));
            FAILED
        }
    }
}

/// Mounts the namespace's `/proc`, for this mount namespace only.
fn own_proc() -> bool {
    mount(c"none", c"/", libc::MS_REC | libc::MS_PRIVATE) && mount(c"proc", c"/proc", 0)
}

/// Hides whatever is mounted at `/proc` behind an empty directory.
pub fn without_proc() -> bool {
    mount(c"tmpfs", c"/proc", 0)
}

fn mount(what: &core::ffi::CStr, place: &core::ffi::CStr, flags: libc::c_ulong) -> bool {
    let (what, place) = (what.as_ptr(), place.as_ptr());
    // SAFETY: C strings; there is no data. A kind of file system is not looked at for other changes.
    unsafe { libc::mount(what, place, what, flags, ptr::null()) == 0 }
}
