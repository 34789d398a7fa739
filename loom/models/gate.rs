//! Who changes something and then waits at the gate, against handlers.

extern crate std;

use std::vec::Vec;

use super::{Model, ONE, Work, bit, join, spawn};
use crate::SigSet;
use crate::bits::AtomicSet;
use crate::delivery::gate::Gate;
use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::new("gate: no handler works on after the wait", || after_the_wait(1, 0)),
    Model::new("gate: nor one that found nobody", found_nobody),
    Model::bounded("gate: nor two handlers", 2, || after_the_wait(2, 0)),
    Model::bounded("gate: nor a handler that chose its side before an earlier wait", 3, || {
        after_the_wait(1, 1);
    }),
    Model::new("gate: a child does not wait for its parent's threads", child),
];

/// Handlers work while they are wanted. After they are not, and the wait, the work is the waiter's.
fn after_the_wait(handlers: usize, earlier_waits: usize) {
    let gate = share(Gate::new());
    let interest = share(AtomicSet::new());
    let work: [&Work; 2] = [Work::new(), Work::new()];
    interest.insert(bit());
    let handlers: Vec<_> = work
        .into_iter()
        .take(handlers)
        .map(|work| {
            spawn(move || {
                let epoch = gate.enter();
                if interest.contains(bit()) {
                    work.do_it();
                }
                gate.leave(epoch);
            })
        })
        .collect();
    for _ in 0..earlier_waits {
        gate.wait_until_empty();
    }
    interest.remove_all(SigSet::from(ONE));
    gate.wait_until_empty();
    for work in work {
        work.do_it();
    }
    handlers.into_iter().for_each(join);
}

/// What a handler does that finds nobody, the caller of a catch does not do at the same time.
fn found_nobody() {
    let gate = share(Gate::new());
    let interest = share(AtomicSet::new());
    let work = Work::new();
    let handler = spawn(|| {
        let epoch = gate.enter();
        if !interest.contains(bit()) {
            work.do_it();
        }
        gate.leave(epoch);
    });
    interest.insert_all(SigSet::from(ONE));
    gate.wait_until_empty();
    work.do_it();
    join(handler);
}

fn child() {
    let gate = share(Gate::new());
    // A handler that forks comes back from it in the child, too.
    let left_behind = gate.enter();
    gate.reset_after_fork();
    let handler = spawn(|| gate.leave(gate.enter()));
    gate.wait_until_empty();
    join(handler);
    gate.leave(left_behind);
    gate.wait_until_empty();
}
