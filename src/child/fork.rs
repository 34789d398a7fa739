//! [`ForkWindow`]: no signal comes while the process is copied.
#![expect(unsafe_code, reason = "forks, and clears what the child has copied")]

use core::ffi::c_int;

use crate::delivery::registry;
use crate::fd::{Fd, PidFd};
use crate::mask::MaskGuard;
use crate::{Errno, Pid, SigSet, sys};

/// All signals blocked around a fork(2), so that none is half delivered on either side. All but those
/// that the kernel raises synchronously, which would kill the process instead of coming to a handler.
///
/// Dropping it puts the mask back: in the parent, and in a child for which
/// [`in_child`](Self::in_child) is not called. What came meanwhile is delivered then, to the one
/// that it was sent to.
///
/// ```
/// use siglatch::child::{self, ForkWindow};
/// use siglatch::{ChildState, Latch, Pid, Signal, send};
///
/// static USR1: Latch = Latch::new();
/// USR1.catch(Signal::USR1)?;
/// send::raise(Signal::USR1)?;
///
/// unsafe extern "C" {
///     fn fork() -> i32; // the C library's
/// }
///
/// let window = ForkWindow::open()?;
/// // SAFETY: the child makes system calls and exits.
/// let child = unsafe { fork() };
/// if child == 0 {
///     // SAFETY: the child of fork(2) has one thread, and this is not a handler.
///     unsafe { window.in_child() };
///     // The flag is set in the parent, and not here.
///     siglatch::sys::exit_group(i32::from(USR1.is_set()));
/// }
/// drop(window);
/// assert!(USR1.is_set());
/// assert_eq!(child::wait(Pid::from_raw(child)?)?, ChildState::Exited(0));
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// A child that only executes another program may want the window as well: between the two calls
/// it has the handlers of its parent. It leaves the mask to [`InheritedSignals::restore_for_exec`].
///
/// [`InheritedSignals::restore_for_exec`]: crate::child::InheritedSignals::restore_for_exec
#[derive(Debug)]
#[must_use = "the mask is put back as soon as the window is dropped"]
pub struct ForkWindow {
    mask: MaskGuard,
}

impl ForkWindow {
    /// Blocks all signals of this thread, but for those that the kernel raises synchronously
    /// (`SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`, `SIGTRAP`, `SIGSYS`) and those that a C library keeps for
    /// itself.
    #[inline]
    pub fn open() -> Result<Self, Errno> {
        MaskGuard::block(SigSet::ASYNCHRONOUS).map(|mask| Self { mask })
    }

    /// In the child: makes the copies of every receiver that has ever caught a signal the child's own,
    /// then restores the mask.
    ///
    /// Flags are cleared, queues emptied and their counts of losses set to zero, descriptors to
    /// write to taken away, a [`Shutdown`](crate::Shutdown) that was asked is not, and
    /// [`Children`](crate::child::Children) has none. What was caught stays caught, with the same
    /// functions. What other threads of the parent were in the middle of holds nobody up.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, but not to be called in signal context; see below.
    ///
    /// # Safety
    ///
    /// The caller is the child of a fork(2) that was made while the window was open; it has memory
    /// of its own (not vfork(2), not `CLONE_VM`), has started no thread yet, and is not in signal
    /// context.
    #[inline]
    pub unsafe fn in_child(self) {
        // SAFETY: the caller's promise; all signals are blocked until the mask is
        // restored.
        unsafe { registry::reset_after_fork() }
        drop(self.mask);
    }
}

/// Makes a child with a [`ForkWindow`] around it. Returns the child's id, and `None` in the child.
///
/// It is for programs without a C library, which would not hear of it; with one, open a window
/// around its own fork(3).
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_NPROC`, or another limit on processes. `ENOMEM`: no memory.
///
/// # Async-signal-safety
///
/// Async-signal-safe, but not to be called in signal context.
///
/// # Safety
///
/// - It is not called in signal context.
/// - If the process has several threads, the child uses nothing that another of them may have been
///   in the middle of, a lock for example. Everything of this crate is safe to use.
/// - If there is a C library, the child only makes system calls, executes a program or exits.
#[inline]
pub unsafe fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: the caller's promise, as of this function.
    let fork = || unsafe { sys::fork() }.map(|child| (child, ()));
    // SAFETY: the same.
    let parent = unsafe { in_window(fork) }?;
    Ok(parent.map(|(child, ())| child))
}

/// As [`fork()`], and opens a [`PidFd`] of the child, for the parent alone: a child that is made and
/// opened in one step cannot have been reaped by other code in between.
///
/// # Errors
///
/// As for [`fork()`], and `EMFILE`, `ENFILE`: too many open files; there is no child then. `ENOSYS`:
/// Linux before 5.3.
///
/// # Async-signal-safety
///
/// Async-signal-safe, but not to be called in signal context.
///
/// # Safety
///
/// As for [`fork()`].
#[doc(alias = "CLONE_PIDFD")]
#[inline]
pub unsafe fn fork_with_pidfd() -> Result<Option<(Pid, PidFd)>, Errno> {
    // An older kernel does not know the flag, and ignores it.
    if sys::pidfd_open(0, 0) == Err(Errno::NOSYS) {
        return Err(Errno::NOSYS);
    }
    // SAFETY: the caller's promise, as of this function.
    let fork = || unsafe { sys::fork_with_pidfd() };
    // SAFETY: the same.
    let parent = unsafe { in_window(fork) }?;
    Ok(parent.map(|(child, raw)| {
        // SAFETY: the call has just made it, and nobody else knows it.
        (child, unsafe { Fd::from_raw(raw) }.into())
    }))
}

/// Makes a child with a window around it. Returns its id and what else `fork` tells of it, and
/// `None` in the child.
///
/// # Safety
///
/// As for [`fork()`], and `fork` is one of [`sys`]'s.
unsafe fn in_window<T>(
    fork: impl FnOnce() -> Result<(c_int, T), Errno>,
) -> Result<Option<(Pid, T)>, Errno> {
    let window = ForkWindow::open()?;
    let (child, rest) = fork()?;
    if child == 0 {
        // SAFETY: this is the child, with memory and a thread of its own; the rest is the caller's
        // promise.
        unsafe { window.in_child() };
        return Ok(None);
    }
    Pid::from_raw(child).map(|child| Some((child, rest)))
}
