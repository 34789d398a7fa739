//! Where a process runs: on one processor, if that is allowed.

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

fn allowed(set: &CpuSet) -> impl DoubleEndedIterator<Item = usize> {
    (0..CpuSet::count()).filter(|&processor| set.is_set(processor) == Ok(true))
}

/// Keeps this thread, and what it starts, on the last processor that it may run on: the first one
/// serves most interrupts. Says which.
pub(crate) fn pin() -> nix::Result<usize> {
    let this = Pid::from_raw(0);
    let last = allowed(&sched_getaffinity(this)?).next_back().ok_or(Errno::ENODEV)?;
    let mut only = CpuSet::new();
    only.set(last)?;
    sched_setaffinity(this, &only)?;
    Ok(last)
}

/// Lets this thread, and what it starts, run on every processor again.
pub(crate) fn anywhere() -> nix::Result<()> {
    sched_setaffinity(Pid::from_raw(0), &all()?)
}

/// Keeps this thread away from where it was kept until now. Returns `true` if there is another place.
pub(crate) fn pin_elsewhere() -> nix::Result<bool> {
    let this = Pid::from_raw(0);
    let before = sched_getaffinity(this)?;
    sched_setaffinity(this, &all()?)?;
    let mut others = sched_getaffinity(this)?;
    for processor in allowed(&before) {
        others.unset(processor)?;
    }
    match allowed(&others).next() {
        Some(_) => sched_setaffinity(this, &others)?,
        None => return Ok(false),
    }
    Ok(true)
}

/// Every processor that a set has room for. The kernel leaves out those that are not there, and
/// those that this process is kept from by a cpuset that it was started in.
fn all() -> nix::Result<CpuSet> {
    let mut all = CpuSet::new();
    for processor in 0..CpuSet::count() {
        all.set(processor)?;
    }
    Ok(all)
}
