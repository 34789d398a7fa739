//! Trip against look, take, wait and release.

use super::{Model, ONE, OTHER, Work, bit, join, spawn};
use crate::bits::Bit;
use crate::delivery::gate::Gate;
use crate::delivery::handler::{Taken, flag_latches};
use crate::delivery::latch::Latch;
use crate::delivery::list::List;
use crate::delivery::receiver::Receiver;
use crate::sync::share;
use crate::{SigSet, Signal};

pub(super) const MODELS: &[Model] = &[
    Model::new("latch: is_set sees what was done before", || told(Latch::is_set)),
    Model::new("latch: contains sees what was done before", || told(|latch| latch.contains(ONE))),
    Model::new("latch: pending sees what was done before", || {
        told(|latch| !latch.pending().is_empty());
    }),
    Model::new("latch: take sees what was done before", || told(|latch| !latch.take().is_empty())),
    Model::new("latch: take_signal sees what was done before", || {
        told(|latch| latch.take_signal(ONE));
    }),
    Model::new("latch: wait sees what was done before", || {
        told(|latch| latch.wait(None).expect("nothing fails"));
    }),
    Model::bounded("latch: wait ends, with two handlers", 2, wait_for_two),
    Model::bounded("latch: two waits end, with one handler", 2, two_waits),
    Model::bounded("latch: two waits end, with one walk over both latches", 2, walk_over_two),
    Model::bounded("latch: each flag is taken once, by two who take", 3, taken_once),
    Model::new("latch: no flag is set after the release", release),
];

fn told(looks: fn(&Latch) -> bool) {
    let latch = share(Latch::new());
    let work = Work::new();
    let handler = spawn(|| {
        work.do_it();
        latch.registered().flag_and_wake(ONE, bit());
    });
    if looks(latch) {
        assert!(work.is_done());
    }
    join(handler);
}

fn flag_and_wake(latch: &'static Latch, signal: Signal) -> loom::thread::JoinHandle<()> {
    spawn(move || latch.registered().flag_and_wake(signal, Bit::of(signal)))
}

fn wait_for_two() {
    let latch = share(Latch::new());
    let handlers = [flag_and_wake(latch, ONE), flag_and_wake(latch, OTHER)];
    let mut seen = SigSet::empty();
    while seen != SigSet::from([ONE, OTHER]) {
        assert!(latch.wait(None).expect("nothing fails"));
        seen |= latch.take();
    }
    handlers.into_iter().for_each(join);
    assert!(!latch.is_set());
}

fn two_waits() {
    let latch = share(Latch::new());
    let handler = flag_and_wake(latch, ONE);
    let waits = spawn(|| assert!(latch.wait(None).expect("nothing fails")));
    assert!(latch.wait(None).expect("nothing fails"));
    join(handler);
    join(waits);
}

fn walk_over_two() {
    let list = share(List::new());
    let latches: [&Latch; 2] = core::array::from_fn(|_| share(Latch::new()));
    for latch in latches {
        list.link(latch.registered());
        latch.registered().link().want(SigSet::from(ONE));
    }
    let handler = spawn(|| {
        // As the handler goes on where the walk has stopped.
        let progress = flag_latches(list, bit());
        let is_over = progress.at.is_none() && progress.taken == Taken::Yes;
        assert!(is_over || progress.taken == Taken::Flagged, "there are latches alone");
        if let Some(at) = progress.at {
            at.wake().wake(ONE);
            if let Some(next) = list.next_wanting(progress.at, bit()) {
                next.flag_and_wake(ONE, bit());
            }
        }
    });
    let [first, second] = latches;
    let waits = spawn(|| assert!(first.wait(None).expect("nothing fails")));
    assert!(second.wait(None).expect("nothing fails"));
    join(handler);
    join(waits);
}

fn taken_once() {
    let latch = share(Latch::new());
    let handlers = [flag_and_wake(latch, ONE), flag_and_wake(latch, OTHER)];
    let taker = spawn(|| latch.take());
    let mut mine = SigSet::empty();
    if latch.take_signal(ONE) {
        mine.insert(ONE);
    }
    handlers.into_iter().for_each(join);
    let theirs = join(taker);
    let left = latch.take();
    assert!((mine & theirs).is_empty(), "taken twice");
    assert!(((mine | theirs) & left).is_empty(), "taken, and still there");
    assert_eq!(mine | theirs | left, SigSet::from([ONE, OTHER]), "lost");
}

fn release() {
    let latch = share(Receiver::new());
    let gate = share(Gate::new());
    latch.link().prepare();
    latch.link().want(SigSet::from(ONE));
    let handler = spawn(|| {
        let epoch = gate.enter();
        if latch.link().wants(bit()) {
            latch.flag_and_wake(ONE, bit());
        }
        gate.leave(epoch);
    });
    latch.link().unwant(SigSet::from(ONE));
    gate.wait_until_empty();
    let _before = latch.take();
    join(handler);
    assert!(!latch.is_set(), "a flag was set after the release");
}
