//! What must hold, of the medians of ratios.

/// A row of the table.
pub(crate) struct Hold {
    /// The name of the ratio.
    pub(crate) name: &'static str,
    /// What it may be at most.
    pub(crate) limit: f64,
    /// How to see where the time, the bytes or the instructions go.
    pub(crate) profile: &'static str,
    /// What such a look showed.
    pub(crate) why: &'static str,
}

/// The row of this name, if there is one.
pub(crate) fn of(name: &str) -> Option<&'static Hold> {
    ALL.iter().find(|hold| hold.name == name)
}

/// All of them, by work.
pub(crate) const ALL: &[Hold] = &[
    Hold { name: "a/latch/bare", limit: 1.03, profile: "", why: "" },
    Hold { name: "a/queue/bare", limit: 1.05, profile: "", why: "" },
    Hold { name: "b/latch-eventfd/signal-hook-iterator", limit: 0.72, profile: "", why: "" },
    Hold { name: "c/futex/best-of-signalfd-and-sigwaitinfo", limit: 1.25, profile: "", why: "" },
    Hold { name: "c/futex/signal-hook-wait", limit: 0.90, profile: "", why: "" },
    Hold { name: "c/futex/tokio", limit: 0.80, profile: "", why: "" },
    Hold { name: "d/signalfd-batch/nix-SignalFd", limit: 0.60, profile: "", why: "" },
    Hold { name: "d/signalfd-batch/sigwaitinfo", limit: 0.65, profile: "", why: "" },
    Hold { name: "d/queue/signal-hook-raw", limit: 0.72, profile: "", why: "" },
    Hold { name: "e/latch/AtomicBool", limit: 1.10, profile: "", why: "" },
    Hold { name: "g/uninterested", limit: 5.0, profile: "", why: "" },
    Hold { name: "i/static-size/c-no-libc", limit: 1.5, profile: "", why: "" },
    Hold { name: "i/static-size/c-musl-static", limit: 0.12, profile: "", why: "" },
    Hold { name: "j/clean-build/signal-hook", limit: 0.8, profile: "", why: "" },
];
