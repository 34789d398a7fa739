//! Actions, masks and sending: rt_sigaction(2), rt_sigprocmask(2), kill(2), tgkill(2).

use core::ffi::c_int;
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelSigaction, KernelSigset, SIGSET_SIZE, nr, syscall2, syscall3, syscall4};

/// Reads and sets the action of a signal: `rt_sigaction(signo, action, old, 8)`. `None` for
/// `action` only reads. `old` is filled unless there is an error.
///
/// # Errors
///
/// `EINVAL`: no such signal, or an attempt to set the action of `SIGKILL` or `SIGSTOP`.
///
/// # Safety
///
/// - A handler in `action` must have the signature that the flags ask for, and be sound to run at
///   any instruction of any thread until it is replaced.
/// - The change must not break code that relies on the present action.
#[inline(never)] // nothing that is called often, and many call it
pub unsafe fn rt_sigaction(
    signo: c_int,
    action: Option<&KernelSigaction>,
    old: Option<&mut KernelSigaction>,
) -> Result<(), Errno> {
    let new = action.map_or(ptr::null(), ptr::from_ref);
    let old = old.map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: `new` is null or readable for the struct's size, `old` null or writable for it, and
    // the set's size is the kernel's; the rest is the caller's promise.
    let result = unsafe {
        syscall4(
            nr::RT_SIGACTION,
            signed(signo),
            new.expose_provenance(),
            old.expose_provenance(),
            SIGSET_SIZE,
        )
    };
    Errno::check(result).map(drop)
}

/// Reads and changes the calling thread's mask: `rt_sigprocmask(how, set, oldset, 8)`. `None` for
/// `set` only reads. Returns the previous mask. In a handler the change lasts until the handler
/// returns.
///
/// # Errors
///
/// `EINVAL`: `how` is none of `SIG_BLOCK`, `SIG_UNBLOCK` and `SIG_SETMASK`.
///
/// # Safety
///
/// The change must not break code that relies on a blocked signal, or a C library, which relies on
/// its reserved signals being unblocked.
pub unsafe fn rt_sigprocmask(how: c_int, set: Option<KernelSigset>) -> Result<KernelSigset, Errno> {
    let mut old = KernelSigset::default();
    let new = set.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `new` is null or readable for 8 bytes, `old` is writable for 8, and the size is the
    // kernel's; the rest is the caller's promise.
    let result = unsafe {
        syscall4(
            nr::RT_SIGPROCMASK,
            signed(how),
            new.expose_provenance(),
            (&raw mut old).expose_provenance(),
            SIGSET_SIZE,
        )
    };
    Errno::check(result).map(|_| old)
}

/// Sends a signal to a process or a group: `kill(pid, signo)`. Signal 0 only checks.
///
/// # Errors
///
/// `EINVAL`: no such signal. `EPERM`: not allowed. `ESRCH`: no such process or group.
///
/// # Safety
///
/// If the signal can reach this process, its action must be sound to run now.
pub unsafe fn kill(pid: c_int, signo: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall2(nr::KILL, signed(pid), signed(signo)) };
    Errno::check(result).map(drop)
}

/// Sends a signal to one thread: `tgkill(tgid, tid, signo)`. Signal 0 only checks.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EINVAL`: an id below 1, or no
/// such signal. `EPERM`: not allowed. `ESRCH`: no such thread in that process.
///
/// # Safety
///
/// If the thread is of this process, the signal's action must be sound to run there now.
pub unsafe fn tgkill(tgid: c_int, tid: c_int, signo: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall3(nr::TGKILL, signed(tgid), signed(tid), signed(signo)) };
    Errno::check(result).map(drop)
}
