//! What handlers and normal code share memory by: core's atomics and its cell, in one place, so that
//! the models in `loom/` can put theirs there and run the shipped code.

pub(crate) use core::cell::UnsafeCell;
pub(crate) use core::sync::atomic;
