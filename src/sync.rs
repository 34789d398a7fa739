//! The atomics and the cell that handlers and normal code share memory by, in one place so that the
//! models in `loom/` can substitute theirs and run the shipped code.

pub(crate) use core::cell::UnsafeCell;
pub(crate) use core::sync::atomic;
