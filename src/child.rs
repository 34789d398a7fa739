//! Children: fork(2), execve(2) and waitpid(2), where they meet signals.
//!
//! - A [`ForkWindow`] keeps signals out while the process is copied, and makes the copies of
//!   latches and queues the child's own. [`fork()`] is the call with the window around it, and
//!   [`fork_with_pidfd`] tells the child by a descriptor, too.
//! - [`InheritedSignals`] remembers which signals the program was started with ignored and blocked;
//!   [`ExecSignals`] is that as a value: changed or not, it is applied before another program is
//!   executed, or with it.
//! - [`Children`] is told by `SIGCHLD` and waits for the children that it was given, and for no
//!   others. [`wait`] and [`try_wait`] wait for one, and [`PidFd`](crate::fd::PidFd) has the same
//!   by descriptor.
//! - [`reap_any`] waits for all others: for process 1, and for a [subreaper](set_subreaper).
//! - [`set_parent_death_signal`] has a child told when its parent ends.
//!
//! Process groups, sessions and terminals are not here; rustix has them, for programs without libc
//! too. Neither is a search in `PATH`.

mod any;
mod entry;
mod exec;
mod fork;
mod inherited;
mod parent;
mod processes;
mod status;
mod table;

pub use any::{ReapAny, reap_any, wait_any};
pub use entry::Change;
pub use exec::ExecSignals;
pub use fork::{ForkWindow, fork, fork_with_pidfd};
pub use inherited::InheritedSignals;
pub use parent::{
    clear_parent_death_signal, is_subreaper, parent_death_signal, set_parent_death_signal,
    set_subreaper,
};
pub use status::{try_change, try_wait, wait};
pub use table::{Changes, Children};
