//! Where a process runs: on one processor, if that is allowed.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread, and what it starts, on the last processor that it may run on: the first one
/// serves most interrupts. Says which.
pub(crate) fn pin() -> nix::Result<usize> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this)?;
    let last = (0..CpuSet::count()).rev().find(|&n| allowed.is_set(n) == Ok(true));
    let last = last.ok_or(nix::errno::Errno::ENODEV)?;
    let mut only = CpuSet::new();
    only.set(last)?;
    sched_setaffinity(this, &only)?;
    Ok(last)
}
