//! [`Slot`]: room for the details of one signal, with one owner at a time.
//!
//! A thread that changes the state by compare-and-exchange owns the slot until it stores the next one:
//!
//! | state | who may touch the record | next |
//! |---|---|---|
//! | free | no thread | a producer claims it: writing |
//! | writing | that producer | it publishes: ready |
//! | ready | no thread | a consumer claims it: reading; a producer that replaces it: writing |
//! | reading | that consumer | it has copied the record: free |
#![expect(unsafe_code, reason = "shares the record between its owners")]

use crate::sync::UnsafeCell;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{SigInfo, Signal};

/// Phase, signal and ticket in one word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State(u64);

pub(super) enum Phase {
    Writing = 1,
    Ready = 2,
    Reading = 3,
}

const PHASE_BITS: u32 = 2;
const SIGNAL_BITS: u32 = 7;
const TICKET_SHIFT: u32 = PHASE_BITS + SIGNAL_BITS;

impl State {
    pub(super) const FREE: Self = Self(0);

    #[inline]
    pub(super) const fn to_bits(self) -> u64 {
        self.0
    }

    /// Tickets are modulo 2⁵⁵: an order among what is in the queue at the same time.
    #[inline]
    pub(super) const fn new(phase: Phase, signal: Signal, ticket: u64) -> Self {
        let signal = (signal.as_raw() as u64) << PHASE_BITS;
        Self(ticket << TICKET_SHIFT | signal | phase as u64)
    }

    #[inline]
    pub(super) const fn is(self, phase: Phase) -> bool {
        self.0 & ((1 << PHASE_BITS) - 1) == phase as u64
    }

    /// Returns `true` if it is ready, and of this signal: one comparison, on the way over many.
    #[inline]
    pub(super) const fn is_ready_of(self, signal: Signal) -> bool {
        const ALL_BUT_TICKET: u64 = (1 << TICKET_SHIFT) - 1;
        self.0 & ALL_BUT_TICKET == Self::new(Phase::Ready, signal, 0).0
    }

    #[inline]
    pub(super) const fn is_of(self, signal: Signal) -> bool {
        self.0 >> PHASE_BITS & ((1 << SIGNAL_BITS) - 1) == signal.as_raw() as u64
    }

    #[inline]
    pub(super) const fn with(self, phase: Phase) -> Self {
        Self(self.0 & !((1 << PHASE_BITS) - 1) | phase as u64)
    }

    /// How many tickets before `next` it was drawn; not above 0 if it was drawn later.
    #[inline]
    pub(super) const fn age(self, next: u64) -> i64 {
        (next.wrapping_sub(self.0 >> TICKET_SHIFT) << TICKET_SHIFT) as i64 >> TICKET_SHIFT
    }
}

/// One record and its state. They are apart in memory, so that a look at many states does not touch the
/// records.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    state: &'a AtomicU64,
    record: &'a Record,
}

impl<'a> Slot<'a> {
    #[inline]
    pub(super) const fn new((state, record): (&'a AtomicU64, &'a Record)) -> Self {
        Self { state, record }
    }

    #[inline]
    pub(super) fn state(self) -> State {
        // ORDERING: Acquire pairs with the Release in `unclaim`: who sees a record ready sees its
        // ticket drawn. What else it says is a guess, until a claim confirms it.
        State(self.state.load(Ordering::Acquire))
    }

    /// Makes the slot the caller's own. Returns `true` if it did.
    #[inline]
    pub(super) fn claim(self, from: State, to: State) -> bool {
        // ORDERING: Acquire pairs with the Release in `unclaim`: the last owner is done with the
        // record.
        self.state.compare_exchange(from.0, to.0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// The same of a free one.
    #[inline]
    pub(super) fn claim_free(self, to: State) -> bool {
        self.state() == State::FREE && self.claim(State::FREE, to)
    }

    /// Releases the slot that the caller owns, with its next state.
    #[inline]
    pub(super) fn unclaim(self, to: State) {
        // ORDERING: Release pairs with the Acquire in `claim`.
        self.state.store(to.0, Ordering::Release);
    }

    /// # Safety
    ///
    /// The caller has claimed the slot for writing.
    #[inline]
    pub(super) unsafe fn write(self, info: SigInfo) {
        // SAFETY: the claim makes it the caller's alone, as promised.
        unsafe { self.record.0.get().write(info) }
    }

    /// # Safety
    ///
    /// The caller has claimed the slot, which was ready, for reading.
    #[inline]
    pub(super) unsafe fn read(self) -> SigInfo {
        // SAFETY: the claim makes it the caller's alone, as promised.
        unsafe { self.record.0.get().read() }
    }
}

pub(super) struct Record(UnsafeCell<SigInfo>);

impl Record {
    #[inline]
    pub(super) const fn new() -> Self {
        Self(UnsafeCell::new(SigInfo::zeroed()))
    }
}

// SAFETY: the record of a slot is only touched by the thread that has claimed it, and a claim
// happens after the release of the one before.
unsafe impl Sync for Record {}
