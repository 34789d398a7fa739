//! 64 bits in two atomic words, for targets without atomics of that size (riscv32, Arm before v6).
//! Each half changes by itself: an operation on the bits of one leaves the other alone.
#![expect(
    clippy::inline_always,
    reason = "where the order is no constant, the panics of `load` and `store` can be reached"
)]

use crate::sync::atomic::{AtomicU32, Ordering};

pub(super) struct AtomicU64 {
    low: AtomicU32,
    high: AtomicU32,
}

impl AtomicU64 {
    pub(super) const fn new(bits: u64) -> Self {
        let (low, high) = halves(bits);
        Self { low: AtomicU32::new(low), high: AtomicU32::new(high) }
    }

    // Each half is accessed in the caller's order, here and below.
    #[inline(always)]
    pub(super) fn load(&self, order: Ordering) -> u64 {
        whole(self.low.load(order), self.high.load(order))
    }

    #[inline(always)]
    pub(super) fn store(&self, bits: u64, order: Ordering) {
        let (low, high) = halves(bits);
        self.low.store(low, order);
        self.high.store(high, order);
    }

    #[inline(always)]
    pub(super) fn swap(&self, bits: u64, order: Ordering) -> u64 {
        let (low, high) = halves(bits);
        whole(self.low.swap(low, order), self.high.swap(high, order))
    }

    #[inline(always)]
    pub(super) fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        let (low, high) = halves(bits);
        whole(or(&self.low, low, order), or(&self.high, high, order))
    }

    #[inline(always)]
    pub(super) fn fetch_and(&self, bits: u64, order: Ordering) -> u64 {
        let (low, high) = halves(bits);
        whole(and(&self.low, low, order), and(&self.high, high, order))
    }
}

#[inline(always)]
fn or(half: &AtomicU32, bits: u32, order: Ordering) -> u32 {
    if bits == 0 { half.load(order) } else { half.fetch_or(bits, order) }
}

#[inline(always)]
fn and(half: &AtomicU32, bits: u32, order: Ordering) -> u32 {
    if bits == u32::MAX { half.load(order) } else { half.fetch_and(bits, order) }
}

const fn halves(bits: u64) -> (u32, u32) {
    (bits as u32, (bits >> 32) as u32)
}

const fn whole(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

#[cfg(test)]
mod tests {
    use super::AtomicU64;
    use core::sync::atomic::Ordering::SeqCst;

    const BITS: [u64; 6] = [0, 1, 1 << 31, 1 << 32, 1 << 63, 0x8000_0001_8000_0001];

    #[test]
    fn both_halves_change_as_one_word_would() {
        for before in BITS {
            for bits in BITS.into_iter().chain(BITS.map(|bits| !bits)) {
                let after = |operation: fn(&AtomicU64, u64) -> u64| {
                    let word = AtomicU64::new(before);
                    assert_eq!(operation(&word, bits), before);
                    word.load(SeqCst)
                };
                assert_eq!(after(|word, bits| word.swap(bits, SeqCst)), bits);
                assert_eq!(after(|word, bits| word.fetch_or(bits, SeqCst)), before | bits);
                assert_eq!(after(|word, bits| word.fetch_and(bits, SeqCst)), before & bits);
                let word = AtomicU64::new(before);
                word.store(bits, SeqCst);
                assert_eq!(word.load(SeqCst), bits);
            }
        }
    }
}
