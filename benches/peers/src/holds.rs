//! What must hold, of the medians of ratios.

/// A row of the table.
pub(crate) struct Hold {
    /// The name of the ratio.
    pub(crate) name: &'static str,
    /// What it may be at most.
    pub(crate) limit: f64,
    /// What is known of it, if it has been seen to miss.
    pub(crate) miss: Option<Miss>,
}

/// Why a row misses.
pub(crate) struct Miss {
    pub(crate) why: &'static str,
    /// The command that shows it, in the folder of this package.
    pub(crate) profile: &'static str,
}

/// The row of this name, if there is one.
pub(crate) fn of(name: &str) -> Option<&'static Hold> {
    ALL.iter().find(|hold| hold.name == name)
}

const fn hold(name: &'static str, limit: f64) -> Hold {
    Hold { name, limit, miss: None }
}

const fn missed(name: &'static str, limit: f64, why: &'static str, profile: &'static str) -> Hold {
    Hold { name, limit, miss: Some(Miss { why, profile }) }
}

/// All of them, by work.
pub(crate) const ALL: &[Hold] = &[
    hold("a/latch/bare", 1.03),
    hold("a/queue/bare", 1.05),
    hold("b/latch-eventfd/signal-hook-iterator", 0.72),
    missed(
        "c/futex/best-of-signalfd-and-sigwaitinfo",
        1.25,
        "a handler needs its frame and rt_sigreturn, and takes as long in sigsuspend; ours calls \
         futex besides, which wakes nobody if it has interrupted the only one who waits",
        "strace target/release/peers --child wake:futex, and send that kill -INT",
    ),
    hold("c/futex/signal-hook-wait", 0.90),
    hold("c/futex/tokio", 0.80),
    hold("d/signalfd-batch/nix-SignalFd", 0.60),
    hold("d/signalfd-batch/sigwaitinfo", 0.65),
    hold("d/queue/signal-hook-raw", 0.72),
    hold("e/latch/AtomicBool", 1.10),
    hold("g/uninterested", 5.0),
    missed(
        "i/static-size/c-no-libc",
        1.5,
        "the C program has one flag and nobody else; ours walks receivers, counts handlers in and \
         out, and puts back what was there",
        "cd ../../examples/bare, build with --config profile.release.strip=false and without --cfg=smallest, \
         nm --size-sort -S",
    ),
    hold("i/static-size/c-musl-static", 0.12),
    missed(
        "j/clean-build/signal-hook",
        0.8,
        "both wait for libc; then siglatch takes longer than signal-hook and its registry, and \
         heapless takes the other processor meanwhile",
        "cargo build --release --timings, of a program with this one dependency",
    ),
];
