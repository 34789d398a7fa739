//! File descriptors for signals: to read them from (signalfd(2)), to be woken through (eventfd(2)),
//! to send them through (pidfd_open(2)). execve(2) closes each that this crate opens.

mod eventfd;
mod owned;
mod pidfd;
mod record;
mod signalfd;

pub use eventfd::{EventFd, OnceEventFd};
pub use owned::Fd;
pub use pidfd::{PidFd, Scope};
pub use record::SignalFdInfo;
pub use signalfd::SignalFd;
