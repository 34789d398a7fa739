//! Children: fork(2), execve(2) and waitpid(2), where they meet signals.
//!
//! - [`ForkWindow`] blocks signals around fork(2), and resets the child's copies of latches and
//!   queues. [`fork()`] forks in a window, [`fork_with_pidfd`] also returns a pidfd.
//! - [`InheritedSignals`] notes which signals the program was started with ignored and blocked;
//!   [`ExecSignals`] is such a state as a value, applied before or with execve(2).
//! - [`Children`] catches `SIGCHLD` and reaps the children that it was given, and no others.
//!   [`wait`] and [`try_wait`] are for one child, as are the methods of
//!   [`PidFd`](crate::fd::PidFd).
//! - [`reap_any`] reaps all others: for process 1, and for a [subreaper](set_subreaper).
//! - [`set_parent_death_signal`] has a signal sent to a child when its parent ends.
//!
//! Process groups, sessions, terminals and a search in `PATH` are not here. rustix has the first
//! three, for programs without libc, too.

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
