//! The tracer itself: it finds what is broken on purpose, and says where.

use crate::tracer::check;
use crate::tracer::op::{Op, Seen, Verdict, window};
use crate::tracer::path::Until;
use crate::tracer::ptrace::Sent;
use core::sync::atomic::{AtomicBool, Ordering};
use siglatch::Signal;
use support::{assert_contains, foreign};

static FLAG: AtomicBool = AtomicBool::new(false);

extern "C" fn set_flag(_: i32) {
    FLAG.store(true, Ordering::SeqCst);
}

/// Takes a flag by a load and a store, with room for a signal in between.
fn take_in_two_steps(sent: &Sent) -> Verdict {
    let handler = set_flag as *const () as usize;
    foreign::set(sent.signal.as_raw(), &foreign::action(handler, 0));
    let taken = window(|| {
        let taken = FLAG.load(Ordering::SeqCst);
        FLAG.store(false, Ordering::SeqCst);
        taken
    });
    match (taken, FLAG.load(Ordering::SeqCst)) {
        (true, false) => Ok(Seen::During),
        (false, true) => Ok(Seen::After),
        (true, true) => Err("it was taken, and is there".into()),
        (false, false) => Err("it was lost".into()),
    }
}

pub(crate) fn lost_signal_is_told_with_its_place() {
    let op = Op {
        name: "take_in_two_steps",
        signal: Signal::USR1,
        body: take_in_two_steps,
        order: &[Seen::During, Seen::After],
        until: Until::End,
    };
    let path = op.path().expect("a path");
    let points = op.points(&path);
    let told = check::failures(&op, &path, &points).told();
    assert_contains(&told, "it was lost");
    assert_contains(&told, "take_in_two_steps");
    assert_contains(&told, ".rs:");
}
