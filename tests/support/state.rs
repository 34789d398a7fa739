//! All of a process's signal state at once, to show that a call has changed nothing of it; and the
//! kernel's mask with the bits that a C library keeps for itself.

use super::oracle::{self, ProcStatus, RawAction};
use super::report::{signal_name, signal_names};
use core::ptr;
use std::io;

/// Every action of the process, the masks of the calling thread, and what is pending, as the kernel
/// has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalState {
    actions: Vec<RawAction>,
    status: ProcStatus,
}

impl SignalState {
    #[track_caller]
    pub fn now() -> Self {
        Self { actions: (1..=64).map(oracle::raw_action).collect(), status: oracle::own_status() }
    }

    /// The state is still this one.
    #[track_caller]
    pub fn assert_unchanged(&self, after: &str) {
        let now = Self::now();
        for (signo, (before, now)) in (1..).zip(self.actions.iter().zip(&now.actions)) {
            assert_eq!(now, before, "the action of {} after {after}", signal_name(signo));
        }
        assert_eq!(now.status, self.status, "masks and pending signals after {after}");
    }
}

/// Sets the calling thread's mask to these bits, whatever they are, and gives the one before.
#[track_caller]
pub fn set_raw_mask(bits: u64) -> u64 {
    let mut before = 0_u64;
    // SAFETY: both words have the size that is told and outlive the call. A program in a forked
    // child cancels no thread, so nobody waits for the signals of the C library.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const bits,
            &raw mut before,
            size_of::<u64>(),
        )
    };
    assert_eq!(result, 0, "rt_sigprocmask: {}", io::Error::last_os_error());
    before
}

/// The calling thread's mask as the kernel has it.
#[track_caller]
pub fn raw_mask() -> u64 {
    let mut mask = 0_u64;
    // SAFETY: nothing is changed, and the word has the size that is told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_BLOCK,
            ptr::null::<u64>(),
            &raw mut mask,
            size_of::<u64>(),
        )
    };
    assert_eq!(result, 0, "rt_sigprocmask: {}", io::Error::last_os_error());
    mask
}

/// Two masks are the same, told by name if they are not.
#[track_caller]
pub fn assert_mask(found: u64, wanted: u64) {
    assert!(
        found == wanted,
        "the mask is {{{}}}, and was to be {{{}}}",
        signal_names(found),
        signal_names(wanted)
    );
}
