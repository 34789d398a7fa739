//! [`Latch`]: the flags that a handler sets and normal code reads.
#![expect(unsafe_code, reason = "is registered by its address")]

use core::fmt;

use super::receiver::{Receiver, receiver_methods};
use crate::{SigSet, Signal};

/// One flag per signal, set by the handler and read when the program is ready: the safe way to
/// catch signals.
///
/// After [`catch`](Self::catch) the handler sets the flags of these signals, and wakes threads that
/// are in [`wait`](Self::wait). Any number of latches, in any number of crates, may catch the same
/// signal: each receives it. A flag says that the signal came at least once since it was last
/// taken, not how often or from which sender: an [`InfoQueue`](crate::InfoQueue) does.
///
/// ```
/// use siglatch::{Latch, Signal, send};
/// use std::time::Duration;
///
/// static STOP: Latch = Latch::new();
///
/// STOP.catch_unblocked([Signal::INT, Signal::TERM])?;
/// send::raise(Signal::TERM)?; // as kill(1) would
/// while !STOP.wait(Some(Duration::from_secs(1)))? {
///     println!("Working...");
/// }
/// for signal in STOP.take() {
///     println!("stopped by {signal}");
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Choices
///
/// Three choices of sigaction(2) are made with the latch, for all its signals:
/// [`restart`](Self::restart), [`mask`](Self::mask) and [`alternate_stack`](Self::alternate_stack).
///
/// ```
/// # use siglatch::Latch;
/// static WINCH: Latch = Latch::new().restart(false); // read(2) fails with EINTR
/// ```
///
/// Where receivers of one signal differ, no restart wins over restart, the masks add up, and the
/// alternate stack is used if any wants it. A previous handler counts as a receiver, and decides on
/// the stack. Each catch and release evaluates this; [`action::query`](crate::action::query)
/// returns the result.
///
/// # Blocked signals
///
/// A signal that every thread blocks stays pending. A launcher may have left it so (runuser and
/// container runtimes did), and a catch does not change the mask:
/// [`catch_unblocked`](Self::catch_unblocked) does.
///
/// # Memory ordering
///
/// What the thread that took the signal did before is visible to a thread that sees the flag.
///
/// # After fork
///
/// Flags and wake-ups are not shared: the parent never sees a signal to the child, nor the other
/// way, and the child does not write to its parent's descriptor. The child has the same actions,
/// and a copy of the flags unless it was forked in a [`ForkWindow`](crate::child::ForkWindow). That
/// is also needed where the process ids are equal, as of the first processes of two pid namespaces:
/// they tell parent and child apart.
///
/// A child of vfork(2) runs the handler in its parent's memory: a signal to both, as a Ctrl-C, is
/// delivered twice. A `ForkWindow` around vfork(2), dropped in the parent alone, blocks the signals
/// until the child has executed its program.
#[repr(C)]
pub struct Latch {
    receiver: Receiver,
}

impl Latch {
    /// A latch that has caught nothing, with the default choices.
    #[must_use]
    pub const fn new() -> Self {
        Self { receiver: Receiver::new() }
    }

    /// Returns `true` if any flag is set.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.receiver.is_set()
    }

    /// Returns `true` if the flag of `signal` is set.
    #[inline]
    #[must_use]
    pub fn contains(&self, signal: Signal) -> bool {
        self.receiver.contains(signal)
    }

    /// The signals whose flags are set; they stay set.
    #[inline]
    #[must_use]
    pub fn pending(&self) -> SigSet {
        self.receiver.pending()
    }

    /// Takes all flags that are set. Of several threads that take, each flag goes to one.
    #[inline]
    #[must_use = "the flags are cleared"]
    pub fn take(&self) -> SigSet {
        self.receiver.take()
    }

    /// Takes the flag of `signal`. Returns `true` if it was set.
    #[inline]
    #[must_use = "the flag is cleared"]
    pub fn take_signal(&self, signal: Signal) -> bool {
        self.receiver.take_signal(signal)
    }

    /// Takes one by one, the lowest number first, until none is set. Breaking off leaves the rest.
    pub fn drain(&self) -> LatchDrain<'_> {
        LatchDrain { latch: self }
    }

    /// Sets the flag of `signal` and wakes what waits, as if the signal had come. While a
    /// descriptor is watched, a handler that interrupts this must return: after a siglongjmp(3) out
    /// of it, a later catch or release may never return.
    pub fn set(&self, signal: Signal) {
        self.receiver.set(signal);
    }

    receiver_methods!();
}

impl Default for Latch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Latch {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch")
            .field("caught", &self.caught())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

/// The flags of a [`Latch`], taken one by one; see [`Latch::drain`].
#[derive(Clone, Debug)]
#[must_use = "nothing is taken before it is asked"]
pub struct LatchDrain<'a> {
    latch: &'a Latch,
}

impl Iterator for LatchDrain<'_> {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        // Another thread may take the flag that was just seen: look again.
        loop {
            let signal = self.latch.pending().first()?;
            if self.latch.take_signal(signal) {
                return Some(signal);
            }
        }
    }
}
