//! Children: clone(2) as fork(2), waitid(2).

use core::ffi::c_int;
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelSiginfo, nr, syscall5};

/// Makes a copy of the process, with the calling thread alone in it: `clone(SIGCHLD, 0, 0, 0, 0)`,
/// which is fork(2) where there is no call of that name. Returns the child's id, and 0 in the child.
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_NPROC`, or another limit on processes. `ENOMEM`: no memory.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
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
    let result = unsafe { syscall5(nr::CLONE, signed(libc::SIGCHLD), 0, 0, 0, 0) };
    Errno::check(result).map(|pid| pid as c_int)
}

/// What became of one child: `waitid(P_PID, pid, info, options, 0)`. With `WNOHANG` and nothing to
/// tell, `info` is all zero.
///
/// # Errors
///
/// `ECHILD`: it is no child of this process, was waited for, or the kernel waits for it
/// (`SA_NOCLDWAIT`, or `SIGCHLD` is ignored). `EINTR`: a handler ran. `EINVAL`: unknown options.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
pub fn waitid(pid: c_int, options: c_int) -> Result<KernelSiginfo, Errno> {
    let mut info = KernelSiginfo::zeroed();
    // SAFETY: `info` is writable for its size, which is the kernel's, and nothing is asked for
    // besides. To be waited for, a child must be this process's own.
    let result = unsafe {
        syscall5(
            nr::WAITID,
            libc::P_PID as usize,
            signed(pid),
            ptr::from_mut(&mut info).expose_provenance(),
            signed(options),
            0,
        )
    };
    Errno::check(result).map(|_| info)
}
