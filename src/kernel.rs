//! What the running kernel has of what came after the oldest that this crate runs on.
//!
//! A function whose call the kernel lacks fails, with the error that it documents: `ENOSYS`, or
//! `EINVAL` for a flag. A program that chooses between two ways queries it before:
//!
//! ```
//! use siglatch::kernel::Feature;
//!
//! if !Feature::PidFdWait.is_supported() {
//!     eprintln!("no time limit for a child: this kernel is older than Linux 5.4");
//! }
//! ```

#![expect(unsafe_code, reason = "makes a call that does nothing, and closes what it opened")]

use core::ffi::{c_int, c_uint};

use crate::Errno;
use crate::fd::Fd;
use crate::sys;

/// What a kernel may lack.
#[expect(clippy::enum_variant_names, reason = "so far it is calls on pidfds that kernels lack")]
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Feature {
    /// [`PidFd::send`](crate::fd::PidFd::send) and its kin.
    #[doc(alias = "pidfd_send_signal")]
    PidFdSend,
    /// [`PidFd::open`](crate::fd::PidFd::open).
    #[doc(alias = "pidfd_open")]
    PidFdOpen,
    /// [`PidFd::wait`](crate::fd::PidFd::wait) and [`try_wait`](crate::fd::PidFd::try_wait).
    #[doc(alias = "P_PIDFD")]
    PidFdWait,
    /// [`PidFd::nonblocking`](crate::fd::PidFd::nonblocking).
    #[doc(alias = "PIDFD_NONBLOCK")]
    PidFdNonblocking,
    /// [`PidFd::open_thread`](crate::fd::PidFd::open_thread).
    #[doc(alias = "PIDFD_THREAD")]
    PidFdThread,
    /// [`PidFd::send_to`](crate::fd::PidFd::send_to).
    #[doc(alias = "PIDFD_SIGNAL_THREAD_GROUP")]
    PidFdScope,
}

/// No process has this number, for they end at 2²², and no descriptor: fs.nr_open ends below it.
const NONE: c_int = c_int::MAX;

impl Feature {
    /// All of them, in the order in which Linux had them.
    pub const ALL: [Self; 6] = [
        Self::PidFdSend,
        Self::PidFdOpen,
        Self::PidFdWait,
        Self::PidFdNonblocking,
        Self::PidFdThread,
        Self::PidFdScope,
    ];

    /// The first version of Linux that has it: `(5, 3)` is 5.3. A distribution's kernel may have it
    /// in an older one.
    #[must_use]
    pub const fn since(self) -> (u32, u32) {
        match self {
            Self::PidFdSend => (5, 1),
            Self::PidFdOpen => (5, 3),
            Self::PidFdWait => (5, 4),
            Self::PidFdNonblocking => (5, 10),
            Self::PidFdThread | Self::PidFdScope => (6, 9),
        }
    }

    /// Returns `true` if this kernel has it, and no seccomp(2) filter refuses it.
    ///
    /// It makes the call for a process that does not exist, or for this one, whose descriptor it
    /// closes again.
    #[must_use]
    pub fn is_supported(self) -> bool {
        let errno = match self {
            Self::PidFdSend => send(0),
            Self::PidFdOpen => open(NONE, 0),
            Self::PidFdWait => {
                sys::waitid(libc::P_PIDFD, NONE, libc::WEXITED | libc::WNOHANG).err()
            }
            Self::PidFdNonblocking => open(sys::getpid(), libc::PIDFD_NONBLOCK),
            Self::PidFdThread => open(sys::gettid(), libc::PIDFD_THREAD),
            Self::PidFdScope => send(libc::PIDFD_SIGNAL_THREAD_GROUP),
        };
        !matches!(errno, Some(Errno::NOSYS | Errno::INVAL | Errno::PERM))
    }
}

/// Why nothing is sent to no process.
fn send(flags: c_uint) -> Option<Errno> {
    // SAFETY: no descriptor has the number `NONE`, and signal 0 is never delivered: no action runs.
    unsafe { sys::pidfd_send_signal(NONE, 0, None, flags) }.err()
}

/// Why no descriptor is opened.
fn open(number: c_int, flags: c_uint) -> Option<Errno> {
    let raw = match sys::pidfd_open(number, flags) {
        Ok(raw) => raw,
        Err(errno) => return Some(errno),
    };
    // SAFETY: the call has just made it, and no other code knows it.
    drop(unsafe { Fd::from_raw(raw) });
    None
}
