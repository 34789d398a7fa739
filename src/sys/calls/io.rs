//! Descriptors to wake a poll loop by: write(2), fcntl(2), eventfd2(2).

use core::ffi::{c_int, c_uint};

use super::signed;
use crate::Errno;
use crate::sys::{nr, syscall2, syscall3};

/// Writes to a descriptor: `write(fd, bytes, length)`. Returns how many bytes were written.
///
/// # Errors
///
/// `EAGAIN`: non-blocking and full. `EBADF`: not open for writing. `EINTR`: a handler ran.
/// `EINVAL`: not that many bytes, for an eventfd. `EPIPE`: no reader, which raises `SIGPIPE`, too.
/// Others depend on the kind, see write(2).
///
/// # Safety
///
/// The descriptor must be the caller's to write to.
pub unsafe fn write(fd: c_int, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads `bytes`; the rest is the caller's promise.
    let result =
        unsafe { syscall3(nr::WRITE, signed(fd), bytes.as_ptr().expose_provenance(), bytes.len()) };
    Errno::check(result)
}

/// The status flags of an open file: `fcntl(fd, F_GETFL)`.
///
/// # Errors
///
/// `EBADF`: not open.
pub fn fcntl_getfl(fd: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed and nothing is changed.
    let result = unsafe { syscall2(nr::FCNTL, signed(fd), signed(libc::F_GETFL)) };
    Errno::check(result).map(|flags| flags as c_int)
}

/// Makes an eventfd: `eventfd2(count, flags)`.
///
/// # Errors
///
/// `EINVAL`: unknown flags. `EMFILE`, `ENFILE`: too many open files. `ENOMEM`: no memory.
pub fn eventfd2(count: c_uint, flags: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed, and the new descriptor is no other code's.
    let result = unsafe { syscall2(nr::EVENTFD2, count as usize, signed(flags)) };
    Errno::check(result).map(|fd| fd as c_int)
}
