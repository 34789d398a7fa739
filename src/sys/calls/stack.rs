//! Alternate stacks and their memory: sigaltstack(2), mmap(2), mprotect(2), munmap(2); and the
//! auxiliary vector, which has their minimum size: `PR_GET_AUXV` of prctl(2).

use core::ffi::{c_int, c_void};
use core::ptr;

use super::{MMAP_BY_ADDRESS, signed};
use crate::Errno;
use crate::sys::{KernelStack, nr, syscall1, syscall2, syscall3, syscall5, syscall6};

/// `PR_GET_AUXV` of include/uapi/linux/prctl.h.
const PR_GET_AUXV: c_int = 0x4155_5856;

/// Reads and sets the calling thread's alternate stack: `sigaltstack(new, old)`. Returns the
/// previous one, which the kernel restores when a handler that calls this returns.
///
/// # Errors
///
/// `EINVAL`: unknown flags. `ENOMEM`: too small. `EPERM`: the thread is running on the present one.
///
/// # Safety
///
/// The memory of `new` must be writable, used for nothing else, and have room for the handlers that
/// run on it, until another stack is set or the thread ends.
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

/// Maps new memory, all zero:
/// `mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)`.
///
/// # Errors
///
/// `EINVAL`: a length of 0. `ENOMEM`: not enough memory.
pub fn mmap_stack(length: usize, protection: c_int) -> Result<*mut c_void, Errno> {
    const FLAGS: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    let (protection, flags, no_fd) = (signed(protection), signed(FLAGS), signed(-1));
    let result = if MMAP_BY_ADDRESS {
        let arguments = [0, length, protection, flags, no_fd, 0];
        // SAFETY: the arguments are readable; new memory at a free address is in no code's way.
        unsafe { syscall1(nr::MMAP, arguments.as_ptr().expose_provenance()) }
    } else {
        // SAFETY: new memory at a free address is in no code's way.
        unsafe { syscall6(nr::MMAP, 0, length, protection, flags, no_fd, 0) }
    };
    Errno::check(result).map(ptr::with_exposed_provenance_mut)
}

/// Changes how memory may be accessed: `mprotect(start, length, protection)`.
///
/// # Errors
///
/// `EINVAL`: `start` is no page boundary. `ENOMEM`: not mapped, or the kernel is short of memory.
///
/// # Safety
///
/// The pages must be the caller's, and no code may rely on an access that is removed.
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
/// `EINVAL`: `start` is no page boundary, or a length of 0. `ENOMEM`: too many mappings.
///
/// # Safety
///
/// The pages must be the caller's, and no code may access them afterwards.
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
/// `EINVAL`: Linux before 6.4.
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
