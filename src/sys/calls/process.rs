//! Processes and threads: getpid(2), getppid(2), gettid(2), getuid(2), exit_group(2), prctl(2).

use core::ffi::{c_int, c_uint};

use super::signed;
use crate::Errno;
use crate::sys::{nr, syscall0, syscall1, syscall5};

/// The process id: `getpid()`.
#[must_use]
pub fn getpid() -> c_int {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETPID) as c_int }
}

/// The parent's process id, 0 if that is outside the pid namespace: `getppid()`.
#[must_use]
pub fn getppid() -> c_int {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETPPID) as c_int }
}

/// The calling thread's id: `gettid()`.
#[must_use]
pub fn gettid() -> c_int {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETTID) as c_int }
}

/// The real user id: `getuid()`.
#[must_use]
pub fn getuid() -> c_uint {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETUID) as c_uint }
}

/// Ends the process with an exit status, of which the lowest 8 bits count: `exit_group(status)`. No
/// destructor or `atexit` function is run, no buffer flushed.
pub fn exit_group(status: c_int) -> ! {
    loop {
        // SAFETY: no memory is passed, and no code of this process runs after it.
        let _never = unsafe { syscall1(nr::EXIT_GROUP, signed(status)) };
    }
}

/// Sets the parent death signal, 0 for none: `prctl(PR_SET_PDEATHSIG, signo)`. It is sent when the
/// thread that made this process ends.
///
/// # Errors
///
/// `EINVAL`: no such signal.
///
/// # Safety
///
/// The signal's action must be sound to run then.
pub unsafe fn prctl_set_pdeathsig(signo: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result =
        unsafe { syscall5(nr::PRCTL, signed(libc::PR_SET_PDEATHSIG), signed(signo), 0, 0, 0) };
    Errno::check(result).map(drop)
}

/// The parent death signal, 0 for none: `prctl(PR_GET_PDEATHSIG, &signo)`.
pub fn prctl_get_pdeathsig() -> Result<c_int, Errno> {
    get_int(libc::PR_GET_PDEATHSIG)
}

/// Sets whether this process is a subreaper: `prctl(PR_SET_CHILD_SUBREAPER, adopts)`.
pub fn prctl_set_child_subreaper(adopts: bool) -> Result<(), Errno> {
    let adopts = usize::from(adopts);
    // SAFETY: no memory is passed. What is adopted is a child that has to be waited for, no more.
    let result =
        unsafe { syscall5(nr::PRCTL, signed(libc::PR_SET_CHILD_SUBREAPER), adopts, 0, 0, 0) };
    Errno::check(result).map(drop)
}

/// 1 if this process is a subreaper, else 0: `prctl(PR_GET_CHILD_SUBREAPER, &adopts)`.
pub fn prctl_get_child_subreaper() -> Result<c_int, Errno> {
    get_int(libc::PR_GET_CHILD_SUBREAPER)
}

/// Sets whether this process can dump core, and be traced by its user:
/// `prctl(PR_SET_DUMPABLE, dumpable)`.
pub fn prctl_set_dumpable(dumpable: bool) -> Result<(), Errno> {
    let dumpable = usize::from(dumpable);
    // SAFETY: no memory is passed.
    let result = unsafe { syscall5(nr::PRCTL, signed(libc::PR_SET_DUMPABLE), dumpable, 0, 0, 0) };
    Errno::check(result).map(drop)
}

/// An int that prctl(2) writes.
fn get_int(option: c_int) -> Result<c_int, Errno> {
    let mut value: c_int = 0;
    let place = (&raw mut value).expose_provenance();
    // SAFETY: `value` is writable for the int that the kernel writes.
    let result = unsafe { syscall5(nr::PRCTL, signed(option), place, 0, 0, 0) };
    Errno::check(result).map(|_| value)
}
