//! A descriptor that comes and goes, against handlers that write to it.

use core::mem::ManuallyDrop;

use super::{Model, ONE, OTHER, bit, join, spawn};
use crate::delivery::latch::Latch;
use crate::fd::{EventFd, OnceEventFd};
use crate::sync::share;
use crate::sys;

pub(super) const MODELS: &[Model] = &[
    Model::bounded("wake_fd: what was set before or after makes it readable", 3, readable),
    Model::bounded("wake_fd: what is not seen is announced", 3, || announced(1)),
    Model::bounded("wake_fd: nor is it lost among two handlers", 2, || announced(2)),
    Model::new("wake_fd: what was readable before is readable again", announced_again),
    Model::new("wake_fd: an event of two threads is opened once, and theirs", opened),
    Model::bounded("wake_fd: nobody writes to what was taken away", 2, || taken_away(1)),
    Model::bounded("wake_fd: nor does one of two handlers", 1, || taken_away(2)),
];

/// What a clear and a look have not seen is announced, whoever is in the middle of what.
fn announced(handlers: usize) {
    let latch = share(Latch::new());
    let event = event();
    latch.wake_through(event).expect("nobody else registers");
    let handlers: [_; 2] = core::array::from_fn(|handler| {
        let signal = if handler == 0 { ONE } else { OTHER };
        (handler < handlers).then(|| spawn(move || latch.set(signal)))
    });
    for _ in 0..2 {
        let _readable = event.clear();
        let _seen = latch.take();
    }
    handlers.into_iter().flatten().for_each(join);
    assert!(!latch.is_set() || event.clear(), "a flag is set, and nothing says so");
}

/// The same where the descriptor was readable for another latch's sake, and the flag is not taken
/// but only looked at.
fn announced_again() {
    let (latch, other) = (share(Latch::new()), share(Latch::new()));
    let event = event();
    for latch in [latch, other] {
        latch.wake_through(event).expect("nobody else registers");
    }
    other.set(OTHER);
    let handler = spawn(|| latch.set(ONE));
    assert!(event.clear());
    let seen = latch.is_set();
    join(handler);
    assert!(seen || event.clear(), "a flag is set, and nothing says so");
}

/// Never closed: when an execution ends, what it has shared is dropped outside of it.
fn once() -> &'static OnceEventFd {
    let event: &ManuallyDrop<OnceEventFd> = share(ManuallyDrop::new(OnceEventFd::new()));
    event
}

fn event() -> &'static EventFd {
    once().open().expect("there are descriptors left")
}

/// A thread that sees the descriptor sees its owner, or would take it for the parent's. The second one
/// that a thread may have opened is closed.
fn opened() {
    let before = lowest_free();
    let event = once();
    let other = spawn(|| {
        event.open().expect("it is this process's");
    });
    let number = event.open().expect("it is this process's").as_raw();
    join(other);
    assert_eq!(event.open().map(EventFd::as_raw), Ok(number));
    // SAFETY: nothing uses it any more.
    unsafe { sys::close(number) }.expect("close");
    assert_eq!(lowest_free(), before, "a second one is left open");
}

/// The descriptor that is opened next.
fn lowest_free() -> i32 {
    let free = sys::eventfd2(0, 0).expect("there are descriptors left");
    // SAFETY: it was just opened, and nothing else knows of it.
    unsafe { sys::close(free) }.expect("close");
    free
}

fn readable() {
    let latch = share(Latch::new());
    let event = event();
    let handler = spawn(|| latch.registered().flag_and_wake(ONE, bit()));
    latch.wake_through(event).expect("nobody else registers");
    join(handler);
    assert!(event.clear(), "no byte was written for a flag");
    assert_eq!(latch.missed_wakes(), 0);
}

fn taken_away(handlers: usize) {
    let latch = share(Latch::new());
    let (before, after) = (event(), event());
    latch.wake_through(before).expect("nobody else registers");
    let handlers: [_; 2] = core::array::from_fn(|handler| {
        let signal = if handler == 0 { ONE } else { OTHER };
        (handler < handlers).then(|| spawn(move || latch.set(signal)))
    });
    latch.wake_through(after).expect("nobody else registers");
    let _written_before = before.clear();
    handlers.into_iter().flatten().for_each(join);
    assert!(!before.clear(), "it was written to after it was taken away");
    assert!(latch.is_set());
    assert!(after.clear(), "no byte was written for a flag");
    assert_eq!(latch.missed_wakes(), 0);
}
