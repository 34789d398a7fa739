//! Delivery: from the handler, where almost nothing is allowed, to normal code.
//!
//! One file an idea, each calling only those above it in this list:
//!
//! | file | what it is |
//! |---|---|
//! | `bits` | a set of signals in atomic words |
//! | `wake` | sleeping until woken from a handler |
//! | `latch` | [`Latch`]: the flags of one receiver |
//! | `list` | every receiver that was ever registered |
//! | `gate` | which handlers are in flight |
//! | `previous` | the action that was in force before ours |
//! | `handler` | all that runs in signal context |
//! | `lock` | one registration at a time |
//! | `registry` | catch and release |

mod bits;
mod gate;
mod handler;
mod latch;
mod list;
mod lock;
mod previous;
mod registry;
mod wake;

pub use latch::{Drain, Latch};
