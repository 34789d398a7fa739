//! What is weakened, and the model that notices.

/// A change that makes the code wrong.
pub(crate) struct Weakened {
    /// In `src/`.
    pub(crate) file: &'static str,
    /// There once.
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Part of the names of the models that notice.
    pub(crate) by: &'static str,
}

pub(crate) const fn weakened(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    by: &'static str,
) -> Weakened {
    Weakened { file, from, to, by }
}

pub(crate) const BITS: &str = "bits.rs";
pub(crate) const GATE: &str = "delivery/gate.rs";
pub(crate) const HANDLER: &str = "delivery/handler.rs";
pub(crate) const LIST: &str = "delivery/list.rs";
pub(crate) const LOCK: &str = "delivery/lock.rs";
pub(crate) const PREVIOUS: &str = "delivery/previous.rs";
pub(crate) const RECEIVER: &str = "delivery/receiver.rs";
pub(crate) const REGISTRY: &str = "delivery/registry.rs";
pub(crate) const QUEUE: &str = "delivery/queue.rs";
pub(crate) const RING: &str = "delivery/ring.rs";
pub(crate) const SLOT: &str = "delivery/slot.rs";
pub(crate) const WAKE: &str = "delivery/wake.rs";
pub(crate) const EVENTFD: &str = "fd/eventfd.rs";
pub(crate) const SHUTDOWN: &str = "shutdown.rs";
pub(crate) const KEPT: &str = "timer/per_signal.rs";
pub(crate) const PLACE: &str = "child/entry.rs";
pub(crate) const TABLE: &str = "child/table.rs";
pub(crate) const START: &str = "child/inherited.rs";
pub(crate) const DISPATCH: &str = "dispatch.rs";

/// Orderings.
pub(crate) const ORDERINGS: &[Weakened] = &[
    weakened(
        BITS,
        "self.0.load(SeqCst) & bit.0 != 0",
        "self.0.load(Relaxed) & bit.0 != 0",
        "latch: contains",
    ),
    weakened(
        BITS,
        "self.0.load(SeqCst) & bit.0 != 0",
        "self.0.load(Acquire) & bit.0 != 0",
        "gate: no handler",
    ),
    weakened(
        BITS,
        "self.0.fetch_or(bit.0, SeqCst)",
        "self.0.fetch_or(bit.0, Relaxed)",
        "latch: is_set",
    ),
    weakened(
        BITS,
        "self.0.fetch_or(bit.0, SeqCst)",
        "self.0.fetch_or(bit.0, AcqRel)",
        "latch: wait sees",
    ),
    weakened(
        BITS,
        "self.0.fetch_and(!bit.0, SeqCst)",
        "self.0.fetch_and(!bit.0, Relaxed)",
        "latch: take_signal",
    ),
    weakened(BITS, "self.0.load(SeqCst) == 0", "self.0.load(Relaxed) == 0", "latch: is_set"),
    weakened(BITS, "self.0.load(SeqCst) == 0", "self.0.load(Acquire) == 0", "latch: wait sees"),
    weakened(
        BITS,
        "u64 {\n        self.0.load(SeqCst)",
        "u64 {\n        self.0.load(Relaxed)",
        "latch: pending",
    ),
    weakened(
        BITS,
        "u64 {\n        self.0.load(SeqCst)",
        "u64 {\n        self.0.load(Acquire)",
        "wake_fd: what was set",
    ),
    weakened(BITS, "self.0.swap(0, SeqCst)", "self.0.swap(0, Relaxed)", "latch: take"),
    weakened(
        BITS,
        "self.0.fetch_or(set.bits(), SeqCst)",
        "self.0.fetch_or(set.bits(), AcqRel)",
        "gate: nor one that found nobody",
    ),
    weakened(
        BITS,
        "self.0.fetch_and(!set.bits(), SeqCst)",
        "self.0.fetch_and(!set.bits(), AcqRel)",
        "gate: no handler",
    ),
    weakened(
        GATE,
        "fetch_add(1, Ordering::SeqCst)",
        "fetch_add(1, Ordering::AcqRel)",
        "gate: no handler",
    ),
    weakened(
        GATE,
        "fetch_sub(1, Ordering::Release)",
        "fetch_sub(1, Ordering::Relaxed)",
        "gate: no handler",
    ),
    weakened(
        GATE,
        "load(Ordering::SeqCst) != 0",
        "load(Ordering::Acquire) != 0",
        "gate: no handler",
    ),
    weakened(
        GATE,
        "load(Ordering::SeqCst) != 0",
        "load(Ordering::Relaxed) != 0",
        "gate: no handler",
    ),
    weakened(
        LIST,
        "self.next.store(next, Ordering::SeqCst)",
        "self.next.store(next, Ordering::Release)",
        "registry: a signal meets one who leaves and one who comes",
    ),
    weakened(
        LIST,
        "self.next.store(next, Ordering::SeqCst)",
        "self.next.store(next, Ordering::Relaxed)",
        "list: a walk finds receivers as they were made",
    ),
    weakened(
        LIST,
        "self.next.load(Ordering::SeqCst)",
        "self.next.load(Ordering::Acquire)",
        "registry: a signal meets one who leaves and one who comes",
    ),
    weakened(
        LIST,
        "self.next.load(Ordering::SeqCst)",
        "self.next.load(Ordering::Relaxed)",
        "list: a walk finds receivers as they were made",
    ),
    weakened(
        LOCK,
        "compare_exchange(expected, me, Ordering::Acquire, ",
        "compare_exchange(expected, me, Ordering::Relaxed, ",
        "lock: who has it",
    ),
    weakened(
        LOCK,
        "store(0, Ordering::Release)",
        "store(0, Ordering::Relaxed)",
        "lock: who has it",
    ),
    weakened(
        PREVIOUS,
        "self.handler.store(SIG_DFL, Ordering::SeqCst)",
        "self.handler.store(SIG_DFL, Ordering::Release)",
        "previous:",
    ),
    weakened(
        PREVIOUS,
        "self.handler.store(action.handler, Ordering::Release)",
        "self.handler.store(action.handler, Ordering::Relaxed)",
        "previous:",
    ),
    weakened(
        PREVIOUS,
        "self.handler.load(Ordering::SeqCst)",
        "self.handler.load(Ordering::Acquire)",
        "previous:",
    ),
    weakened(
        SLOT,
        "State(self.state.load(Ordering::Acquire))",
        "State(self.state.load(Ordering::Relaxed))",
        "queue:",
    ),
    weakened(
        SLOT,
        "compare_exchange(from.0, to.0, Ordering::Acquire, ",
        "compare_exchange(from.0, to.0, Ordering::Relaxed, ",
        "queue:",
    ),
    weakened(
        SLOT,
        "self.state.store(to.0, Ordering::Release)",
        "self.state.store(to.0, Ordering::Relaxed)",
        "queue: two producers",
    ),
    weakened(
        RING,
        "self.tickets.fetch_add(1, Ordering::Release)",
        "self.tickets.fetch_add(1, Ordering::Relaxed)",
        "queue: a thread's instances",
    ),
    weakened(
        RING,
        "self.tickets.load(Ordering::Acquire)",
        "self.tickets.load(Ordering::Relaxed)",
        "queue: a thread's instances",
    ),
    weakened(
        RING,
        "self.tickets.load(Ordering::Acquire)",
        "self.tickets.load(Ordering::Relaxed)",
        "queue: a batch",
    ),
    weakened(
        RING,
        "fence(Ordering::SeqCst)",
        "fence(Ordering::AcqRel)",
        "queue: of two at once the newest is kept",
    ),
    weakened(
        WAKE,
        "self.listeners.load(Ordering::SeqCst)",
        "self.listeners.load(Ordering::Acquire)",
        "wake: a wait ends",
    ),
    weakened(
        WAKE,
        "self.count.fetch_add(1, Ordering::Release)",
        "self.count.fetch_add(1, Ordering::Relaxed)",
        "wake: who sees the count",
    ),
    weakened(
        WAKE,
        "let seen = self.count.load(Ordering::Acquire)",
        "let seen = self.count.load(Ordering::Relaxed)",
        "wake: who sees the count",
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_or(DESCRIPTOR, Ordering::SeqCst)",
        "self.listeners.fetch_or(DESCRIPTOR, Ordering::AcqRel)",
        "wake_fd: what was set",
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_and(!DESCRIPTOR, Ordering::SeqCst)",
        "self.listeners.fetch_and(!DESCRIPTOR, Ordering::AcqRel)",
        "wake_fd: nobody writes",
    ),
    weakened(
        WAKE,
        "self.listeners.fetch_add(1, Ordering::SeqCst)",
        "self.listeners.fetch_add(1, Ordering::AcqRel)",
        "wake: a wait ends",
    ),
    weakened(
        EVENTFD,
        "self.count.load(Ordering::SeqCst)",
        "self.count.load(Ordering::Acquire)",
        "wake_fd: what was readable",
    ),
    weakened(
        EVENTFD,
        "compare_exchange(count, even, Ordering::SeqCst, Ordering::Relaxed)",
        "compare_exchange(count, even, Ordering::AcqRel, Ordering::Relaxed)",
        "wake_fd: what was readable",
    ),
    weakened(
        EVENTFD,
        "self.not_fd.load(Ordering::Acquire)",
        "self.not_fd.load(Ordering::Relaxed)",
        "wake_fd: an event of two threads",
    ),
    weakened(
        EVENTFD,
        "compare_exchange(UNOPENED, !raw, Ordering::Release, ",
        "compare_exchange(UNOPENED, !raw, Ordering::Relaxed, ",
        "wake_fd: an event of two threads",
    ),
    weakened(
        SHUTDOWN,
        "signal_of(self.request.load(Ordering::SeqCst))",
        "signal_of(self.request.load(Ordering::Relaxed))",
        "shutdown: requested_by",
    ),
    weakened(
        SHUTDOWN,
        "signal_of(self.request.load(Ordering::SeqCst))",
        "signal_of(self.request.load(Ordering::Acquire))",
        "deadline: who cancels",
    ),
    weakened(
        SHUTDOWN,
        "self.request.swap(0, Ordering::SeqCst)",
        "self.request.swap(0, Ordering::AcqRel)",
        "deadline: who cancels",
    ),
    weakened(
        SHUTDOWN,
        "compare_exchange(0, request, Ordering::Release, ",
        "compare_exchange(0, request, Ordering::Relaxed, ",
        "shutdown: requested_by",
    ),
    weakened(
        KEPT,
        "entry.owner.load(Ordering::SeqCst)",
        "entry.owner.load(Ordering::Relaxed)",
        "deadline: ",
    ),
    weakened(
        KEPT,
        "entry.owner.load(Ordering::SeqCst)",
        "entry.owner.load(Ordering::Acquire)",
        "deadline: who cancels",
    ),
    weakened(
        KEPT,
        "entry.owner.store(me, Ordering::SeqCst)",
        "entry.owner.store(me, Ordering::Relaxed)",
        "deadline: ",
    ),
    weakened(
        KEPT,
        "entry.owner.store(me, Ordering::SeqCst)",
        "entry.owner.store(me, Ordering::Release)",
        "deadline: who cancels",
    ),
    weakened(
        PLACE,
        "compare_exchange(from, to, Ordering::AcqRel, ",
        "compare_exchange(from, to, Ordering::Acquire, ",
        "children: one thread",
    ),
    weakened(
        PLACE,
        "compare_exchange(from, to, Ordering::AcqRel, ",
        "compare_exchange(from, to, Ordering::Release, ",
        "children: one thread",
    ),
    weakened(
        PLACE,
        "self.0.store(after, Ordering::Release)",
        "self.0.store(after, Ordering::Relaxed)",
        "children: one thread",
    ),
    weakened(
        START,
        "self.captured.store(true, Ordering::Release)",
        "self.captured.store(true, Ordering::Relaxed)",
        "start:",
    ),
    weakened(
        START,
        "self.captured.load(Ordering::Acquire)",
        "self.captured.load(Ordering::Relaxed)",
        "start:",
    ),
    weakened(DISPATCH, "load(Ordering::Acquire)", "load(Ordering::Relaxed)", "dispatch: function"),
    weakened(
        DISPATCH,
        "swap(callback, Ordering::Release)",
        "swap(callback, Ordering::Relaxed)",
        "dispatch: function",
    ),
];
