//! [`SigSet`]: a set of signals, as sigsetops(3) has it.

use core::borrow::Borrow;
use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign, Not, Sub};

use crate::signal::MAX;
use crate::sys::KernelSigset;
use crate::{Errno, Signal};

/// A set of signals: one word, `Copy`, made and changed without a system call. It never holds a
/// number that a C library reserves, so no mask made of it can block them.
///
/// ```
/// use siglatch::{SigSet, Signal};
///
/// let stops = SigSet::from([Signal::INT, Signal::TERM]);
/// assert!(stops.contains(Signal::INT));
/// assert_eq!((!stops).len(), SigSet::full().len() - 2);
/// assert!(stops.into_iter().eq([Signal::INT, Signal::TERM]));
/// ```
#[doc(alias = "sigset_t")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SigSet(u64);

impl SigSet {
    /// Those that cannot be caught, ignored or blocked.
    pub(crate) const UNCHANGEABLE: Self = Self::empty().with(Signal::KILL).with(Signal::STOP);

    /// Those of [`Signal::is_synchronous`].
    pub(crate) const SYNCHRONOUS: Self = Self::empty()
        .with(Signal::SEGV)
        .with(Signal::BUS)
        .with(Signal::FPE)
        .with(Signal::ILL)
        .with(Signal::TRAP)
        .with(Signal::SYS);

    /// All others that can be blocked.
    pub(crate) const ASYNCHRONOUS: Self = Self::full().difference(Self::SYNCHRONOUS);

    /// What the kernel sends to a background process group with each access to its terminal.
    pub(crate) const TERMINAL_ACCESS: Self = Self::empty().with(Signal::TTIN).with(Signal::TTOU);

    /// No signal.
    #[doc(alias = "sigemptyset")]
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Every signal that can be caught or blocked: all but `SIGKILL` and `SIGSTOP`. (sigfillset(3)
    /// has those, and the kernel leaves them out; here a set that names one of them is refused.)
    #[doc(alias = "sigfillset")]
    #[must_use]
    pub const fn full() -> Self {
        const FULL: SigSet = SigSet::valid().difference(SigSet::UNCHANGEABLE);
        FULL
    }

    const fn valid() -> Self {
        let mut bits = 0;
        let mut raw = 1;
        while raw <= MAX {
            if let Ok(signal) = Signal::from_raw(raw) {
                bits |= signal.bit();
            }
            raw = raw.saturating_add(1);
        }
        Self(bits)
    }

    /// The set whose bit `n - 1` is signal `n`. Bits of numbers that are no [`Signal`] are dropped.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        const VALID: SigSet = SigSet::valid();
        Self(bits & VALID.0)
    }

    /// `EINVAL` if `SIGKILL` or `SIGSTOP` is named, which the kernel would drop silently.
    pub(crate) const fn check_changeable(self) -> Result<(), Errno> {
        if self.0 & Self::UNCHANGEABLE.0 == 0 { Ok(()) } else { Err(Errno::INVAL) }
    }

    /// As [`from_bits`](Self::from_bits), for bits that came from sets.
    pub(crate) const fn from_known_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Bit `n - 1` is signal `n`.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns `true` if no signal is in the set.
    #[doc(alias = "sigisemptyset")]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many signals are in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Returns `true` if `signal` is in the set.
    #[doc(alias = "sigismember")]
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// The set with `signal` in it; for constants, where `|` cannot be used.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | signal.bit())
    }

    /// The set without `signal`; for constants, where `-` cannot be used.
    #[must_use]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !signal.bit())
    }

    /// The signals that are not in `other`, as by `-`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Puts `signal` in. Returns `true` if it was not in before.
    #[doc(alias = "sigaddset")]
    pub const fn insert(&mut self, signal: Signal) -> bool {
        let new = !self.contains(signal);
        *self = self.with(signal);
        new
    }

    /// Takes `signal` out. Returns `true` if it was in before.
    #[doc(alias = "sigdelset")]
    pub const fn remove(&mut self, signal: Signal) -> bool {
        let old = self.contains(signal);
        *self = self.without(signal);
        old
    }

    /// The signal with the lowest number.
    #[must_use]
    pub const fn first(self) -> Option<Signal> {
        // Every bit of a set is a signal's; of an empty one it would be the bit 64.
        Signal::from_bit_index(self.0.trailing_zeros())
    }

    /// The signals in the set, the lowest number first.
    #[must_use]
    pub fn iter(self) -> SigSetIter {
        SigSetIter(self)
    }

    pub(crate) const fn to_kernel(self) -> KernelSigset {
        KernelSigset::from_bits(self.0)
    }

    pub(crate) const fn from_kernel(set: KernelSigset) -> Self {
        Self::from_bits(set.bits())
    }
}

impl Signal {
    pub(crate) const fn bit(self) -> u64 {
        1_u64.wrapping_shl(self.as_raw().wrapping_sub(1) as u32)
    }
}

/// The signals of a [`SigSet`], the lowest number first.
#[derive(Clone, Debug)]
pub struct SigSetIter(SigSet);

impl Iterator for SigSetIter {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        let signal = self.0.first()?;
        self.0.remove(signal);
        Some(signal)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for SigSetIter {}
impl core::iter::FusedIterator for SigSetIter {}

impl IntoIterator for SigSet {
    type Item = Signal;
    type IntoIter = SigSetIter;

    fn into_iter(self) -> SigSetIter {
        self.iter()
    }
}

impl From<Signal> for SigSet {
    fn from(signal: Signal) -> Self {
        Self::empty().with(signal)
    }
}

impl From<&Signal> for SigSet {
    fn from(signal: &Signal) -> Self {
        Self::from(*signal)
    }
}

impl<S: Borrow<Signal>, const N: usize> From<[S; N]> for SigSet {
    fn from(signals: [S; N]) -> Self {
        signals.into_iter().collect()
    }
}

impl<S: Borrow<Signal>, const N: usize> From<&[S; N]> for SigSet {
    fn from(signals: &[S; N]) -> Self {
        Self::from(signals.as_slice())
    }
}

impl<S: Borrow<Signal>> From<&[S]> for SigSet {
    fn from(signals: &[S]) -> Self {
        signals.iter().map(Borrow::borrow).collect()
    }
}

impl<S: Borrow<Signal>> FromIterator<S> for SigSet {
    fn from_iter<I: IntoIterator<Item = S>>(signals: I) -> Self {
        signals.into_iter().fold(Self::empty(), |set, signal| set.with(*signal.borrow()))
    }
}

impl<S: Borrow<Signal>> Extend<S> for SigSet {
    fn extend<I: IntoIterator<Item = S>>(&mut self, signals: I) {
        *self |= signals.into_iter().collect();
    }
}

impl BitOr for SigSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for SigSet {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl BitAnd for SigSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for SigSet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.difference(other)
    }
}

impl Not for SigSet {
    type Output = Self;
    fn not(self) -> Self {
        Self::full().difference(self)
    }
}

impl fmt::Debug for SigSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::SigSet;
    use crate::Signal;
    use std::collections::BTreeSet;
    use std::format;

    fn model(set: SigSet) -> BTreeSet<Signal> {
        Signal::all().filter(|&signal| set.contains(signal)).collect()
    }

    fn samples() -> impl Iterator<Item = SigSet> {
        [0, 1, 0b1010, 0x8000_0000_0000_0000, 0xffff_ffff, !0, 0x5555_5555_5555_5555]
            .into_iter()
            .map(SigSet::from_bits)
    }

    #[test]
    fn algebra_agrees_with_btreeset() {
        let all = model(SigSet::full());
        for a in samples() {
            assert_eq!(model(!a), &all - &model(a));
            assert!(a.iter().eq(model(a)));
            assert_eq!(a.iter().len(), a.len());
            assert_eq!(a.first(), model(a).first().copied());
            for b in samples() {
                assert_eq!(model(a | b), &model(a) | &model(b));
                assert_eq!(model(a & b), &model(a) & &model(b));
                assert_eq!(model(a - b), &model(a) - &model(b));
            }
        }
    }

    #[test]
    fn made_of_signals_and_of_references_to_them() {
        let array = [Signal::INT, Signal::TERM];
        let wanted = SigSet::empty().with(Signal::INT).with(Signal::TERM);
        assert_eq!(SigSet::from(array), wanted);
        assert_eq!(SigSet::from(&array), wanted);
        assert_eq!(SigSet::from(&array[..]), wanted);
        assert_eq!(SigSet::from([&Signal::INT, &Signal::TERM]), wanted);
        assert_eq!(SigSet::from(&[&Signal::INT, &Signal::TERM]), wanted);
        assert_eq!(array.iter().collect::<SigSet>(), wanted);
        let mut one = SigSet::from(&Signal::INT);
        one.extend(&array);
        one.extend(array);
        assert_eq!(one, wanted);
    }

    #[test]
    fn insert_and_remove_tell_what_was_there() {
        for signal in Signal::all() {
            let mut set = SigSet::empty();
            assert!(set.insert(signal) && !set.insert(signal));
            assert_eq!(set, SigSet::from(signal));
            assert!(set.remove(signal) && !set.remove(signal));
            assert!(set.is_empty());
        }
    }

    #[test]
    fn full_has_every_signal_and_no_reserved_one() {
        let changeable = Signal::all().filter(|signal| !signal.is_unchangeable());
        assert!(SigSet::full().iter().eq(changeable));
        assert_eq!(SigSet::from_bits(!0).bits() & 0b11 << 31, 0);
    }

    #[test]
    fn debug_lists_names() {
        let set = SigSet::from([Signal::TERM, Signal::INT]);
        assert_eq!(format!("{set:?}"), "{SIGINT, SIGTERM}");
    }
}
