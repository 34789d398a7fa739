//! One typed wrapper a system call: arguments in their own types, [`Errno`] decoded.
//!
//! Nothing is added: no retry, no default, no state.

use core::ffi::{c_int, c_uint};
use core::ptr;
use core::sync::atomic::AtomicU32;

use super::{
    KernelSigaction, KernelSigset, KernelTimespec, SIGSET_SIZE, nr, syscall0, syscall1, syscall2,
    syscall3, syscall4, syscall6,
};
use crate::Errno;

/// A signed argument as the register wants it: sign-extended.
const fn signed(value: c_int) -> usize {
    value as isize as usize
}

/// Reads and sets the action of a signal: `rt_sigaction(signo, act, oldact, 8)`.
///
/// `None` for `action` only reads. `old` is filled with the action that was in force, unless there
/// is an error.
///
/// # Errors
///
/// `EINVAL`: no such signal, or an attempt to set the action of `SIGKILL` or `SIGSTOP`.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
///
/// # Safety
///
/// - A handler in `action` must be the address of a function with the signature that the flags
///   ask for, sound to run at any instruction of any thread until it is replaced.
/// - Code that relies on the present action of this signal must not be broken by the change.
#[inline(never)] // nothing that is called often, and many call it
pub unsafe fn rt_sigaction(
    signo: c_int,
    action: Option<&KernelSigaction>,
    old: Option<&mut KernelSigaction>,
) -> Result<(), Errno> {
    let new = action.map_or(ptr::null(), ptr::from_ref);
    let old = old.map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: `new` is null or readable for the struct's size, `old` null or writable for it, and
    // the set's size is the kernel's; the rest is the caller's promise.
    let result = unsafe {
        syscall4(
            nr::RT_SIGACTION,
            signed(signo),
            new.expose_provenance(),
            old.expose_provenance(),
            SIGSET_SIZE,
        )
    };
    Errno::check(result).map(drop)
}

/// Reads and changes the calling thread's mask: `rt_sigprocmask(how, set, oldset, 8)`.
///
/// `how` is `SIG_BLOCK`, `SIG_UNBLOCK` or `SIG_SETMASK`; `None` for `set` only reads. Returns the
/// mask that was in force.
///
/// # Errors
///
/// `EINVAL`: `how` is none of the three.
///
/// # Async-signal-safety
///
/// Async-signal-safe (in a handler the change lasts until it returns).
///
/// # Safety
///
/// Nothing that relies on a signal being blocked, or on the signals that a C library keeps for
/// itself being unblocked, may be broken by the change.
pub unsafe fn rt_sigprocmask(how: c_int, set: Option<KernelSigset>) -> Result<KernelSigset, Errno> {
    let mut old = KernelSigset::default();
    let new = set.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `new` is null or readable for 8 bytes, `old` is writable for 8, and the size is the
    // kernel's; the rest is the caller's promise.
    let result = unsafe {
        syscall4(
            nr::RT_SIGPROCMASK,
            signed(how),
            new.expose_provenance(),
            (&raw mut old).expose_provenance(),
            SIGSET_SIZE,
        )
    };
    Errno::check(result).map(|_| old)
}

/// Sends a signal to a process or a group: `kill(pid, signo)`. Signal 0 only asks.
///
/// # Errors
///
/// `EINVAL`: no such signal. `EPERM`: not allowed. `ESRCH`: no such process or group.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
///
/// # Safety
///
/// When the signal can reach this process itself, its action must be fit to run now.
pub unsafe fn kill(pid: c_int, signo: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall2(nr::KILL, signed(pid), signed(signo)) };
    Errno::check(result).map(drop)
}

/// Sends a signal to one thread: `tgkill(tgid, tid, signo)`. Signal 0 only asks.
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EINVAL`: an id below 1, or
/// no such signal. `EPERM`: not allowed. `ESRCH`: no such thread in that process.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
///
/// # Safety
///
/// When the thread is of this process, the signal's action must be fit to run there now.
pub unsafe fn tgkill(tgid: c_int, tid: c_int, signo: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let result = unsafe { syscall3(nr::TGKILL, signed(tgid), signed(tid), signed(signo)) };
    Errno::check(result).map(drop)
}

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

/// Sleeps while `*word` is `expected`, until woken or until `deadline` on `CLOCK_MONOTONIC`:
/// `futex(word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, deadline, -, ~0)`.
///
/// # Errors
///
/// `EAGAIN`: the word held another value. `EINTR`: a handler ran. `EINVAL`: a deadline out of
/// range. `ETIMEDOUT`: the deadline passed.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
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
///
/// # Async-signal-safety
///
/// Async-signal-safe.
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

/// Reads a clock: `clock_gettime(clock, time)`.
///
/// # Errors
///
/// `EINVAL`: no such clock.
///
/// # Async-signal-safety
///
/// Async-signal-safe.
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
///
/// # Async-signal-safety
///
/// Async-signal-safe.
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
