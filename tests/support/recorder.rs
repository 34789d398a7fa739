//! A C-style handler that keeps what it sees, installed without the crate under test.

use super::siginfo::{RawInfo, SIZE};
use core::sync::atomic::{AtomicI32, AtomicU8, AtomicU32, Ordering};
use std::io;

static COUNT: AtomicU32 = AtomicU32::new(0);
static TID: AtomicI32 = AtomicI32::new(0);
static INFO: [AtomicU8; SIZE] = [const { AtomicU8::new(0) }; SIZE];

/// Has the handler called for a signal, by sigaction(2) of the C library, with `SA_SIGINFO` and
/// `SA_ONSTACK`.
#[track_caller]
pub fn install(signo: i32) {
    // SAFETY: zero is a value of this plain C struct: no handler, no flag, an empty mask.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = record as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler has the signature for `SA_SIGINFO`, and does nothing but atomic stores
    // and one system call. The old action is not asked for.
    let result = unsafe { libc::sigaction(signo, &raw const action, core::ptr::null_mut()) };
    assert_eq!(result, 0, "sigaction({signo}): {}", io::Error::last_os_error());
}

/// The handler's address.
pub fn address() -> usize {
    record as *const () as usize
}

/// How often it has run.
pub fn count() -> u32 {
    // ORDERING: Acquire pairs with the Release in `record`: what it kept is seen.
    COUNT.load(Ordering::Acquire)
}

/// On which thread it ran last.
pub fn thread() -> i32 {
    TID.load(Ordering::Relaxed)
}

/// What it saw last.
pub fn info() -> RawInfo {
    RawInfo::from_bytes(INFO.each_ref().map(|byte| byte.load(Ordering::Relaxed)))
}

/// The calling thread's id.
pub fn gettid() -> i32 {
    // SAFETY: no argument, no effect.
    unsafe { libc::gettid() }
}

extern "C" fn record(_signo: i32, info: *mut [u8; SIZE], _context: *mut libc::c_void) {
    // SAFETY: the kernel passes a `siginfo_t` that it has filled for this call.
    let bytes = unsafe { *info };
    for (to, from) in INFO.iter().zip(bytes) {
        to.store(from, Ordering::Relaxed);
    }
    TID.store(gettid(), Ordering::Relaxed);
    // ORDERING: Release pairs with the Acquire in `count`.
    COUNT.fetch_add(1, Ordering::Release);
}
