//! Waiting for a child: waitid(2), with its result decoded.

use core::ffi::c_int;

use crate::{Cause, ChildState, Errno, Pid, SigInfo, sys};

/// Which child changed its state, and how. With `WNOHANG`, `None` if there is no change. By
/// `__WALL` also children whose end sends another signal than `SIGCHLD`, or none (clone(2)).
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

/// A child that has ended, which is not reaped. `None` if there is none of that kind.
pub(crate) fn peek(kind: libc::idtype_t, id: c_int) -> Result<Option<Pid>, Errno> {
    const OPTIONS: c_int = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
    Ok(query(kind, id, OPTIONS)?.map(|(pid, _)| pid))
}
