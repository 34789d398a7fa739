//! Waking what waits for a handler: threads that sleep on a futex word, and a poll loop.
//!
//! | | first | then |
//! |---|---|---|
//! | handler | sets its flag | loads `listeners`: none, or it wakes them |
//! | sleeper | joins `listeners`, loads `count` | looks at the flag; sleeps while `count` stays |
//! | poll loop | clears the descriptor | takes the flags |
//!
//! All is sequentially consistent, so at least one side sees the other: no wake-up is lost, and
//! without a listener there is no system call. A descriptor carries nothing that the flags do not:
//! where it cannot be written to, the wake-up is counted as missed, and the flags are set.
#![expect(unsafe_code, reason = "writes to the descriptor that it was given")]

use core::ffi::c_int;
use core::{mem, ptr};

use crate::fd::EventFd;
use crate::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use crate::sys::{self, KernelTimespec};
use crate::{Errno, Signal};

/// Set in `listeners` while there is a descriptor to write to.
const DESCRIPTOR: u32 = 1 << 31;

/// The deadline of a wait without one, 136 years after boot. Without, a handler with `SA_RESTART`
/// makes the kernel restart futex(2), for nothing, before the sleeper runs.
const FAR_FUTURE: KernelTimespec = KernelTimespec { seconds: u32::MAX as i64, nanoseconds: 0 };

type Act = extern "C" fn(&Wake, Signal);

pub(super) struct Wake {
    /// The futex word: counts wake-ups.
    count: AtomicU32,
    /// How many threads are in [`wait`](Self::wait), and `DESCRIPTOR`. A thread that never leaves,
    /// or that fork(2) did not copy, costs a needless system call per signal and nothing else.
    listeners: AtomicU32,
    /// Only good while `DESCRIPTOR` is set.
    fd: AtomicI32,
    /// An [`Act`], by its address: a program that watches no descriptor links none.
    act: AtomicPtr<()>,
    event: AtomicPtr<EventFd>,
    /// The process that writes to the descriptor: a child of fork(2) would wake its parent.
    writer: AtomicI32,
    /// 1 if the last write failed with `EPIPE`.
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

    /// Wakes all listeners. What they wait for was set before, by a `SeqCst` operation.
    #[inline]
    pub(super) fn notify(&self, signal: Signal) {
        if self.has_listeners() {
            self.wake(signal);
        }
    }

    /// The first half of [`notify`](Self::notify).
    #[inline]
    pub(super) fn has_listeners(&self) -> bool {
        self.listeners() != 0
    }

    /// Returns `true` if a descriptor is among it, for which a caller has to be inside the gate.
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

    pub(super) fn wake_threads(&self) {
        // ORDERING: Release pairs with the Acquire load in `wait`: what was set before is seen with
        // the new count. The kernel compares the word under a lock of its own.
        self.count.fetch_add(1, Ordering::Release);
        sys::futex_wake(&self.count);
    }

    extern "C" fn write_byte(&self, signal: Signal) {
        // ORDERING: Relaxed, both: as `act` in `wake`.
        let (fd, writer) = (self.fd.load(Ordering::Relaxed), self.writer.load(Ordering::Relaxed));
        if sys::getpid() != writer {
            return;
        }
        // ORDERING: Relaxed, here and below: it is about this thread's own write before.
        if signal == Signal::PIPE && self.broken.load(Ordering::Relaxed) != 0 {
            // That write raised this signal, and another would raise the next.
            return self.miss();
        }
        let failed = loop {
            // SAFETY: the caller of `watch` gave the descriptor to be written to.
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

    extern "C" fn wake_event(&self, _: Signal) {
        // ORDERING: Relaxed: as `act` in `wake`.
        let event = self.event.load(Ordering::Relaxed);
        // SAFETY: it is null or was a `&'static` reference.
        if unsafe { event.as_ref() }.is_some_and(|event| event.wake().is_err()) {
            self.miss();
        }
    }

    fn miss(&self) {
        // ORDERING: Relaxed: a number, nothing is read because of it.
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes to `fd` with each wake-up. Under `registry`'s lock, after [`unwatch`](Self::unwatch).
    pub(super) fn watch(&self, fd: c_int) {
        // ORDERING: Relaxed, here and in `watch_event`: before the SeqCst in `watch_by`.
        self.writer.store(sys::getpid(), Ordering::Relaxed);
        self.broken.store(0, Ordering::Relaxed);
        self.watch_by(Self::write_byte, fd);
    }

    pub(super) fn watch_event(&self, event: &'static EventFd) {
        self.event.store(ptr::from_ref(event).cast_mut(), Ordering::Relaxed);
        self.watch_by(Self::wake_event, event.as_raw());
    }

    fn watch_by(&self, act: Act, fd: c_int) {
        self.fd.store(fd, Ordering::Relaxed);
        self.act.store(act as *mut (), Ordering::Relaxed);
        // ORDERING: SeqCst pairs with the SeqCst load in `listeners`: a handler that sees it sees
        // the stores before it.
        self.listeners.fetch_or(DESCRIPTOR, Ordering::SeqCst);
    }

    /// Stops writing, after a grace period. Returns the descriptor.
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

    pub(super) fn missed(&self) -> u32 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Sleeps until `ready`, which must look by a `SeqCst` load, returns `true`; else `ETIMEDOUT`.
    pub(super) fn wait(
        &self,
        deadline: Option<&KernelTimespec>,
        ready: impl Fn() -> bool,
    ) -> Result<(), Errno> {
        let deadline = Some(deadline.unwrap_or(&FAR_FUTURE));
        // ORDERING: SeqCst pairs with the SeqCst load in `listeners`, see the header.
        self.listeners.fetch_add(1, Ordering::SeqCst);
        let result = loop {
            // ORDERING: Acquire pairs with the Release increment in `wake_threads`. Before `ready`,
            // so that the kernel refuses to sleep after a wake-up in between.
            let seen = self.count.load(Ordering::Acquire);
            if ready() {
                break Ok(());
            }
            match sys::futex_wait(&self.count, seen, deadline) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => break Err(errno),
            }
        };
        // ORDERING: Relaxed: seen late it costs a needless system call.
        self.listeners.fetch_sub(1, Ordering::Relaxed);
        result
    }
}
