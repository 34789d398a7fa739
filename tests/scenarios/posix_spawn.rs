//! posix_spawn(3) amid a storm of signals to the process group. Its child shares the parent's memory
//! until it executes the program, and a handler of the parent's is not to run there: glibc resets every
//! handler, musl those that it knows.

#![expect(unsafe_code, reason = "calls posix_spawn(3) and sigaction(2)")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use siglatch::{Hook, HookContext, HookVerdict, SigSet, Signal, sys};
use std::io;
use std::process::Command;
use support::oracle::raw_action;
use support::{Scenario, in_child, scenarios, steps};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = scenarios![what_libc_knows_of_is_reset];
    if cfg!(target_env = "musl") {
        all.extend(scenarios![musl_resets_no_other]);
    }
    all
}

static PARENT: AtomicI32 = AtomicI32::new(0);
/// How often the hook has run here, and in children.
static HERE: AtomicU32 = AtomicU32::new(0);
static THERE: AtomicU32 = AtomicU32::new(0);

fn count(_signal: HookContext<'_>) -> HookVerdict {
    let counter = if sys::getpid() == PARENT.load(SeqCst) { &HERE } else { &THERE };
    counter.fetch_add(1, SeqCst);
    HookVerdict::Taken
}

// SAFETY: `count` makes a system call and stores to atomics.
static HOOK: Hook = unsafe { Hook::new(count) };

/// Has the C library know of the action that stands.
fn tell_libc(signo: i32) {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: `action` is a place for the answer.
    let read = unsafe { libc::sigaction(signo, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: it is the action that stands.
    let set = unsafe { libc::sigaction(signo, action.as_ptr(), ptr::null_mut()) };
    assert_eq!((read, set), (0, 0), "sigaction: {}", io::Error::last_os_error());
}

/// Starts a program and waits for its end; the storm may end it.
#[track_caller]
fn spawn() {
    let mut child = 0;
    let (path, none) = (c"/bin/true".as_ptr(), [ptr::null_mut()]);
    // SAFETY: the path and the lists end as they have to; no attributes and no file actions.
    let errno = unsafe {
        libc::posix_spawn(
            &raw mut child,
            path,
            ptr::null(),
            ptr::null(),
            none.as_ptr(),
            none.as_ptr(),
        )
    };
    assert_eq!(errno, 0, "posix_spawn: {}", io::Error::from_raw_os_error(errno));
    // SAFETY: our child, whose status is not asked for.
    while unsafe { libc::waitpid(child, ptr::null_mut(), 0) } != child {}
}

/// Spawns programs amid the storm, for as long as this is asked for.
fn spawn_while(goes_on: impl Fn(u32) -> bool) {
    // SAFETY: integers only.
    assert_eq!(unsafe { libc::setpgid(0, 0) }, 0, "setpgid");
    PARENT.store(sys::getpid(), SeqCst);
    let storm = format!("trap '' USR1; while kill -USR1 -{}; do :; done", sys::getpid());
    let mut storm = Command::new("/bin/sh").args(["-c", &storm]).spawn().expect("a shell");
    for round in steps(0..) {
        if !goes_on(round) {
            break;
        }
        spawn();
    }
    storm.kill().expect("it is there");
    storm.wait().expect("a child");
}

fn what_libc_knows_of_is_reset() {
    in_child(|| {
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        tell_libc(libc::SIGUSR1);
        spawn_while(|round| round < 200 || HERE.load(SeqCst) < 200);
        assert_eq!(THERE.load(SeqCst), 0, "in children, beside {} here", HERE.load(SeqCst));
        // It is still ours to release.
        assert_eq!(HOOK.release(Signal::USR1).map(SigSet::is_empty), Ok(true));
        assert_eq!(raw_action(libc::SIGUSR1).handler, libc::SIG_DFL);
    });
}

/// What the other is there for.
fn musl_resets_no_other() {
    in_child(|| {
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        spawn_while(|_| THERE.load(SeqCst) == 0);
    });
}
