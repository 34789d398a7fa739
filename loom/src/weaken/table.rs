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

pub(crate) const fn weakened(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    noticed: Noticed,
) -> Weakened {
    Weakened { file, from, to, noticed }
}

pub(crate) const BITS: &str = "delivery/bits.rs";
pub(crate) const GATE: &str = "delivery/gate.rs";
pub(crate) const UNDER: &str = "delivery/under.rs";
pub(crate) const LATCH: &str = "delivery/latch.rs";
pub(crate) const LIST: &str = "delivery/list.rs";
pub(crate) const LOCK: &str = "delivery/lock.rs";
pub(crate) const PREVIOUS: &str = "delivery/previous.rs";
pub(crate) const LINK: &str = "delivery/link.rs";
pub(crate) const QUEUE: &str = "delivery/queue.rs";
pub(crate) const RING: &str = "delivery/ring.rs";
pub(crate) const SLOT: &str = "delivery/slot.rs";
pub(crate) const WAKE: &str = "delivery/wake.rs";
pub(crate) const WALK: &str = "delivery/walk.rs";
pub(crate) const WAKE_FD: &str = "delivery/wake_fd.rs";
pub(crate) const EVENTFD: &str = "fd/eventfd.rs";
pub(crate) const SHUTDOWN: &str = "shutdown.rs";
pub(crate) const DISPATCH: &str = "dispatch.rs";

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
        "self.tickets.load(Ordering::Acquire)",
        "self.tickets.load(Ordering::Relaxed)",
        By("queue: a thread's instances"),
    ),
    weakened(
        RING,
        "self.tickets.load(Ordering::Acquire)",
        "self.tickets.load(Ordering::Relaxed)",
        By("queue: a batch"),
    ),
    weakened(
        WAKE,
        "self.listeners.load(Ordering::SeqCst)",
        "self.listeners.load(Ordering::Acquire)",
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
        "self.listeners.fetch_or(DESCRIPTOR, Ordering::SeqCst)",
        "self.listeners.fetch_or(DESCRIPTOR, Ordering::AcqRel)",
        By("wake_fd: what was set"),
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_and(!DESCRIPTOR, Ordering::SeqCst)",
        "self.listeners.fetch_and(!DESCRIPTOR, Ordering::AcqRel)",
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
        "self.act.load(Ordering::Acquire)",
        "self.act.load(Ordering::Relaxed)",
        Not("wake_fd:", "`listeners`, which says that there is a descriptor, orders it already"),
    ),
    weakened(
        WAKE,
        "self.act.store(act as *mut (), Ordering::Release)",
        "self.act.store(act as *mut (), Ordering::Relaxed)",
        Not("wake_fd:", "`listeners`, which says that there is a descriptor, orders it already"),
    ),
    weakened(
        EVENTFD,
        "self.count.load(Ordering::SeqCst)",
        "self.count.load(Ordering::Acquire)",
        By("wake_fd: what was readable"),
    ),
    weakened(
        EVENTFD,
        "compare_exchange(count, even, Ordering::SeqCst, Ordering::Relaxed)",
        "compare_exchange(count, even, Ordering::AcqRel, Ordering::Relaxed)",
        By("wake_fd: what was readable"),
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
        Not("shutdown:", "the flags, set before it and taken after the swap, order it already"),
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
        UNDER,
        "slot.owner.load(Ordering::Acquire)",
        "slot.owner.load(Ordering::Relaxed)",
        Not("previous:", "what is in a place is written after it is claimed, with its own order"),
    ),
    weakened(
        UNDER,
        "number(signal), Ordering::Release)",
        "number(signal), Ordering::Relaxed)",
        Not("previous:", "what is in a place is written after it is claimed, with its own order"),
    ),
];
