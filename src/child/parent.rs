//! Parents: a signal when one's own ends, and being that of orphans. prctl(2).
#![expect(unsafe_code, reason = "has a signal sent by system calls")]

use crate::{Errno, Pid, Signal, sys};

/// Has `signal` sent to this process when its parent ends: `PR_SET_PDEATHSIG` of prctl(2).
///
/// It is for a child, between fork(2) and execve(2), which keeps it. Note `parent` before the fork:
/// an error means that it ended before this call, and no signal will come, or during it, and it may
/// have come.
///
/// ```
/// use siglatch::child::{self, set_parent_death_signal};
/// use siglatch::{ChildState, Pid, Signal, sys};
///
/// let parent = Pid::this();
/// // SAFETY: the child makes system calls and exits.
/// let Some(child) = (unsafe { child::fork() })? else {
///     let told = set_parent_death_signal(parent, Signal::KILL);
///     sys::exit_group(i32::from(told.is_err())); // here it would execute a program
/// };
/// assert_eq!(child::wait(child)?, ChildState::Exited(0));
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// To the kernel, the parent is the *thread* that made this process: the signal comes when that
/// thread ends, though its process may continue. Make such children on a thread that stays. If it
/// ended before this call, the signal comes when the thread that inherited the child ends.
///
/// Children do not inherit it. A change of the user or group clears it, and so does executing a
/// set-user-ID program, or one with capabilities: call this after that. A parent outside the pid
/// namespace, as most often that of process 1, has no number.
///
/// # Errors
///
/// `ESRCH`: `parent` is not the parent, or has ended; no signal is set.
#[doc(alias = "PR_SET_PDEATHSIG")]
#[doc(alias = "pdeathsig")]
#[inline]
pub fn set_parent_death_signal(parent: Pid, signal: Signal) -> Result<(), Errno> {
    // SAFETY: the code that installed the signal's action answers for it to run at any time.
    unsafe { sys::prctl_set_pdeathsig(signal.as_raw()) }?;
    // After it: a parent that is still there now sends the signal when it ends.
    if Pid::parent() == Some(parent) {
        return Ok(());
    }
    clear_parent_death_signal()?;
    Err(Errno::SRCH)
}

/// Has no signal sent when the parent ends.
pub fn clear_parent_death_signal() -> Result<(), Errno> {
    // SAFETY: no signal is sent.
    unsafe { sys::prctl_set_pdeathsig(0) }
}

/// The signal sent when the parent ends; `None` for none, or for a C library's reserved one.
#[doc(alias = "PR_GET_PDEATHSIG")]
pub fn parent_death_signal() -> Result<Option<Signal>, Errno> {
    sys::prctl_get_pdeathsig().map(|signo| Signal::from_raw(signo).ok())
}

/// Makes this process a subreaper, or no longer: a descendant whose parent ends becomes its child
/// instead of process 1's, for it to reap; see [`reap_any`](super::reap_any).
/// `PR_SET_CHILD_SUBREAPER` of prctl(2).
///
/// A child of fork(2) does not inherit it, execve(2) keeps it. Processes adopted before stay its
/// children.
#[doc(alias = "PR_SET_CHILD_SUBREAPER")]
pub fn set_subreaper(adopts: bool) -> Result<(), Errno> {
    sys::prctl_set_child_subreaper(adopts)
}

/// Returns `true` if [`set_subreaper`] has set it. Process 1 adopts without.
#[doc(alias = "PR_GET_CHILD_SUBREAPER")]
pub fn is_subreaper() -> Result<bool, Errno> {
    sys::prctl_get_child_subreaper().map(|adopts| adopts != 0)
}
