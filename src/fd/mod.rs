//! File descriptors of signals: signalfd(2) to read them from, pidfd_open(2) to send them through.
//!
//! | file | what it is |
//! |---|---|
//! | `owned` | [`Fd`]: a descriptor that is closed when dropped |
//! | `eventfd` | [`EventFd`]: readable from a wake-up on; [`OnceEventFd`]: one for a static |
//! | `record` | [`SignalFdInfo`]: what is read about one signal |
//! | `signalfd` | [`SignalFd`]: signals as something to read |
//! | `pidfd` | [`PidFd`]: a process that cannot be mistaken for another |
//!
//! Each descriptor is made so that execve(2) closes it.

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
