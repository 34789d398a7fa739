//! Leaving with the right wait status.
//!
//! A shell and a supervisor look at how a program ended. One that was asked to end by a signal and
//! exits with a number of its own hides it: a script goes on after Ctrl-C, `systemd` counts a
//! failure. [`die_by`] ends the process by the signal itself, and [`exit_as`] as a child of it ended.
#![expect(unsafe_code, reason = "dies through the kernel's door")]

use core::ffi::c_int;

use crate::sys::{self, KernelSigaction, KernelSigset};
use crate::{ChildState, DefaultAction, SigSet, Signal, signal};

/// How often to try again when another thread installs a handler in between.
const ATTEMPTS: u32 = 64;

/// Ends the process by `signal`, so that whoever waits for it sees a death by that signal.
///
/// The default action of the signal is installed, all others are blocked in this thread, and it is
/// sent to this thread. Then the process is gone, with a core dump if that is the
/// signal's default and `RLIMIT_CORE` allows.
///
/// No destructor, `atexit` function or buffer is run or flushed: do that before.
///
/// Where the kernel does not let the signal kill, the process exits with status 128 + its number,
/// which is what a shell makes of such a death: for a signal whose default action is not to end
/// the process (`SIGCHLD`, `SIGTSTP`, …), and as process 1 of a pid namespace, on which no signal
/// from inside has a default effect. So it does if another thread keeps installing a handler for
/// the signal, over and over, and wins each of many rounds.
///
/// # Async-signal-safety
///
/// Async-signal-safe: for a handler that has to end the process, too.
#[doc(alias = "emulate_default_handler")]
pub fn die_by(signal: Signal) -> ! {
    if kills(signal) {
        die(signal.as_raw());
    }
    exit_after(signal.as_raw())
}

/// Ends the process as a child of it has ended: by the same signal, as [`die_by`] does, or with the
/// same exit status. It is for a program that runs another one and stands for it: a shell that
/// waits for this one sees what it would have seen of that one.
///
/// A child that dumped core is followed without a second core dump, so that the one to be seen is
/// the child's (`PR_SET_DUMPABLE` of prctl(2)).
///
/// The state of a child that has not ended gives its [shell status](ChildState::shell_status): 128
/// and the number of the signal that stopped it; 255 if there is no such number.
///
/// ```
/// use siglatch::{ChildState, Signal, child, exit};
///
/// // SAFETY: the child exits.
/// let Some(child) = (unsafe { child::fork() })? else {
///     exit::exit_as(ChildState::Killed(Signal::TERM)); // what has become of a child of its own
/// };
/// assert_eq!(child::wait(child)?, ChildState::Killed(Signal::TERM));
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Async-signal-safety
///
/// Async-signal-safe: for a handler that has to end the process, too.
#[inline]
pub fn exit_as(state: ChildState) -> ! {
    let signo = match state {
        ChildState::Killed(signal) | ChildState::Dumped(signal) => signal.as_raw(),
        ChildState::KilledByReserved(signo) => signo,
        _ => sys::exit_group(state.shell_status().unwrap_or(u8::MAX).into()),
    };
    // An error leaves a core dump, and no other answer.
    let _no_core_dump = sys::prctl_set_dumpable(false);
    // One that a C library keeps for itself has no name here, and ends a process.
    if Signal::from_raw(signo).map_or((1..=signal::MAX).contains(&signo), kills) {
        die(signo);
    }
    exit_after(signo)
}

fn kills(signal: Signal) -> bool {
    matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core)
}

/// Exits with the status that stands for a death by a signal.
fn exit_after(signo: c_int) -> ! {
    // 128 and 64 at most, unless somebody has made up a state.
    sys::exit_group(128_i32.wrapping_add(signo))
}

/// Has the signal end the process. Returns if the kernel does not let it.
fn die(signo: c_int) {
    // All others are blocked, so that no handler that forks comes in between, whose child would send
    // this process the signal.
    let only = 1_u64.rotate_left((signo as u32).wrapping_sub(1));
    let others = KernelSigset::from_bits(!(SigSet::SYNCHRONOUS.bits() | only));
    for _ in 0..ATTEMPTS {
        // Every error leads past the loop, and there is an answer to it.
        //
        // SAFETY: the default action needs no code of this process.
        let _set = unsafe { sys::rt_sigaction(signo, Some(&KernelSigaction::default()), None) };
        // SAFETY: no code of the process waits for a signal on this thread any more.
        let _unblocked = unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(others)) };
        // SAFETY: the action is the default, or whatever another thread has just put there.
        let _sent = unsafe { sys::tgkill(sys::getpid(), sys::gettid(), signo) };
    }
}
