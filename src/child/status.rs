//! Waiting for one child: waitpid(2), with the status decoded.

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
        match ask(pid, libc::WEXITED) {
            Ok(Some(state)) => return Ok(state),
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
///
/// # Async-signal-safety
///
/// Async-signal-safe.
#[doc(alias = "WNOHANG")]
pub fn try_wait(pid: Pid) -> Result<Option<ChildState>, Errno> {
    ask(pid, libc::WEXITED | libc::WNOHANG)
}

/// As [`try_wait`], and tells once each that the child was stopped or went on, too: for a shell.
///
/// # Errors
///
/// As for [`wait`].
///
/// # Async-signal-safety
///
/// Async-signal-safe.
#[doc(alias = "WUNTRACED")]
#[doc(alias = "WSTOPPED")]
#[doc(alias = "WCONTINUED")]
pub fn try_change(pid: Pid) -> Result<Option<ChildState>, Errno> {
    ask(pid, libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG)
}

fn ask(pid: Pid, options: i32) -> Result<Option<ChildState>, Errno> {
    let info = sys::waitid(pid.as_raw(), options)?;
    match SigInfo::from_kernel(&info).cause() {
        Cause::Child { state, .. } => Ok(Some(state)),
        _ => Ok(None),
    }
}
