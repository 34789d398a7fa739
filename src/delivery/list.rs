//! Every receiver that was ever registered: an intrusive list that only grows, so that a handler
//! walks it without a lock, wherever it interrupts a registration.
//!
//! | a link | `next` | `unwanted` |
//! |---|---|---|
//! | not linked | null | none |
//! | prepared, not reached by a walk yet | the end | all |
//! | linked, for good | the next receiver, or the end | all but what the receiver has caught |
//! | the end | null | none |
//!
//! Only the owner of `registry`'s lock writes. The end wants every signal, so a walk tests once per
//! receiver, and for the end only where a signal is wanted.
#![expect(unsafe_code, reason = "follows the addresses that it linked")]

use core::ptr::{self, NonNull};

use super::receiver::Registered;
use crate::SigSet;
use crate::bits::{AtomicSet, Bit};
use crate::sync::atomic::{AtomicPtr, Ordering};

/// What the handler reads of each receiver on its walk.
pub(super) struct Link {
    next: AtomicPtr<Link>,
    unwanted: AtomicSet,
}

static END: Link = Link::new();

impl Link {
    pub(super) const fn new() -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), unwanted: AtomicSet::new() }
    }

    /// Prepares it: it wants nothing and leads to the end.
    pub(super) fn prepare(&self) {
        // ORDERING: Relaxed: before the store in `set_next`.
        self.unwanted.store(u64::MAX);
        self.set_next((&raw const END).cast_mut());
    }

    fn set_next(&self, next: *mut Self) {
        // ORDERING: SeqCst pairs with the load in `next`: a handler that entered the gate after a
        // catch waited for it to be empty sees the receiver, as it was made; see `gate`.
        self.next.store(next, Ordering::SeqCst);
    }

    #[inline]
    fn next(&self) -> *mut Self {
        // ORDERING: SeqCst pairs with the store in `set_next`.
        self.next.load(Ordering::SeqCst)
    }

    /// Returns `true` if the walk ends here: after the last receiver, or at one that is not linked.
    #[inline]
    pub(super) fn is_end(&self) -> bool {
        self.next().is_null()
    }

    /// Returns `true` if the receiver wants the signal, or it is the end.
    #[inline]
    pub(super) fn wants(&self, bit: Bit) -> bool {
        // ORDERING: SeqCst pairs with the SeqCst changes in `want` and `unwant`: a handler that
        // entered the gate after those waited for it to be empty sees them. See `gate`.
        !self.unwanted.contains(bit)
    }

    pub(super) fn want(&self, signals: SigSet) {
        self.unwanted.remove_all(signals);
    }

    pub(super) fn unwant(&self, signals: SigSet) {
        self.unwanted.insert_all(signals);
    }

    pub(super) fn wanted(&self) -> SigSet {
        SigSet::from_bits(!self.unwanted.bits())
    }
}

pub(super) struct List {
    /// Before the first receiver; it leads to null while there is none.
    head: Link,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { head: Link::new() }
    }

    /// Links a receiver at the end, unless the list has it. One caller at a time: `registry` holds
    /// its lock. If another thread calls fork(2) in the middle of this, the child links it again.
    pub(super) fn link(&self, receiver: Registered) {
        let new = receiver.address().as_ptr().cast();
        let mut last = &self.head;
        loop {
            let address = last.next();
            if address == new {
                return;
            }
            // SAFETY: it is null or a linked receiver's, which is never freed, or the end.
            match unsafe { address.as_ref() } {
                Some(link) if !link.is_end() => last = link,
                _ => break,
            }
        }
        receiver.link().prepare();
        last.set_next(new);
    }

    /// The first receiver that wants a signal, of all or of those after one, in order of
    /// registration. At least one has been linked.
    #[inline]
    pub(super) fn next_wanting(&self, after: Option<Registered>, bit: Bit) -> Option<Registered> {
        let mut last = after.map_or(&raw const self.head, |after| after.address().as_ptr().cast());
        loop {
            // SAFETY: the head is there as long as the list, and a linked receiver is never freed.
            let address = unsafe { &*last }.next();
            // SAFETY: so is what comes after it: a linked receiver, or the end.
            let link = unsafe { &*address };
            if link.wants(bit) {
                return (!link.is_end()).then(|| receiver_at(address));
            }
            last = address;
        }
    }

    pub(super) fn each(&self, mut f: impl FnMut(Registered)) {
        let mut address = self.head.next();
        // SAFETY: it is null or a linked receiver's, which is never freed, or the end.
        while let Some(link) = unsafe { address.as_ref() } {
            if link.is_end() {
                return;
            }
            f(receiver_at(address));
            address = link.next();
        }
    }
}

fn receiver_at(link: *mut Link) -> Registered {
    // SAFETY: it is neither null nor the end, so it was linked, from the address of a receiver.
    let receiver = unsafe { NonNull::new_unchecked(link.cast()) };
    // SAFETY: the same.
    unsafe { Registered::new(receiver) }
}

#[cfg(test)]
mod tests {
    use core::iter::successors;

    use super::{Bit, List};
    use crate::{Latch, Signal};

    /// What a child of fork(2) finds if another thread of its parent was in the middle of it.
    #[test]
    fn half_done_link_is_done_again() {
        static LIST: List = List::new();
        static LATCHES: [Latch; 3] = [const { Latch::new() }; 3];
        let receivers = LATCHES.each_ref().map(Latch::registered);
        for receiver in receivers {
            receiver.link().prepare();
            LIST.link(receiver);
            LIST.link(receiver);
            receiver.link().want(Signal::USR1.into());
        }
        let next = |after| LIST.next_wanting(after, Bit::of(Signal::USR1));
        assert!(successors(next(None), |last| next(Some(*last))).eq(receivers));
    }
}
