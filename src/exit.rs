//! Leaving with the right wait status.
//!
//! A shell and a supervisor look at how a program ended. One that was asked to end by a signal and
//! exits with a number of its own hides it: a script goes on after Ctrl-C, `systemd` counts a
//! failure. [`die_by`] ends the process by the signal itself.
#![expect(unsafe_code, reason = "dies through the kernel's door")]

use crate::sys::{self, KernelSigaction};
use crate::{DefaultAction, SigSet, Signal};

/// How often to try again when another thread installs a handler in between.
const ATTEMPTS: u32 = 64;

/// Ends the process by `signal`, so that whoever waits for it sees a death by that signal.
///
/// The default action is installed, the signal is unblocked in this thread and sent to it. Then
/// the process is gone, with a core dump if that is the signal's default and `RLIMIT_CORE` allows.
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
pub fn die_by(signal: Signal) -> ! {
    let signo = signal.as_raw();
    if matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core) {
        let (process, thread) = (sys::getpid(), sys::gettid());
        let only = SigSet::from(signal).to_kernel();
        for _ in 0..ATTEMPTS {
            // Every error leads past the loop, and there is an answer to it.
            //
            // SAFETY: the default action needs no code of this process.
            let _set = unsafe { sys::rt_sigaction(signo, Some(&KernelSigaction::default()), None) };
            // Not before: an instance that is pending would call the handler once more, on top of the one
            // that this may be called from.
            //
            // SAFETY: only this signal is unblocked, for it to end the process.
            let _unblocked = unsafe { sys::rt_sigprocmask(libc::SIG_UNBLOCK, Some(only)) };
            // SAFETY: the action is the default, or whatever another thread has just put there.
            let _sent = unsafe { sys::tgkill(process, thread, signo) };
        }
    }
    // Two operands below 128 and 65.
    sys::exit_group(128_i32.saturating_add(signo))
}
