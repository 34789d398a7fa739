//! Sleeping on a word of memory: futex(2).

use core::ffi::{c_int, c_uint};
use core::ptr;
use core::sync::atomic::AtomicU32;

use super::signed;
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
    let deadline = deadline.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the kernel reads the aligned word and, unless null, the 16 bytes of the deadline;
    // both outlive the call. It writes nothing of ours.
    let result = unsafe {
        syscall6(
            nr::FUTEX,
            word.as_ptr().expose_provenance(),
            signed(OPERATION),
            expected as usize,
            deadline.expose_provenance(),
            0,
            libc::FUTEX_BITSET_MATCH_ANY as c_uint as usize,
        )
    };
    Errno::check(result).map(drop)
}

/// Wakes every thread of this process that sleeps on `word`:
/// `futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX)`.
pub fn futex_wake(word: &AtomicU32) {
    const OPERATION: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel uses the word's address as a key and touches no memory.
    // The result is how many woke; an aligned private address leaves no way to fail.
    let _woken = unsafe {
        syscall3(
            nr::FUTEX,
            word.as_ptr().expose_provenance(),
            signed(OPERATION),
            c_int::MAX as usize,
        )
    };
}
