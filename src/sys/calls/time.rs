//! Clocks: clock_gettime(2), clock_nanosleep(2).

use core::ffi::c_int;
use core::ptr;

use super::signed;
use crate::Errno;
use crate::sys::{KernelTimespec, nr, syscall2, syscall4};

/// Reads a clock: `clock_gettime(clock, time)`.
///
/// # Errors
///
/// `EINVAL`: no such clock.
pub fn clock_gettime(clock: c_int) -> Result<KernelTimespec, Errno> {
    let mut time = KernelTimespec::default();
    // SAFETY: `time` is writable for the 16 bytes that the kernel writes.
    let result =
        unsafe { syscall2(nr::CLOCK_GETTIME, signed(clock), (&raw mut time).expose_provenance()) };
    Errno::check(result).map(|_| time)
}

/// Sleeps for `time` on `CLOCK_MONOTONIC`: `clock_nanosleep(CLOCK_MONOTONIC, 0, time, NULL)`.
///
/// # Errors
///
/// `EINTR`: a handler ran; how much was left is not told. `EINVAL`: nanoseconds out of range.
pub fn clock_nanosleep(time: &KernelTimespec) -> Result<(), Errno> {
    // SAFETY: `time` is readable for 16 bytes; with a null last argument nothing is written.
    let result = unsafe {
        syscall4(
            nr::CLOCK_NANOSLEEP,
            signed(libc::CLOCK_MONOTONIC),
            0,
            ptr::from_ref(time).expose_provenance(),
            0,
        )
    };
    Errno::check(result).map(drop)
}
