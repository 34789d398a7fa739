//! Every receiver that was ever registered: an intrusive list that only grows.
//!
//! A receiver is linked once and never unlinked, so a handler walks the list without asking
//! anybody, wherever it interrupts a registration. No memory is needed for it but the receivers'.
#![expect(unsafe_code, reason = "follows the addresses that it linked")]

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use super::bits::Bit;
use super::latch::Latch;
use super::receiver::Receiver;

pub(super) struct List {
    first: AtomicPtr<Latch>,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Links a receiver at the end, unless it is in the list. One caller at a time: `registry`
    /// holds its lock.
    pub(super) fn link(&self, receiver: Receiver) {
        let mut link = &self.first;
        while let Some(linked) = follow(link) {
            if linked == receiver {
                return;
            }
            // SAFETY: a linked receiver is there for ever.
            link = unsafe { linked.address().as_ref() }.next();
        }
        // ORDERING: Release pairs with the Acquire in `follow`: the receiver was made before.
        link.store(receiver.address().as_ptr(), Ordering::Release);
    }

    /// Calls `f` on each receiver that wants a signal, in the order of their registration, as long
    /// as it says so.
    #[inline]
    pub(super) fn each_wanting(&self, bit: Bit, mut f: impl FnMut(Receiver) -> bool) {
        self.each(|receiver| !receiver.wants(bit) || f(receiver));
    }

    /// Calls `f` on each receiver in the same way, whatever it wants.
    #[inline]
    pub(super) fn each(&self, mut f: impl FnMut(Receiver) -> bool) {
        let mut link = &self.first;
        while let Some(receiver) = follow(link) {
            if !f(receiver) {
                return;
            }
            // SAFETY: a linked receiver is there for ever.
            link = unsafe { receiver.address().as_ref() }.next();
        }
    }
}

/// The receiver that a link leads to.
fn follow(link: &AtomicPtr<Latch>) -> Option<Receiver> {
    // ORDERING: Acquire pairs with the Release in `link`.
    let latch = NonNull::new(link.load(Ordering::Acquire))?;
    // SAFETY: it was stored by `link`, from a receiver.
    Some(unsafe { Receiver::new(latch) })
}
