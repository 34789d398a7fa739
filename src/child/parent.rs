//! Parents: being told that one's own has ended, and being one to orphans. prctl(2).
#![expect(unsafe_code, reason = "has a signal sent through the kernel's door")]

use crate::{Errno, Pid, Signal, sys};

/// Has the kernel send `signal` to this process when its parent ends, which has to be `parent`
/// still: `PR_SET_PDEATHSIG` of prctl(2).
///
/// It is for a child, between fork(2) and execve(2), which keeps it. `parent` is noted before the
/// fork: a parent that ended before this call sends nothing any more, which the error tells.
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
/// The parent, to the kernel, is the *thread* that made this process: the signal comes when that
/// thread ends, though its process may go on. Make such children on a thread that stays. If it
/// ended before this call, another thread of the process has this one as its child, and the signal
/// comes when that ends.
///
/// It is not for the children of this process: each has to ask for itself. A change of the user or
/// group takes it away, and so does executing a set-user-ID program, or one with capabilities: ask
/// after that. A process whose parent is outside its pid namespace, process 1 of most, has a parent
/// without a number.
///
/// # Errors
///
/// `ESRCH`: `parent` is not the parent, or not any more; no signal is set.
#[doc(alias = "PR_SET_PDEATHSIG")]
#[doc(alias = "pdeathsig")]
#[inline]
pub fn set_parent_death_signal(parent: Pid, signal: Signal) -> Result<(), Errno> {
    // SAFETY: the code that installed the signal's action answers for it to run at any time.
    unsafe { sys::prctl_set_pdeathsig(signal.as_raw()) }?;
    // After it: a parent that is there now sends the signal when it ends.
    if Pid::parent() == Some(parent) {
        return Ok(());
    }
    clear_parent_death_signal()?;
    Err(Errno::SRCH)
}

/// No signal is sent when the parent ends.
pub fn clear_parent_death_signal() -> Result<(), Errno> {
    // SAFETY: no signal is sent.
    unsafe { sys::prctl_set_pdeathsig(0) }
}

/// Which signal is sent to this process when its parent ends; `None` for none. One that a C library
/// keeps for itself is told as none.
#[doc(alias = "PR_GET_PDEATHSIG")]
pub fn parent_death_signal() -> Result<Option<Signal>, Errno> {
    sys::prctl_get_pdeathsig().map(|signo| Signal::from_raw(signo).ok())
}

/// Makes this process one that adopts: a descendant whose parent ends becomes its child instead of
/// that of process 1, and has to be waited for by it; see [`reap_any`](super::reap_any).
/// `PR_SET_CHILD_SUBREAPER` of prctl(2).
///
/// Children of fork(2) do not inherit it, execve(2) keeps it. A process that was adopted
/// before stays where it is.
#[doc(alias = "PR_SET_CHILD_SUBREAPER")]
pub fn set_subreaper(adopts: bool) -> Result<(), Errno> {
    sys::prctl_set_child_subreaper(adopts)
}

/// Returns `true` if this process [adopts](set_subreaper). Process 1 does so without being told to,
/// and is not asked about here.
#[doc(alias = "PR_GET_CHILD_SUBREAPER")]
pub fn is_subreaper() -> Result<bool, Errno> {
    sys::prctl_get_child_subreaper().map(|adopts| adopts != 0)
}
