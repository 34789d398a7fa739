//! [`SignalFd`]: signals as something to read, signalfd(2).
#![expect(unsafe_code, reason = "reads through the kernel's door")]

use core::ffi::c_int;

use super::{Fd, SignalFdInfo};
use crate::sys;
use crate::{Errno, SigSet};

/// A file descriptor from which pending signals are read, instead of having them delivered:
/// signalfd(2).
///
/// The signals have to be blocked, in every thread, before they come: one that is not is delivered
/// to its action and can no longer be read. Then no handler runs for them at all.
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
/// # What cannot be read
///
/// A [`Latch`](crate::Latch) has none of these limits.
///
/// - A signal that was sent to another thread. A reader gets what is pending for its process and
///   for its own thread, and so it is for poll(2) and its like.
/// - A fault of the running instruction (`SIGSEGV`, …, and the `SIGSYS` of seccomp(2)): where the
///   signal is blocked, the kernel ends the process.
/// - `SIGKILL` and `SIGSTOP`.
/// - What standard signals coalesce: a second `SIGCHLD` while one is pending leaves no record. Look
///   at all children when one comes.
///
/// # From a descriptor
///
/// One that other code has made, or a parent handed on, becomes a `SignalFd` by `From<Fd>`. Whether
/// it is one is not asked: [`set`](Self::set) tells (`EINVAL`), and [`read`](Self::read) takes
/// whatever bytes another kind of file has for records.
///
/// # After fork
///
/// Parent and child share the file, but not the signals: each reads its own. The set of signals is
/// in the file, so [`set`](Self::set) in the child changes what the parent reads: make a
/// new one there. To an epoll(7) that watches it, the descriptor counts as the process's that added
/// it.
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

    /// A descriptor for `signals`, from which [`read`](Self::read) does not wait (`SFD_NONBLOCK`):
    /// for use with poll(2) and its like.
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
        // SAFETY: a new file, which nobody reads from yet.
        let raw = unsafe { sys::signalfd4(-1, signals.to_kernel(), flags) }?;
        // SAFETY: the call has just made it, and nobody else knows it.
        Ok(Self(unsafe { Fd::from_raw(raw) }))
    }

    /// Reads `signals` from now on, and no others. What is pending is not lost: it stays pending.
    ///
    /// It changes the file, which a forked child has in common with its parent.
    ///
    /// # Errors
    ///
    /// `EINVAL`: `SIGKILL` or `SIGSTOP` is among them, or the descriptor is of another kind; nothing
    /// is changed. `EBADF`: it is closed.
    #[inline]
    pub fn set(&self, signals: impl Into<SigSet>) -> Result<(), Errno> {
        let signals = signals.into();
        signals.check_changeable()?;
        // SAFETY: which signals a `SignalFd` reads, its owner says.
        unsafe { sys::signalfd4(self.0.as_raw(), signals.to_kernel(), 0) }.map(drop)
    }

    /// Takes signals that are pending, as many as `buffer` has room for, in one system call; if
    /// there is none, waits for the first, unless the descriptor is
    /// [non-blocking](Self::nonblocking).
    ///
    /// Returns the records, at least one. Those sent to the thread come first, of each kind the
    /// lowest number first, and those of one real-time signal in the order in which they were sent.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: non-blocking, and none is pending. `EBADF`: the descriptor is closed. `EINTR`: a
    /// handler ran, for another signal.
    /// `EINVAL`: `buffer` is empty. Nothing was taken.
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

    /// The number of the descriptor, for poll(2) and its like: readable while a signal of the set
    /// is pending for the process or the thread that asks.
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
