//! [`Link`]: what the handler reads of each receiver on its walk: whether it wants the signal, and
//! where the next one is.
//!
//! It says what is *not* wanted. So a link that is all zero wants every signal: such a one stands at
//! the end, and the walk asks one question a receiver, and whether it is at the end only where
//! somebody wants the signal.

use core::ptr;

use super::bits::{AtomicSet, Bit};
use crate::SigSet;
use crate::sync::atomic::{AtomicPtr, Ordering};

pub(super) struct Link {
    /// The receiver registered after this one, or the end; null in one that is not linked.
    next: AtomicPtr<Link>,
    /// All but what it has caught, once it is linked. Written by `registry`, read by the handler.
    unwanted: AtomicSet,
}

/// What comes after the last receiver.
static END: Link = Link::new();

impl Link {
    /// Of a receiver that is not linked.
    pub(super) const fn new() -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), unwanted: AtomicSet::new() }
    }

    /// Makes it one that wants nothing and leads to the end, to be linked next.
    pub(super) fn prepare(&self) {
        // ORDERING: Relaxed: before the store in `lead_to` or in `List::link`.
        self.unwanted.store(u64::MAX);
        self.lead_to((&raw const END).cast_mut());
    }

    /// Has the walk go on to `next`.
    pub(super) fn lead_to(&self, next: *mut Self) {
        // ORDERING: SeqCst pairs with the load in `next`: a handler that entered the gate after a catch
        // waited for it to be empty sees the receiver; see `gate`.
        self.next.store(next, Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn next(&self) -> *mut Self {
        // ORDERING: SeqCst pairs with the store in `lead_to`.
        self.next.load(Ordering::SeqCst)
    }

    /// Whether the walk ends here: after the last receiver, or before it was linked.
    #[inline]
    pub(super) fn leads_nowhere(&self) -> bool {
        self.next().is_null()
    }

    /// Whether the handler is to stop here: the receiver wants the signal, or it is the end.
    #[inline]
    pub(super) fn wants(&self, bit: Bit) -> bool {
        // ORDERING: SeqCst pairs with the SeqCst changes in `want` and `want_no_more`: a handler that
        // entered the gate after those waited for it to be empty sees them. See `gate`.
        !self.unwanted.contains(bit)
    }

    pub(super) fn want(&self, signals: SigSet) {
        self.unwanted.remove_all(signals);
    }

    pub(super) fn want_no_more(&self, signals: SigSet) {
        self.unwanted.insert_all(signals);
    }

    /// What is wanted, by a receiver that is linked.
    pub(super) fn wanted(&self) -> SigSet {
        SigSet::from_bits(!self.unwanted.bits())
    }
}
