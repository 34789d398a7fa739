//! [`Hook`]: a function of the program's own, run in signal context.
#![expect(unsafe_code, reason = "calls the program's function in signal context")]

use core::ffi::c_void;
use core::fmt;
use core::ptr::NonNull;

use super::latch::Latch;
use super::methods::receiver_methods;
use super::receiver::{Arrival, Outcome};
use crate::{DefaultAction, SigInfo, Signal};

/// What a hook is told of the signal that it runs for.
#[derive(Clone, Copy)]
pub struct Interruption<'a> {
    arrival: &'a Arrival,
}

impl Interruption<'_> {
    /// Which signal.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn signal(self) -> Signal {
        self.arrival.signal
    }

    /// Its details.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn info(self) -> SigInfo {
        self.arrival.info()
    }

    /// What was interrupted: the `ucontext_t` that sigaction(2) tells of. It lies on the stack of
    /// the handler, and what is changed in it is in force when the handler returns. Null if other
    /// code that chains to this crate had none.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn context(self) -> *mut c_void {
        self.arrival.context
    }
}

impl fmt::Debug for Interruption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interruption").field("info", &self.info()).finish_non_exhaustive()
    }
}

/// What a hook says of the signal that it ran for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// It was taken care of.
    Taken,
    /// Somebody else should.
    Declined,
}

/// A function of the program's own that runs in signal context, with the details and the
/// interrupted context: the `unsafe` door, for what flags and queues cannot do.
///
/// Any number of hooks may be there for a signal, besides latches and queues; all are run in the
/// order in which they were first registered.
///
/// A hook may catch what a latch may not: the faults `SIGSEGV`, `SIGBUS`, `SIGFPE` and `SIGILL`. Of a
/// fault, the first hook that says [`Verdict::Taken`] ends the matter, and the instruction is run
/// again; what is declined by all goes to the handler that was there before, or else ends the
/// process by its signal, as it would have without them.
///
/// Of other signals, each hook and the handler that was there before gets every instance. If there
/// is nobody but hooks and all decline, a signal whose default is to end the process ends it, unless
/// it was ignored before them.
///
/// ```
/// use siglatch::{Hook, Interruption, Signal, Verdict, send};
/// use std::sync::atomic::{AtomicI32, Ordering};
///
/// static LAST: AtomicI32 = AtomicI32::new(0);
///
/// fn note(signal: Interruption<'_>) -> Verdict {
///     LAST.store(signal.signal().as_raw(), Ordering::Relaxed);
///     Verdict::Taken
/// }
///
/// // SAFETY: `note` does one atomic store.
/// static NOTE: Hook = unsafe { Hook::new(note) };
///
/// NOTE.catch(Signal::USR2)?;
/// send::raise(Signal::USR2)?;
/// assert_eq!(LAST.load(Ordering::Relaxed), Signal::USR2.as_raw());
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// A hook runs on the thread's alternate stack if it has one, which a fault by an overflown stack
/// needs.
#[repr(C)]
pub struct Hook {
    /// First, for the handler to find the rest by its address.
    latch: Latch,
    function: fn(Interruption<'_>) -> Verdict,
}

impl Hook {
    /// A hook that has caught nothing yet.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    ///
    /// # Safety
    ///
    /// `function` must be sound to run at any instruction of any thread, as signal-safety(7) tells:
    ///
    /// - it does not allocate, take a lock, or wait for a thread;
    /// - it calls nothing that is not async-signal-safe, and leaves errno as it finds it;
    /// - it does not unwind, and does not leave by a jump;
    /// - it does not catch or release signals;
    /// - what it shares with other code it shares through atomics;
    /// - if it is to catch faults and says [`Verdict::Taken`], running the instruction again, in the
    ///   context as it left it, must be sound.
    #[must_use]
    pub const unsafe fn new(function: fn(Interruption<'_>) -> Verdict) -> Self {
        Self { latch: Latch::with(Self::deliver).taking_faults(), function }
    }

    receiver_methods!();

    /// What happens in the handler.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `Hook`.
    unsafe extern "C" fn deliver(address: NonNull<Latch>, arrival: &Arrival) -> Outcome {
        // SAFETY: the latch is the first field of the hook, whose address was registered.
        let hook = unsafe { address.cast::<Self>().as_ref() };
        match (hook.function)(Interruption { arrival }) {
            Verdict::Taken if arrival.signal.is_fault() => Outcome::Ended,
            Verdict::Taken => Outcome::Taken,
            Verdict::Declined => declined(arrival.signal),
        }
    }
}

/// What follows when a hook does not want a signal: the default action, as far as that is to end the
/// process. To stop it, or to do nothing, needs no help from the action before.
fn declined(signal: Signal) -> Outcome {
    match signal.default_action() {
        DefaultAction::Terminate | DefaultAction::Core => Outcome::Declined,
        DefaultAction::Stop | DefaultAction::Continue | DefaultAction::Ignore => Outcome::Taken,
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("caught", &self.caught()).finish_non_exhaustive()
    }
}
