//! Processes and threads: getpid(2), gettid(2), getuid(2), exit_group(2).

use core::ffi::{c_int, c_uint};

use super::signed;
use crate::sys::{nr, syscall0, syscall1};

/// The process id: `getpid()`.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
#[must_use]
pub fn getpid() -> c_int {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETPID) as c_int }
}

/// The calling thread's id: `gettid()`.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
#[must_use]
pub fn gettid() -> c_int {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETTID) as c_int }
}

/// The real user id: `getuid()`.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
#[must_use]
pub fn getuid() -> c_uint {
    // SAFETY: no argument, no effect.
    unsafe { syscall0(nr::GETUID) as c_uint }
}

/// Ends the process with an exit status, of which the lowest 8 bits count: `exit_group(status)`.
///
/// # Async-signal-safety
///
/// Async-signal-safe. No destructor, `atexit` function or buffer is run or flushed.
pub fn exit_group(status: c_int) -> ! {
    loop {
        // SAFETY: no memory is passed, and no code of this process runs after it.
        let _never = unsafe { syscall1(nr::EXIT_GROUP, signed(status)) };
    }
}
