//! Delivery, from the handler to normal code. Each file calls only those above it in this list:
//!
//! | file | what it is |
//! |---|---|
//! | `wake` | sleeping until woken from a handler |
//! | `gate` | which handlers are in flight |
//! | `list` | every receiver that was ever registered |
//! | `receiver` | what each has in front, and the methods that all have |
//! | `error` | why a catch failed |
//! | `previous` | the action that ours was installed over |
//! | `handler` | all that runs in signal context |
//! | `lock` | one registration at a time |
//! | `registry` | catch and release |
//! | `slot` | room for the details of one signal |
//! | `ring` | slots in the order of their tickets |
//! | `latch` | [`Latch`]: flags |
//! | `queue` | [`InfoQueue`]: flags with room for details behind them |
//! | `hook` | [`Hook`]: a function of the program's own in signal context |

mod error;
mod gate;
mod handler;
mod hook;
mod latch;
mod list;
mod lock;
#[cfg(siglatch_loom)]
#[path = "../../loom/models/mod.rs"]
pub mod models;
mod previous;
mod queue;
pub(crate) mod receiver;
pub(crate) mod registry;
mod ring;
mod slot;
mod wake;

pub use error::CatchError;
pub use hook::{Hook, HookContext};
pub use latch::{Latch, LatchDrain};
pub use queue::{InfoQueue, InfoQueueDrain};
pub use receiver::HookVerdict;
pub use registry::synchronize;
