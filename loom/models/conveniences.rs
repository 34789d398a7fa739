//! What is built on the receivers: a shutdown with its deadline, a table of functions.

use core::time::Duration;

use super::{Model, ONE, OTHER, Work, join, spawn};
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::share;
use crate::timer::SignalTimers;
use crate::{Dispatcher, Shutdown, SigInfo, SigVal, sys};

pub(super) const MODELS: &[Model] = &[
    Model::new("shutdown: requested_by sees what was done before", || {
        told(|shutdown| shutdown.requested_by().is_some());
    }),
    Model::new("shutdown: cancel sees what was done before", || {
        told(|shutdown| shutdown.reset().is_some());
    }),
    Model::new("shutdown: who asks sees what was done before the cancel", asked_again),
    Model::new("shutdown: who is asked after a cancel has a flag", flagged),
    Model::bounded("shutdown: who is asked again has a flag", 3, flagged_by_the_second),
    Model::new("shutdown: of two at once one asks, and both are counted", counted),
    Model::bounded("deadline: who cancels it finds the timer made", 3, || {
        deadline(|shutdown| _ = shutdown.reset());
    }),
    Model::bounded("deadline: nor is one left after two cancels and another request", 2, || {
        deadline(|shutdown| {
            if shutdown.reset().is_some() {
                shutdown.request(OTHER);
            }
            let _asked = shutdown.reset();
        });
    }),
    Model::bounded("deadline: who asks what is left finds the timer made", 3, || {
        deadline(|shutdown| _ = shutdown.time_left());
    }),
    Model::bounded("deadline: of two threads that make a timer one's stays", 3, kept),
    Model::bounded("dispatch: function sees what was done before", 2, function),
];

fn told(looks: fn(&Shutdown) -> bool) {
    let shutdown = share(Shutdown::new());
    let work = Work::new();
    let handler = spawn(|| {
        work.do_it();
        shutdown.request(ONE);
    });
    if looks(shutdown) {
        assert!(work.is_done());
    }
    join(handler);
}

/// The second asks when it sees the cancel, and a relaxed look cannot tell it what was done before
/// that.
fn asked_again() {
    let shutdown = share(Shutdown::new());
    let cancelled = share(AtomicU32::new(0));
    let work = Work::new();
    shutdown.request(ONE);
    let handler = spawn(|| {
        if cancelled.load(Ordering::Relaxed) == 1 {
            shutdown.request(OTHER);
            assert!(work.is_done());
        }
    });
    work.do_it();
    assert_eq!(shutdown.reset(), Some(ONE));
    if shutdown.requested_by().is_none() {
        assert!(!shutdown.wait(Some(Duration::ZERO)).expect("nothing fails"));
    }
    cancelled.store(1, Ordering::Relaxed);
    join(handler);
}

fn flagged() {
    let shutdown = share(Shutdown::new());
    let handler = spawn(|| shutdown.request(ONE));
    let before = shutdown.reset();
    join(handler);
    let is_flagged = shutdown.wait(Some(Duration::ZERO)).expect("nothing fails");
    assert_eq!(is_flagged, before.is_none());
    assert_eq!(is_flagged, shutdown.is_requested());
}

fn flagged_by_the_second() {
    let shutdown = share(Shutdown::new());
    let handler = spawn(|| shutdown.request(ONE));
    let before = shutdown.reset();
    shutdown.request(ONE);
    join(handler);
    assert!(shutdown.is_requested() && before.is_none_or(|signal| signal == ONE));
    assert!(shutdown.wait(Some(Duration::ZERO)).expect("nothing fails"));
}

fn counted() {
    let shutdown = share(Shutdown::new());
    let handler = spawn(|| shutdown.request(ONE));
    shutdown.request(OTHER);
    join(handler);
    assert!(shutdown.is_requested());
    assert_eq!(shutdown.count(), 2, "one is lost");
    assert!(shutdown.wait(Some(Duration::ZERO)).expect("nothing fails"));
}

fn kept() {
    let timers = share(SignalTimers::none());
    let make_and_set = || {
        timers.make(ONE, SigVal::default()).expect("nothing fails");
        timers.set(ONE, Duration::from_secs(1), Duration::ZERO)
    };
    let other = spawn(make_and_set);
    let set = make_and_set();
    assert!(join(other) | set, "the one whose timer it is has it");
    assert_eq!(sys::timers(), 1, "timers are left");
    assert!(timers.left(ONE).is_some());
}

fn deadline(looks: fn(&Shutdown)) {
    let shutdown = share(Shutdown::new().deadline(Duration::from_secs(1)));
    let handler = spawn(|| shutdown.request(ONE));
    looks(shutdown);
    join(handler);
    assert_eq!(shutdown.time_left().is_some(), shutdown.is_requested(), "or else it never ends");
    assert_eq!(sys::armed_timers(), usize::from(shutdown.is_requested()), "timers are armed");
}

fn first(_info: &SigInfo) {}

fn function() {
    let table = share(Dispatcher::<1>::new());
    let work = Work::new();
    let sets = spawn(|| {
        work.do_it();
        table.catch(ONE, first)
    });
    if table.callback(ONE).is_some() {
        assert!(work.is_done());
    }
    assert_eq!(join(sets), Ok(()));
}
