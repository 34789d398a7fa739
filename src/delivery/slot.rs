//! [`Slot`]: room for the details of one signal, with one owner at a time.
//!
//! A thread that changes the state by compare-and-exchange owns the slot until it stores the next:
//!
//! | state | may touch the record | next |
//! |---|---|---|
//! | free | no thread | a producer claims it: writing |
//! | writing | that producer | it publishes: ready |
//! | ready | no thread | a consumer claims it: reading; a producer that replaces it: writing |
//! | reading | that consumer | it has copied the record: free |
#![expect(unsafe_code, reason = "shares the record between its owners")]

use crate::sync::UnsafeCell;
#[cfg(not(target_has_atomic = "64"))]
pub(super) use crate::sync::atomic::AtomicU32 as AtomicWord;
#[cfg(target_has_atomic = "64")]
pub(super) use crate::sync::atomic::AtomicU64 as AtomicWord;
use crate::sync::atomic::Ordering;
use crate::{SigInfo, Signal};

/// A state, or a ticket: the longest word that the target has atomics for.
#[cfg(target_has_atomic = "64")]
pub(super) type Word = u64;
#[cfg(not(target_has_atomic = "64"))]
pub(super) type Word = u32;

/// How many tickets lie between two.
#[cfg(target_has_atomic = "64")]
pub(super) type Age = i64;
#[cfg(not(target_has_atomic = "64"))]
pub(super) type Age = i32;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State(Word);

pub(super) enum Phase {
    Writing = 1,
    Ready = 2,
    Reading = 3,
}

const PHASE_BITS: u32 = 2;
const SIGNAL_BITS: u32 = 7;
pub(super) const TICKET_SHIFT: u32 = PHASE_BITS + SIGNAL_BITS;

impl State {
    pub(super) const FREE: Self = Self(0);

    #[inline]
    pub(super) const fn to_bits(self) -> Word {
        self.0
    }

    /// Tickets are modulo 2⁵⁵: an order among what is in the queue at the same time. In a word of 32
    /// bits they are modulo 2²³: there, an instance that four million others have overtaken counts as
    /// newer than they are.
    #[inline]
    pub(super) const fn new(phase: Phase, signal: Signal, ticket: Word) -> Self {
        let signal = (signal.as_raw() as Word) << PHASE_BITS;
        Self(ticket << TICKET_SHIFT | signal | phase as Word)
    }

    #[inline]
    pub(super) const fn is(self, phase: Phase) -> bool {
        self.0 & ((1 << PHASE_BITS) - 1) == phase as Word
    }

    /// Returns `true` if it is ready, and of this signal: one comparison, in a scan of many.
    #[inline]
    pub(super) const fn is_ready_of(self, signal: Signal) -> bool {
        const ALL_BUT_TICKET: Word = (1 << TICKET_SHIFT) - 1;
        self.0 & ALL_BUT_TICKET == Self::new(Phase::Ready, signal, 0).0
    }

    #[inline]
    pub(super) const fn is_of(self, signal: Signal) -> bool {
        self.0 >> PHASE_BITS & ((1 << SIGNAL_BITS) - 1) == signal.as_raw() as Word
    }

    #[inline]
    pub(super) const fn with(self, phase: Phase) -> Self {
        Self(self.0 & !((1 << PHASE_BITS) - 1) | phase as Word)
    }

    /// How many tickets before `next` it was drawn; not above 0 if it was drawn later.
    #[inline]
    pub(super) const fn age(self, next: Word) -> Age {
        (next.wrapping_sub(self.0 >> TICKET_SHIFT) << TICKET_SHIFT) as Age >> TICKET_SHIFT
    }
}

/// One record and its state, apart in memory: a look at many states does not touch the records.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    state: &'a AtomicWord,
    record: &'a Record,
}

impl<'a> Slot<'a> {
    #[inline]
    pub(super) const fn new((state, record): (&'a AtomicWord, &'a Record)) -> Self {
        Self { state, record }
    }

    #[inline]
    pub(super) fn state(self) -> State {
        // ORDERING: Acquire pairs with the Release in `unclaim`: a thread that sees a record ready
        // sees its ticket drawn. All else is a guess, until a claim confirms it.
        State(self.state.load(Ordering::Acquire))
    }

    /// Makes the slot the caller's own. Returns `true` if it did.
    #[inline]
    pub(super) fn claim(self, from: State, to: State) -> bool {
        // ORDERING: Acquire pairs with the Release in `unclaim`: the last owner is done with the
        // record.
        self.state.compare_exchange(from.0, to.0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline]
    pub(super) fn claim_free(self, to: State) -> bool {
        self.state() == State::FREE && self.claim(State::FREE, to)
    }

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
