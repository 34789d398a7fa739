// The README's links lead to docs.rs, and its picture to a file. The first definition of a name
// counts, so here they lead to items, and the picture is in the page.
//! [`Dispatcher`]: Dispatcher
//! [`Errno`]: Errno
//! [`Hook`]: Hook
//! [`InfoQueue`]: InfoQueue
//! [`InheritedSignals::restore_for_exec`]: child::InheritedSignals::restore_for_exec
//! [`Latch`]: Latch
//! [`Latch::catch`]: Latch::catch
//! [`Latch::release`]: Latch::release
//! [`Latch::set_wake_fd`]: Latch::set_wake_fd
//! [`Shutdown`]: Shutdown
//! [`action`]: action
//! [`child`]: child
//! [`child::Children`]: child::Children
//! [`child::ForkWindow`]: child::ForkWindow
//! [`child::reap_any`]: child::reap_any
//! [`exit`]: exit
//! [`exit::die_by`]: exit::die_by
//! [`exit::exit_as`]: exit::exit_as
//! [`fd`]: fd
//! [`fd::Fd`]: fd::Fd
//! [`mask`]: mask
//! [`migration`]: migration
//! [`python`]: python
//! [`recipes`]: recipes
//! [`send`]: send
//! [`kernel`]: kernel
//! [`stack`]: stack
//! [`stop`]: stop
//! [`stop::stop_by`]: stop::stop_by
//! [`sys`]: sys
//! [`timer`]: timer
//! [`wait`]: wait
//! [`without_libc`]: without_libc
#![cfg_attr(doc, doc = include_str!("../benches/delays.md"))]
#![doc = include_str!("../README.md")]
//!
//! # Async-signal-safety
//!
//! Every function of this crate is async-signal-safe, as signal-safety(7) has it, unless it or its
//! type has a section about it. A wait in a handler holds up the interrupted thread.
#![no_std]
// docs.rs marks what takes the feature `std`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "std"))]
extern crate std;

/// `true` if the program is alone in its process, without a C library or other code that sets
/// actions: `--cfg siglatch_alone`, set where the program is built. All code for a handler that is
/// not ours is left out then; a catch that finds one refuses to replace it.
const ALONE: bool = cfg!(siglatch_alone);

mod bits;
mod delivery;
mod dispatch;
mod errno;
mod flags;
mod info;
mod pid;
mod process;
mod set;
mod shutdown;
mod signal;
#[cfg(feature = "std")]
mod std_impls;
#[cfg_attr(siglatch_loom, path = "../loom/sync.rs")]
mod sync;
mod texts;
mod tid;
mod time;

pub mod action;
pub mod child;
pub mod exit;
pub mod fd;
pub mod kernel;
pub mod mask;
// A page of the documentation, and nothing else; so are `python`, `recipes` and `without_libc`.
#[doc = include_str!("migration.md")]
pub mod migration {}
#[doc = include_str!("python.md")]
pub mod python {}
#[doc = include_str!("recipes.md")]
pub mod recipes {}
pub mod send;
pub mod stack;
pub mod stop;
#[cfg_attr(siglatch_loom, path = "../loom/sys.rs")]
pub mod sys;
pub mod timer;
pub mod wait;
#[doc = include_str!("without_libc.md")]
pub mod without_libc {}

#[cfg(siglatch_loom)]
pub use delivery::models;
pub use delivery::{
    CatchError, Hook, HookContext, HookVerdict, InfoQueue, InfoQueueDrain, Latch, LatchDrain,
    synchronize,
};
pub use dispatch::{Callback, Dispatcher};
pub use errno::Errno;
pub use info::{Cause, ChildState, FaultDetail, SigInfo, SigInfoTrust, SigVal};
pub use pid::Pid;
pub use set::{SigSet, SigSetIter};
pub use shutdown::Shutdown;
pub use signal::{DefaultAction, Signal, SignalName};
pub use tid::Tid;
