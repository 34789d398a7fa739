//! Clocks: clock_gettime(2), clock_nanosleep(2).

use core::ffi::c_int;
use core::ptr;

use super::{Timespec32, signed, time32};
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
    let mut result =
        unsafe { syscall2(nr::CLOCK_GETTIME, signed(clock), (&raw mut time).expose_provenance()) };
    if let Some(old) = time32::after(result) {
        let mut short = Timespec32::default();
        let place = (&raw mut short).expose_provenance();
        // SAFETY: `short` is writable for the 8 bytes that the kernel writes.
        result = unsafe { syscall2(old.clock_gettime, signed(clock), place) };
        time = short.widened();
    }
    Errno::check(result).map(|_| time)
}

/// Sleeps for `time` on `CLOCK_MONOTONIC`: `clock_nanosleep(CLOCK_MONOTONIC, 0, time, NULL)`.
///
/// # Errors
///
/// `EINTR`: a handler ran; the time left is not returned. `EINVAL`: nanoseconds out of range.
pub fn clock_nanosleep(time: &KernelTimespec) -> Result<(), Errno> {
    let sleep = |number, time: usize| {
        // SAFETY: `time` is readable for the struct that the call takes; with a null last argument
        // nothing is written.
        unsafe { syscall4(number, signed(libc::CLOCK_MONOTONIC), 0, time, 0) }
    };
    let mut result = sleep(nr::CLOCK_NANOSLEEP, ptr::from_ref(time).expose_provenance());
    if let Some(old) = time32::after(result) {
        let short = Timespec32::at_most(time);
        result = sleep(old.clock_nanosleep, (&raw const short).expose_provenance());
    }
    Errno::check(result).map(drop)
}
