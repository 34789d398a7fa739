//! [`Latch`]: the flags that a handler sets and normal code reads.

use core::fmt;
use core::mem::offset_of;
use core::time::Duration;
use static_assertions::{assert_impl_all, const_assert_eq};

use super::bits::{AtomicSet, Bit};
use super::gate::GATE;
use super::link::Link;
use super::receiver::{Deliver, StartOver};
use super::wake::Wake;
use crate::sys::KernelTimespec;
use crate::{Errno, SigSet, Signal, time};

/// One flag a signal, set by the handler and read when the program is ready: the safe way to catch
/// signals.
///
/// A latch is a `static`. [`catch`](Self::catch) tells it which signals to receive; from then on
/// the handler sets their flags, and wakes a thread that is in [`wait`](Self::wait). Any number of
/// latches, in any number of crates, may catch the same signal: each receives it.
///
/// A flag says that the signal came at least once since it was last taken. How often, and who sent
/// it, a flag does not keep.
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
/// Two choices of sigaction(2) are made when the latch is made, and hold for all its signals:
///
/// ```
/// use siglatch::{Latch, SigSet};
///
/// static WINCH: Latch = Latch::new()
///     .restart(false)           // a read(2) that is interrupted fails with EINTR
///     .mask(SigSet::empty());   // other signals may interrupt the handler
/// ```
///
/// Flags and mask belong to the signal, not to one receiver of it. Where receivers of one signal
/// differ, no restart wins over restart, and the mask is what any of them asks for; an action that
/// was there before and is chained to counts as a receiver. It is worked out again with each catch
/// and release; [`action::query`](crate::action::query) tells what is in force.
///
/// # Memory ordering
///
/// What the thread that took the signal did before is visible to whoever sees the flag by
/// [`is_set`](Self::is_set), [`wait`](Self::wait) or a method that takes.
///
/// # After fork
///
/// A signal to the child is never seen by the parent, nor the other way: neither flags nor wake-ups
/// are shared, and the child writes to no descriptor of its parent's. The same actions are in force
/// in the child, and the flags that were set are set there too, unless it was forked in a
/// [`ForkWindow`](crate::child::ForkWindow).
///
/// Parent and child are told apart by their process ids. Where both have the same, being the first
/// processes of two pid namespaces, only a `ForkWindow` makes them two.
#[repr(C)]
pub struct Latch {
    /// First, for the list to find the rest by its address.
    link: Link,
    /// What has come. Set by the handler, taken by normal code.
    pending: AtomicSet,
    wake: Wake,
    /// The choices that are not the default, so that a latch is all zero until it is used and
    /// takes no room in the program's file.
    interrupts: bool,
    unblocked: SigSet,
    /// What it does in the handler besides, if it is the first field of another receiver.
    deliver: Option<Deliver>,
    /// What that receiver forgets in a child of fork(2).
    start_over: Option<StartOver>,
    /// Whether it may catch the signals of faults.
    takes_faults: bool,
}

assert_impl_all!(Latch: Send, Sync, Unpin);
const_assert_eq!(offset_of!(Latch, link), 0);

impl Latch {
    /// A latch that has caught nothing yet, restarts system calls, and blocks all signals while
    /// its handler runs.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            link: Link::new(),
            pending: AtomicSet::new(),
            wake: Wake::new(),
            interrupts: false,
            unblocked: SigSet::empty(),
            deliver: None,
            start_over: None,
            takes_faults: false,
        }
    }

    /// The latch of another type of receiver.
    pub(crate) const fn with(deliver: Deliver) -> Self {
        Self { deliver: Some(deliver), ..Self::new() }
    }

    /// Whether a system call that its signal interrupts goes on (`SA_RESTART`, the default) or
    /// fails with `EINTR`. Some fail with `EINTR` either way: signal(7) lists them.
    ///
    /// `std` hands on `EINTR`, as `ErrorKind::Interrupted`, from `read`, `fill_buf`, `write`
    /// and `recv`. It calls again by itself in `read_line`, `lines`,
    /// `read_to_end`, `read_exact` and `write_all`, in `accept`, in `Child::wait` and in `thread::sleep`:
    /// these do not come back. Wait before them, by
    /// [`wait::poll`](crate::wait::poll()) or for a thread that does them, and look at the flag.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "siginterrupt")]
    #[doc(alias = "SA_RESTART")]
    #[must_use]
    pub const fn restart(mut self, restart: bool) -> Self {
        self.interrupts = !restart;
        self
    }

    /// What is blocked on the thread while the handler runs, besides the signal itself
    /// (`sa_mask`). The default is all. What is left out may interrupt the handler, and each handler
    /// on top of another takes more of the stack, or of the alternate stack.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "sa_mask")]
    #[must_use]
    pub const fn mask(mut self, mask: SigSet) -> Self {
        self.unblocked = SigSet::full().difference(mask);
        self
    }

    /// Whether any flag is set.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        // ORDERING: Acquire pairs with the handler's insert in `trip`.
        !self.pending.is_empty()
    }

    /// Whether the flag of `signal` is set.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use]
    pub fn contains(&self, signal: Signal) -> bool {
        // ORDERING: Acquire pairs with the handler's insert in `trip`.
        self.pending.contains(Bit::of(signal))
    }

    /// The signals whose flags are set; they stay set.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use]
    pub fn pending(&self) -> SigSet {
        // ORDERING: Acquire pairs with the handler's insert in `trip`.
        self.pending.load()
    }

    /// Takes all flags that are set. Of several threads that take, each flag goes to one.
    ///
    /// Where words have 32 bits, the signals from 33 on are taken a moment after the others.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use = "the flags are cleared"]
    pub fn take(&self) -> SigSet {
        // ORDERING: Acquire pairs with the handler's insert in `trip`.
        self.pending.take()
    }

    /// Takes the flag of `signal`. Says whether it was set.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[inline]
    #[must_use = "the flag is cleared"]
    pub fn take_signal(&self, signal: Signal) -> bool {
        // ORDERING: as in `take`.
        self.pending.remove(Bit::of(signal))
    }

    /// Takes one flag after the other, the lowest number first, until none is set. Breaking off
    /// leaves the others set, and one that is set meanwhile is taken too.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn drain(&self) -> Drain<'_> {
        Drain { latch: self }
    }

    /// Sets the flag of `signal` and wakes who waits, as if the signal had come: for a thread that
    /// asks for the same as the signal does.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn set(&self, signal: Signal) {
        // As a handler does, so that nobody writes to a descriptor that was taken away.
        let ticket = GATE.enter();
        self.trip(signal, Bit::of(signal));
        GATE.leave(ticket);
    }

    /// Sleeps until a flag is set, or for `timeout` at most; `None` has no limit. Says whether a
    /// flag is set, and takes none.
    ///
    /// Signals do not prolong it: the end is worked out once, to the nanosecond, and never comes
    /// early. It is a time of `CLOCK_MONOTONIC`, which goes on while the process is stopped and stands
    /// still while the machine is suspended. A `timeout` of zero only looks. Several threads may wait for one latch, all are
    /// woken. It needs no descriptor and no blocked signal: a flag set between a look and the sleep
    /// ends the sleep.
    ///
    /// # Errors
    ///
    /// None that Linux documents; a seccomp(2) filter may make one (futex(2), clock_gettime(2)).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        if self.is_set() {
            return Ok(true);
        }
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Ok(false);
        }
        let deadline = timeout.map(time::deadline).transpose()?;
        self.sleep(deadline.as_ref())
    }

    /// As [`wait`](Self::wait), but until a point in time: what `CLOCK_MONOTONIC` shows, as
    /// [`wait::now`](crate::wait::now) tells. One that has passed only looks.
    ///
    /// ```
    /// use siglatch::{Latch, Signal, wait};
    /// use std::time::Duration;
    ///
    /// static RELOAD: Latch = Latch::new();
    /// RELOAD.catch(Signal::HUP)?;
    /// let end = wait::now()? + Duration::from_millis(20);
    /// while RELOAD.wait_until(end)? {
    ///     let _again = RELOAD.take(); // however many come, it ends when it was to end
    /// }
    /// assert!(wait::now()? >= end);
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait_until(&self, end: Duration) -> Result<bool, Errno> {
        if self.is_set() {
            return Ok(true);
        }
        self.sleep(Some(&time::timespec(end)))
    }

    fn sleep(&self, deadline: Option<&KernelTimespec>) -> Result<bool, Errno> {
        // ORDERING: SeqCst pairs with the SeqCst insert in `trip`, as `Wake` demands.
        match self.wake.wait(deadline, || !self.pending.is_empty()) {
            Ok(()) => Ok(true),
            Err(Errno::TIMEDOUT) => Ok(self.is_set()),
            Err(errno) => Err(errno),
        }
    }

    /// The signals that it has caught and not released.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn caught(&self) -> SigSet {
        if self.link.leads_nowhere() { SigSet::empty() } else { self.link.wanted() }
    }

    /// Flag first, wake second. It runs in the handler.
    #[inline]
    pub(super) fn trip(&self, signal: Signal, bit: Bit) {
        if self.flag(bit) {
            self.wake.wake(signal);
        }
    }

    /// The flag alone. Says whether there is somebody to [`wake`](Wake::wake), which is then to
    /// follow.
    #[inline]
    pub(super) fn flag(&self, bit: Bit) -> bool {
        // ORDERING: SeqCst. Its Release half pairs with the Acquire of those who look and take;
        // as a whole it is ordered before the look for listeners, as `Wake` demands.
        self.pending.insert(bit);
        self.wake.has_listeners()
    }

    pub(super) const fn wake(&self) -> &Wake {
        &self.wake
    }

    pub(super) const fn link(&self) -> &Link {
        &self.link
    }

    /// The same, for a type that can do something about a fault.
    pub(super) const fn taking_faults(mut self) -> Self {
        self.takes_faults = true;
        self
    }

    /// The same, for a type that has something of its own to forget in a child of fork(2).
    pub(crate) const fn starting_over(mut self, start_over: StartOver) -> Self {
        self.start_over = Some(start_over);
        self
    }

    /// In a child of fork(2): no flag is set, and no descriptor is written to.
    pub(super) fn forget(&self) {
        let _flags = self.take();
        let _descriptor = self.wake.unwatch();
    }

    pub(super) const fn takes_faults(&self) -> bool {
        self.takes_faults
    }

    pub(super) const fn own_delivery(&self) -> Option<Deliver> {
        self.deliver
    }

    pub(super) const fn own_start(&self) -> Option<StartOver> {
        self.start_over
    }

    pub(super) const fn restarts(&self) -> bool {
        !self.interrupts
    }

    /// What its choice of a mask leaves unblocked.
    pub(super) const fn unblocked(&self) -> SigSet {
        self.unblocked
    }
}

impl Default for Latch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Latch {
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
pub struct Drain<'a> {
    latch: &'a Latch,
}

impl Iterator for Drain<'_> {
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
