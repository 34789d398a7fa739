//! Leaving with the right wait status.
//!
//! A shell and a supervisor look at how a program ended. One that was asked to end by a signal and
//! exits with a number of its own hides it: a script goes on after Ctrl-C, `systemd` counts a
//! failure. [`die_by`] ends the process by the signal itself.
#![expect(unsafe_code, reason = "dies through the kernel's door")]

use core::ffi::c_int;

use crate::sys::{self, KernelSigaction};
use crate::{DefaultAction, SigSet, Signal};

/// How often to try again when another thread installs a handler in between.
const ATTEMPTS: u32 = 4;

/// Ends the process by `signal`, so that whoever waits for it sees a death by that signal.
///
/// The default action is put in force, the signal is unblocked in this thread and sent to it. Then
/// the process is gone, with a core dump if that is the signal's default and `RLIMIT_CORE` allows.
///
/// No destructor, `atexit` function or buffer is run or flushed: do that before.
///
/// Where the kernel does not let the signal kill, the process exits with status 128 + its number,
/// which is what a shell makes of such a death: for a signal whose default action is not to end
/// the process (`SIGCHLD`, `SIGTSTP`, …), and as process 1 of a pid namespace, on which no signal
/// from inside has a default effect.
///
/// # Async-signal-safety
///
/// Async-signal-safe: for a handler that has to end the process, too.
pub fn die_by(signal: Signal) -> ! {
    let signo = signal.as_raw();
    if matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core) {
        for _ in 0..ATTEMPTS {
            die_once(signo, SigSet::from(signal));
        }
    }
    // Two operands below 128 and 65.
    sys::exit_group(128_i32.saturating_add(signo))
}

/// One attempt. It returns if the signal had no effect; every error leads there too, and the caller
/// has an answer to it.
fn die_once(signo: c_int, only: SigSet) {
    // SAFETY: the default action needs no code of this process.
    let _unless_kill = unsafe { sys::rt_sigaction(signo, Some(&KernelSigaction::default()), None) };
    // SAFETY: only this signal is unblocked, for it to end the process.
    let _unblocked = unsafe { sys::rt_sigprocmask(libc::SIG_UNBLOCK, Some(only.to_kernel())) };
    // SAFETY: the action is the default, or whatever another thread has just put there.
    let _sent = unsafe { sys::tgkill(sys::getpid(), sys::gettid(), signo) };
}
