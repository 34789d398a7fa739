//! A descriptor that comes and goes, against handlers that write to it.

use super::{Model, ONE, OTHER, bit, join, spawn};
use crate::delivery::latch::Latch;
use crate::fd::EventFd;
use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::bounded("wake_fd: what was set before or after makes it readable", 3, readable),
    Model::bounded("wake_fd: nobody writes to what was taken away", 2, || taken_away(1)),
    Model::bounded("wake_fd: nor does one of two handlers", 1, || taken_away(2)),
];

fn event() -> &'static EventFd {
    share(EventFd::new().expect("there are descriptors left"))
}

fn readable() {
    let latch = share(Latch::new());
    let event = event();
    let handler = spawn(|| latch.trip(ONE, bit()));
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
