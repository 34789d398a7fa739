//! A handler that forks may run at any instruction of a function that sends to its own thread: the
//! child of that fork goes on with the function, and what it sends is its own, never its parent's.

#![expect(unsafe_code, reason = "a handler that forks")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use core::time::Duration;
use siglatch::timer::IntervalTimer;
use siglatch::{Cause, Errno, SigInfo, Signal, send};
use support::{Child, Scenario, exit_now, scenarios, steps, tell_at_the_end};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![raises_under_a_timer_that_forks, resends_under_a_timer_that_forks,]
}

/// What the signal that is sent counts, in each process for itself.
static CAME: AtomicU32 = AtomicU32::new(0);
/// The wait statuses of all children but the last: 0 if nothing was refused to them.
static FAILED: AtomicI32 = AtomicI32::new(0);
/// How many forks there were.
static FORKED: AtomicU32 = AtomicU32::new(0);
/// After how many there is one more, the last.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// Whether this process was forked by the handler.
static IS_CHILD: AtomicBool = AtomicBool::new(false);
/// The child of the last fork.
static LAST: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    CAME.fetch_add(1, Ordering::Relaxed);
}

/// Forks, and waits for the child before, so that there is one beside this process at most. The
/// timer starts again when that is done, for a fork may take longer than it.
extern "C" fn forks(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    let last = LAST.load(Ordering::Relaxed);
    let mut status = 0;
    if last != 0 {
        // SAFETY: the status is writable.
        unsafe { libc::waitpid(last, &raw mut status, 0) };
    }
    FAILED.fetch_or(status, Ordering::Relaxed);
    // SAFETY: the child makes system calls and exits.
    match unsafe { libc::fork() } {
        0 => {
            IS_CHILD.store(true, Ordering::Relaxed);
            CAME.store(0, Ordering::Relaxed);
        }
        child => {
            LAST.store(child, Ordering::Relaxed);
            // In the end the rest of the code gets on, on a machine where a timer takes longer, too.
            if FORKED.fetch_add(1, Ordering::Relaxed) < FORKS.load(Ordering::Relaxed) {
                start_timer();
            }
        }
    }
}

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

fn install(signo: c_int, handler: Handler) {
    // SAFETY: a struct of integers, for which zero is a value: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler makes system calls and changes atomics.
    assert_eq!(unsafe { libc::sigaction(signo, &raw const action, ptr::null_mut()) }, 0);
}

/// Has SIGALRM come once.
fn start_timer() {
    let after = Duration::from_micros(300);
    let _set = IntervalTimer::Real.set(after, Duration::ZERO);
}

/// Sends while the timer forks. What a child sends is seen by it: it ends with 0 if it got its one
/// signal, and its parent got none of it. Returns how often it has sent.
fn send_and_fork(forks: u32, send: impl Fn() -> Result<(), Errno>) -> u32 {
    FORKS.store(forks, Ordering::Relaxed);
    install(libc::SIGUSR1, count);
    install(libc::SIGALRM, self::forks);
    start_timer();
    let mut sent = 0;
    for number in steps(1..) {
        if FORKED.load(Ordering::Relaxed) > forks {
            break;
        }
        sent = number;
        let before = CAME.load(Ordering::Relaxed);
        let result = send();
        let came = CAME.load(Ordering::Relaxed);
        // Last, for a fork may come at any time. What a child sent was not refused.
        if IS_CHILD.load(Ordering::Relaxed) {
            exit_now(i32::from(result.is_err()));
        }
        assert_eq!(result, Ok(()));
        assert_eq!(
            came.wrapping_sub(before),
            1,
            "signals that nobody sent came to number {number}"
        );
    }
    IntervalTimer::Real.cancel().expect("timer");
    assert_eq!(FAILED.load(Ordering::Relaxed), 0, "a child was refused its own signal");
    sent
}

/// Tells how often it has sent meanwhile.
fn tell(what: &str, forks: u32, body: impl FnOnce() -> u32) {
    let mut child = Child::start(|link| link.say(&body().to_string()));
    let times = child.hear();
    child.wait().assert_exited(0);
    tell_at_the_end(format!("{what}: {times} times, {forks} forks, no signal that nobody sent"));
}

fn raises_under_a_timer_that_forks() {
    // Ids that are kept show in one call of some 3,400: this is some 200,000 calls.
    const FORKS: u32 = 4_500;
    tell("raise", FORKS, || send_and_fork(FORKS, || send::raise(Signal::USR1)));
}

fn resends_under_a_timer_that_forks() {
    const FORKS: u32 = 500;
    tell("resend", FORKS, || {
        let info = sent_before();
        // SAFETY: the details are of a kind that nobody acts on.
        send_and_fork(FORKS, || unsafe { send::resend(&info) })
    });
}

/// Details of a signal that was raised.
fn sent_before() -> SigInfo {
    let _blocked = siglatch::mask::MaskGuard::block(Signal::USR1).expect("block");
    send::raise(Signal::USR1).expect("raise");
    let info = siglatch::wait::wait_info(Signal::USR1).expect("it is pending");
    assert!(matches!(info.cause(), Cause::Thread { .. }));
    info
}
