//! Timers: setitimer(2), getitimer(2), timer_create(2) and what belongs to it.

use core::ffi::c_int;
use core::ptr;

use super::{Itimerspec32, signed, time32};
use crate::Errno;
use crate::sys::{
    KernelItimerspec, KernelItimerval, KernelSigevent, nr, syscall1, syscall2, syscall3, syscall4,
};

/// Reads an interval timer: `getitimer(which, value)`.
///
/// # Errors
///
/// `EINVAL`: `which` is none of `ITIMER_*`.
pub fn getitimer(which: c_int) -> Result<KernelItimerval, Errno> {
    let mut value = KernelItimerval::default();
    // SAFETY: `value` is writable for the struct that the kernel writes.
    let result =
        unsafe { syscall2(nr::GETITIMER, signed(which), (&raw mut value).expose_provenance()) };
    Errno::check(result).map(|_| value)
}

/// Sets an interval timer: `setitimer(which, new, old)`. Returns the previous setting.
///
/// # Errors
///
/// `EINVAL`: `which` is none of `ITIMER_*`, or a time is out of range.
///
/// # Safety
///
/// The action of the timer's signal must be sound to run when it expires.
pub unsafe fn setitimer(which: c_int, new: &KernelItimerval) -> Result<KernelItimerval, Errno> {
    let mut old = KernelItimerval::default();
    // SAFETY: `new` is readable and `old` writable for the struct; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall3(
            nr::SETITIMER,
            signed(which),
            ptr::from_ref(new).expose_provenance(),
            (&raw mut old).expose_provenance(),
        )
    };
    Errno::check(result).map(|_| old)
}

/// Makes a POSIX timer: `timer_create(clock, event, id)`. Returns its id.
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_SIGPENDING` is reached, or the kernel is short of memory. `EINVAL`: no such
/// clock, signal, notification, or thread of this process. `EOPNOTSUPP`: no timers on that clock.
/// `EPERM`: not allowed to wake the system up.
///
/// # Safety
///
/// The action of the event's signal must be sound to run when the timer expires.
pub unsafe fn timer_create(clock: c_int, event: &KernelSigevent) -> Result<c_int, Errno> {
    let mut id: c_int = 0;
    // SAFETY: `event` is readable for its size and `id` writable for an int; the rest is the
    // caller's promise.
    let result = unsafe {
        syscall3(
            nr::TIMER_CREATE,
            signed(clock),
            ptr::from_ref(event).expose_provenance(),
            (&raw mut id).expose_provenance(),
        )
    };
    Errno::check(result).map(|_| id)
}

/// Sets a timer: `timer_settime(id, flags, new, old)`. `flags` is 0 or `TIMER_ABSTIME`. Returns the
/// previous setting.
///
/// # Errors
///
/// `EINVAL`: no such timer, or a time out of range. `EOVERFLOW`: with `TIMER_ABSTIME`, more than 68
/// years after the clock's zero, on 32 bits before Linux 5.1. (There a longer period is cut to 68
/// years.)
///
/// # Safety
///
/// The timer must be the caller's, and the action of its signal sound to run when it expires.
pub unsafe fn timer_settime(
    id: c_int,
    flags: c_int,
    new: &KernelItimerspec,
) -> Result<KernelItimerspec, Errno> {
    let set = |number, new: usize, old: usize| {
        // SAFETY: `new` is readable and `old` writable for the struct that the call takes; the rest
        // is the caller's promise.
        unsafe { syscall4(number, signed(id), signed(flags), new, old) }
    };
    let mut old = KernelItimerspec::default();
    let place = (&raw mut old).expose_provenance();
    let mut result = set(nr::TIMER_SETTIME, ptr::from_ref(new).expose_provenance(), place);
    if let Some(calls) = time32::after(result) {
        let new = if flags & libc::TIMER_ABSTIME == 0 {
            Itimerspec32::at_most(new)
        } else {
            Itimerspec32::until(new).ok_or(Errno::OVERFLOW)?
        };
        let mut short = Itimerspec32::default();
        let place = (&raw mut short).expose_provenance();
        result = set(calls.timer_settime, (&raw const new).expose_provenance(), place);
        old = short.widened();
    }
    Errno::check(result).map(|_| old)
}

/// Reads a timer: `timer_gettime(id, value)`.
///
/// # Errors
///
/// `EINVAL`: no such timer.
pub fn timer_gettime(id: c_int) -> Result<KernelItimerspec, Errno> {
    let mut value = KernelItimerspec::default();
    // SAFETY: `value` is writable for the struct that the kernel writes.
    let mut result =
        unsafe { syscall2(nr::TIMER_GETTIME, signed(id), (&raw mut value).expose_provenance()) };
    if let Some(old) = time32::after(result) {
        let mut short = Itimerspec32::default();
        let place = (&raw mut short).expose_provenance();
        // SAFETY: `short` is writable for the struct that the kernel writes.
        result = unsafe { syscall2(old.timer_gettime, signed(id), place) };
        value = short.widened();
    }
    Errno::check(result).map(|_| value)
}

/// How many expirations the last signal taken stands for, besides its own: `timer_getoverrun(id)`.
///
/// # Errors
///
/// `EINVAL`: no such timer.
pub fn timer_getoverrun(id: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed and nothing is changed.
    let result = unsafe { syscall1(nr::TIMER_GETOVERRUN, signed(id)) };
    Errno::check(result).map(|count| count as c_int)
}

/// Deletes a timer: `timer_delete(id)`.
///
/// # Errors
///
/// `EINVAL`: no such timer.
///
/// # Safety
///
/// The timer must be the caller's alone: another timer may get the id at once.
pub unsafe fn timer_delete(id: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall1(nr::TIMER_DELETE, signed(id)) };
    Errno::check(result).map(drop)
}
