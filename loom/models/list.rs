//! Register against walk.

extern crate std;

use core::ptr::NonNull;
use std::vec::Vec;

use super::{Model, ONE, Work, bit, join, spawn};
use crate::SigSet;
use crate::delivery::latch::Latch;
use crate::delivery::list::List;
use crate::delivery::receiver::Receiver;
use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::new("list: a walk finds receivers as they were made", made),
    Model::bounded("list: a walk finds receivers in order, the first ones at least", 3, order),
];

fn receiver(latch: &'static Latch) -> Receiver {
    // SAFETY: it is there until all threads of the model have ended.
    unsafe { Receiver::new(NonNull::from(latch)) }
}

/// Something was made behind the latch, before it was registered and after it said what it wants.
fn made() {
    let list = share(List::new());
    let latch = share(Latch::new());
    let work = Work::new();
    let registers = spawn(|| {
        latch.interest().insert_all(SigSet::from(ONE));
        work.do_it();
        list.link(receiver(latch));
    });
    list.each_wanting(bit(), |_| {
        assert!(work.is_done());
        true
    });
    join(registers);
}

fn order() {
    let list = share(List::new());
    let latches: [&Latch; 3] = core::array::from_fn(|_| share(Latch::new()));
    for latch in latches {
        latch.interest().insert_all(SigSet::from(ONE));
    }
    let [first, second, third] = latches;
    list.link(receiver(first));
    let registers = spawn(|| {
        list.link(receiver(second));
        list.link(receiver(first));
        list.link(receiver(third));
    });
    let walk = || {
        let mut found = Vec::new();
        list.each_wanting(bit(), |receiver| {
            found.push(receiver.address().addr());
            true
        });
        found
    };
    let all = latches.map(|latch| NonNull::from(latch).addr());
    let handler = spawn(walk);
    let found = [walk(), join(handler)];
    for found in found {
        assert!(!found.is_empty() && all.starts_with(&found), "found {found:?} of {all:?}");
    }
    join(registers);
    assert_eq!(walk(), all);
}
