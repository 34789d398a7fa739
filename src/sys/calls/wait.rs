//! Waiting, for signals or with a mask: rt_sigtimedwait(2), rt_sigsuspend(2), rt_sigpending(2),
//! ppoll(2).

use core::ffi::c_int;
use core::ptr;

use super::{Timespec32, time32};
use crate::Errno;
use crate::sys::{
    KernelPollfd, KernelSiginfo, KernelSigset, KernelTimespec, SIGSET_SIZE, nr, syscall2, syscall4,
    syscall5,
};

/// Takes a pending signal of a set, or waits for one: `rt_sigtimedwait(set, info, timeout, 8)`.
/// Returns its number. `info` is filled unless there is an error. `None` for `timeout` has no
/// limit.
///
/// # Errors
///
/// `EAGAIN`: the time ran out. `EINTR`: a handler ran, for another signal; the time left is not
/// returned. `EINVAL`: the timeout is negative or has too many nanoseconds.
///
/// # Safety
///
/// The signals must be the caller's to take, as no handler runs for them, and not reserved by libc.
pub unsafe fn rt_sigtimedwait(
    set: KernelSigset,
    info: Option<&mut KernelSiginfo>,
    timeout: Option<&KernelTimespec>,
) -> Result<c_int, Errno> {
    let place_of_set = ptr::from_ref(&set).expose_provenance();
    let info = info.map_or(ptr::null_mut(), ptr::from_mut).expose_provenance();
    let wait = |number, timeout: usize| {
        // SAFETY: the set is readable for its size, which is the kernel's; `info` is null or
        // writable for the struct's size, `timeout` null or readable for the struct that the call
        // takes. The rest is the caller's promise.
        unsafe { syscall4(number, place_of_set, info, timeout, SIGSET_SIZE) }
    };
    let place = timeout.map_or(ptr::null(), ptr::from_ref).expose_provenance();
    let mut result = wait(nr::RT_SIGTIMEDWAIT, place);
    if let Some(old) = time32::after(result) {
        let short = timeout.map(Timespec32::at_most);
        let place = short.as_ref().map_or(ptr::null(), ptr::from_ref).expose_provenance();
        result = wait(old.rt_sigtimedwait, place);
    }
    Errno::check(result).map(|signo| signo as c_int)
}

/// Waits with another mask until a handler has run: `rt_sigsuspend(mask, 8)`.
///
/// # Errors
///
/// `EINTR`: always, with the mask restored.
///
/// # Safety
///
/// As for [`rt_sigprocmask`](crate::sys::rt_sigprocmask), while it waits.
pub unsafe fn rt_sigsuspend(mask: KernelSigset) -> Result<(), Errno> {
    // SAFETY: the mask is readable for its size, which is the kernel's; the rest is the caller's
    // promise.
    let result = unsafe {
        syscall2(nr::RT_SIGSUSPEND, ptr::from_ref(&mask).expose_provenance(), SIGSET_SIZE)
    };
    Errno::check(result).map(drop)
}

/// The signals pending for this thread and for its process: `rt_sigpending(&set, 8)`.
pub fn rt_sigpending() -> Result<KernelSigset, Errno> {
    let mut set = KernelSigset::default();
    // SAFETY: `set` is writable for its size, which is the kernel's.
    let result =
        unsafe { syscall2(nr::RT_SIGPENDING, (&raw mut set).expose_provenance(), SIGSET_SIZE) };
    Errno::check(result).map(|_| set)
}

/// Waits for descriptors, with another mask meanwhile: `ppoll(fds, count, timeout, mask, 8)`.
/// Returns how many have events. `None` for `timeout` has no limit; else the kernel leaves the time
/// left there. `None` for `mask` keeps the mask.
///
/// # Errors
///
/// `EINTR`: a handler ran. `EINVAL`: the timeout is negative or has too many nanoseconds, or more
/// descriptors than `RLIMIT_NOFILE`. `ENOMEM`: no memory.
///
/// # Safety
///
/// With a mask, as for [`rt_sigprocmask`](crate::sys::rt_sigprocmask), while it waits.
pub unsafe fn ppoll(
    fds: &mut [KernelPollfd],
    mut timeout: Option<&mut KernelTimespec>,
    mask: Option<KernelSigset>,
) -> Result<usize, Errno> {
    let mask = mask.as_ref().map_or(ptr::null(), ptr::from_ref).expose_provenance();
    let (start, count) = (fds.as_mut_ptr().expose_provenance(), fds.len());
    let poll = |number, timeout: usize| {
        // SAFETY: `fds` is readable and writable for as many structs as are told, `timeout` null or
        // so for the struct that the call takes, the mask null or readable for its size, which is
        // the kernel's; the rest is the caller's promise.
        unsafe { syscall5(number, start, count, timeout, mask, SIGSET_SIZE) }
    };
    let place = timeout.as_deref_mut().map_or(ptr::null_mut(), ptr::from_mut).expose_provenance();
    let mut result = poll(nr::PPOLL, place);
    if let Some(old) = time32::after(result) {
        let mut short = timeout.as_deref().map(Timespec32::at_most);
        let place = short.as_mut().map_or(ptr::null_mut(), ptr::from_mut).expose_provenance();
        result = poll(old.ppoll, place);
        if let (Some(left), Some(short)) = (timeout, short) {
            *left = short.widened();
        }
    }
    Errno::check(result)
}
