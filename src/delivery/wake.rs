//! Waking who waits for something to be set in a handler: threads that sleep on a futex word, and a
//! poll loop that watches a descriptor.
//!
//! The handler sets what it has to set, then looks whether anybody is to be woken; the waiter says
//! that it waits, then looks whether anything is set. Both are sequentially consistent, so at least
//! one of the two sees the other: no wake-up is lost, and no system call is made when nobody waits.
//!
//! What a descriptor carries says nothing that the flags do not: when it is full, or gone, the
//! wake-up was there before, or is counted as missed, and the flags are set all the same.
#![expect(unsafe_code, reason = "writes to the descriptor that it was given")]

use core::ffi::c_int;

use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::sys::{self, KernelTimespec};
use crate::{ALONE, Errno, Signal};

/// Set in `listeners` while there is a descriptor to write to.
const DESCRIPTOR: u32 = 1 << 31;

/// Set besides, if it is an eventfd.
const EVENT: u32 = 1 << 30;

pub(super) struct Wake {
    /// Counts wake-ups. The futex word: a sleeper names the count that it saw.
    count: AtomicU32,
    /// How many threads are in [`wait`](Self::wait), and whether there is a descriptor. A thread
    /// that is stuck there for ever, or was left behind by fork(2), costs a needless system call a
    /// signal and nothing else.
    listeners: AtomicU32,
    /// Only good while `DESCRIPTOR` is set.
    fd: AtomicI32,
    /// The process that writes to the descriptor. A child of fork(2) has it open, too, and would
    /// wake its parent.
    writer: AtomicI32,
    missed: AtomicU32,
}

impl Wake {
    pub(super) const fn new() -> Self {
        Self {
            count: AtomicU32::new(0),
            listeners: AtomicU32::new(0),
            fd: AtomicI32::new(0),
            writer: AtomicI32::new(0),
            missed: AtomicU32::new(0),
        }
    }

    /// Wakes all who wait, for `signal`. Call it after what they wait for is set, by a `SeqCst`
    /// operation. It runs in the handler.
    #[inline]
    pub(super) fn notify(&self, signal: Signal) {
        // ORDERING: SeqCst pairs with the SeqCst changes in `wait` and `watch`, see the header.
        let listeners = self.listeners.load(Ordering::SeqCst);
        if listeners != 0 {
            self.wake(listeners, signal);
        }
    }

    #[cold]
    fn wake(&self, listeners: u32, signal: Signal) {
        if listeners & DESCRIPTOR != 0 {
            self.write(listeners & EVENT != 0, signal);
        }
        if listeners & !(DESCRIPTOR | EVENT) != 0 {
            // ORDERING: Release pairs with the Acquire load in `wait`: who sees the new count sees
            // what was set before. The kernel compares the word under a lock of its own.
            self.count.fetch_add(1, Ordering::Release);
            sys::futex_wake(&self.count);
        }
    }

    /// The number of the signal in one byte, as Python's `set_wakeup_fd` has it; to an eventfd the
    /// eight bytes that it asks for.
    fn write(&self, event: bool, signal: Signal) {
        let number = [signal.as_raw() as u8];
        let one = 1_u64.to_ne_bytes();
        let bytes: &[u8] = if event { &one } else { &number };
        // ORDERING: Acquire pairs with the Release in `watch`.
        let fd = self.fd.load(Ordering::Acquire);
        // ORDERING: Relaxed: stored before `fd`, which was acquired.
        if !ALONE && sys::getpid() != self.writer.load(Ordering::Relaxed) {
            return;
        }
        loop {
            // SAFETY: whoever gave the descriptor to `watch` gave it to be written to.
            match unsafe { sys::write(fd, bytes) } {
                Err(Errno::INTR) => {}
                // An eventfd that cannot count further has been readable for long.
                Err(Errno::AGAIN) if event => return,
                Ok(_) => return,
                Err(_) => {
                    // ORDERING: Relaxed: a number, nothing is read because of it.
                    self.missed.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    /// Writes to `fd` with each wake-up from now on. One caller at a time, after
    /// [`unwatch`](Self::unwatch).
    pub(super) fn watch(&self, fd: c_int, event: bool) {
        // ORDERING: Relaxed: before the Release.
        self.writer.store(sys::getpid(), Ordering::Relaxed);
        // ORDERING: Release pairs with the Acquire in `write`.
        self.fd.store(fd, Ordering::Release);
        let kind = if event { DESCRIPTOR | EVENT } else { DESCRIPTOR };
        // ORDERING: SeqCst pairs with the SeqCst load in `notify`, see the header.
        self.listeners.fetch_or(kind, Ordering::SeqCst);
    }

    /// Writes no more, once the handlers that are in flight have left. Returns the descriptor.
    pub(super) fn unwatch(&self) -> Option<c_int> {
        let watched = self.watched();
        // ORDERING: SeqCst pairs with the SeqCst load in `notify`, through the gate.
        self.listeners.fetch_and(!(DESCRIPTOR | EVENT), Ordering::SeqCst);
        watched
    }

    pub(super) fn watched(&self) -> Option<c_int> {
        // ORDERING: Relaxed: `watch` and `unwatch` are called under a lock; others only look.
        let watching = self.listeners.load(Ordering::Relaxed) & DESCRIPTOR != 0;
        watching.then(|| self.fd.load(Ordering::Relaxed))
    }

    /// How many wake-ups could not be written, modulo 2³².
    pub(super) fn missed(&self) -> u32 {
        self.missed.load(Ordering::Relaxed)
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
        // ORDERING: SeqCst pairs with the SeqCst load in `notify`, see the header.
        self.listeners.fetch_add(1, Ordering::SeqCst);
        let result = loop {
            // ORDERING: Acquire pairs with the Release increment in `wake`. Read before `ready`, so
            // that a wake-up in between makes the kernel refuse to sleep.
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
        self.listeners.fetch_sub(1, Ordering::Relaxed);
        result
    }
}
