//! A set that several threads change at once.

use super::{Model, ONE, OTHER, Work, bit, join, spawn};
use crate::bits::{AtomicSet, Bit};
use crate::sync::share;
use crate::{SigSet, Signal};

pub(super) const MODELS: &[Model] = &[
    Model::new("bits: changes of two threads are both kept", changes),
    Model::new("bits: each flag is taken once", takers),
    Model::new("bits: is_empty sees what was done before", || told(|set| !set.is_empty())),
    Model::new("bits: contains sees what was done before", || told(|set| set.contains(bit()))),
    Model::new("bits: load sees what was done before", || told(|set| !set.load().is_empty())),
    Model::new("bits: take sees what was done before", || told(|set| !set.take().is_empty())),
    Model::new("bits: remove sees what was done before", || told(|set| set.remove(bit()))),
];

fn changes() {
    let set = share(AtomicSet::new());
    set.insert_all(SigSet::from(OTHER));
    let inserts = spawn(|| set.insert(bit()));
    let inserts_all = spawn(|| set.insert_all(SigSet::from(Signal::TERM)));
    set.remove_all(SigSet::from(OTHER));
    join(inserts);
    join(inserts_all);
    assert_eq!(set.load(), SigSet::from([ONE, Signal::TERM]));
}

fn takers() {
    let set = share(AtomicSet::new());
    set.insert(bit());
    let one = spawn(|| set.remove(bit()));
    let other = spawn(|| set.take().contains(ONE));
    set.insert(Bit::of(OTHER));
    let (one, other) = (join(one), join(other));
    assert!(one != other, "the flag was taken by {} threads", u8::from(one) + u8::from(other));
}

fn told(looks: fn(&AtomicSet) -> bool) {
    let set = share(AtomicSet::new());
    let work = Work::new();
    let handler = spawn(|| {
        work.do_it();
        set.insert(bit());
    });
    if looks(set) {
        assert!(work.is_done());
    }
    join(handler);
}
