//! Children: clone(2) as fork(2), execve(2), waitid(2).

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use super::{CLONE_STACK_FIRST, signed};
use crate::Errno;
use crate::sys::{KernelSiginfo, nr, syscall3, syscall5};

/// Makes a child process: `clone(SIGCHLD, 0, 0, 0, 0)`, which is fork(2) on every architecture.
/// Returns its id, and 0 in the child.
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_NPROC` or another limit on processes. `ENOMEM`: no memory.
///
/// # Safety
///
/// A C library does not notice it: none of its fork handlers run, and what it caches of process and
/// thread is the parent's. With one, the child may only make system calls, execute a program or
/// exit. In any program, the child must not rely on memory that another thread of the parent may
/// have been in the middle of changing.
pub unsafe fn fork() -> Result<c_int, Errno> {
    // SAFETY: no flag but the signal at the end, so nothing is shared, and the child goes on with
    // its own copy of the stack; no pointer is passed. The rest is the caller's promise.
    let result = unsafe { clone(signed(libc::SIGCHLD), 0) };
    Errno::check(result).map(|pid| pid as c_int)
}

/// As [`fork`], and makes a pidfd of the child, for the parent alone:
/// `clone(SIGCHLD | CLONE_PIDFD, 0, &pidfd, 0, 0)`. Returns the child's id, 0 in the child, and the
/// pidfd, which is −1 with Linux before 5.2.
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
/// `flags` give the child a copy of the stack; `place` is writable if they make the kernel write.
unsafe fn clone(flags: usize, place: usize) -> isize {
    let (first, second) = if CLONE_STACK_FIRST { (0, flags) } else { (flags, 0) };
    // SAFETY: the caller's promise.
    unsafe { syscall5(nr::CLONE, first, second, place, 0, 0) }
}

/// Executes a program: `execve(path, arguments, environment)`. Returns only if it fails, with the
/// process unchanged; for the errors see [`ExecSignals::exec`](crate::child::ExecSignals::exec).
///
/// # Safety
///
/// - `arguments` and `environment` are null, or arrays of pointers to C strings that end by null.
/// - The process is the caller's to replace; execve(2) lists what is kept.
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
    // A call that does not fail does not return.
    Errno::check(result).err().unwrap_or(Errno::NOSYS)
}

/// Waits for a child to change state: `waitid(kind, id, info, options, NULL)`. `kind` is `P_PID`,
/// `P_PIDFD` (since Linux 5.4), `P_PGID`, or `P_ALL`, which ignores `id`. With `WNOHANG` and no
/// change, all is zero.
///
/// # Errors
///
/// `EAGAIN`: a non-blocking pidfd, and no change. `EBADF`: not a pidfd. `ECHILD`: no such child of
/// this process, or it was reaped, by the kernel if `SIGCHLD` is ignored or has `SA_NOCLDWAIT`.
/// `EINTR`: a handler ran. `EINVAL`: unknown options or kind, or an id that does not fit the kind.
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
