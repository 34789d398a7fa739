//! [`Shutdown`]: the first signal asks, the second or a deadline ends the process.
#![expect(unsafe_code, reason = "is a receiver of its own")]

mod deadline;

use core::fmt;
use core::ptr::{self, NonNull};
use core::time::Duration;

use self::deadline::Deadline;
use crate::delivery::receiver::{Arrival, Receiver, Verdict, receiver_methods};
use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::{Errno, Pid, Signal, Value, exit, sys};

/// A graceful end: the first signal asks the program to finish; the second, or a deadline, ends it
/// at once.
///
/// Both take effect in signal context, so they end a program whose main loop is stuck, whose deferred
/// handler blocks for ever or which cannot finish its work; and they end it by a signal, the second
/// one or the one that asked, so a shell and a supervisor see what happened.
///
/// ```no_run
/// use siglatch::{Errno, Shutdown, Signal};
/// use std::time::Duration;
///
/// static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_secs(10));
///
/// fn main() -> Result<(), Errno> {
///     SHUTDOWN.catch_unless_ignored([Signal::INT, Signal::TERM, Signal::HUP])?;
///     while !SHUTDOWN.wait(Some(Duration::from_secs(1)))? {
///         println!("Working...");
///     }
///     if let Some(signal) = SHUTDOWN.asked_by() {
///         println!("{signal} asked to stop; another one stops at once, and so do 10 seconds");
///     }
///     // finish what is in hand
///     Ok(())
/// }
/// ```
///
/// # After fork
///
/// The child has a copy: if the parent was asked, the next signal to the child ends it, but the
/// deadline is the parent's alone. [`cancel`](Self::cancel) in the child makes it start anew, and so
/// does a [`ForkWindow`](crate::child::ForkWindow).
#[repr(C)]
pub struct Shutdown {
    /// First, for the handler to find the rest by its address.
    receiver: Receiver,
    /// The number of the signal that asked; 0 while none has.
    asked_by: AtomicU32,
    /// The process that sent it; 0 if none did.
    sender: AtomicI32,
    deadline: Deadline,
}

impl Shutdown {
    /// Nobody has asked, and nothing is caught yet.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receiver: Receiver::with(Self::deliver).resetting(Self::reset_after_fork),
            asked_by: AtomicU32::new(0),
            sender: AtomicI32::new(0),
            deadline: Deadline::none(),
        }
    }

    /// Gives the program so much time to finish once it was asked. Then it is ended by the signal
    /// that asked. The default is no end.
    ///
    /// The time is that of `CLOCK_MONOTONIC`. Its end comes as another instance of the signal that
    /// asked, from a timer: as with a second signal, some thread must not block it. If the signal
    /// is released meanwhile, its action then decides.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Deadline::after(after);
        self
    }

    /// How much time is left until the deadline. `None`: nobody has asked, there is no deadline, it
    /// begins or ends just now, or the kernel had no room for a timer (`RLIMIT_SIGPENDING`).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.left()
    }

    /// Whether a signal has asked the program to finish.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked_by().is_some()
    }

    /// The signal that asked, if one has.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use]
    pub fn asked_by(&self) -> Option<Signal> {
        // ORDERING: Acquire pairs with the Release in `ask_for`.
        Signal::from_raw(self.asked_by.load(Ordering::Acquire).cast_signed()).ok()
    }

    /// The process that sent the signal that asked. `None`: nobody has asked, or the kernel did (a
    /// Ctrl-C), or a process outside this pid namespace.
    ///
    /// With a `kill` it is what the kernel says; with a queued signal what the sender says itself.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn sender(&self) -> Option<Pid> {
        self.asked_by()?;
        // ORDERING: Relaxed: stored before the number, which was acquired.
        Pid::from_raw(self.sender.load(Ordering::Relaxed)).ok()
    }

    /// Sleeps until a signal asks, or for `timeout` at most. Says whether one has asked.
    ///
    /// # Errors
    ///
    /// As [`Latch::wait`](crate::Latch::wait).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        self.receiver.wait(timeout)
    }

    /// Forgets that it was asked: the next signal asks again, and the deadline is off. Returns the
    /// signal that had asked.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn cancel(&self) -> Option<Signal> {
        // ORDERING: Relaxed: what the one who asked has done before comes with the look below, and
        // what this thread has done goes with the flags to whoever asks next.
        let asked = self.asked_by.swap(0, Ordering::Relaxed);
        let _flags = self.receiver.take();
        self.deadline.cancel();
        // What a signal that has asked since has set may have gone with the rest.
        if let Some(signal) = self.asked_by() {
            self.begin(signal);
        }
        Signal::from_raw(asked.cast_signed()).ok()
    }

    /// Asks in the place of a signal: as if `signal` had come. If one had asked before, this ends
    /// the process by `signal`.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn ask(&self, signal: Signal) {
        self.ask_for(signal, sys::getpid());
    }

    fn ask_for(&self, signal: Signal, sender: i32) {
        if !self.is_asked() {
            // ORDERING: Relaxed: before the Release. Of two at once, one ends the process.
            self.sender.store(sender, Ordering::Relaxed);
        }
        let number = signal.as_raw().cast_unsigned();
        // ORDERING: Release pairs with the Acquire in `asked_by`. Of two signals at once, one asks and
        // one ends.
        match self.asked_by.compare_exchange(0, number, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => self.begin(signal),
            Err(_) => exit::die_by(signal),
        }
    }

    fn begin(&self, signal: Signal) {
        self.deadline.begin(signal, self.address(), || self.is_asked());
        self.receiver.set(signal);
    }

    receiver_methods!();

    /// What happens in the handler.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `Shutdown`.
    unsafe extern "C" fn deliver(address: NonNull<Receiver>, arrival: &Arrival) -> Verdict {
        // SAFETY: the receiver is the first field of the struct, whose address was registered.
        let shutdown = unsafe { address.cast::<Self>().as_ref() };
        let info = arrival.info();
        match shutdown.deadline.expired(&info, shutdown.address()) {
            Some(true) => exit::die_by(shutdown.asked_by().unwrap_or(arrival.signal)),
            Some(false) => {} // it was cancelled when its end was on the way
            None => shutdown.ask_for(arrival.signal, info.sender().unwrap_or(0)),
        }
        Verdict::TakenAndChained
    }

    /// In a child of fork(2), which nobody has asked.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `Shutdown`.
    unsafe extern "C" fn reset_after_fork(address: NonNull<Receiver>) {
        // SAFETY: the receiver is the first field of the struct, whose address was registered.
        let _asked = unsafe { address.cast::<Self>().as_ref() }.cancel();
    }

    /// What its timers are known by.
    fn address(&self) -> Value {
        Value::from_ptr(ptr::from_ref(self).addr())
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("caught", &self.caught())
            .field("asked_by", &self.asked_by())
            .finish_non_exhaustive()
    }
}
