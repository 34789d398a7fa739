//! Delivery: from the handler, where almost nothing is allowed, to normal code.
//!
//! One file an idea, each calling only those above it in this list:
//!
//! | file | what it is |
//! |---|---|
//! | `bits` | a set of signals in atomic words |
//! | `wake` | sleeping until woken from a handler |
//! | `gate` | which handlers are in flight |
//! | `link` | what the handler reads of each receiver on its walk |
//! | `latch` | [`Latch`]: the flags of one receiver |
//! | `receiver` | a latch, and what there may be behind it |
//! | `list` | every receiver that was ever registered |
//! | `walk` | how far the handler has come with them |
//! | `slot` | room for the details of one signal |
//! | `ring` | slots in the order of their tickets |
//! | `queue` | [`InfoQueue`]: a latch with room for details behind it |
//! | `hook` | [`Hook`]: a function of the program's own in signal context |
//! | `previous` | an action that was in force before ours |
//! | `under` | those, by signal and place |
//! | `handed` | which signals the upper of our two handlers hands on |
//! | `handler` | all that runs in signal context |
//! | `lock` | one registration at a time |
//! | `wake_fd` | descriptors that a latch writes to |
//! | `registry` | catch and release |
//! | `methods` | what every receiver has from its latch |

pub(crate) mod bits;
mod gate;
mod handed;
mod handler;
mod hook;
mod latch;
mod link;
mod list;
mod lock;
pub(crate) mod methods;
#[cfg(siglatch_loom)]
#[path = "../../loom/models/mod.rs"]
pub mod models;
mod previous;
mod queue;
pub(crate) mod receiver;
pub(crate) mod registry;
mod ring;
mod slot;
mod under;
mod wake;
mod wake_fd;
mod walk;

pub use hook::{Hook, Interruption, Verdict};
pub use latch::{Drain, Latch};
pub use queue::{DrainInfo, InfoQueue};
