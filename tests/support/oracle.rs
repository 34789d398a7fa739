//! The kernel's own view of signals, seen without the crate under test: masks, actions, and what
//! a receiver gets.
//!
//! Actions are read by the bare system call into the kernel's struct: C's `sigaction` has another
//! layout, and a C library adds flags of its own and refuses the signals it keeps for itself.

use super::sys;
use core::ffi::c_ulong;
use core::mem::MaybeUninit;
use core::ptr;
use std::fs;
use std::io;

/// The signal masks of a thread in `/proc`. Bit `n - 1` stands for signal `n`: see [`has`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcStatus {
    pub blocked: u64,
    pub ignored: u64,
    pub caught: u64,
    /// Pending for this thread alone.
    pub pending: u64,
    /// Pending for the process.
    pub shared_pending: u64,
}

/// The masks of a process's first thread, or of the thread whose id is given.
#[track_caller]
pub fn proc_status(pid: i32) -> ProcStatus {
    status_in(&pid.to_string())
}

/// The masks of the calling thread.
#[track_caller]
pub fn own_status() -> ProcStatus {
    status_in("thread-self")
}

#[track_caller]
fn status_in(whose: &str) -> ProcStatus {
    let path = format!("/proc/{whose}/status");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => panic!("{path}: {error}"),
    };
    let mask = |key: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(key));
        let value = values.next().and_then(|value| value.strip_prefix(":\t"));
        u64::from_str_radix(value.unwrap_or_default(), 16).expect("a mask in hexadecimal")
    };
    ProcStatus {
        blocked: mask("SigBlk"),
        ignored: mask("SigIgn"),
        caught: mask("SigCgt"),
        pending: mask("SigPnd"),
        shared_pending: mask("ShdPnd"),
    }
}

/// The mask with this one signal in it.
pub fn bit(signo: i32) -> u64 {
    let bit = signo.checked_sub(1).and_then(|bit| u32::try_from(bit).ok());
    bit.and_then(|bit| 1_u64.checked_shl(bit)).expect("signals are numbered from 1 to 64")
}

/// The signal by which the C library cancels threads, as a mask: it waits until our handler returns.
pub fn cancellation() -> u64 {
    bit(if cfg!(target_env = "musl") { 33 } else { 32 })
}

/// Whether the mask contains the signal.
pub fn has(mask: u64, signo: i32) -> bool {
    mask & bit(signo) != 0
}

/// An action as the kernel has it, whatever the width of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RawAction {
    /// A function's address, 0 for `SIG_DFL` or 1 for `SIG_IGN`.
    pub handler: usize,
    pub flags: u64,
    /// It counts, and is told, with `SA_RESTORER` only: what stands there without is what a C library's
    /// stack happened to hold.
    pub restorer: usize,
    pub mask: u64,
}

impl RawAction {
    /// What it is apart from the restorer: what goes through a C library gets that library's, or none.
    #[must_use]
    pub const fn without_restorer(self) -> Self {
        Self { flags: self.flags & !SA_RESTORER, restorer: 0, ..self }
    }
}

/// The flag that says that there is a restorer.
pub const SA_RESTORER: u64 = 0x0400_0000;

/// What the kernel of this machine has a restorer for: demanded on `x86_64`, not there at all on RISC-V
/// and LoongArch.
pub const HAS_RESTORER: bool =
    !cfg!(any(target_arch = "riscv32", target_arch = "riscv64", target_arch = "loongarch64"));

/// What this crate's actions name a restorer on: where the kernel demands one, and on arm, where no
/// unwinder knows the kernel's own.
pub const NAMES_RESTORER: bool = cfg!(any(target_arch = "x86_64", target_arch = "arm"));

/// The kernel's `struct sigaction` (`include/linux/signal_types.h`, `asm/signal.h`).
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct KernelAction {
    handler: usize,
    flags: c_ulong,
    restorer: [usize; HAS_RESTORER as usize],
    mask: [c_ulong; 64 / c_ulong::BITS as usize],
}

impl KernelAction {
    #[expect(clippy::unnecessary_cast, reason = "a long has 32 bits or 64")]
    fn told(self) -> RawAction {
        let flags = self.flags as u64;
        let restorer = self.restorer.first().filter(|_| flags & SA_RESTORER != 0);
        let words = self.mask.iter().rev();
        let mask = words
            .fold(0_u64, |mask, word| mask.checked_shl(c_ulong::BITS).unwrap_or(0) | *word as u64);
        RawAction { handler: self.handler, flags, restorer: restorer.copied().unwrap_or(0), mask }
    }
}

impl From<&RawAction> for KernelAction {
    fn from(action: &RawAction) -> Self {
        let flags = c_ulong::try_from(action.flags).expect("flags fit into a long");
        let mut mask = [0; 64 / c_ulong::BITS as usize];
        for (word, shift) in mask.iter_mut().zip([0, 32]) {
            *word = (action.mask >> shift) as c_ulong;
        }
        let restorer = [action.restorer; HAS_RESTORER as usize];
        KernelAction { handler: action.handler, flags, restorer, mask }
    }
}

/// The action that the kernel holds for a signal.
#[track_caller]
pub fn raw_action(signo: i32) -> RawAction {
    // SAFETY: nothing is installed.
    unsafe { exchange(signo, None) }
}

/// Installs an action and gives the one before.
///
/// # Safety
/// - `handler` is 0, 1, or the address of a function that fits `flags` (`SA_SIGINFO` or not) and
///   may run in signal context at any time from here on.
/// - With a handler on `x86_64`, `flags` has `SA_RESTORER` (`0x0400_0000`) and `restorer` is the
///   address of code that calls `rt_sigreturn`.
#[track_caller]
pub unsafe fn set_raw_action(signo: i32, action: &RawAction) -> RawAction {
    // SAFETY: the caller answers for the action.
    unsafe { exchange(signo, Some(action)) }
}

/// Gives a signal its default action, and gives the action before.
#[track_caller]
pub fn set_default(signo: i32) -> RawAction {
    // SAFETY: 0 is `SIG_DFL`, no function.
    unsafe { set_raw_action(signo, &RawAction { handler: libc::SIG_DFL, ..RawAction::default() }) }
}

/// Has a signal ignored, and gives the action before.
#[track_caller]
pub fn set_ignored(signo: i32) -> RawAction {
    // SAFETY: 1 is `SIG_IGN`, no function.
    unsafe { set_raw_action(signo, &RawAction { handler: libc::SIG_IGN, ..RawAction::default() }) }
}

/// # Safety
/// As for [`set_raw_action`], if there is a new action.
#[track_caller]
unsafe fn exchange(signo: i32, new: Option<&RawAction>) -> RawAction {
    let new = new.map(KernelAction::from);
    let new = new.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mut old = KernelAction::default();
    // SAFETY: both pointers are null or point to the kernel's struct, the second one to a place of
    // our own that may be written; the set has the kernel's size; the caller answers for `new`.
    let result = unsafe {
        libc::syscall(libc::SYS_rt_sigaction, signo, new, &raw mut old, size_of::<u64>())
    };
    assert!(result == 0, "rt_sigaction({signo}): {}", io::Error::last_os_error());
    old.told()
}

/// What a signal that [`take`] received says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// `SI_USER`, `SI_QUEUE`, `SI_TKILL`, …
    pub code: i32,
    pub pid: i32,
    pub uid: u32,
    /// The value of sigqueue(3).
    pub value: i32,
}

/// Blocks a signal for the calling thread, so that it can be taken.
pub fn block(signo: i32) {
    let set = sys::one_signal(signo);
    // SAFETY: the set is initialised and only read; the old mask is not asked for.
    let result = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) };
    assert_eq!(result, 0, "pthread_sigmask");
}

/// Waits for a signal that is blocked, and takes it.
pub fn take(signo: i32) -> Sent {
    let set = sys::one_signal(signo);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the set is initialised, and `info` is a valid place for the answer.
    let taken = unsafe { libc::sigwaitinfo(&raw const set, info.as_mut_ptr()) };
    assert_eq!(taken, signo, "sigwaitinfo: {}", io::Error::last_os_error());
    // SAFETY: every byte pattern is a value of this plain C struct, and all bytes are set.
    let info = unsafe { info.assume_init() };
    // SAFETY: all bytes are set, so this field of the union is an integer, if of no meaning for
    // a signal that no process sent.
    let pid = unsafe { info.si_pid() };
    // SAFETY: the same.
    let uid = unsafe { info.si_uid() };
    // SAFETY: the same.
    let value = unsafe { info.si_value() };
    Sent { code: info.si_code, pid, uid, value: sys::sigval_int(value) }
}
