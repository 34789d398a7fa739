//! [`Process`]: which process this is, for what a child of fork(2) has copied but must not use.

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sys;

/// How many [`ForkWindow`](crate::child::ForkWindow)s this process and those before it were forked in.
/// It tells parent and child where both have one number, being process 1 of two pid namespaces.
static GENERATION: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Process {
    pid: i32,
    generation: u32,
}

impl Process {
    pub(crate) fn this() -> Self {
        // ORDERING: Relaxed: it changes in a process with one thread.
        Self { pid: sys::getpid(), generation: GENERATION.load(Ordering::Relaxed) }
    }

    /// In a child of fork(2) in a window, where there is no other thread: it is another process.
    pub(crate) fn forked() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
}
