//! Sending with details: rt_sigqueueinfo(2), rt_tgsigqueueinfo(2), pidfd_send_signal(2).
//!
//! The kernel takes an `si_code` below 0 but `SI_TKILL`; to the calling thread, any.

use core::ffi::{c_int, c_uint};
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelSiginfo, nr, syscall3, syscall4};

/// Sends a signal with details to a process: `rt_sigqueueinfo(tgid, signo, info)`. The kernel sets
/// `si_signo`.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EINVAL`: no such signal.
/// `EPERM`: not allowed, or not with that code. `ESRCH`: no such process.
///
/// # Safety
///
/// If the process is this one, the signal's action must be sound to run now with these details.
pub unsafe fn rt_sigqueueinfo(
    tgid: c_int,
    signo: c_int,
    info: &KernelSiginfo,
) -> Result<(), Errno> {
    let info = ptr::from_ref(info);
    // SAFETY: `info` is readable for the 128 bytes that the kernel reads; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall3(nr::RT_SIGQUEUEINFO, signed(tgid), signed(signo), info.expose_provenance())
    };
    Errno::check(result).map(drop)
}

/// As [`rt_sigqueueinfo`], to one thread: `rt_tgsigqueueinfo(tgid, tid, signo, info)`.
///
/// # Errors
///
/// As for [`rt_sigqueueinfo`], and `EINVAL`: an id below 1. `ESRCH`: no such thread there.
///
/// # Safety
///
/// As for [`rt_sigqueueinfo`], if the thread is of this process.
pub unsafe fn rt_tgsigqueueinfo(
    tgid: c_int,
    tid: c_int,
    signo: c_int,
    info: &KernelSiginfo,
) -> Result<(), Errno> {
    let info = ptr::from_ref(info);
    // SAFETY: `info` is readable for the 128 bytes that the kernel reads; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall4(
            nr::RT_TGSIGQUEUEINFO,
            signed(tgid),
            signed(tid),
            signed(signo),
            info.expose_provenance(),
        )
    };
    Errno::check(result).map(drop)
}

/// Sends a signal by pidfd: `pidfd_send_signal(pidfd, signo, info, flags)`. Signal 0 only checks.
///
/// `None` for `info` sends what kill(2) would. `flags` is 0, or since Linux 6.9 one of
/// `PIDFD_SIGNAL_THREAD`, `PIDFD_SIGNAL_THREAD_GROUP` and `PIDFD_SIGNAL_PROCESS_GROUP`.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EBADF`: not a pidfd.
/// `EINVAL`: no such signal, not the one in `info`, an unknown flag, or a process of a pid
/// namespace that is not below this one. `ENOSYS`: Linux before 5.1. `EPERM`: not allowed, or not
/// with that code. `ESRCH`: the process has ended and been reaped.
///
/// # Safety
///
/// If the signal can reach this process, its action must be sound to run now with these details.
pub unsafe fn pidfd_send_signal(
    pidfd: c_int,
    signo: c_int,
    info: Option<&KernelSiginfo>,
    flags: c_uint,
) -> Result<(), Errno> {
    let info = info.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `info` is null or readable for the 128 bytes that the kernel reads; the rest is the
    // caller's promise.
    let result = unsafe {
        syscall4(
            nr::PIDFD_SEND_SIGNAL,
            signed(pidfd),
            signed(signo),
            info.expose_provenance(),
            flags as usize,
        )
    };
    Errno::check(result).map(drop)
}
