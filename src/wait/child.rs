//! Waiting for a child: waitid(2), with what it tells decoded.

use core::ffi::c_int;

use crate::{Cause, ChildState, Errno, Pid, SigInfo, sys};

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
    match SigInfo::copied(&info).cause() {
        Cause::Child { pid, state, .. } => Pid::from_raw(pid).map(|pid| Some((pid, state))),
        _ => Ok(None),
    }
}

/// Tells of a child that has ended, without reaping it. `None` if there is none of that kind.
pub(crate) fn peek(kind: libc::idtype_t, id: c_int) -> Result<Option<Pid>, Errno> {
    const OPTIONS: c_int = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
    Ok(query(kind, id, OPTIONS)?.map(|(pid, _)| pid))
}
