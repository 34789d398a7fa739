//! [`SignalFd`]: signals as something to read, signalfd(2).
#![expect(unsafe_code, reason = "reads by system calls")]

use core::ffi::c_int;

use super::{Fd, SignalFdInfo};
use crate::sys;
use crate::{Errno, SigSet};

/// A descriptor from which pending signals are read instead of being delivered: signalfd(2).
///
/// The signals have to be blocked in every thread before they come, so that no handler runs for
/// them: one that is not blocked is delivered and can no longer be read.
///
/// ```
/// use siglatch::fd::{SignalFd, SignalFdInfo};
/// use siglatch::{Cause, SigSet, Signal, mask, send};
///
/// let wanted = SigSet::from([Signal::TERM, Signal::CHLD]);
/// mask::block(wanted)?; // before there is a second thread
/// let signals = SignalFd::new(wanted)?;
///
/// send::raise(Signal::TERM)?;
/// let mut buffer = [SignalFdInfo::new(); 16];
/// for record in signals.read(&mut buffer)? {
///     assert_eq!(record.signal(), Some(Signal::TERM));
///     assert!(matches!(record.cause(), Cause::Thread { .. }));
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// `From<Fd>` takes one that other code has made or a parent passed on, unchecked: of another kind,
/// [`set`](Self::set) fails with `EINVAL`, and [`read`](Self::read) takes its bytes for records.
///
/// # What cannot be read
///
/// A [`Latch`](crate::Latch) has none of these limits.
///
/// - A signal to another thread: read(2) and poll(2) find those of the calling thread and process.
/// - A fault of the running instruction (`SIGSEGV`, …, and the `SIGSYS` of seccomp(2)): if it is
///   blocked, the kernel ends the process.
/// - `SIGKILL` and `SIGSTOP`.
/// - Standard signals that coalesce: a second `SIGCHLD` while one is pending. Look at all children.
///
/// # After fork
///
/// Parent and child share the file, and with it the set, but each reads its own signals:
/// [`set`](Self::set) in the child changes what the parent reads, so make a new one there. An
/// epoll(7) that watches it waits for the signals of the process that added it.
#[doc(alias = "signalfd")]
#[doc(alias = "signalfd4")]
#[derive(Debug)]
pub struct SignalFd(Fd);

impl SignalFd {
    /// A descriptor for `signals`, from which [`read`](Self::read) waits for one to come.
    ///
    /// # Errors
    ///
    /// `EINVAL`: `SIGKILL` or `SIGSTOP` is among them. `EMFILE`, `ENFILE`: too many open files.
    /// `ENODEV`, `ENOMEM`: the kernel lacks what it needs.
    pub fn new(signals: impl Into<SigSet>) -> Result<Self, Errno> {
        Self::with_flags(signals.into(), libc::SFD_CLOEXEC)
    }

    /// As [`new`](Self::new), but [`read`](Self::read) does not wait (`SFD_NONBLOCK`): for poll(2).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    #[doc(alias = "SFD_NONBLOCK")]
    pub fn nonblocking(signals: impl Into<SigSet>) -> Result<Self, Errno> {
        Self::with_flags(signals.into(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
    }

    #[inline]
    fn with_flags(signals: SigSet, flags: c_int) -> Result<Self, Errno> {
        signals.check_changeable()?;
        // SAFETY: a new file, which no code reads from yet.
        let raw = unsafe { sys::signalfd4(-1, signals.to_kernel(), flags) }?;
        // SAFETY: the call has just made it, and no other code knows it.
        Ok(Self(unsafe { Fd::from_raw(raw) }))
    }

    /// Reads `signals` from now on, and no others; what is pending stays pending.
    ///
    /// # Errors
    ///
    /// `EINVAL`: `SIGKILL` or `SIGSTOP` is among them, or it is no signalfd. `EBADF`: it is closed.
    #[inline]
    pub fn set(&self, signals: impl Into<SigSet>) -> Result<(), Errno> {
        let signals = signals.into();
        signals.check_changeable()?;
        // SAFETY: which signals a `SignalFd` reads, its owner says.
        unsafe { sys::signalfd4(self.0.as_raw(), signals.to_kernel(), 0) }.map(drop)
    }

    /// Takes pending signals, as many as `buffer` has room for, in one system call. If there is
    /// none, waits for the first, unless it is [non-blocking](Self::nonblocking).
    ///
    /// Returns the records, at least one: those sent to the thread first; of each kind those that
    /// are [synchronous](crate::Signal::is_synchronous), then the lowest number; and those of one
    /// real-time signal in the order in which they were sent.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: non-blocking, and none is pending. `EBADF`: the descriptor is closed. `EINTR`: a
    /// handler ran, for another signal, and was installed without `SA_RESTART`. `EINVAL`: `buffer`
    /// is empty. Nothing was taken.
    #[inline]
    #[must_use = "the signals are taken"]
    pub fn read<'a>(&self, buffer: &'a mut [SignalFdInfo]) -> Result<&'a [SignalFdInfo], Errno> {
        let (start, size) = (buffer.as_mut_ptr(), size_of_val(buffer));
        // SAFETY: `buffer` is writable for its size, and any bytes are a record: all its fields are
        // integers. The pending signals are for the owner of this descriptor to take.
        let bytes = unsafe { sys::read(self.0.as_raw(), start.cast(), size) }?;
        // Whole records are handed over, never more than there is room for.
        let count = bytes.checked_div(size_of::<SignalFdInfo>()).unwrap_or_default();
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// The number, for poll(2) and the like: readable while [`read`](Self::read) would not wait.
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

impl From<Fd> for SignalFd {
    fn from(fd: Fd) -> Self {
        Self(fd)
    }
}
