//! Sending signals: raise(3), kill(2).
#![expect(unsafe_code, reason = "sends through the kernel's door")]

use crate::sys;
use crate::{Errno, Pid, Signal};

/// Sends `signal` to the calling thread: raise(3).
///
/// If the signal is not blocked, its action has been carried out when this returns. The cause that
/// a handler sees is [`Thread`](crate::Cause::Thread).
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
///
/// # Examples
///
/// ```
/// use siglatch::{Latch, Signal, send};
///
/// static USR1: Latch = Latch::new();
/// USR1.catch(Signal::USR1)?;
/// send::raise(Signal::USR1)?;
/// assert!(USR1.is_set());
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "raise_signal")]
pub fn raise(signal: Signal) -> Result<(), Errno> {
    // Both ids are asked anew: a copy would be another process's after fork(2).
    //
    // SAFETY: whoever set the signal's action answers for it to run at any time.
    unsafe { sys::tgkill(sys::getpid(), sys::gettid(), signal.as_raw()) }
}

/// Sends `signal` to a process: kill(2).
///
/// Any thread of it that does not block the signal may take it.
///
/// # Errors
///
/// `ESRCH`: there is no such process. `EPERM`: not allowed to send it there..
///
/// # Async-signal-safety
///
/// Async-signal-safe.
pub fn kill(pid: Pid, signal: Signal) -> Result<(), Errno> {
    // SAFETY: as in `raise`, should it reach this process.
    unsafe { sys::kill(pid.as_raw(), signal.as_raw()) }
}

/// Asks whether a process is there and may be sent signals: `kill(pid, 0)`.
///
/// # Errors
///
/// `ESRCH`: there is no such process. `EPERM`: there is, but signals may not be sent to it.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
pub fn probe(pid: Pid) -> Result<(), Errno> {
    // SAFETY: signal 0 is not delivered to anybody.
    unsafe { sys::kill(pid.as_raw(), 0) }
}
