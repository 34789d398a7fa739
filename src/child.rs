//! Children: fork(2), execve(2) and waitpid(2), where they meet signals.
//!
//! - A [`ForkWindow`] keeps signals out while the process is copied, and makes the copies of
//!   latches and queues the child's own. [`fork()`] is the call with the window around it.
//! - [`StartState`] remembers which signals the program was started with ignored and blocked, and
//!   puts that back before another program is executed.
//! - [`Children`] is told by `SIGCHLD` and waits for the children that it was given, and for no
//!   others. [`wait`] and [`try_wait`] wait for one.

mod fork;
mod place;
mod start;
mod status;
mod table;

pub use fork::{ForkWindow, fork};
pub use place::Change;
pub use start::StartState;
pub use status::{try_change, try_wait, wait};
pub use table::{Changes, Children};
