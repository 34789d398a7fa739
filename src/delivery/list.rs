//! Every receiver that was ever registered: an intrusive list that only grows.
//!
//! A receiver is linked once and never unlinked, so a handler walks the list without asking
//! anybody, wherever it interrupts a registration. No memory is needed for it but the receivers'.
#![expect(unsafe_code, reason = "follows the addresses that it linked")]

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::latch::Latch;

pub(super) struct List {
    first: AtomicPtr<Latch>,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Links `latch` at the end, unless it is in the list. One caller at a time: `registry` holds
    /// its lock.
    pub(super) fn link(&self, latch: &'static Latch) {
        let mut link = &self.first;
        // ORDERING: Acquire pairs with the Release below, of another thread's `link`.
        while let Some(linked) = follow(link, Ordering::Acquire) {
            if ptr::eq(linked, latch) {
                return;
            }
            link = linked.next();
        }
        // ORDERING: Release pairs with the Acquire of those who walk: the latch was made before.
        link.store(ptr::from_ref(latch).cast_mut(), Ordering::Release);
    }

    /// The receivers in the order of their registration.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Latch> {
        let mut link = &self.first;
        core::iter::from_fn(move || {
            // ORDERING: Acquire pairs with the Release in `link`.
            let latch = follow(link, Ordering::Acquire)?;
            link = latch.next();
            Some(latch)
        })
    }
}

/// The receiver that a link leads to.
fn follow(link: &AtomicPtr<Latch>, order: Ordering) -> Option<&'static Latch> {
    let latch = link.load(order);
    // SAFETY: a link is null or was stored by `link`, from a shared reference that lives for ever
    // to a type that is only ever shared.
    unsafe { latch.as_ref() }
}
