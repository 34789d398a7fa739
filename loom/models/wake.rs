//! Set and notify against wait, and against watching a descriptor.

use super::{Model, ONE, bit, join, spawn};
use crate::bits::AtomicSet;
use crate::delivery::wake::Wake;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::new("wake: a wait ends", || wait(1)),
    Model::bounded("wake: two waits end", 2, || wait(2)),
    Model::new("wake: who sees the count sees what was set before", count),
];

fn wait(waiters: usize) {
    let wake = share(Wake::new());
    let set = share(AtomicSet::new());
    let handler = spawn(|| {
        set.insert(bit());
        wake.notify(ONE);
    });
    let waits = || wake.wait(None, || !set.is_empty()).expect("nothing fails");
    let other = (waiters == 2).then(|| spawn(waits));
    waits();
    join(handler);
    other.into_iter().for_each(join);
}

/// While another waits all the time, the count and the kernel's word are enough: what is waited for
/// needs no order of its own.
fn count() {
    let wake = share(Wake::new());
    let flag = share(AtomicUsize::new(0));
    let both = || {
        let handler = spawn(|| {
            flag.store(1, Ordering::Relaxed);
            wake.notify(ONE);
        });
        wake.wait(None, || flag.load(Ordering::Relaxed) == 1).expect("nothing fails");
        join(handler);
        true
    };
    wake.wait(None, both).expect("nothing fails");
}
