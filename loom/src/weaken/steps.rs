//! What else can be left out or done in another order.

use super::table::{
    BITS, EVENTFD, GATE, HANDLER, KEPT, LIST, PLACE, PREVIOUS, QUEUE, RECEIVER, REGISTRY, RING,
    SHUTDOWN, SLOT, TABLE, WAKE, Weakened, weakened,
};

/// Steps that are left out, or done in another order.
pub(crate) const STEPS: &[Weakened] = &[
    weakened(
        BITS,
        "self.0.fetch_or(bit.0, SeqCst);",
        "let old = self.0.load(SeqCst); self.0.store(old | bit.0, SeqCst);",
        "bits: changes",
    ),
    weakened(
        BITS,
        "self.0.fetch_and(!bit.0, SeqCst) & bit.0 != 0",
        "let old = self.0.load(SeqCst); self.0.store(old & !bit.0, SeqCst); old & bit.0 != 0",
        "bits: each flag is taken once",
    ),
    weakened(
        BITS,
        "self.0.swap(0, SeqCst)",
        "{ let old = self.0.load(SeqCst); self.0.store(0, SeqCst); old }",
        "latch: each flag is taken once",
    ),
    weakened(GATE, "for _ in 0..2 {", "for _ in 0..1 {", "gate: nor a handler that chose"),
    weakened(GATE, "Ordering::Relaxed) ^ 2;", "Ordering::Relaxed);", "gate: a child"),
    weakened(
        RECEIVER,
        "self.pending.insert(bit);\n        self.wake.has_listeners()",
        "let listened = self.wake.has_listeners();\n        \
         self.pending.insert(bit);\n        listened",
        "latch: wait sees",
    ),
    weakened(
        LIST,
        "if address == new {\n                return;\n            }",
        "",
        "list: a walk finds receivers in order",
    ),
    weakened(
        HANDLER,
        "if receiver.flag(bit) {",
        "if receiver.flag(bit) && receivers.next_wanting(progress.at, bit).is_none() {",
        "latch: two waits end, with one walk over both latches",
    ),
    weakened(PREVIOUS, "handlers.wait_until_empty();", "", "previous:"),
    weakened(
        PREVIOUS,
        "spend().is_err()",
        "self.handler.swap(SIG_DFL, Ordering::Relaxed) == usize::MAX",
        "previous: of two handlers",
    ),
    weakened(
        QUEUE,
        "self.receiver.set(signal);\n            }\n            Some(late)",
        "let _ = signal;\n            }\n            Some(late)",
        "queue: one pop for each wait",
    ),
    weakened(
        QUEUE,
        "let flags = self.receiver.take();\n            let late = take()?;",
        "let late = take();\n            let flags = self.receiver.take();\n            \
         let late = late?;",
        "queue: one pop for each wait",
    ),
    weakened(RING, "if age <= 0 {", "if age < i64::MIN {", "queue: a thread's instances"),
    weakened(
        QUEUE,
        "count.fetch_add(lost, Ordering::Relaxed);",
        "let _ = (count, lost);",
        "queue: with room for one",
    ),
    weakened(
        SLOT,
        "self.state.compare_exchange(from.0, to.0, Ordering::Acquire, Ordering::Relaxed).is_ok()",
        "self.state() == from && { self.state.store(to.0, Ordering::Release); true }",
        "queue: with room for one",
    ),
    weakened(
        WAKE,
        "let seen = self.count.load(Ordering::Acquire);\n            if ready() {\n                \
         break Ok(());\n            }\n",
        "if ready() {\n                break Ok(());\n            }\n            \
         let seen = self.count.load(Ordering::Acquire);\n",
        "wake: a wait ends",
    ),
    weakened(
        EVENTFD,
        "let _odd =\n            self.count.compare_exchange(count, count | 1, Ordering::Relaxed, \
         Ordering::Relaxed);",
        "self.count.store(count | 1, Ordering::Relaxed);",
        "wake_fd: ",
    ),
    weakened(EVENTFD, "if !won {", "if false {", "wake_fd: an event of two threads"),
    weakened(
        REGISTRY,
        "if old.is_some() {\n        GATE.wait_until_empty();\n    }\n",
        "",
        "wake_fd: nobody writes",
    ),
    weakened(REGISTRY, "wake.notify(signal);", "let _ = signal;", "wake_fd: what was set"),
    weakened(
        RECEIVER,
        "let epoch = GATE.enter();\n        self.wake.wake(signal);\n        GATE.leave(epoch);",
        "self.wake.wake(signal);",
        "wake_fd: nobody writes",
    ),
    weakened(SHUTDOWN, "let _flags = self.receiver.take();", "", "shutdown:"),
    weakened(
        SHUTDOWN,
        "self.count.fetch_add(1, Ordering::Relaxed);",
        "self.count.store(self.count().wrapping_add(1), Ordering::Relaxed);",
        "shutdown: of two",
    ),
    weakened(
        SHUTDOWN,
        "&& self.arm(signal, after)\n            && self.requested_by() != Some(signal)",
        "&& self.arm(signal, after)\n            && self.deadline.is_none()",
        "deadline: who cancels",
    ),
    weakened(
        SHUTDOWN,
        "&& self.receiver.take_signal(signal)",
        "&& false",
        "shutdown: who is asked after",
    ),
    weakened(
        SHUTDOWN,
        "{\n            self.receiver.set(signal);",
        "{\n            let _ = signal;",
        "shutdown: who is asked again",
    ),
    weakened(
        SHUTDOWN,
        "let _stopped = request.map(|signal| self.stop(signal));",
        "",
        "deadline: who cancels",
    ),
    weakened(KEPT, "if claim.is_ok() {", "if claim.is_ok() | true {", "deadline: of two"),
    weakened(
        PLACE,
        "Err(_) => _ = self.exchange(querying | AGAIN, querying),",
        "Err(_) => return self.exchange(querying | AGAIN, number(pid)).err().and(None),",
        "children: an end",
    ),
    weakened(
        TABLE,
        "filter(|entry| entry.leave(pid)).count() != 0",
        "any(|entry| entry.leave(pid))",
        "children: one that is removed",
    ),
    weakened(
        HANDLER,
        "Err(Errno::AGAIN) if !ALONE && action::read(signal, &mut current).is_ok() => {}",
        "",
        "registry: a signal meets a release",
    ),
    weakened(
        HANDLER,
        "let _sent = send::raise_in_handler(signal);",
        "",
        "registry: a signal meets a release",
    ),
    weakened(
        REGISTRY,
        "receiver.link().want(signals);\n    GATE.wait_until_empty();",
        "receiver.link().want(signals);",
        "registry: a signal meets one who leaves and one who comes",
    ),
    weakened(
        REGISTRY,
        "previous.save(&current, &GATE);",
        "",
        "registry: and while the last one leaves",
    ),
    weakened(
        REGISTRY,
        "        let saved = previous.saved();\n        let new = if",
        "        IN_CHAIN.insert(bit);\n        let saved = previous.saved();\n        let new = if",
        "registry: after a signal that found no receiver, a catch is not deaf",
    ),
];
