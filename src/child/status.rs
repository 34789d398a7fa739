//! Waiting for one child: waitpid(2), with the status decoded.

use core::ffi::c_int;

use super::Change;
use crate::wait::child::query;
use crate::{ChildState, Errno, Pid};

/// Waits until a child has ended, and reaps it. Handlers that run meanwhile do not end the wait.
///
/// A child that this process traces is told of at each stop as well, as by waitpid(2) and by all
/// that wait or reap here.
///
/// ```
/// use siglatch::{ChildState, Signal, child};
/// use std::process::Command;
///
/// let mut command = Command::new("sh").args(["-c", "kill -KILL $$"]).spawn()?;
/// let end = child::wait(command.id().try_into().expect("a process id"));
/// assert_eq!(end, Ok(ChildState::Killed(Signal::KILL)));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// `ECHILD`: no child of this process, or already reaped: by other code, or by the kernel, because
/// `SIGCHLD` is ignored or has `SA_NOCLDWAIT`.
#[doc(alias = "waitpid")]
#[doc(alias = "waitid")]
#[inline]
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
#[inline]
pub fn try_wait(pid: Pid) -> Result<Option<ChildState>, Errno> {
    let told = query(libc::P_PID, pid.as_raw(), libc::WEXITED | libc::WNOHANG)?;
    Ok(told.map(|(_, state)| state))
}

/// As [`try_wait`], and returns each stop and continue of the child once: for a shell.
///
/// # Errors
///
/// As for [`wait`].
#[doc(alias = "WUNTRACED")]
#[doc(alias = "WSTOPPED")]
#[doc(alias = "WCONTINUED")]
#[inline]
pub fn try_change(pid: Pid) -> Result<Option<ChildState>, Errno> {
    const OPTIONS: c_int = libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG;
    let told = query(libc::P_PID, pid.as_raw(), OPTIONS)?;
    Ok(told.map(|(_, state)| state))
}

impl From<(Pid, ChildState)> for Change {
    fn from((pid, state): (Pid, ChildState)) -> Self {
        Self { pid, state: Some(state) }
    }
}
