//! Ending with the right wait status.
//!
//! A program that ends because of a signal and exits with a status of its own hides the signal: a
//! script continues after Ctrl-C, `systemd` counts a failure. [`die_by`] ends the process by the
//! signal itself, [`exit_as`] as a child has ended.
#![expect(unsafe_code, reason = "dies by system calls")]

use core::ffi::c_int;

use crate::sys::{self, KernelSigaction, KernelSigset};
use crate::{ChildState, DefaultAction, SigSet, Signal, signal};

/// How often to retry when another thread installs a handler in between.
const ATTEMPTS: u32 = 64;

/// Ends the process by `signal`, so that its parent sees a death by that signal; also in a handler.
///
/// The default action is installed, all other asynchronous signals are blocked in this thread, and
/// `signal` is sent to it. The process dumps core if that is the default action and `RLIMIT_CORE`
/// allows. No destructor or `atexit` function is run and no buffer flushed: do that before.
///
/// Where the signal cannot kill, the process exits with status 128 + its number, by which a shell
/// reports such a death: if its default action does not end the process (`SIGCHLD`, `SIGTSTP`, …),
/// for process 1 of a pid namespace, on which its own signals have no default action, and if
/// another thread keeps installing a handler, 64 times in a row.
#[doc(alias = "emulate_default_handler")]
pub fn die_by(signal: Signal) -> ! {
    if kills(signal) {
        die(signal.as_raw());
    }
    exit_after(signal.as_raw())
}

/// Ends the process as a child has ended: with the same exit status, or by the same signal, as
/// [`die_by`] does. So a program that runs another one looks to its own parent as that one would.
///
/// It dumps no core of its own, so that the child's, if there is one, remains (`PR_SET_DUMPABLE` of
/// prctl(2)).
///
/// The state of a child that has not ended gives its [shell status](ChildState::shell_status): 128
/// and the number of the signal that stopped it; 255 if there is none.
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
#[inline]
pub fn exit_as(state: ChildState) -> ! {
    let signo = match state {
        ChildState::Killed(signal) | ChildState::Dumped(signal) => signal.as_raw(),
        ChildState::KilledByReserved(signo) => signo,
        _ => sys::exit_group(state.shell_status().unwrap_or(u8::MAX).into()),
    };
    // After an error there may be a core dump; nothing else differs.
    let _no_core_dump = sys::prctl_set_dumpable(false);
    // A C library's reserved signals are no `Signal`, and end a process.
    if Signal::from_raw(signo).map_or((1..=signal::MAX).contains(&signo), kills) {
        die(signo);
    }
    exit_after(signo)
}

fn kills(signal: Signal) -> bool {
    matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core)
}

/// Exits with a shell's status for a death by a signal.
fn exit_after(signo: c_int) -> ! {
    // 128 and 64 at most, unless the program has made up a state.
    sys::exit_group(128_i32.wrapping_add(signo))
}

/// Ends the process by the signal. Returns if the signal cannot kill.
fn die(signo: c_int) {
    // All other asynchronous signals are blocked, so that no handler that forks runs in between,
    // whose child would send this process the signal.
    let only = 1_u64.rotate_left((signo as u32).wrapping_sub(1));
    let others = KernelSigset::from_bits(!(SigSet::SYNCHRONOUS.bits() | only));
    for _ in 0..ATTEMPTS {
        // Every error leads past the loop, where the process exits.
        //
        // SAFETY: the default action needs no code of this process.
        let _set = unsafe { sys::rt_sigaction(signo, Some(&KernelSigaction::default()), None) };
        // SAFETY: no code of the process waits for a signal on this thread from here on.
        let _unblocked = unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(others)) };
        // SAFETY: the action is the default, or what another thread has just installed.
        let _sent = unsafe { sys::tgkill(sys::getpid(), sys::gettid(), signo) };
    }
}
