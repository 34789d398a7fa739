//! Sending with details of one's own: sigqueue(3), rt_tgsigqueueinfo(2).
#![expect(unsafe_code, reason = "sends by system calls")]

use super::to_this_thread;
use crate::sys::{self, KernelSiginfo};
use crate::{Errno, Pid, SigInfo, SigVal, Signal, Tid};

/// Sends `signal` to a process, with a value: sigqueue(3).
///
/// The receiver, any thread that does not block the signal, sees [`Queue`](crate::Cause::Queue)
/// with the value, this process and its real user id. [The module](super) says when it is lost.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EPERM`: not allowed to send
/// it there. `ESRCH`: there is no such process.
///
/// # Examples
///
/// ```
/// use siglatch::{Pid, Signal, SigVal, send};
/// use siglatch::fd::{SignalFd, SignalFdInfo};
/// use siglatch::mask::MaskGuard;
///
/// let job = Signal::rt(0)?;
/// let _blocked = MaskGuard::block(job)?;
/// let signals = SignalFd::new(job)?;
/// send::queue(Pid::this(), job, SigVal::from_int(42))?;
///
/// let mut buffer = [SignalFdInfo::new(); 8];
/// for record in signals.read(&mut buffer)? {
///     assert_eq!(record.value().map(SigVal::as_int), Some(42));
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "sigqueue")]
#[doc(alias = "rt_sigqueueinfo")]
pub fn queue(pid: Pid, signal: Signal, value: SigVal) -> Result<(), Errno> {
    let info = stamped(signal, value);
    // SAFETY: the code that set the signal's action answers for it to run at any time, and any
    // process may send it with such details.
    unsafe { sys::rt_sigqueueinfo(pid.as_raw(), signal.as_raw(), &info) }
}

/// As [`queue`], but only that thread takes it: pthread_sigqueue(3), also in other processes.
///
/// # Errors
///
/// As for [`queue`]. `ESRCH`: there is no such thread in that process.
#[doc(alias = "pthread_sigqueue")]
#[doc(alias = "rt_tgsigqueueinfo")]
pub fn queue_thread(pid: Pid, tid: Tid, signal: Signal, value: SigVal) -> Result<(), Errno> {
    let info = stamped(signal, value);
    // SAFETY: as in `queue`.
    unsafe { sys::rt_tgsigqueueinfo(pid.as_raw(), tid.as_raw(), signal.as_raw(), &info) }
}

/// Sends a signal to the calling thread again, with its details: rt_tgsigqueueinfo(2).
///
/// For a signal that was taken but belongs to the previous action: once that is
/// [restored](crate::action::Previous::restore), its handler sees the sender, or a core dump shows
/// it. It is carried out before this returns, if it is not blocked.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached.
///
/// # Safety
///
/// Details with a code above 0 are otherwise made by the kernel alone, and a handler may act on
/// them: map memory at the address of a fault, say. `info` must be as this process received it, or
/// of a kind that no handler of this signal acts on.
pub unsafe fn resend(info: &SigInfo) -> Result<(), Errno> {
    let signal = info.signal();
    // To the thread, because the kernel lets a process send itself details like these only where
    // the number of the sending thread is that of the receiver: to its process, that is the first
    // thread alone.
    //
    to_this_thread(|process, thread| {
        // SAFETY: as in `queue`; the details are the caller's promise.
        unsafe { sys::rt_tgsigqueueinfo(process, thread, signal.as_raw(), &info.to_kernel()) }
    })
}

/// What a receiver sees: the sender, queried each time because of fork(2), and the value.
pub(crate) fn stamped(signal: Signal, value: SigVal) -> KernelSiginfo {
    SigInfo::queued(signal, sys::getpid(), sys::getuid(), value).to_kernel()
}
