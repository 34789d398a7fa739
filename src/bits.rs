//! A set of signals in one atomic word.
//!
//! Every operation but `store` is `SeqCst`: the handler's have to be (see `wake` and `gate`), and
//! the others cost nothing more on x86_64 and are on no hot path. The call sites name their pairs.
//!
//! Where a target has no atomics of 64 bits, the word is two (`halves`), and only one signal's bit
//! is atomic: a read of several may see a set that never existed. Nothing here needs more. A read
//! that is too early for one of them is repeated, since a flag is set before the count that a
//! waiting thread looks at; what is taken is taken once; and other words are written before they
//! are published.

#[cfg(any(test, not(target_has_atomic = "64")))]
mod halves;

#[cfg(target_has_atomic = "64")]
use crate::sync::atomic::AtomicU64;
use crate::sync::atomic::Ordering::{Relaxed, SeqCst};
use crate::{SigSet, Signal};
#[cfg(not(target_has_atomic = "64"))]
use halves::AtomicU64;

/// A signal's bit: computed once in the handler, then used on every receiver.
#[derive(Clone, Copy)]
pub(crate) struct Bit(u64);

impl Bit {
    pub(crate) const fn of(signal: Signal) -> Self {
        Self(signal.bit())
    }
}

/// Signals in an atomic word.
pub(crate) struct AtomicSet(AtomicU64);

impl AtomicSet {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(crate) fn contains(&self, bit: Bit) -> bool {
        self.0.load(SeqCst) & bit.0 != 0
    }

    #[inline]
    pub(crate) fn insert(&self, bit: Bit) {
        self.0.fetch_or(bit.0, SeqCst);
    }

    /// Returns `true` if the bit was set.
    #[inline]
    pub(crate) fn remove(&self, bit: Bit) -> bool {
        self.0.fetch_and(!bit.0, SeqCst) & bit.0 != 0
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load(SeqCst) == 0
    }

    /// All 64 bits, those of numbers that are not a program's signals, too.
    pub(crate) fn bits(&self) -> u64 {
        self.0.load(SeqCst)
    }

    pub(crate) fn load(&self) -> SigSet {
        SigSet::from_known_bits(self.bits())
    }

    pub(crate) fn take(&self) -> SigSet {
        SigSet::from_known_bits(self.0.swap(0, SeqCst))
    }

    /// Before the set is published to other threads, by a store with an order of its own.
    pub(crate) fn store(&self, bits: u64) {
        // ORDERING: Relaxed: the callers say what it comes before.
        self.0.store(bits, Relaxed);
    }

    pub(crate) fn insert_all(&self, set: SigSet) {
        self.0.fetch_or(set.bits(), SeqCst);
    }

    pub(crate) fn remove_all(&self, set: SigSet) {
        self.0.fetch_and(!set.bits(), SeqCst);
    }
}
