//! Sleeping until something is set in a handler: a futex word, and how many sleep on it.
//!
//! The handler sets what it has to set, then looks whether anybody waits; the waiter says that it
//! waits, then looks whether anything is set. Both are sequentially consistent, so at least one of
//! the two sees the other: no wake-up is lost, and no system call is made when nobody waits.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::Errno;
use crate::sys::{self, KernelTimespec};

pub(super) struct Wake {
    /// Counts wake-ups. The futex word: a sleeper names the count that it saw.
    count: AtomicU32,
    /// How many threads are in [`wait`](Self::wait). One that is stuck there for ever, or was left
    /// behind by fork(2), costs a needless system call a signal and nothing else.
    waiters: AtomicU32,
}

impl Wake {
    pub(super) const fn new() -> Self {
        Self { count: AtomicU32::new(0), waiters: AtomicU32::new(0) }
    }

    /// Wakes all who wait. Call it after what they wait for is set, by a `SeqCst` operation.
    pub(super) fn notify(&self) {
        // ORDERING: SeqCst pairs with the SeqCst increment in `wait`, see the module's header.
        if self.waiters.load(Ordering::SeqCst) != 0 {
            // ORDERING: Release pairs with the Acquire load in `wait`: who sees the new count sees
            // what was set before. The kernel compares the word under a lock of its own.
            self.count.fetch_add(1, Ordering::Release);
            sys::futex_wake(&self.count);
        }
    }

    /// Sleeps until `ready` says so, which must look by a `SeqCst` load.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`: the deadline has passed. Otherwise what futex(2) returns besides `EAGAIN` and
    /// `EINTR`: nothing that Linux documents for these arguments, but a seccomp(2) filter may.
    pub(super) fn wait(
        &self,
        deadline: Option<&KernelTimespec>,
        ready: impl Fn() -> bool,
    ) -> Result<(), Errno> {
        // ORDERING: SeqCst pairs with the SeqCst load in `notify`, see the module's header.
        self.waiters.fetch_add(1, Ordering::SeqCst);
        let result = loop {
            // ORDERING: Acquire pairs with the Release increment in `notify`. Read before `ready`,
            // so that a wake-up in between makes the kernel refuse to sleep.
            let seen = self.count.load(Ordering::Acquire);
            if ready() {
                break Ok(());
            }
            match sys::futex_wait(&self.count, seen, deadline) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => break Err(errno),
            }
        };
        // ORDERING: Relaxed: a handler that still sees this waiter makes a needless system call.
        self.waiters.fetch_sub(1, Ordering::Relaxed);
        result
    }
}
