//! [`AtomicProcess`]: the owner of what a child of fork(2) has a copy of but must not use.

use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::sys;

/// How many [`ForkWindow`](crate::child::ForkWindow)s this process and its ancestors were forked
/// in. It distinguishes parent and child of one number, as process 1 of two pid namespaces.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Counts a fork(2) in a window: called in the child, which has one thread.
pub(crate) fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

// ORDERING: Relaxed, all: the generation changes in a process with one thread, and the callers say
// what orders the rest.
pub(crate) struct AtomicProcess {
    /// 0 for none.
    pid: AtomicI32,
    generation: AtomicU32,
}

impl AtomicProcess {
    pub(crate) const fn none() -> Self {
        Self { pid: AtomicI32::new(0), generation: AtomicU32::new(0) }
    }

    pub(crate) fn set_this(&self) {
        self.generation.store(GENERATION.load(Ordering::Relaxed), Ordering::Relaxed);
        self.pid.store(sys::getpid(), Ordering::Relaxed);
    }

    pub(crate) fn is_this(&self) -> bool {
        self.pid.load(Ordering::Relaxed) == sys::getpid()
            && self.generation.load(Ordering::Relaxed) == GENERATION.load(Ordering::Relaxed)
    }
}

impl core::fmt::Debug for AtomicProcess {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.pid.load(Ordering::Relaxed).fmt(f)
    }
}
