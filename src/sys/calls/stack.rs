//! Stacks for handlers, and the memory for them: sigaltstack(2), mmap(2), mprotect(2), munmap(2);
//! and what the kernel told the program when it started it: `PR_GET_AUXV` of prctl(2).

use core::ffi::{c_int, c_void};
use core::ptr;

use super::{MMAP_BY_ADDRESS, signed};
use crate::Errno;
use crate::sys::{KernelStack, nr, syscall1, syscall2, syscall3, syscall5, syscall6};

/// `PR_GET_AUXV` of include/uapi/linux/prctl.h.
const PR_GET_AUXV: c_int = 0x4155_5856;

/// Reads and sets the alternate stack of the calling thread: `sigaltstack(new, old)`. Returns the
/// one before.
///
/// # Errors
///
/// `EINVAL`: unknown flags. `ENOMEM`: too small. `EPERM`: the thread is running on the present one.
///
/// # Async-signal-safety
///
/// Async-signal-safe, but what a handler sets lasts until it returns: the kernel then puts back what
/// was there when it started.
///
/// # Safety
///
/// The memory of `new` must be writable, used by nobody else, and have room for the handlers that
/// run on it, for as long as the kernel has it: until another is set, or the thread ends.
pub unsafe fn sigaltstack(new: Option<&KernelStack>) -> Result<KernelStack, Errno> {
    let mut old = KernelStack::default();
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `new` is null or readable and `old` writable for the struct; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall2(nr::SIGALTSTACK, new.expose_provenance(), (&raw mut old).expose_provenance())
    };
    Errno::check(result).map(|_| old)
}

/// Maps new private memory, all zero, where the kernel likes:
/// `mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)`.
///
/// # Errors
///
/// `EINVAL`: a length of 0. `ENOMEM`: there is not so much.
pub fn mmap_stack(length: usize, protection: c_int) -> Result<*mut c_void, Errno> {
    const FLAGS: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    let (protection, flags, no_fd) = (signed(protection), signed(FLAGS), signed(-1));
    let result = if MMAP_BY_ADDRESS {
        let arguments = [0, length, protection, flags, no_fd, 0];
        // SAFETY: the arguments are readable; new memory at a free address is in nobody's way.
        unsafe { syscall1(nr::MMAP, arguments.as_ptr().expose_provenance()) }
    } else {
        // SAFETY: new memory at a free address is in nobody's way.
        unsafe { syscall6(nr::MMAP, 0, length, protection, flags, no_fd, 0) }
    };
    Errno::check(result).map(ptr::with_exposed_provenance_mut)
}

/// Changes how memory may be accessed: `mprotect(start, length, protection)`.
///
/// # Errors
///
/// `EINVAL`: `start` is not where a page starts. `ENOMEM`: nothing is mapped there, or the kernel
/// is short of memory.
///
/// # Safety
///
/// The pages must be the caller's, and nobody may rely on an access that is taken away.
pub unsafe fn mprotect(start: *mut c_void, length: usize, protection: c_int) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    let result =
        unsafe { syscall3(nr::MPROTECT, start.expose_provenance(), length, signed(protection)) };
    Errno::check(result).map(drop)
}

/// Unmaps memory: `munmap(start, length)`.
///
/// # Errors
///
/// `EINVAL`: `start` is not where a page starts, or a length of 0. `ENOMEM`: too many mappings.
///
/// # Safety
///
/// The pages must be the caller's, and nobody may access them any more.
pub unsafe fn munmap(start: *mut c_void, length: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    let result = unsafe { syscall2(nr::MUNMAP, start.expose_provenance(), length) };
    Errno::check(result).map(drop)
}

/// Copies the auxiliary vector, pairs of a type and a value, as far as it fits:
/// `prctl(PR_GET_AUXV, vector, size, 0, 0)`. Returns the size of the whole in bytes.
///
/// # Errors
///
/// `EINVAL`: a kernel before 6.4.
pub fn prctl_get_auxv(vector: &mut [usize]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes to `vector`, no more than its size.
    let result = unsafe {
        syscall5(
            nr::PRCTL,
            signed(PR_GET_AUXV),
            vector.as_mut_ptr().expose_provenance(),
            size_of_val(vector),
            0,
            0,
        )
    };
    Errno::check(result)
}
