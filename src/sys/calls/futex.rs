//! Sleeping on a word of memory: futex(2).

use core::ffi::{c_int, c_uint};
use core::ptr;
use core::sync::atomic::AtomicU32;

use super::{Timespec32, signed, time32};
use crate::Errno;
use crate::sys::{KernelTimespec, nr, syscall3, syscall6};

/// Sleeps while `*word` is `expected`, until woken or until `deadline` on `CLOCK_MONOTONIC`:
/// `futex(word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, deadline, -, ~0)`.
///
/// # Errors
///
/// `EAGAIN`: the word held another value. `EINTR`: a handler ran. `EINVAL`: a deadline out of
/// range. `ETIMEDOUT`: the deadline passed.
pub fn futex_wait(
    word: &AtomicU32,
    expected: u32,
    deadline: Option<&KernelTimespec>,
) -> Result<(), Errno> {
    const OPERATION: c_int = libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG;
    let wait = |number, deadline: usize| {
        // SAFETY: the kernel reads the aligned word and, unless null, the struct of the deadline
        // that the call takes; both outlive the call. It writes nothing of ours.
        unsafe {
            syscall6(
                number,
                word.as_ptr().expose_provenance(),
                signed(OPERATION),
                expected as usize,
                deadline,
                0,
                libc::FUTEX_BITSET_MATCH_ANY as c_uint as usize,
            )
        }
    };
    let place = deadline.map_or(ptr::null(), ptr::from_ref).expose_provenance();
    let mut result = wait(nr::FUTEX, place);
    if let Some(old) = time32::after(result) {
        let short = deadline.map(Timespec32::at_most);
        let place = short.as_ref().map_or(ptr::null(), ptr::from_ref).expose_provenance();
        result = wait(old.futex, place);
    }
    Errno::check(result).map(drop)
}

/// Wakes every thread of this process that sleeps on `word`:
/// `futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX)`.
pub fn futex_wake(word: &AtomicU32) {
    const OPERATION: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    let wake = |number| {
        // SAFETY: the kernel uses the word's address as a key and touches no memory.
        unsafe {
            syscall3(
                number,
                word.as_ptr().expose_provenance(),
                signed(OPERATION),
                c_int::MAX as usize,
            )
        }
    };
    // The result is how many woke; an aligned private address leaves no way to fail.
    let woken = wake(nr::FUTEX);
    if let Some(old) = time32::after(woken) {
        let _woken = wake(old.futex);
    }
}
