//! Descriptors that a latch writes to, for programs that wait by poll(2) or epoll(7).
#![expect(unsafe_code, reason = "hands a descriptor of the caller's to the handler")]

use core::ffi::c_int;

use super::gate::GATE;
use super::latch::Latch;
use super::registry;
use super::wake::Wake;
use crate::fd::EventFd;
use crate::{Errno, sys};

impl Latch {
    /// Writes a byte to `fd` with each signal that sets a flag, after the flag; `None` ends it.
    /// Returns the descriptor that it wrote to before. Python's `set_wakeup_fd`.
    ///
    /// The byte is the signal's number, as Python writes it, but says nothing that the flags do not:
    /// drain the descriptor first, look at the flags after. If flags are set already, a byte is
    /// written at once. When this returns, no handler writes to the old descriptor any more.
    ///
    /// What cannot be written, because the pipe is full or gone, is counted in
    /// [`missed_wakes`](Self::missed_wakes). With a pipe or socket that nobody reads, `SIGPIPE`
    /// comes to the thread that took the signal; if this latch has caught that, too, nothing more is
    /// written for it.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open. `EINVAL`: it is not non-blocking; a handler must not block.
    /// `EDEADLK`: called in signal context, in the middle of a catch or release of this thread. On
    /// an error the old descriptor stays.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    ///
    /// # Safety
    ///
    /// The descriptor must be the caller's to write to, and stay open until it is taken away: a
    /// number that is closed may become another file's.
    #[doc(alias = "set_wakeup_fd")]
    pub unsafe fn set_wake_fd(&self, fd: Option<c_int>) -> Result<Option<c_int>, Errno> {
        if let Some(fd) = fd {
            if sys::fcntl_getfl(fd)? & libc::O_NONBLOCK == 0 {
                return Err(Errno::INVAL);
            }
        }
        self.exchange_wake_fd(|wake| fd.into_iter().for_each(|fd| wake.watch(fd)))
    }

    /// Makes `event` readable with each signal that sets a flag, after the flag, unless it is readable
    /// already: a burst of signals is one write. If flags are set, it is made readable at once.
    ///
    /// It stays the latch's for good, since the handler may write to it at any time; another call,
    /// or [`set_wake_fd`](Self::set_wake_fd), puts another in its place.
    ///
    /// ```
    /// use siglatch::{Latch, Signal, fd::OnceEventFd, send};
    ///
    /// static STOP: Latch = Latch::new();
    /// static WAKE: OnceEventFd = OnceEventFd::new();
    ///
    /// let event = WAKE.open()?;
    /// STOP.wake_through(event)?;
    /// STOP.catch(Signal::USR2)?;
    /// send::raise(Signal::USR2)?;
    /// // poll(2) on event.as_raw() returns now. Then, in this order:
    /// assert!(event.clear());
    /// assert!(STOP.take_signal(Signal::USR2));
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EDEADLK`: called in signal context, in the middle of a catch or release of this thread.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    pub fn wake_through(&self, event: &'static EventFd) -> Result<(), Errno> {
        self.exchange_wake_fd(|wake| wake.watch_event(event)).map(drop)
    }

    /// The descriptor that is written to: Python's missing `get_wakeup_fd`.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn wake_fd(&self) -> Option<c_int> {
        self.wake().watched()
    }

    /// How many wake-ups could not be written to the descriptor, modulo 2³². Their flags were set
    /// all the same. Python's warning on a full buffer, as a number.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "warn_on_full_buffer")]
    #[must_use]
    pub fn missed_wakes(&self) -> u32 {
        self.wake().missed()
    }

    fn exchange_wake_fd(&self, watch: impl FnOnce(&Wake)) -> Result<Option<c_int>, Errno> {
        let _lock = registry::lock()?;
        let old = self.wake().unwatch();
        if old.is_some() {
            GATE.wait_until_empty();
        }
        watch(self.wake());
        if let Some(signal) = self.pending().first() {
            self.wake().notify(signal);
        }
        Ok(old)
    }
}
