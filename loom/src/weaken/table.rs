//! What is weakened, and the model that notices.

/// A change that makes the code wrong.
pub(crate) struct Weakened {
    /// In `src/`.
    pub(crate) file: &'static str,
    /// There once.
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) noticed: Noticed,
}

pub(crate) enum Noticed {
    /// By the models whose names contain this.
    By(&'static str),
    /// By none of those: it makes no difference, or none that loom can see.
    Not(&'static str, &'static str),
}

use Noticed::{By, Not};

const fn weakened(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    noticed: Noticed,
) -> Weakened {
    Weakened { file, from, to, noticed }
}

const BITS: &str = "delivery/bits.rs";
const GATE: &str = "delivery/gate.rs";
const HANDLER: &str = "delivery/handler.rs";
const LATCH: &str = "delivery/latch.rs";
const LIST: &str = "delivery/list.rs";
const LOCK: &str = "delivery/lock.rs";
const PREVIOUS: &str = "delivery/previous.rs";
const LINK: &str = "delivery/link.rs";
const QUEUE: &str = "delivery/queue.rs";
const RING: &str = "delivery/ring.rs";
const SLOT: &str = "delivery/slot.rs";
const WAKE: &str = "delivery/wake.rs";
const WAKE_FD: &str = "delivery/wake_fd.rs";
const SHUTDOWN: &str = "shutdown.rs";
const DISPATCH: &str = "dispatch.rs";

/// Orderings.
pub(crate) const ORDERINGS: &[Weakened] = &[
    weakened(
        BITS,
        "self.word(bit).load(SeqCst)",
        "self.word(bit).load(Ordering::Relaxed)",
        By("latch: contains"),
    ),
    weakened(
        BITS,
        "self.word(bit).load(SeqCst)",
        "self.word(bit).load(Ordering::Acquire)",
        By("gate: no handler"),
    ),
    weakened(
        BITS,
        "fetch_or(bit.mask, SeqCst)",
        "fetch_or(bit.mask, Ordering::Relaxed)",
        By("latch: is_set"),
    ),
    weakened(
        BITS,
        "fetch_or(bit.mask, SeqCst)",
        "fetch_or(bit.mask, Ordering::AcqRel)",
        By("latch: wait sees"),
    ),
    weakened(
        BITS,
        "fetch_and(!bit.mask, SeqCst)",
        "fetch_and(!bit.mask, Ordering::Relaxed)",
        By("latch: take_signal"),
    ),
    weakened(
        BITS,
        "last.load(SeqCst) == 0",
        "last.load(Ordering::Relaxed) == 0",
        By("latch: is_set"),
    ),
    weakened(
        BITS,
        "last.load(SeqCst) == 0",
        "last.load(Ordering::Acquire) == 0",
        By("latch: wait sees"),
    ),
    weakened(
        BITS,
        "self.collect(|word| word.load(SeqCst))",
        "self.collect(|word| word.load(Ordering::Relaxed))",
        By("latch: pending"),
    ),
    weakened(
        BITS,
        "self.collect(|word| word.load(SeqCst))",
        "self.collect(|word| word.load(Ordering::Acquire))",
        By("wake_fd: what was set"),
    ),
    weakened(BITS, "word.swap(0, SeqCst)", "word.swap(0, Ordering::Relaxed)", By("latch: take")),
    weakened(
        BITS,
        "word.fetch_or(bits, SeqCst)",
        "word.fetch_or(bits, Ordering::AcqRel)",
        By("gate: nor one that found nobody"),
    ),
    weakened(
        BITS,
        "word.fetch_and(!bits, SeqCst)",
        "word.fetch_and(!bits, Ordering::AcqRel)",
        By("gate: no handler"),
    ),
    weakened(
        GATE,
        "fetch_add(1, Ordering::SeqCst)",
        "fetch_add(1, Ordering::AcqRel)",
        By("gate: no handler"),
    ),
    weakened(
        GATE,
        "fetch_sub(1, Ordering::Release)",
        "fetch_sub(1, Ordering::Relaxed)",
        By("gate: no handler"),
    ),
    weakened(
        GATE,
        "load(Ordering::SeqCst) != 0",
        "load(Ordering::Acquire) != 0",
        By("gate: no handler"),
    ),
    weakened(
        GATE,
        "load(Ordering::SeqCst) != 0",
        "load(Ordering::Relaxed) != 0",
        By("gate: no handler"),
    ),
    weakened(
        LIST,
        "self.first.store(new, Ordering::Release)",
        "self.first.store(new, Ordering::Relaxed)",
        Not("list:", "handlers come after the first receiver; who walks otherwise has `lead_to`"),
    ),
    weakened(
        LIST,
        "self.first.load(Ordering::Acquire)",
        "self.first.load(Ordering::Relaxed)",
        Not("list:", "handlers come after the first receiver; who walks otherwise has `lead_to`"),
    ),
    weakened(
        LINK,
        "self.next.store(next, Ordering::Release)",
        "self.next.store(next, Ordering::Relaxed)",
        By("list: a walk finds receivers as they were made"),
    ),
    weakened(
        LINK,
        "self.next.load(Ordering::Acquire)",
        "self.next.load(Ordering::Relaxed)",
        By("list: a walk finds receivers as they were made"),
    ),
    weakened(
        LOCK,
        "compare_exchange(free, me, Ordering::Acquire, ",
        "compare_exchange(free, me, Ordering::Relaxed, ",
        By("lock: who has it"),
    ),
    weakened(
        LOCK,
        "store(0, Ordering::Release)",
        "store(0, Ordering::Relaxed)",
        By("lock: who has it"),
    ),
    weakened(
        PREVIOUS,
        "self.handler.store(SIG_DFL, Ordering::SeqCst)",
        "self.handler.store(SIG_DFL, Ordering::Release)",
        By("previous:"),
    ),
    weakened(
        PREVIOUS,
        "self.handler.store(action.handler, Ordering::Release)",
        "self.handler.store(action.handler, Ordering::Relaxed)",
        By("previous:"),
    ),
    weakened(
        PREVIOUS,
        "self.handler.load(Ordering::SeqCst)",
        "self.handler.load(Ordering::Acquire)",
        By("previous:"),
    ),
    weakened(
        SLOT,
        "State(self.state.load(Ordering::Acquire))",
        "State(self.state.load(Ordering::Relaxed))",
        By("queue:"),
    ),
    weakened(
        SLOT,
        "compare_exchange(from.0, to.0, Ordering::Acquire, ",
        "compare_exchange(from.0, to.0, Ordering::Relaxed, ",
        By("queue:"),
    ),
    weakened(
        SLOT,
        "self.state.store(to.0, Ordering::Release)",
        "self.state.store(to.0, Ordering::Relaxed)",
        By("queue: two producers"),
    ),
    weakened(
        RING,
        "self.tickets.fetch_add(1, Ordering::Release)",
        "self.tickets.fetch_add(1, Ordering::Relaxed)",
        By("queue: a thread's instances"),
    ),
    weakened(
        RING,
        "self.tickets.load(Ordering::Acquire);\n            match self.oldest(end, |state|",
        "self.tickets.load(Ordering::Relaxed);\n            match self.oldest(end, |state|",
        By("queue: a thread's instances"),
    ),
    weakened(
        RING,
        "self.tickets.load(Ordering::Acquire);\n            match self.oldest(end, |_|",
        "self.tickets.load(Ordering::Relaxed);\n            match self.oldest(end, |_|",
        By("queue: a batch"),
    ),
    weakened(
        WAKE,
        "let listeners = self.listeners.load(Ordering::SeqCst)",
        "let listeners = self.listeners.load(Ordering::Acquire)",
        By("wake: a wait ends"),
    ),
    weakened(
        WAKE,
        "self.count.fetch_add(1, Ordering::Release)",
        "self.count.fetch_add(1, Ordering::Relaxed)",
        By("wake: who sees the count"),
    ),
    weakened(
        WAKE,
        "let seen = self.count.load(Ordering::Acquire)",
        "let seen = self.count.load(Ordering::Relaxed)",
        By("wake: who sees the count"),
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_or(kind, Ordering::SeqCst)",
        "self.listeners.fetch_or(kind, Ordering::AcqRel)",
        By("wake_fd: what was set"),
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_and(!(DESCRIPTOR | EVENT), Ordering::SeqCst)",
        "self.listeners.fetch_and(!(DESCRIPTOR | EVENT), Ordering::AcqRel)",
        By("wake_fd: nobody writes"),
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_add(1, Ordering::SeqCst)",
        "self.listeners.fetch_add(1, Ordering::AcqRel)",
        By("wake: a wait ends"),
    ),
    weakened(
        WAKE,
        "self.fd.load(Ordering::Acquire)",
        "self.fd.load(Ordering::Relaxed)",
        Not("wake_fd:", "`listeners`, which says that there is a descriptor, orders it already"),
    ),
    weakened(
        WAKE,
        "self.fd.store(fd, Ordering::Release)",
        "self.fd.store(fd, Ordering::Relaxed)",
        Not("wake_fd:", "`listeners`, which says that there is a descriptor, orders it already"),
    ),
    weakened(
        SHUTDOWN,
        "self.asked_by.load(Ordering::Acquire)",
        "self.asked_by.load(Ordering::Relaxed)",
        By("shutdown: asked_by"),
    ),
    weakened(
        SHUTDOWN,
        "self.asked_by.swap(0, Ordering::AcqRel)",
        "self.asked_by.swap(0, Ordering::Release)",
        By("shutdown: cancel"),
    ),
    weakened(
        SHUTDOWN,
        "self.asked_by.swap(0, Ordering::AcqRel)",
        "self.asked_by.swap(0, Ordering::Acquire)",
        Not("shutdown:", "the flag, taken before and set after, orders it already"),
    ),
    weakened(
        SHUTDOWN,
        "compare_exchange(0, number, Ordering::AcqRel, ",
        "compare_exchange(0, number, Ordering::Acquire, ",
        By("shutdown: asked_by"),
    ),
    weakened(
        SHUTDOWN,
        "compare_exchange(0, number, Ordering::AcqRel, ",
        "compare_exchange(0, number, Ordering::Release, ",
        Not("shutdown:", "the flag, taken before and set after, orders it already"),
    ),
    weakened(
        DISPATCH,
        "load(Ordering::Acquire)",
        "load(Ordering::Relaxed)",
        By("dispatch: function"),
    ),
    weakened(
        DISPATCH,
        "swap(function, Ordering::AcqRel)",
        "swap(function, Ordering::Acquire)",
        By("dispatch: function"),
    ),
    weakened(
        DISPATCH,
        "swap(function, Ordering::AcqRel)",
        "swap(function, Ordering::Release)",
        By("dispatch: who replaces"),
    ),
    weakened(
        HANDLER,
        "slot.owner.load(Ordering::Acquire) == raw",
        "slot.owner.load(Ordering::Relaxed) == raw",
        Not("previous:", "what is in a place is written after it is claimed, with its own order"),
    ),
    weakened(
        HANDLER,
        "signal.as_raw().unsigned_abs(), Ordering::Release)",
        "signal.as_raw().unsigned_abs(), Ordering::Relaxed)",
        Not("previous:", "what is in a place is written after it is claimed, with its own order"),
    ),
];

/// Steps that are left out, or done in another order.
pub(crate) const STEPS: &[Weakened] = &[
    weakened(
        BITS,
        "self.word(bit).fetch_or(bit.mask, SeqCst);",
        "let old = self.word(bit).load(SeqCst); self.word(bit).store(old | bit.mask, SeqCst);",
        By("bits: changes"),
    ),
    weakened(
        BITS,
        "self.word(bit).fetch_and(!bit.mask, SeqCst) & bit.mask != 0",
        "let old = self.word(bit).load(SeqCst); \
         self.word(bit).store(old & !bit.mask, SeqCst); old & bit.mask != 0",
        By("bits: each flag is taken once"),
    ),
    weakened(
        BITS,
        "word.swap(0, SeqCst)",
        "{ let old = word.load(SeqCst); word.store(0, SeqCst); old }",
        By("latch: each flag is taken once"),
    ),
    weakened(GATE, "for _ in 0..2 {", "for _ in 0..1 {", By("gate: nor a handler that chose")),
    weakened(
        GATE,
        "self.turn.store(turn ^ 1, Ordering::Relaxed);\n            //",
        "//",
        Not("gate:", "only a storm without end would show it: nothing is left to end the wait"),
    ),
    weakened(GATE, "Ordering::Relaxed) ^ 2;", "Ordering::Relaxed);", By("gate: a child")),
    weakened(
        LATCH,
        "self.pending.insert(bit);\n        self.wake.notify(signal);",
        "self.wake.notify(signal);\n        self.pending.insert(bit);",
        By("latch: wait sees"),
    ),
    weakened(
        LIST,
        "if !receiver.link().prepare() {\n            return;\n        }",
        "let _new = receiver.link().prepare();",
        By("list: a walk finds receivers in order"),
    ),
    weakened(PREVIOUS, "handlers.wait_until_empty();", "", By("previous:")),
    weakened(
        PREVIOUS,
        "spend().is_err()",
        "self.handler.swap(SIG_DFL, Ordering::Relaxed) == usize::MAX",
        By("previous: of two handlers"),
    ),
    weakened(
        QUEUE,
        "self.latch.set(signal);\n            }\n            Some(late)",
        "let _ = signal;\n            }\n            Some(late)",
        By("queue: one pop for each wait"),
    ),
    weakened(
        QUEUE,
        "let flags = self.latch.take();\n            let late = take()?;",
        "let late = take();\n            let flags = self.latch.take();\n            \
         let late = late?;",
        By("queue: one pop for each wait"),
    ),
    weakened(RING, "if age <= 0 {", "if age < isize::MIN {", By("queue: a thread's instances")),
    weakened(
        QUEUE,
        "Pushed::Replaced | Pushed::Dropped => self.count_lost(signal),",
        "Pushed::Replaced => self.count_lost(signal),
            Pushed::Dropped => {}",
        By("queue: with room for one"),
    ),
    weakened(
        SLOT,
        "self.state.compare_exchange(from.0, to.0, Ordering::Acquire, Ordering::Relaxed).is_ok()",
        "self.state() == from && { self.state.store(to.0, Ordering::Release); true }",
        By("queue: with room for one"),
    ),
    weakened(
        WAKE,
        "let seen = self.count.load(Ordering::Acquire);\n            if ready() {\n                \
         break Ok(());\n            }\n",
        "if ready() {\n                break Ok(());\n            }\n            \
         let seen = self.count.load(Ordering::Acquire);\n",
        By("wake: a wait ends"),
    ),
    weakened(
        WAKE_FD,
        "if old.is_some() {\n            GATE.wait_until_empty();\n        }\n",
        "",
        By("wake_fd: nobody writes"),
    ),
    weakened(
        WAKE_FD,
        "self.wake().notify(signal);",
        "let _ = signal;",
        By("wake_fd: what was set"),
    ),
    weakened(
        SHUTDOWN,
        "let _flags = self.latch.take();\n        self.deadline.cancel();",
        "self.deadline.cancel();",
        By("shutdown:"),
    ),
];
