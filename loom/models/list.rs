//! Register against walk.

extern crate std;

use core::iter::successors;
use core::ptr::NonNull;
use std::vec::Vec;

use super::{Model, ONE, Work, bit, join, spawn};
use crate::SigSet;
use crate::delivery::latch::Latch;
use crate::delivery::list::List;

use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::new("list: a walk finds receivers as they were made", made),
    Model::new("list: nor is the first one found before it was made", made_first),
    Model::bounded("list: a walk finds receivers in order, the first ones at least", 2, order),
];

/// Something was made behind the latch before it was registered.
fn made() {
    let list = share(List::new());
    let [first, second] = [share(Latch::new()), share(Latch::new())];
    let work = Work::new();
    list.link(first.registered());
    let registers = spawn(|| {
        work.do_it();
        list.link(second.registered());
    });
    list.each(|found| {
        if found == second.registered() {
            assert!(work.is_done());
        }
    });
    assert!(list.next_wanting(None, bit()).is_none(), "nobody wants it");
    join(registers);
}

/// A walk looks into the one that it begins with before it knows whether it is registered.
fn made_first() {
    let list = share(List::new());
    let registers = spawn(|| list.link(share(Latch::new()).registered()));
    list.each(|_| assert!(list.next_wanting(None, bit()).is_none(), "nobody wants it"));
    join(registers);
}

fn order() {
    let list = share(List::new());
    let latches: [&Latch; 3] = core::array::from_fn(|_| share(Latch::new()));
    let link = |latch: &'static Latch| {
        list.link(latch.registered());
        latch.registered().link().want(SigSet::from(ONE));
    };
    let [first, second, third] = latches;
    link(first);
    let registers = spawn(move || [second, first, third].map(link));
    let walk = || {
        let next = |after| list.next_wanting(after, bit());
        let found = successors(next(None), |last| next(Some(*last)));
        found.map(|receiver| receiver.address().addr()).collect::<Vec<_>>()
    };
    let all = latches.map(|latch| NonNull::from(latch).addr());
    let handler = spawn(walk);
    let found = [walk(), join(handler)];
    for found in found {
        let in_order: Vec<_> = all.into_iter().filter(|one| found.contains(one)).collect();
        assert!(found == in_order && found.first() == all.first(), "found {found:?} of {all:?}");
    }
    join(registers);
    assert_eq!(walk(), all);
}
