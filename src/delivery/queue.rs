//! [`InfoQueue`]: the details of each instance of a signal, from the handler to normal code.
//!
//! Many handlers may push at once: on several threads, and one on top of another on the same
//! thread. A handler must not wait for anybody, a consumer that it interrupted least of all, and a
//! thread may be stopped for ever at any instruction. So there is no shared head or tail to be left
//! half-moved: each place is a [`Slot`] that has one owner at a time, and a thread that stops half-way
//! withholds the one that it owns.
//!
//! Order comes from a ticket that every push draws and the slot carries; a consumer takes the ready
//! slot with the oldest. What one thread took comes out in that order, because it draws the next
//! ticket after it has published.
#![expect(unsafe_code, reason = "claims slots, and is found by the address of its latch")]

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use core::time::Duration;

use super::latch::Latch;
use super::methods::receiver_methods;
use super::receiver::{Arrival, Outcome};
use super::slot::{Phase, Slot, State};
use crate::{Errno, SigInfo, Signal, signal};

/// The largest capacity. A consumer looks at every slot, and a producer at every one of a full
/// queue.
const MAX_CAPACITY: usize = 1024;

/// A queue of signals with their details: who sent each, with what value, what became of which
/// child.
///
/// It is a latch with room for `N` instances behind it, 1 to 1,024. As with a [`Latch`], it is a
/// `static`, any number of receivers may catch the same signal, and [`wait`](Self::wait) sleeps
/// until one comes.
///
/// ```
/// use siglatch::{Cause, InfoQueue, Signal, send};
///
/// static INBOX: InfoQueue<32> = InfoQueue::new();
///
/// INBOX.catch([Signal::USR1, Signal::rt(0)?])?;
/// send::raise(Signal::USR1)?;
/// INBOX.wait(None)?;
/// for info in INBOX.drain() {
///     println!("{:?} from {:?}", info.signal(), info.sender());
///     assert!(matches!(info.cause(), Cause::Thread { .. }));
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Order
///
/// Signals that one thread took come out in the order in which it took them. Between threads there
/// is no order to keep.
///
/// # When it is full
///
/// The instance that finds no room is dropped and counted, for its signal, in [`lost`](Self::lost).
/// The signal is not: [`wait`](Self::wait) ends all the same. With [`keep_newest`](Self::keep_newest)
/// the queue holds the newest instance of each signal instead, and so has room for as many different
/// signals as its capacity, but for one whose slot is being taken at that very moment.
///
/// The kernel itself keeps one instance of a standard signal that is blocked, and of a real-time
/// signal as many as `RLIMIT_SIGPENDING` allows; what it merges or refuses never comes here.
///
/// # Progress
///
/// Lock-free, on either end and under nesting: nobody ever waits for another thread, and one that
/// is stopped for ever in the middle of a push or a pop withholds one slot.
///
/// # After fork
///
/// The child has a copy, pending instances included; none if it was forked in a
/// [`ForkWindow`](crate::child::ForkWindow).
#[repr(C)]
pub struct InfoQueue<const N: usize> {
    /// First, for the handler to find the rest by its address.
    latch: Latch,
    tickets: AtomicUsize,
    keep_newest: bool,
    lost: [AtomicU32; signal::MAX as usize],
    slots: [Slot; N],
}

impl<const N: usize> InfoQueue<N> {
    /// An empty queue that has caught nothing yet.
    ///
    /// Does not compile with a capacity of 0 or more than 1,024.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N >= 1 && N <= MAX_CAPACITY, "the capacity is from 1 to 1,024") };
        Self {
            latch: Latch::with(Self::deliver).starting_over(Self::start_over),
            tickets: AtomicUsize::new(0),
            keep_newest: false,
            lost: [const { AtomicU32::new(0) }; signal::MAX as usize],
            slots: [const { Slot::new() }; N],
        }
    }

    /// Keeps the newest instance of each signal: one that comes while another of the same signal is
    /// in the queue takes its place, and the older is counted as lost.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn keep_newest(mut self) -> Self {
        self.keep_newest = true;
        self
    }

    /// How many instances there is room for.
    pub const CAPACITY: usize = N;

    /// Whether no instance is ready to be taken.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.slots.iter().any(|slot| slot.state().is(Phase::Ready))
    }

    /// Takes the oldest instance.
    ///
    /// Of several threads that take, each instance goes to one.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use = "the instance is taken out"]
    pub fn pop(&self) -> Option<SigInfo> {
        self.take(None).or_else(|| {
            // The flags say that there is something. Cleared before the last look, so that what
            // comes after it sets them again.
            let flags = self.latch.take();
            let late = self.take(None)?;
            // There may be more: whoever waits has to look.
            for signal in flags {
                self.latch.set(signal);
            }
            Some(late)
        })
    }

    /// Takes one instance after the other, the oldest first, until there is none. Breaking off
    /// leaves the others, and one that comes meanwhile is taken too.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn drain(&self) -> DrainInfo<'_, N> {
        DrainInfo { queue: self }
    }

    /// How many instances of `signal` were dropped or replaced since the start of the process,
    /// modulo 2³².
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn lost(&self, signal: Signal) -> u32 {
        // ORDERING: Relaxed: a number, nothing is read because of it.
        self.counter(signal).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Sleeps until an instance has come, or for `timeout` at most; see
    /// [`Latch::wait`](crate::Latch::wait).
    ///
    /// # Errors
    ///
    /// As [`Latch::wait`](crate::Latch::wait).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        self.latch.wait(timeout)
    }

    receiver_methods!();

    /// The flags in front of the queue.
    pub(crate) const fn latch(&self) -> &Latch {
        &self.latch
    }

    /// What happens in the handler: record first, then flag and wake.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`.
    unsafe extern "C" fn deliver(address: NonNull<Latch>, arrival: &Arrival) -> Outcome {
        // SAFETY: the latch is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.push(arrival.signal, arrival.info());
        queue.latch.set(arrival.signal);
        Outcome::Taken
    }

    /// In a child of fork(2): it is empty and has lost nothing.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`, and nobody else is in it: the threads that
    /// were are the parent's.
    unsafe extern "C" fn start_over(address: NonNull<Latch>) {
        // SAFETY: the latch is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        for slot in &queue.slots {
            slot.hand_on(State::FREE);
        }
        for count in &queue.lost {
            // ORDERING: Relaxed: nobody else is here.
            count.store(0, Ordering::Relaxed);
        }
    }

    fn push(&self, signal: Signal, info: SigInfo) {
        // ORDERING: Release pairs with the Acquire in `take`.
        let ticket = self.tickets.fetch_add(1, Ordering::Release);
        let writing = State::new(Phase::Writing, signal, ticket);
        let slot = self.replace(signal, writing).or_else(|| self.claim_free(ticket, writing));
        let Some(slot) = slot else { return self.count_lost(signal) };
        // SAFETY: it was claimed for writing just now.
        unsafe { slot.write(info) };
        slot.hand_on(writing.with(Phase::Ready));
    }

    /// Claims the slot of an older instance, if the newest of each signal is to be kept.
    fn replace(&self, signal: Signal, writing: State) -> Option<&Slot> {
        if !self.keep_newest {
            return None;
        }
        let slot = self.slots.iter().find(|slot| {
            let state = slot.state();
            state.is(Phase::Ready) && state.is_of(signal) && slot.claim(state, writing)
        })?;
        self.count_lost(signal);
        Some(slot)
    }

    /// Claims a free slot, beginning where the one after the last push's is likely to be.
    fn claim_free(&self, ticket: usize, writing: State) -> Option<&Slot> {
        let (before, after) = self.slots.split_at_checked(ticket.checked_rem(N)?)?;
        after
            .iter()
            .chain(before)
            .find(|slot| slot.state() == State::FREE && slot.claim(State::FREE, writing))
    }

    /// Takes the oldest instance, of any signal or of one.
    ///
    /// Only tickets that were drawn before the look count. A thread draws one after it has published
    /// the one before, so whoever sees a ticket drawn sees all that its thread published earlier,
    /// and cannot take the later one first.
    pub(crate) fn take(&self, only: Option<Signal>) -> Option<SigInfo> {
        loop {
            // ORDERING: Acquire pairs with the Release in `push`, for the reason above.
            let next = self.tickets.load(Ordering::Acquire);
            let mut oldest: Option<(isize, &Slot, State)> = None;
            let mut newer = false;
            for slot in &self.slots {
                let state = slot.state();
                if !state.is(Phase::Ready) || only.is_some_and(|signal| !state.is_of(signal)) {
                    continue;
                }
                let age = state.age(next);
                if age <= 0 {
                    newer = true;
                } else if oldest.is_none_or(|(oldest, ..)| age > oldest) {
                    oldest = Some((age, slot, state));
                }
            }
            let Some((_, slot, state)) = oldest else {
                if newer {
                    continue;
                }
                return None;
            };
            // Another consumer, or a producer that replaces it, may have been faster: look again.
            if slot.claim(state, state.with(Phase::Reading)) {
                // SAFETY: it was ready and was claimed for reading just now.
                let info = unsafe { slot.read() };
                slot.hand_on(State::FREE);
                return Some(info);
            }
        }
    }

    fn count_lost(&self, signal: Signal) {
        if let Some(count) = self.counter(signal) {
            // ORDERING: Relaxed: a number, nothing is read because of it.
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter(&self, signal: Signal) -> Option<&AtomicU32> {
        self.lost.get((signal.as_raw().wrapping_sub(1)) as usize)
    }
}

impl<const N: usize> Default for InfoQueue<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for InfoQueue<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfoQueue")
            .field("caught", &self.caught())
            .field("capacity", &N)
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

/// The instances of an [`InfoQueue`], taken one by one; see [`InfoQueue::drain`].
#[derive(Clone, Debug)]
#[must_use = "nothing is taken before it is asked"]
pub struct DrainInfo<'a, const N: usize> {
    queue: &'a InfoQueue<N>,
}

impl<const N: usize> Iterator for DrainInfo<'_, N> {
    type Item = SigInfo;

    fn next(&mut self) -> Option<SigInfo> {
        self.queue.pop()
    }
}
