//! A set of signals in atomic words of the machine: one word, or two where words have 32 bits and
//! there may be no atomic of 64.
//!
//! Every operation but `store` is `SeqCst`. The handler's changes and looks have to be (see `wake` and
//! `gate`), on x86_64 the others cost nothing more, and no other is on a hot path. The call sites say
//! what they pair with.

use crate::sync::atomic::AtomicUsize;
use crate::sync::atomic::Ordering::{Relaxed, SeqCst};
use crate::{SigSet, Signal};

const WORDS: usize = 64 / usize::BITS as usize;

/// Where a signal's bit is: worked out once in the handler, then used on every receiver.
#[derive(Clone, Copy)]
pub(super) struct Bit {
    #[cfg(target_pointer_width = "32")]
    word: usize,
    mask: usize,
}

impl Bit {
    pub(super) const fn of(signal: Signal) -> Self {
        let bit = signal.bit();
        Self {
            #[cfg(target_pointer_width = "32")]
            word: (bit >> 32 != 0) as usize,
            #[cfg(target_pointer_width = "32")]
            mask: (bit | bit >> 32) as usize,
            #[cfg(target_pointer_width = "64")]
            mask: bit as usize,
        }
    }
}

/// Signals in atomic words. With two words, a look at the whole set is not one moment's.
pub(crate) struct AtomicSet {
    words: [AtomicUsize; WORDS],
}

impl AtomicSet {
    pub(crate) const fn new() -> Self {
        Self { words: [const { AtomicUsize::new(0) }; WORDS] }
    }

    #[cfg(target_pointer_width = "64")]
    fn word(&self, _: Bit) -> &AtomicUsize {
        let [word] = &self.words;
        word
    }

    #[cfg(target_pointer_width = "32")]
    fn word(&self, bit: Bit) -> &AtomicUsize {
        let [low, high] = &self.words;
        if bit.word == 0 { low } else { high }
    }

    #[inline]
    pub(super) fn contains(&self, bit: Bit) -> bool {
        self.word(bit).load(SeqCst) & bit.mask != 0
    }

    #[inline]
    pub(super) fn insert(&self, bit: Bit) {
        self.word(bit).fetch_or(bit.mask, SeqCst);
    }

    /// Says whether the bit was set.
    #[inline]
    pub(super) fn remove(&self, bit: Bit) -> bool {
        self.word(bit).fetch_and(!bit.mask, SeqCst) & bit.mask != 0
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        let [words @ .., last] = &self.words;
        last.load(SeqCst) == 0 && words.iter().all(|word| word.load(SeqCst) == 0)
    }

    /// All 64 bits, those of numbers that are not a program's signals too.
    pub(crate) fn bits(&self) -> u64 {
        self.collect(|word| word.load(SeqCst))
    }

    pub(crate) fn load(&self) -> SigSet {
        SigSet::from_known_bits(self.bits())
    }

    pub(super) fn take(&self) -> SigSet {
        SigSet::from_known_bits(self.collect(|word| word.swap(0, SeqCst)))
    }

    /// Before the set is made known to others, by a store with an order of its own.
    pub(crate) fn store(&self, bits: u64) {
        // ORDERING: Relaxed: the callers say what it comes before.
        self.each(bits, |word, bits| word.store(bits, Relaxed));
    }

    pub(super) fn insert_all(&self, set: SigSet) {
        self.each(set.bits(), |word, bits| _ = word.fetch_or(bits, SeqCst));
    }

    pub(super) fn remove_all(&self, set: SigSet) {
        self.each(set.bits(), |word, bits| _ = word.fetch_and(!bits, SeqCst));
    }

    /// Calls `f` on each word with its part of `bits`, the lowest first.
    #[inline]
    fn each(&self, bits: u64, f: impl Fn(&AtomicUsize, usize)) {
        let [low, high @ ..] = &self.words;
        f(low, bits as usize);
        for word in high {
            f(word, (bits >> 32) as usize);
        }
    }

    /// Puts together what `f` makes of each word, the lowest first.
    #[inline]
    fn collect(&self, f: impl Fn(&AtomicUsize) -> usize) -> u64 {
        let [low, high @ ..] = &self.words;
        let mut bits = f(low) as u64;
        for word in high {
            bits |= (f(word) as u64) << 32;
        }
        bits
    }
}
