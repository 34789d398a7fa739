//! [`Shutdown`]: the first signal asks, the second ends the process.
#![expect(unsafe_code, reason = "is a receiver of its own, and arms a timer in the handler")]

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use crate::delivery::methods::receiver_methods;
use crate::delivery::receiver::{Arrival, Outcome};
use crate::{Errno, Latch, Signal, exit};

/// A graceful end: the first signal asks the program to finish, the second ends it at once.
///
/// The second one takes effect in signal context, so it ends a program whose main loop is stuck,
/// whose deferred handler blocks for ever or which cannot finish its work; and it ends it by that
/// signal, so a shell and a supervisor see what happened.
///
/// ```no_run
/// use siglatch::{Errno, Shutdown, Signal};
/// use std::time::Duration;
///
/// static SHUTDOWN: Shutdown = Shutdown::new();
///
/// fn main() -> Result<(), Errno> {
///     SHUTDOWN.catch_unless_ignored([Signal::INT, Signal::TERM, Signal::HUP])?;
///     while !SHUTDOWN.wait(Some(Duration::from_secs(1)))? {
///         println!("Working...");
///     }
///     if let Some(signal) = SHUTDOWN.asked_by() {
///         println!("{signal} asked to stop; another one stops at once");
///     }
///     // finish what is in hand
///     Ok(())
/// }
/// ```
///
/// # After fork
///
/// The child has a copy: if the parent was asked, the next signal to the child ends it.
/// [`cancel`](Self::cancel) in the child makes it start anew.
#[repr(C)]
pub struct Shutdown {
    /// First, for the handler to find the rest by its address.
    latch: Latch,
    /// The number of the signal that asked; 0 while none has.
    asked_by: AtomicU32,
}

impl Shutdown {
    /// Nobody has asked, and nothing is caught yet.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn new() -> Self {
        Self { latch: Latch::with(Self::deliver), asked_by: AtomicU32::new(0) }
    }

    /// Whether a signal has asked the program to finish.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked_by().is_some()
    }

    /// The signal that asked, if one has.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn asked_by(&self) -> Option<Signal> {
        // ORDERING: Acquire pairs with the AcqRel in `ask`.
        Signal::from_raw(self.asked_by.load(Ordering::Acquire).cast_signed()).ok()
    }

    /// Sleeps until a signal asks, or for `timeout` at most. Says whether one has asked.
    ///
    /// # Errors
    ///
    /// As [`Latch::wait`].
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        self.latch.wait(timeout)
    }

    /// Forgets that it was asked: the next signal asks again. Returns the signal that had.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn cancel(&self) -> Option<Signal> {
        let _flags = self.latch.take();
        // ORDERING: AcqRel pairs with `ask`. The flags are cleared before, so that a signal that
        // asks from here on finds its flag set.
        Signal::from_raw(self.asked_by.swap(0, Ordering::AcqRel).cast_signed()).ok()
    }

    /// Asks in the place of a signal: as if `signal` had come. If one had asked before, this ends
    /// the process by `signal`.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn ask(&self, signal: Signal) {
        let number = signal.as_raw().cast_unsigned();
        // ORDERING: AcqRel pairs with itself and with `cancel`: of two signals at once, one asks
        // and one ends.
        match self.asked_by.compare_exchange(0, number, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => self.latch.set(signal),
            Err(_) => exit::die_by(signal),
        }
    }

    receiver_methods!();

    /// What happens in the handler.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `Shutdown`.
    unsafe extern "C" fn deliver(address: NonNull<Latch>, arrival: &Arrival) -> Outcome {
        // SAFETY: the latch is the first field of the struct, whose address was registered.
        let shutdown = unsafe { address.cast::<Self>().as_ref() };
        shutdown.ask(arrival.signal);
        Outcome::Taken
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
