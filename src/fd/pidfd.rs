//! [`PidFd`]: a process that cannot be mistaken for another, pidfd_open(2).
#![expect(unsafe_code, reason = "sends through the kernel's door")]

use core::ffi::c_uint;

use super::Fd;
use crate::send::stamped;
use crate::sys;
use crate::{Errno, Pid, Signal, Tid, Value};

/// A file descriptor of one process: pidfd_open(2), pidfd_send_signal(2).
///
/// The number of a process that has been waited for may be given to another process. A descriptor
/// stays with the one it was opened for: once that is gone, sending fails with `ESRCH` and nobody
/// else is hit. So open it while the process cannot be gone: it is a child that has not been
/// waited for, or this process itself.
///
/// poll(2) and its like find it readable when the process has ended.
///
/// ```
/// use siglatch::fd::PidFd;
/// use siglatch::{Pid, Signal};
/// use std::process::Command;
///
/// let mut child = Command::new("sleep").arg("100").spawn()?;
/// let process = PidFd::open(Pid::try_from(child.id())?)?;
/// process.send(Signal::TERM)?;
/// child.wait()?;
/// assert!(process.send(Signal::TERM).is_err()); // and no other process gets it
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// On Linux before 5.3, opening fails with `ENOSYS`.
#[doc(alias = "pidfd_open")]
#[derive(Debug)]
pub struct PidFd(Fd);

/// To whom a signal goes that is sent through a [`PidFd`]; since Linux 6.9.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The thread alone: the one it was opened for, or the first of the process.
    #[doc(alias = "PIDFD_SIGNAL_THREAD")]
    Thread,
    /// The process, also when it was opened for one thread of it.
    #[doc(alias = "PIDFD_SIGNAL_THREAD_GROUP")]
    Process,
    /// Every process of the group that has this process's number.
    #[doc(alias = "PIDFD_SIGNAL_PROCESS_GROUP")]
    Group,
}

impl Scope {
    const fn flag(self) -> c_uint {
        match self {
            Self::Thread => libc::PIDFD_SIGNAL_THREAD,
            Self::Process => libc::PIDFD_SIGNAL_THREAD_GROUP,
            Self::Group => libc::PIDFD_SIGNAL_PROCESS_GROUP,
        }
    }
}

/// To whoever the descriptor was opened for.
const NO_FLAG: c_uint = 0;

impl PidFd {
    /// Opens a descriptor of a process.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: too many open files. `ENODEV`, `ENOMEM`: the kernel lacks what it needs.
    /// `ENOENT`, on older kernels `EINVAL`: a number that only a thread has. `ENOSYS`: Linux before
    /// 5.3. `EPERM`: the seccomp(2) filter of an older container runtime, which does not know the call.
    /// `ESRCH`: there is no such process.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn open(pid: Pid) -> Result<Self, Errno> {
        Self::open_with(pid.as_raw(), NO_FLAG)
    }

    /// Opens a descriptor of a single thread (`PIDFD_THREAD`).
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), and `EINVAL`: Linux before 6.9.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "PIDFD_THREAD")]
    pub fn open_thread(tid: Tid) -> Result<Self, Errno> {
        Self::open_with(tid.as_raw(), libc::PIDFD_THREAD)
    }

    fn open_with(number: i32, flags: c_uint) -> Result<Self, Errno> {
        let raw = sys::pidfd_open(number, flags)?;
        // SAFETY: the call has just made it, and nobody else knows it.
        Ok(Self(unsafe { Fd::from_raw(raw) }))
    }

    /// Sends `signal` to the process, or to the thread that it was opened for.
    ///
    /// The receiver sees what it sees of kill(2), or of tgkill(2).
    ///
    /// # Errors
    ///
    /// `EAGAIN`: a real-time signal to a thread, and `RLIMIT_SIGPENDING` is reached. `EINVAL`: a
    /// process of a pid namespace that is not this one or below it. `ENOSYS`: a filter of seccomp(2)
    /// that does not know the call. `EPERM`: not allowed to send it there. `ESRCH`: it is gone.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "pidfd_send_signal")]
    pub fn send(&self, signal: Signal) -> Result<(), Errno> {
        self.send_raw(signal, None, NO_FLAG)
    }

    /// Sends `signal` to those that `scope` says.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and `EINVAL`: Linux before 6.9. `ESRCH` for [`Scope::Group`]:
    /// there is no group with this process's number.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn send_to(&self, scope: Scope, signal: Signal) -> Result<(), Errno> {
        self.send_raw(signal, None, scope.flag())
    }

    /// Sends `signal` with a value, as [`send::queue`](crate::send::queue) does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and `EAGAIN` for any real-time signal.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn queue(&self, signal: Signal, value: Value) -> Result<(), Errno> {
        self.send_raw(signal, Some(value), NO_FLAG)
    }

    /// Sends `signal` with a value to those that `scope` says.
    ///
    /// # Errors
    ///
    /// As for [`send_to`](Self::send_to), and `EAGAIN` for any real-time signal.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn queue_to(&self, scope: Scope, signal: Signal, value: Value) -> Result<(), Errno> {
        self.send_raw(signal, Some(value), scope.flag())
    }

    fn send_raw(&self, signal: Signal, value: Option<Value>, flags: c_uint) -> Result<(), Errno> {
        let info = value.map(|value| stamped(signal, value));
        // SAFETY: whoever set the signal's action answers for it to run at any time, and any
        // process may send it with such details.
        unsafe { sys::pidfd_send_signal(self.0.as_raw(), signal.as_raw(), info.as_ref(), flags) }
    }

    /// Asks whether the process is there and may be sent signals: signal 0. One that has ended and
    /// was not waited for is there.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    pub fn probe(&self) -> Result<(), Errno> {
        // SAFETY: signal 0 is not delivered to anybody.
        unsafe { sys::pidfd_send_signal(self.0.as_raw(), 0, None, NO_FLAG) }
    }

    /// The number of the descriptor, for poll(2) and its like: readable when the process has ended.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn as_raw(&self) -> i32 {
        self.0.as_raw()
    }

    /// The descriptor alone.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use = "the descriptor is closed when dropped"]
    pub fn into_fd(self) -> Fd {
        self.0
    }
}
