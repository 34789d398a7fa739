//! What must hold, on every machine: what a user is promised, and no more than that. How far ahead of a
//! peer we are depends on the processor; that we are does not.

/// A row of the table.
pub(crate) struct Hold {
    /// The name of the ratio.
    pub(crate) name: &'static str,
    /// What it may be at most.
    pub(crate) limit: f64,
    /// What of it may be so much.
    pub(crate) of: Of,
    /// What is known of it, if it has been seen to miss.
    pub(crate) miss: Option<Miss>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Median,
    /// The quartiles with it: it is ahead, not only about as fast.
    HighQuartile,
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
    Hold { name, limit, of: Of::Median, miss: None }
}

/// Ours is ahead of a peer.
const fn ahead(name: &'static str) -> Hold {
    Hold { name, limit: 1.0, of: Of::HighQuartile, miss: None }
}

const fn missed(name: &'static str, limit: f64, why: &'static str, profile: &'static str) -> Hold {
    Hold { name, limit, of: Of::Median, miss: Some(Miss { why, profile }) }
}

/// All of them, by work.
pub(crate) const ALL: &[Hold] = &[
    hold("a/latch/bare", 1.03),
    hold("a/queue/bare", 1.05),
    ahead("b/latch-eventfd/signal-hook-iterator"),
    // Any handler needs its frame and rt_sigreturn(2), so the limit is a bare one's wait.
    hold("c/futex/sigsuspend", 1.15),
    ahead("c/futex/signal-hook-wait"),
    ahead("c/futex/tokio"),
    ahead("d/signalfd-batch/nix-SignalFd"),
    ahead("d/signalfd-batch/sigwaitinfo"),
    ahead("d/queue/signal-hook-raw"),
    hold("e/latch/AtomicBool", 1.10),
    hold("g/uninterested", 5.0),
    missed(
        "i/static-size/c-no-libc",
        1.5,
        "the C program has one flag and nobody else; ours walks receivers, counts handlers in and \
         out, and restores what was there",
        "cd ../../examples/bare, build with --config profile.release.strip=false and without --cfg=smallest, \
         nm --size-sort -S",
    ),
    hold("i/static-size/c-musl-static", 0.12),
    missed(
        "j/clean-build/signal-hook",
        1.25,
        "both wait for libc; then siglatch takes longer than signal-hook and its registry, and \
         heapless takes the other processor meanwhile",
        "cargo build --release --timings, of a program with this one dependency",
    ),
];
