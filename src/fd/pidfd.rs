//! [`PidFd`]: a process that cannot be mistaken for another, pidfd_open(2).
#![expect(unsafe_code, reason = "sends by system calls")]

use core::ffi::c_uint;
use core::slice;
use core::time::Duration;

use super::Fd;
use crate::send::stamped;
use crate::sys::{self, KernelPollfd};
use crate::wait::{child, poll_until};
use crate::{ChildState, Errno, Pid, SigVal, Signal, Tid, time};

/// A file descriptor of one process: pidfd_open(2), pidfd_send_signal(2). Since Linux 5.3.
///
/// The number of a process that was waited for may be given to another. A descriptor stays with its
/// process: once that is reaped, sending fails with `ESRCH` and reaches no other. So open it while
/// it cannot be reaped yet: a child that was not waited for, or this process itself.
///
/// poll(2) and the like find it readable when the process has ended; [`wait`](Self::wait) does that
/// with a time limit, and [`try_wait`](Self::try_wait) reaps a child by it. `From<Fd>` takes a
/// descriptor of other code, unchecked: methods fail with `EBADF` if it is no pidfd, but sending
/// accepts a directory `/proc/<pid>`.
///
/// ```
/// use siglatch::fd::PidFd;
/// use siglatch::{ChildState, Signal};
/// use std::process::Command;
/// use std::time::Duration;
///
/// let child = Command::new("sleep").arg("100").spawn().expect("sleep");
/// let process = PidFd::open(child.id().try_into()?)?;
/// process.send(Signal::TERM)?;
/// if !process.wait(Some(Duration::from_secs(1)))? {
///     process.send(Signal::KILL)?;
///     process.wait(None)?;
/// }
/// assert!(matches!(process.try_wait()?, Some(ChildState::Killed(_))));
/// assert!(process.send(Signal::TERM).is_err()); // and no other process gets it
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "pidfd_open")]
#[derive(Debug)]
pub struct PidFd(Fd);

/// What receives a signal that is sent through a [`PidFd`]; since Linux 6.9.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The thread that it was opened for, or the first of the process.
    #[doc(alias = "PIDFD_SIGNAL_THREAD")]
    Thread,
    /// The process, also if it was opened for one thread of it.
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

/// To what the descriptor was opened for.
const NO_FLAG: c_uint = 0;

impl PidFd {
    /// Opens a descriptor of a process.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: too many open files. `ENODEV`, `ENOMEM`: the kernel lacks what it needs.
    /// `ENOENT`, on older kernels `EINVAL`: a number that only a thread has. `ENOSYS`: Linux before
    /// 5.3. `EPERM`: an older container runtime's seccomp(2) filter. `ESRCH`: no such process.
    pub fn open(pid: Pid) -> Result<Self, Errno> {
        Self::open_with(pid.as_raw(), NO_FLAG)
    }

    /// As [`open`](Self::open), and a waitid(2) of other code by this descriptor fails with
    /// `EAGAIN` instead of waiting (`PIDFD_NONBLOCK`). No method of this type waits by it.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), and `EINVAL`: Linux before 5.10.
    #[doc(alias = "PIDFD_NONBLOCK")]
    pub fn nonblocking(pid: Pid) -> Result<Self, Errno> {
        Self::open_with(pid.as_raw(), libc::PIDFD_NONBLOCK)
    }

    /// Opens a descriptor of a single thread (`PIDFD_THREAD`).
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), and `EINVAL`: Linux before 6.9.
    #[doc(alias = "PIDFD_THREAD")]
    pub fn open_thread(tid: Tid) -> Result<Self, Errno> {
        Self::open_with(tid.as_raw(), libc::PIDFD_THREAD)
    }

    fn open_with(number: i32, flags: c_uint) -> Result<Self, Errno> {
        let raw = sys::pidfd_open(number, flags)?;
        // SAFETY: the call has just made it, and no other code knows it.
        Ok(Self(unsafe { Fd::from_raw(raw) }))
    }

    /// Sends `signal` to the process or thread that it was opened for, as by kill(2) or tgkill(2).
    ///
    /// # Errors
    ///
    /// `EAGAIN`: a real-time signal to a thread, and `RLIMIT_SIGPENDING` is reached. `EINVAL`: a
    /// process outside this pid namespace and those below it. `ENOSYS`: a seccomp(2) filter that
    /// does not know the call. `EPERM`: not allowed to send it there. `ESRCH`: it was reaped.
    #[doc(alias = "pidfd_send_signal")]
    pub fn send(&self, signal: Signal) -> Result<(), Errno> {
        self.send_raw(signal, None, NO_FLAG)
    }

    /// Sends `signal` to what `scope` says.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send). `EINVAL`: Linux before 6.9. `ESRCH`: no such [`Scope::Group`].
    pub fn send_to(&self, scope: Scope, signal: Signal) -> Result<(), Errno> {
        self.send_raw(signal, None, scope.flag())
    }

    /// Sends `signal` with a value, as [`send::queue`](crate::send::queue) does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and `EAGAIN` for any real-time signal.
    pub fn queue(&self, signal: Signal, value: SigVal) -> Result<(), Errno> {
        self.send_raw(signal, Some(value), NO_FLAG)
    }

    /// Sends `signal` with a value to what `scope` says.
    ///
    /// # Errors
    ///
    /// As for [`send_to`](Self::send_to), and `EAGAIN` for any real-time signal.
    pub fn queue_to(&self, scope: Scope, signal: Signal, value: SigVal) -> Result<(), Errno> {
        self.send_raw(signal, Some(value), scope.flag())
    }

    fn send_raw(&self, signal: Signal, value: Option<SigVal>, flags: c_uint) -> Result<(), Errno> {
        let info = value.map(|value| stamped(signal, value));
        // SAFETY: the code that set the signal's action answers for it to run at any time, and any
        // process may send it with such details.
        unsafe { sys::pidfd_send_signal(self.0.as_raw(), signal.as_raw(), info.as_ref(), flags) }
    }

    /// Checks by signal 0 that the process may be sent signals, as it may until it is reaped.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn probe(&self) -> Result<(), Errno> {
        // SAFETY: signal 0 is delivered to no process.
        unsafe { sys::pidfd_send_signal(self.0.as_raw(), 0, None, NO_FLAG) }
    }

    /// Sleeps until the process has ended, or for `timeout` at most; `None` has no limit, and zero
    /// only looks. Returns `true` if it has ended. It need not be a child, and is not reaped.
    /// Neither signals nor a stop of this process prolong it.
    ///
    /// # Errors
    ///
    /// `EBADF`: the descriptor is closed, or not a pidfd, which Linux before 5.4 does not detect.
    /// `EINVAL`: `RLIMIT_NOFILE` is 0. `ENOMEM`: no memory.
    #[doc(alias = "poll")]
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        // Other kinds of files may be readable at any time, or never.
        const LOOK: i32 = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
        if sys::waitid(libc::P_PIDFD, self.0.as_raw(), LOOK)
            .is_err_and(|errno| errno == Errno::BADF)
        {
            return Err(Errno::BADF);
        }
        let end = timeout.map(time::deadline).transpose()?;
        let mut look = KernelPollfd { fd: self.0.as_raw(), events: libc::POLLIN, revents: 0 };
        loop {
            match poll_until(slice::from_mut(&mut look), end, None) {
                Ok(_) if look.revents & libc::POLLNVAL != 0 => return Err(Errno::BADF),
                Ok(ready) => return Ok(ready != 0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Reaps the process if it is a child that has ended, by this descriptor (`P_PIDFD`): never
    /// another child that has its number by now. `None` if it has not ended.
    ///
    /// # Errors
    ///
    /// `EBADF`: not a pidfd. `ECHILD`: a thread's descriptor; no child of this process, or one that
    /// was waited for; or `SIGCHLD` is ignored or has `SA_NOCLDWAIT`. `EINVAL`: Linux before 5.4.
    #[doc(alias = "P_PIDFD")]
    #[doc(alias = "waitid")]
    pub fn try_wait(&self) -> Result<Option<ChildState>, Errno> {
        const OPTIONS: i32 = libc::WEXITED | libc::WNOHANG;
        match child::query(libc::P_PIDFD, self.0.as_raw(), OPTIONS) {
            // Not ended yet: a non-blocking descriptor.
            Err(Errno::AGAIN) => Ok(None),
            told => Ok(told?.map(|(_, state)| state)),
        }
    }

    /// The number, for poll(2) and the like: readable when the process has ended.
    #[must_use]
    pub const fn as_raw(&self) -> i32 {
        self.0.as_raw()
    }

    /// The descriptor alone.
    #[must_use = "the descriptor is closed when dropped"]
    pub fn into_fd(self) -> Fd {
        self.0
    }
}

impl From<Fd> for PidFd {
    fn from(fd: Fd) -> Self {
        Self(fd)
    }
}
