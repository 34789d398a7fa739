//! Waiting for one child: waitpid(2), with the status decoded.

use core::ffi::c_int;

use super::Change;
use crate::{Cause, ChildState, Errno, Pid, SigInfo, sys};

/// Waits until a child has ended, and reaps it.
///
/// Handlers that run meanwhile do not end the wait.
///
/// ```
/// use siglatch::{ChildState, child};
/// use std::process::Command;
///
/// let mut command = Command::new("sh").args(["-c", "kill -KILL $$"]).spawn()?;
/// let end = child::wait(command.id().try_into().expect("a process id"));
/// assert_eq!(end, Ok(ChildState::Killed(9)));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// `ECHILD`: it is no child of this process, was waited for, or the kernel waits for it because
/// `SIGCHLD` is ignored or has `SA_NOCLDWAIT`.
///
/// # Async-signal-safety
///
/// Async-signal-safe, though a handler is a bad place to wait in.
#[doc(alias = "waitpid")]
#[doc(alias = "waitid")]
pub fn wait(pid: Pid) -> Result<ChildState, Errno> {
    loop {
        match query(libc::P_PID, pid.as_raw(), libc::WEXITED) {
            Ok(Some((_, state))) => return Ok(state),
            Ok(None) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Reaps a child if it has ended. `None` if it has not.
///
/// # Errors
///
/// As for [`wait`].
#[doc(alias = "WNOHANG")]
pub fn try_wait(pid: Pid) -> Result<Option<ChildState>, Errno> {
    let told = query(libc::P_PID, pid.as_raw(), libc::WEXITED | libc::WNOHANG)?;
    Ok(told.map(|(_, state)| state))
}

/// As [`try_wait`], and tells once each that the child was stopped or went on, too: for a shell.
///
/// # Errors
///
/// As for [`wait`].
#[doc(alias = "WUNTRACED")]
#[doc(alias = "WSTOPPED")]
#[doc(alias = "WCONTINUED")]
pub fn try_change(pid: Pid) -> Result<Option<ChildState>, Errno> {
    const OPTIONS: c_int = libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG;
    let told = query(libc::P_PID, pid.as_raw(), OPTIONS)?;
    Ok(told.map(|(_, state)| state))
}

/// Asks what became of a child: which one, and what. `None` with `WNOHANG` if there is nothing to
/// tell.
///
/// By `__WALL` the children whose end sends another signal than `SIGCHLD`, or none (clone(2)), are
/// children, too.
pub(crate) fn query(
    kind: libc::idtype_t,
    id: c_int,
    options: c_int,
) -> Result<Option<(Pid, ChildState)>, Errno> {
    let info = match sys::waitid(kind, id, options | libc::__WALL) {
        // Before Linux 4.7, waitid(2) has no such option.
        Err(Errno::INVAL) => sys::waitid(kind, id, options)?,
        result => result?,
    };
    match SigInfo::from_kernel(&info).cause() {
        Cause::Child { pid, state, .. } => Pid::from_raw(pid).map(|pid| Some((pid, state))),
        _ => Ok(None),
    }
}

/// Tells of a child that has ended, without reaping it. `None` if there is none of that kind.
pub(crate) fn peek(kind: libc::idtype_t, id: c_int) -> Result<Option<Pid>, Errno> {
    const OPTIONS: c_int = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
    Ok(query(kind, id, OPTIONS)?.map(|(pid, _)| pid))
}

impl From<(Pid, ChildState)> for Change {
    fn from((pid, state): (Pid, ChildState)) -> Self {
        Self { pid, state: Some(state) }
    }
}
