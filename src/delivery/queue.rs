//! [`InfoQueue`]: the details of each instance of a signal, from the handler to normal code.
//!
//! Many handlers may push at once: on several threads, and one on top of another on the same
//! thread. A handler must not wait for anybody, a consumer that it interrupted least of all, and a
//! thread may be stopped for ever at any instruction. So there is no shared head or tail to be left
//! half-moved. Each slot has a state of its own, and whoever changes it by compare-and-exchange owns
//! the slot until it stores the next:
//!
//! | state | who may touch the record | next |
//! |---|---|---|
//! | free | nobody | a producer claims it: writing |
//! | writing | that producer | it publishes: ready |
//! | ready | nobody | a consumer claims it: reading; or a producer that replaces it: writing |
//! | reading | that consumer | it has copied the record: free |
//!
//! A thread that stops half-way withholds the one slot that it owns. Order comes from a ticket that
//! every push draws and the state carries; a consumer takes the ready slot with the oldest. What one
//! thread took comes out in that order, because it draws the next ticket after it has published.
#![expect(unsafe_code, reason = "shares the records between producers and consumers")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use core::time::Duration;

use super::latch::Latch;
use super::receiver::{Arrival, Outcome, Receiver};
use super::registry::{self, receiver_methods};
use crate::{Errno, SigInfo, Signal, signal};

/// The largest capacity. A consumer looks at every slot, and a producer at every one of a full
/// queue.
const MAX_CAPACITY: usize = 1024;

/// What a slot's state is made of: phase, signal, ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(usize);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Writing = 1,
    Ready = 2,
    Reading = 3,
}

const PHASE_BITS: u32 = 2;
const SIGNAL_BITS: u32 = 7;
const TICKET_SHIFT: u32 = PHASE_BITS + SIGNAL_BITS;

impl State {
    const FREE: Self = Self(0);

    /// Tickets are counted modulo what is left of the word: they tell an order among what is in the
    /// queue at the same time.
    const fn new(phase: Phase, signal: Signal, ticket: usize) -> Self {
        let signal = (signal.as_raw() as usize) << PHASE_BITS;
        Self(ticket << TICKET_SHIFT | signal | phase as usize)
    }

    const fn is(self, phase: Phase) -> bool {
        self.0 & ((1 << PHASE_BITS) - 1) == phase as usize
    }

    const fn is_of(self, signal: Signal) -> bool {
        self.0 >> PHASE_BITS & ((1 << SIGNAL_BITS) - 1) == signal.as_raw() as usize
    }

    const fn with(self, phase: Phase) -> Self {
        Self(self.0 & !((1 << PHASE_BITS) - 1) | phase as usize)
    }

    /// How many tickets ago it was drawn, if `next` is the next one.
    const fn age(self, next: usize) -> usize {
        next.wrapping_sub(self.0 >> TICKET_SHIFT) << TICKET_SHIFT
    }
}

struct Slot {
    state: AtomicUsize,
    record: UnsafeCell<SigInfo>,
}

impl Slot {
    const fn new() -> Self {
        Self { state: AtomicUsize::new(State::FREE.0), record: UnsafeCell::new(SigInfo::zeroed()) }
    }

    fn state(&self) -> State {
        // ORDERING: Relaxed: it is a guess, until a claim confirms it.
        State(self.state.load(Ordering::Relaxed))
    }

    /// Makes the slot the caller's own. Says whether it did.
    fn claim(&self, from: State, to: State) -> bool {
        // ORDERING: Acquire pairs with the Release in `hand_on`: the last owner is done with the
        // record.
        self.state.compare_exchange(from.0, to.0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot that the caller has claimed to whoever claims it next.
    fn hand_on(&self, to: State) {
        // ORDERING: Release pairs with the Acquire in `claim`.
        self.state.store(to.0, Ordering::Release);
    }

    /// # Safety
    ///
    /// The caller has claimed the slot for writing.
    unsafe fn write(&self, info: SigInfo) {
        // SAFETY: the claim makes it the caller's alone, as promised.
        unsafe { self.record.get().write(info) }
    }

    /// # Safety
    ///
    /// The caller has claimed the slot, which was ready, for reading.
    unsafe fn read(&self) -> SigInfo {
        // SAFETY: the claim makes it the caller's alone, as promised.
        unsafe { self.record.get().read() }
    }
}

// SAFETY: the record of a slot is only touched by the thread that has claimed it, and a claim
// happens after the release of the one before.
unsafe impl Sync for Slot {}

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
/// the queue holds the newest instance of each signal instead, and so never lacks room for as many
/// different signals as its capacity.
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
/// The child has a copy, pending instances included.
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
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N >= 1 && N <= MAX_CAPACITY, "the capacity is from 1 to 1,024") };
        Self {
            latch: Latch::with(Self::deliver),
            tickets: AtomicUsize::new(0),
            keep_newest: false,
            lost: [const { AtomicU32::new(0) }; signal::MAX as usize],
            slots: [const { Slot::new() }; N],
        }
    }

    /// Keeps the newest instance of each signal: one that comes while another of the same signal is
    /// in the queue takes its place, and the older is counted as lost.
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
    unsafe fn deliver(address: NonNull<Latch>, arrival: &Arrival) -> Outcome {
        // SAFETY: the latch is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.push(arrival.signal, arrival.info());
        queue.latch.set(arrival.signal);
        Outcome::Taken
    }

    fn push(&self, signal: Signal, info: SigInfo) {
        // ORDERING: Relaxed: a thread's own tickets are in order, and so is the order of a slot's
        // owners; no other order is promised.
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
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
    pub(crate) fn take(&self, only: Option<Signal>) -> Option<SigInfo> {
        loop {
            // ORDERING: Relaxed: any ticket at least as new as those in the queue will do.
            let next = self.tickets.load(Ordering::Relaxed);
            let (slot, state) = self
                .slots
                .iter()
                .map(|slot| (slot, slot.state()))
                .filter(|(_, state)| state.is(Phase::Ready) && only.is_none_or(|s| state.is_of(s)))
                .max_by_key(|(_, state)| state.age(next))?;
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
