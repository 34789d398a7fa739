//! Children: clone(2) as fork(2), execve(2), waitid(2).

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use super::{CLONE_STACK_FIRST, signed};
use crate::Errno;
use crate::sys::{KernelSiginfo, nr, syscall3, syscall5};

/// Makes a copy of the process, with the calling thread alone in it: `clone(SIGCHLD, 0, 0, 0, 0)`,
/// which is fork(2) where there is no call of that name. Returns the child's id, and 0 in the child.
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_NPROC`, or another limit on processes. `ENOMEM`: no memory.
///
/// # Safety
///
/// A C library does not hear of it: none of its fork handlers run, and what it keeps of the process
/// and the thread is the parent's. Beside one, the child may only make system calls, execute a
/// program or exit. Without one, the child may do what the memory that it has copied is fit for:
/// other threads of the parent may have been in the middle of anything.
pub unsafe fn fork() -> Result<c_int, Errno> {
    // SAFETY: no flag but the signal at the end, so nothing is shared, and the child goes on with
    // its own copy of the stack; no pointer is passed. The rest is the caller's promise.
    let result = unsafe { clone(signed(libc::SIGCHLD), 0) };
    Errno::check(result).map(|pid| pid as c_int)
}

/// As [`fork`], and makes a descriptor of the child, as pidfd_open(2) does:
/// `clone(SIGCHLD | CLONE_PIDFD, 0, &pidfd, 0, 0)`. Returns the child's id, 0 in the child, and the
/// descriptor, which is the parent's alone.
///
/// A kernel before 5.2 makes the child without one; then the descriptor is −1.
///
/// # Errors
///
/// As for [`fork`], and `EMFILE`, `ENFILE`: too many open files.
///
/// # Safety
///
/// As for [`fork`].
pub unsafe fn fork_with_pidfd() -> Result<(c_int, c_int), Errno> {
    const FLAGS: c_int = libc::SIGCHLD | libc::CLONE_PIDFD;
    let mut pidfd: c_int = -1;
    let place = (&raw mut pidfd).expose_provenance();
    // SAFETY: nothing is shared but what fork(2) shares, and the descriptor's number is written to
    // the parent's `pidfd`: the third argument is its place on every architecture. The rest is the
    // caller's promise.
    let result = unsafe { clone(signed(FLAGS), place) };
    Errno::check(result).map(|pid| (pid as c_int, pidfd))
}

/// `clone(flags, 0, place, 0, 0)`, in the order of the architecture.
///
/// # Safety
///
/// The child goes on here, on a stack that is a copy, or with a promise of the caller's that it may be
/// the same; `place` is where `flags` have the kernel write an id to.
unsafe fn clone(flags: usize, place: usize) -> isize {
    let (first, second) = if CLONE_STACK_FIRST { (0, flags) } else { (flags, 0) };
    // SAFETY: the caller's promise.
    unsafe { syscall5(nr::CLONE, first, second, place, 0, 0) }
}

/// Executes a program in this process: `execve(path, arguments, environment)`. Returns only when
/// it fails, and then nothing of the process has changed. [`ExecSignals::exec`] lists the errors.
///
/// [`ExecSignals::exec`]: crate::child::ExecSignals::exec
///
/// # Safety
///
/// - `arguments` and `environment` are null, or the first of pointers to C strings, of which the
///   last is null.
/// - The process, of which only what execve(2) lists is kept, is the caller's to give up.
#[must_use = "it has failed"]
pub unsafe fn execve(
    path: &CStr,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> Errno {
    // SAFETY: `path` is readable up to its zero; the rest is the caller's promise.
    let result = unsafe {
        syscall3(
            nr::EXECVE,
            path.as_ptr().expose_provenance(),
            arguments.expose_provenance(),
            environment.expose_provenance(),
        )
    };
    // What has not failed does not return.
    Errno::check(result).err().unwrap_or(Errno::NOSYS)
}

/// What became of a child: `waitid(kind, id, info, options, NULL)`. With `WNOHANG` and nothing to
/// tell, `info` is all zero.
///
/// `kind` is `P_PID`, `P_PIDFD` (since Linux 5.4), `P_PGID`, or `P_ALL`, for which `id` does not
/// matter.
///
/// # Errors
///
/// `EAGAIN`: the pidfd is non-blocking, and there is nothing to tell. `EBADF`: not a pidfd.
/// `ECHILD`: it is no child of this process, was waited for, or the kernel waits for it
/// (`SA_NOCLDWAIT`, or `SIGCHLD` is ignored); or there is none at all. `EINTR`: a handler ran.
/// `EINVAL`: unknown options, or a kind that is unknown or that the id does not fit.
pub fn waitid(kind: libc::idtype_t, id: c_int, options: c_int) -> Result<KernelSiginfo, Errno> {
    let mut info = KernelSiginfo::zeroed();
    // SAFETY: `info` is writable for its size, which is the kernel's, and nothing is asked for
    // besides. To be waited for, a child must be this process's own.
    let result = unsafe {
        syscall5(
            nr::WAITID,
            kind as usize,
            signed(id),
            ptr::from_mut(&mut info).expose_provenance(),
            signed(options),
            0,
        )
    };
    Errno::check(result).map(|_| info)
}
