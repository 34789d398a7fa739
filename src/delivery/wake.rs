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
use core::{mem, ptr};

use crate::fd::EventFd;
use crate::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use crate::sys::{self, KernelTimespec};
use crate::{Errno, Signal};

/// Set in `listeners` while there is a descriptor to write to.
const DESCRIPTOR: u32 = 1 << 31;

/// The deadline of who has none, 136 years after boot. Without one, a handler installed with
/// `SA_RESTART` makes the kernel call futex(2) once more, for nothing, before the sleeper runs.
const FAR_FUTURE: KernelTimespec = KernelTimespec { seconds: u32::MAX as i64, nanoseconds: 0 };

/// What is done about a descriptor.
type Act = extern "C" fn(&Wake, Signal);

pub(super) struct Wake {
    /// Counts wake-ups. The futex word: a sleeper names the count that it saw.
    count: AtomicU32,
    /// How many threads are in [`wait`](Self::wait), and whether there is a descriptor. A thread
    /// that is stuck there for ever, or was left behind by fork(2), costs a needless system call a
    /// signal and nothing else.
    listeners: AtomicU32,
    /// Only good while `DESCRIPTOR` is set.
    fd: AtomicI32,
    /// What is done about it: [`write_byte`](Self::write_byte) or [`wake_event`](Self::wake_event),
    /// as an address. So a program that has no descriptor has neither function.
    act: AtomicPtr<()>,
    /// The eventfd, if it is one.
    event: AtomicPtr<EventFd>,
    /// The process that writes to the descriptor. A child of fork(2) has it open, too, and would
    /// wake its parent.
    writer: AtomicI32,
    /// Whether nobody read what was written last (`EPIPE`); 0 or 1.
    broken: AtomicU32,
    missed: AtomicU32,
}

impl Wake {
    pub(super) const fn new() -> Self {
        Self {
            count: AtomicU32::new(0),
            listeners: AtomicU32::new(0),
            fd: AtomicI32::new(0),
            act: AtomicPtr::new(ptr::null_mut()),
            event: AtomicPtr::new(ptr::null_mut()),
            writer: AtomicI32::new(0),
            broken: AtomicU32::new(0),
            missed: AtomicU32::new(0),
        }
    }

    /// Wakes threads and descriptor, for `signal`. Call it after what they wait for is set, by a
    /// `SeqCst` operation.
    #[inline]
    pub(super) fn notify(&self, signal: Signal) {
        if self.has_listeners() {
            self.wake(signal);
        }
    }

    /// Whether there is anything to wake: the first half of [`notify`](Self::notify).
    #[inline]
    pub(super) fn has_listeners(&self) -> bool {
        self.listeners() != 0
    }

    /// Whether a descriptor is among it, for which a caller has to be inside the gate.
    pub(super) fn is_watched(&self) -> bool {
        self.listeners() & DESCRIPTOR != 0
    }

    #[inline]
    fn listeners(&self) -> u32 {
        // ORDERING: SeqCst pairs with the SeqCst changes in `wait` and `watch_by`, see the header.
        self.listeners.load(Ordering::SeqCst)
    }

    /// The second half. `extern "C"`, so that nothing unwinds into the handler.
    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn wake(&self, signal: Signal) {
        let listeners = self.listeners();
        if listeners & DESCRIPTOR != 0 {
            // ORDERING: Relaxed: stored before `DESCRIPTOR` was set, which was seen.
            let act = self.act.load(Ordering::Relaxed);
            // SAFETY: it is null, which is no function, or was an `Act`.
            if let Some(act) = unsafe { mem::transmute::<*mut (), Option<Act>>(act) } {
                act(self, signal);
            }
        }
        if listeners & !DESCRIPTOR != 0 {
            self.wake_threads();
        }
    }

    /// The same for the threads alone.
    pub(super) fn wake_threads(&self) {
        // ORDERING: Release pairs with the Acquire load in `wait`: what was set before is seen with the
        // new count. The kernel compares the word under a lock of its own.
        self.count.fetch_add(1, Ordering::Release);
        sys::futex_wake(&self.count);
    }

    /// Writes the number of the signal in one byte, as Python's `set_wakeup_fd` has it.
    extern "C" fn write_byte(&self, signal: Signal) {
        // ORDERING: Relaxed, both: as `act` in `wake`.
        let (fd, writer) = (self.fd.load(Ordering::Relaxed), self.writer.load(Ordering::Relaxed));
        if sys::getpid() != writer {
            return;
        }
        // ORDERING: Relaxed, here and below: what it stops is this thread's own write for the signal of
        // the one before.
        if signal == Signal::PIPE && self.broken.load(Ordering::Relaxed) != 0 {
            // It would send the next one, and its handler the next, for ever.
            return self.miss();
        }
        let failed = loop {
            // SAFETY: whoever gave the descriptor to `watch` gave it to be written to.
            match unsafe { sys::write(fd, &[signal.as_raw() as u8]) } {
                Err(Errno::INTR) => {}
                result => break result.err(),
            }
        };
        let broken = failed.is_some_and(|errno| errno.as_raw() == libc::EPIPE);
        self.broken.store(broken.into(), Ordering::Relaxed);
        if failed.is_some() {
            self.miss();
        }
    }

    /// Makes the eventfd readable, unless it is.
    extern "C" fn wake_event(&self, _: Signal) {
        // ORDERING: Relaxed: as `act` in `wake`.
        let event = self.event.load(Ordering::Relaxed);
        // SAFETY: it is null or was a reference for ever.
        if unsafe { event.as_ref() }.is_some_and(|event| event.wake().is_err()) {
            self.miss();
        }
    }

    fn miss(&self) {
        // ORDERING: Relaxed: a number, nothing is read because of it.
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes to `fd` with each wake-up from now on. One caller at a time, after
    /// [`unwatch`](Self::unwatch).
    pub(super) fn watch(&self, fd: c_int) {
        // ORDERING: Relaxed, here and in `watch_event`: before the SeqCst in `watch_by`.
        self.writer.store(sys::getpid(), Ordering::Relaxed);
        self.broken.store(0, Ordering::Relaxed);
        self.watch_by(Self::write_byte, fd);
    }

    /// The same for an eventfd.
    pub(super) fn watch_event(&self, event: &'static EventFd) {
        self.event.store(ptr::from_ref(event).cast_mut(), Ordering::Relaxed);
        self.watch_by(Self::wake_event, event.as_raw());
    }

    fn watch_by(&self, act: Act, fd: c_int) {
        self.fd.store(fd, Ordering::Relaxed);
        self.act.store(act as *mut (), Ordering::Relaxed);
        // ORDERING: SeqCst pairs with the SeqCst load in `listeners`, see the header: who sees it sees
        // the descriptor, too.
        self.listeners.fetch_or(DESCRIPTOR, Ordering::SeqCst);
    }

    /// Writes no more, once the handlers that are in flight have left. Returns the descriptor.
    pub(super) fn unwatch(&self) -> Option<c_int> {
        let watched = self.watched();
        // ORDERING: SeqCst pairs with the SeqCst load in `listeners`, through the gate.
        self.listeners.fetch_and(!DESCRIPTOR, Ordering::SeqCst);
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
        let deadline = Some(deadline.unwrap_or(&FAR_FUTURE));
        // ORDERING: SeqCst pairs with the SeqCst load in `listeners`, see the header.
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
