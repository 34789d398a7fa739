//! File descriptors: openat(2), read(2), getdents(2), close(2), signalfd(2), pidfd_open(2).

use core::ffi::{CStr, c_int, c_uint, c_void};
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelSigset, SIGSET_SIZE, nr, syscall1, syscall2, syscall3, syscall4};

/// Opens a file for reading: `openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC)`.
///
/// # Errors
///
/// `EACCES`: not allowed. `EINTR`: a handler ran. `EMFILE`, `ENFILE`: too many open files.
/// `ENOENT`: no such file. Others: see open(2).
pub fn open_to_read(path: &CStr) -> Result<c_int, Errno> {
    const FLAGS: c_int = libc::O_RDONLY | libc::O_CLOEXEC;
    let path = path.as_ptr().expose_provenance();
    // SAFETY: the path is readable up to its zero, and a new descriptor is in no code's way.
    let result = unsafe { syscall3(nr::OPENAT, signed(libc::AT_FDCWD), path, signed(FLAGS)) };
    Errno::check(result).map(|fd| fd as c_int)
}

/// Reads from a descriptor: `read(fd, buffer, size)`. Returns how many bytes were read.
///
/// # Errors
///
/// `EAGAIN`: non-blocking, and nothing is there. `EBADF`: not open for reading. `EINTR`: a handler
/// ran. `EINVAL`: not readable, or not that many bytes. Others depend on the kind, see read(2).
///
/// # Safety
///
/// `buffer` must be writable for `size` bytes of any value, and what is read the caller's to take.
pub unsafe fn read(fd: c_int, buffer: *mut c_void, size: usize) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most `size` bytes to `buffer`; the rest is the caller's promise.
    let result = unsafe { syscall3(nr::READ, signed(fd), buffer.expose_provenance(), size) };
    Errno::check(result)
}

/// Reads entries of a directory (`struct linux_dirent64`): `getdents64(fd, buffer, size)`. Returns
/// how many bytes of `buffer` they take; 0 at the end.
///
/// # Errors
///
/// `EBADF`: not open. `EINVAL`: `buffer` has no room for the next entry. `ENOTDIR`: not a
/// directory. Others depend on the file system.
pub fn getdents64(fd: c_int, buffer: &mut [u8]) -> Result<usize, Errno> {
    let start = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: the kernel writes at most the size of `buffer` to it; any bytes may be there.
    let result = unsafe { syscall3(nr::GETDENTS64, signed(fd), start, buffer.len()) };
    Errno::check(result)
}

/// Closes a descriptor: `close(fd)`. Never retry: the number is free even after an error.
///
/// # Errors
///
/// `EBADF`: not open. `EINTR`, `EIO` and others: the file's own, on its last write.
///
/// # Safety
///
/// The descriptor must be the caller's alone: another file may get the number at once.
pub unsafe fn close(fd: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall1(nr::CLOSE, signed(fd)) };
    Errno::check(result).map(drop)
}

/// Makes a signalfd (`fd` is −1), or changes the signals of one: `signalfd4(fd, set, 8, flags)`.
/// `flags`, of `SFD_CLOEXEC` and `SFD_NONBLOCK`, count for a new one only.
///
/// # Errors
///
/// `EBADF`: `fd` is neither −1 nor open. `EINVAL`: not a signalfd, or an unknown flag. `EMFILE`,
/// `ENFILE`: too many open files. `ENODEV`, `ENOMEM`: the kernel lacks a resource.
///
/// # Safety
///
/// If `fd` is not −1, every reader of that file, in any process, must expect the new signals.
pub unsafe fn signalfd4(fd: c_int, set: KernelSigset, flags: c_int) -> Result<c_int, Errno> {
    // SAFETY: the set is readable for its size, which is the kernel's; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall4(
            nr::SIGNALFD4,
            signed(fd),
            ptr::from_ref(&set).expose_provenance(),
            SIGSET_SIZE,
            signed(flags),
        )
    };
    Errno::check(result).map(|fd| fd as c_int)
}

/// Makes a pidfd, which execve(2) closes: `pidfd_open(pid, flags)`. `flags` are 0, or of
/// `PIDFD_NONBLOCK` (since Linux 5.10) and `PIDFD_THREAD` (6.9).
///
/// # Errors
///
/// `EINVAL`: a number below 1, or an unknown flag. `EMFILE`, `ENFILE`: too many open files.
/// `ENODEV`, `ENOMEM`: the kernel lacks a resource. `ENOENT`, on older kernels `EINVAL`: a number
/// that only a thread has. `ENOSYS`: Linux before 5.3. `ESRCH`: no such process.
pub fn pidfd_open(pid: c_int, flags: c_uint) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed, and a new descriptor is in no code's way.
    let result = unsafe { syscall2(nr::PIDFD_OPEN, signed(pid), flags as usize) };
    Errno::check(result).map(|fd| fd as c_int)
}
