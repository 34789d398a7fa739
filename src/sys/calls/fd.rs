//! File descriptors: openat(2), read(2), getdents(2), close(2), signalfd(2), pidfd_open(2).

use core::ffi::{CStr, c_int, c_uint, c_void};
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelSigset, SIGSET_SIZE, nr, syscall1, syscall2, syscall3, syscall4};

/// Opens a file for reading: `openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC)`. Returns the descriptor.
///
/// # Errors
///
/// `EACCES`: not allowed. `EINTR`: a handler ran first. `EMFILE`, `ENFILE`: too many open files.
/// `ENOENT`: no such file. Others depend on the kind, see open(2).
pub fn open_to_read(path: &CStr) -> Result<c_int, Errno> {
    const FLAGS: c_int = libc::O_RDONLY | libc::O_CLOEXEC;
    let path = path.as_ptr().expose_provenance();
    // SAFETY: the path is readable up to its zero, and a new descriptor is in nobody's way.
    let result = unsafe { syscall3(nr::OPENAT, signed(libc::AT_FDCWD), path, signed(FLAGS)) };
    Errno::check(result).map(|fd| fd as c_int)
}

/// Reads from a file descriptor: `read(fd, buffer, size)`. Returns how many bytes it wrote.
///
/// # Errors
///
/// `EAGAIN`: it would block, and is not to. `EBADF`: not open for reading. `EINTR`: a handler ran
/// first. `EINVAL`: of a kind that this cannot be read from. Others depend on the kind.
///
/// # Safety
///
/// - `buffer` must be writable for `size` bytes, and what is there may become any bytes.
/// - What is taken from the descriptor must be the caller's to take.
pub unsafe fn read(fd: c_int, buffer: *mut c_void, size: usize) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most `size` bytes to `buffer`; the rest is the caller's promise.
    let result = unsafe { syscall3(nr::READ, signed(fd), buffer.expose_provenance(), size) };
    Errno::check(result)
}

/// Reads entries of a directory: `getdents64(fd, buffer, size)`. Returns how many bytes of `buffer`
/// hold whole entries (`struct linux_dirent64`); none is left when that is 0.
///
/// # Errors
///
/// `EBADF`: not open. `EINVAL`: `buffer` has no room for the next entry. `ENOTDIR`: not a directory.
/// Others depend on the kind of file system.
pub fn getdents64(fd: c_int, buffer: &mut [u8]) -> Result<usize, Errno> {
    let start = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: the kernel writes at most the size of `buffer` to it; any bytes may be there.
    let result = unsafe { syscall3(nr::GETDENTS64, signed(fd), start, buffer.len()) };
    Errno::check(result)
}

/// Closes a file descriptor: `close(fd)`.
///
/// Whatever it returns but `EBADF`, the number is free afterwards: never try again.
///
/// # Errors
///
/// `EBADF`: not an open descriptor. `EINTR`, `EIO` and others: the file's own, on its last write.
///
/// # Safety
///
/// The descriptor must be the caller's alone: the number may be another file's the next moment.
pub unsafe fn close(fd: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall1(nr::CLOSE, signed(fd)) };
    Errno::check(result).map(drop)
}

/// Makes a descriptor that signals can be read from (`fd` is −1), or changes the signals of one
/// that is there: `signalfd4(fd, set, 8, flags)`. Returns the descriptor.
///
/// `flags` is made of `SFD_CLOEXEC` and `SFD_NONBLOCK`, and counts for a new descriptor only.
///
/// # Errors
///
/// `EBADF`: `fd` is neither −1 nor open. `EINVAL`: it is of another kind, or there is an unknown
/// flag. `EMFILE`, `ENFILE`: too many open files. `ENODEV`, `ENOMEM`: the kernel lacks what it
/// needs.
///
/// # Safety
///
/// When `fd` is not −1, all that read from that file, in another process too, must be prepared for
/// the other signals.
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

/// Makes a descriptor of a process: `pidfd_open(pid, flags)`. It is closed by execve(2).
///
/// `flags` is 0, or made of `PIDFD_NONBLOCK` (since Linux 5.10) and `PIDFD_THREAD` (6.9).
///
/// # Errors
///
/// `EINVAL`: a number below 1, or a flag that this kernel does not know. `EMFILE`, `ENFILE`: too
/// many open files. `ENODEV`, `ENOMEM`: the kernel lacks what it needs. `ENOENT`, on older kernels
/// `EINVAL`: a number that only a thread has. `ENOSYS`: a kernel before 5.3. `ESRCH`: no such
/// process.
pub fn pidfd_open(pid: c_int, flags: c_uint) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed, and a new descriptor is in nobody's way.
    let result = unsafe { syscall2(nr::PIDFD_OPEN, signed(pid), flags as usize) };
    Errno::check(result).map(|fd| fd as c_int)
}
