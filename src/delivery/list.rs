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
}

impl List {
    pub(super) const fn new() -> Self {
        Self { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Links a receiver at the end, unless it is in the list. One caller at a time: `registry`
    /// holds its lock.
    ///
    /// Whether it is there is asked of the list and of nothing else: a thread that was in the middle
    /// of this when another called fork(2) does not go on in the child, where it is done anew.
    pub(super) fn link(&self, receiver: Receiver) {
        let new = receiver.address().as_ptr().cast();
        let mut last = None;
        let mut address = self.first();
        // SAFETY: it is null or a linked receiver's, which is there for ever, or the end.
        while let Some(link) = unsafe { address.as_ref() } {
            if address == new {
                return;
            }
            if link.leads_nowhere() {
                break;
            }
            last = Some(link);
            address = link.next();
        }
        receiver.link().prepare();
        match last {
            Some(last) => last.lead_to(new),
            // ORDERING: Release pairs with the Acquire in `first`: the receiver was made before. No
            // handler is installed before there is one, so none can come too early to see it.
            None => self.first.store(new, Ordering::Release),
        }
    }

    /// The first receiver that wants a signal, in the order of their registration, of all or of those
    /// after one. At least one has been linked before.
    #[inline]
    pub(super) fn next_wanting(&self, after: Option<Receiver>, bit: Bit) -> Option<Receiver> {
        let mut address = after.map_or_else(|| self.first(), |receiver| receiver.link().next());
        loop {
            // SAFETY: a linked receiver is there for ever, and so is the end.
            let link = unsafe { &*address };
            if link.wants(bit) {
                return (!link.leads_nowhere()).then(|| receiver_at(address));
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

#[cfg(test)]
mod tests {
    use core::iter::successors;

    use super::{Bit, List, Receiver};
    use crate::{Latch, Signal};

    /// What a child of fork(2) finds if another thread of its parent was in the middle of it.
    #[test]
    fn half_done_link_is_done_anew() {
        static LIST: List = List::new();
        static LATCHES: [Latch; 3] = [const { Latch::new() }; 3];
        let receivers = LATCHES.each_ref().map(Receiver::of);
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
