//! [`Latch`]: the flags that a handler sets and normal code reads.
#![expect(unsafe_code, reason = "is registered by its address")]

use core::fmt;

use super::receiver::{Receiver, receiver_methods};
use crate::{SigSet, Signal};

/// One flag per signal, set by the handler and read when the program is ready: the safe way to catch
/// signals.
///
/// A latch is a `static`. After [`catch`](Self::catch) the handler sets the flags of these signals, and
/// wakes threads that are in [`wait`](Self::wait). Any number of latches, in any number of crates, may
/// catch the same signal: each receives it.
///
/// A flag says that the signal came at least once since it was last taken, not how often or from which
/// sender: see [`InfoQueue`](crate::InfoQueue).
///
/// ```
/// use siglatch::{Latch, Signal, send};
/// use std::time::Duration;
///
/// static STOP: Latch = Latch::new();
///
/// STOP.catch([Signal::INT, Signal::TERM])?;
/// send::raise(Signal::TERM)?; // somebody asks us to stop
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
///
/// ```
/// use siglatch::{Latch, SigSet};
///
/// static WINCH: Latch = Latch::new()
///     .restart(false)           // a read(2) that is interrupted fails with EINTR
///     .mask(SigSet::empty())    // other signals may interrupt the handler
///     .alternate_stack(false);  // it runs on the interrupted stack: the default with such a mask
/// ```
///
/// Where receivers of one signal differ, no restart wins over restart, the masks add up, and the
/// alternate stack is used if any asks for it. A previous handler counts as a receiver, and decides on
/// the stack. This is evaluated at each catch and release; [`action::query`](crate::action::query)
/// tells what is installed.
///
/// # Blocked signals
///
/// A signal that every thread blocks stays pending. A launcher may have left it so (runuser and
/// container runtimes did), and a catch does not change the mask: [`mask::unblock`](crate::mask::unblock).
///
/// # Memory ordering
///
/// What the thread that took the signal did before is visible to a thread that sees the flag.
///
/// # After fork
///
/// A signal to the child is never seen by the parent, nor the other way: flags and wake-ups are not
/// shared, and the child does not write to its parent's descriptor. The child has the same actions, and
/// a copy of the flags unless it was forked in a [`ForkWindow`](crate::child::ForkWindow).
///
/// Parent and child are told apart by their process ids. Where these are equal, as of the first processes
/// of two pid namespaces, it takes a `ForkWindow`.
///
/// A child of vfork(2) runs the handler in its parent's memory: a signal to both, as a Ctrl-C, is
/// delivered twice. A `ForkWindow` around vfork(2) blocks the signals until the child has executed its
/// program; it is dropped in the parent alone.
#[repr(C)]
pub struct Latch {
    receiver: Receiver,
}

impl Latch {
    /// A latch that has caught nothing, with the default choices: system calls are restarted, and the
    /// handler runs on the alternate stack, with all signals blocked but those that the kernel raises
    /// synchronously.
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

    /// Takes one flag after the other, the lowest number first, until none is set. One that is set
    /// meanwhile is taken, too; breaking off leaves the others set.
    pub fn drain(&self) -> LatchDrain<'_> {
        LatchDrain { latch: self }
    }

    /// Sets the flag of `signal` and wakes what waits, as if the signal had come.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe. While a descriptor is watched, a handler that interrupts it must return: if
    /// it leaves by siglongjmp(3), a later catch or release may wait for ever.
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
