//! Every receiver that was ever registered: an intrusive list that only grows.
//!
//! A receiver is linked once and never unlinked, so a handler walks the list without asking
//! anybody, wherever it interrupts a registration. No memory is needed for it but the receivers'.
#![expect(unsafe_code, reason = "follows the addresses that it linked")]

use core::ptr::{self, NonNull};

use super::bits::Bit;
use super::link::Link;
use super::receiver::Receiver;
use crate::sync::atomic::{AtomicPtr, Ordering};

pub(super) struct List {
    /// Null while there is none.
    first: AtomicPtr<Link>,
    /// Likewise. Only read and written under the lock of `registry`.
    last: AtomicPtr<Link>,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { first: AtomicPtr::new(ptr::null_mut()), last: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Links a receiver at the end, unless it is in the list. One caller at a time: `registry`
    /// holds its lock.
    pub(super) fn link(&self, receiver: Receiver) {
        if !receiver.link().prepare() {
            return;
        }
        let new = receiver.address().as_ptr().cast();
        // ORDERING: Relaxed: under the lock.
        let last = self.last.load(Ordering::Relaxed);
        // SAFETY: it is null or a linked receiver's, which is there for ever.
        match unsafe { last.as_ref() } {
            Some(last) => last.lead_to(new),
            // ORDERING: Release pairs with the Acquire in `first`: the receiver was made before.
            None => self.first.store(new, Ordering::Release),
        }
        // ORDERING: Relaxed: under the lock.
        self.last.store(new, Ordering::Relaxed);
    }

    /// Calls `f` on each receiver that wants a signal, in the order of their registration, as long
    /// as it says so. At least one has been linked before.
    #[inline]
    pub(super) fn each_wanting(&self, bit: Bit, mut f: impl FnMut(Receiver) -> bool) {
        let mut address = self.first();
        loop {
            // SAFETY: a linked receiver is there for ever, and so is the end.
            let link = unsafe { &*address };
            if link.wants(bit) && (link.leads_nowhere() || !f(receiver_at(address))) {
                return;
            }
            address = link.next();
        }
    }

    /// Calls `f` on each receiver, in the same order.
    pub(super) fn each(&self, mut f: impl FnMut(Receiver)) {
        let mut address = self.first();
        // SAFETY: it is null or a linked receiver's, which is there for ever, or the end.
        while let Some(link) = unsafe { address.as_ref() } {
            if link.leads_nowhere() {
                return;
            }
            f(receiver_at(address));
            address = link.next();
        }
    }

    fn first(&self) -> *mut Link {
        // ORDERING: Acquire pairs with the Release in `link`.
        self.first.load(Ordering::Acquire)
    }
}

/// The receiver whose link this is.
fn receiver_at(link: *mut Link) -> Receiver {
    // SAFETY: it is neither null nor the end, so it was linked, from the address of a receiver.
    let latch = unsafe { NonNull::new_unchecked(link.cast()) };
    // SAFETY: the same.
    unsafe { Receiver::new(latch) }
}
