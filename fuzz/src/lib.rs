//! The fuzz targets of siglatch: each a function over bytes that panics when the crate and a plain
//! model disagree. `fuzz_targets/` hands them to libFuzzer, `tests/fuzz_corpus.rs` of the crate
//! replays the inputs in `corpus/` and `regressions/` on stable Rust.

pub mod delivery;
pub mod names;
pub mod operations;
pub mod siginfo;
mod stack;

/// A target: what it is called, and the function that an input is given to.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 4] = [
    ("delivery", delivery::run),
    ("names", names::run),
    ("operations", operations::run),
    ("siginfo", siginfo::run),
];
