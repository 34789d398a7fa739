//! [`ForkWindow`]: signals are blocked around fork(2), and the child's copies reset.
#![expect(unsafe_code, reason = "forks, and clears what the child has copied")]

use core::ffi::c_int;

use crate::delivery::registry;
use crate::fd::{Fd, PidFd};
use crate::kernel::Feature;
use crate::mask::MaskGuard;
use crate::{Errno, Pid, SigSet, sys};

/// Signals blocked around a fork(2), so that none is half delivered on either side.
///
/// Dropping it restores the mask, in the parent, and in a child that does not call
/// [`in_child`](Self::in_child). A pending signal is then delivered, to the process it was sent to.
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
/// A child that executes another program has its parent's handlers until then. It may use the
/// window, too, and leave the mask to [`InheritedSignals::restore_for_exec`].
///
/// [`InheritedSignals::restore_for_exec`]: crate::child::InheritedSignals::restore_for_exec
#[derive(Debug)]
#[must_use = "the mask is restored as soon as the window is dropped"]
pub struct ForkWindow {
    mask: MaskGuard,
}

impl ForkWindow {
    /// Blocks the signals of this thread, except a C library's reserved ones and those that the
    /// kernel raises synchronously (`SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`, `SIGTRAP`, `SIGSYS`),
    /// which kill the process if raised while blocked.
    #[inline]
    pub fn open() -> Result<Self, Errno> {
        MaskGuard::block(SigSet::ASYNCHRONOUS).map(|mask| Self { mask })
    }

    /// In the child: resets each receiver that has ever caught a signal, then restores the mask.
    ///
    /// Flags are cleared, queues emptied, their counts of losses zeroed, and wake descriptors
    /// removed. A [`Shutdown`](crate::Shutdown) has no request,
    /// [`Children`](crate::child::Children) no child. Caught signals stay caught, with the same
    /// functions. Nothing in the child waits for another thread of the parent.
    ///
    /// # Async-signal-safety
    ///
    /// Not to be called in signal context.
    ///
    /// # Safety
    ///
    /// The caller is the child of a fork(2) made while the window was open. It has memory of its
    /// own (not vfork(2), not `CLONE_VM`), has started no thread, and is not in signal context.
    #[inline]
    pub unsafe fn in_child(self) {
        // SAFETY: the caller's promise; all signals are blocked until the mask is
        // restored.
        unsafe { registry::reset_after_fork() }
        drop(self.mask);
    }
}

/// Makes a child process in a [`ForkWindow`]. Returns its id, and `None` in the child. It is for
/// programs without a C library, which would not notice it; with one, call its fork(3) in a window.
///
/// # Errors
///
/// `EAGAIN`: `RLIMIT_NPROC` or another limit on processes. `ENOMEM`: no memory.
///
/// # Async-signal-safety
///
/// Not to be called in signal context.
///
/// # Safety
///
/// - It is not called in signal context.
/// - If the process has several threads, the child uses nothing that another of them may have been
///   in the middle of changing or have locked. All of this crate is safe to use.
/// - If there is a C library, the child only makes system calls, executes a program or exits.
#[inline]
pub unsafe fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: the caller's promise, as of this function.
    let fork = || unsafe { sys::fork() }.map(|child| (child, ()));
    // SAFETY: the same.
    let parent = unsafe { in_window(fork) }?;
    Ok(parent.map(|(child, ())| child))
}

/// As [`fork()`], and opens a [`PidFd`] of the child, for the parent alone, in the same step: no
/// other code can have reaped the child before.
///
/// # Errors
///
/// As for [`fork()`], and `EMFILE`, `ENFILE`: too many open files, no child. `ENOSYS`: Linux before
/// 5.4 ([`Feature::PidFdWait`]).
///
/// # Async-signal-safety
///
/// Not to be called in signal context.
///
/// # Safety
///
/// As for [`fork()`].
#[doc(alias = "CLONE_PIDFD")]
#[inline]
pub unsafe fn fork_with_pidfd() -> Result<Option<(Pid, PidFd)>, Errno> {
    // One that has this has the flag, which is older. One that lacks both ignores the flag.
    if !Feature::PidFdWait.is_supported() {
        return Err(Errno::NOSYS);
    }
    // SAFETY: the caller's promise, as of this function.
    let fork = || unsafe { sys::fork_with_pidfd() };
    // SAFETY: the same.
    let parent = unsafe { in_window(fork) }?;
    Ok(parent.map(|(child, raw)| {
        // SAFETY: the call has just made it, and no other code knows it.
        (child, unsafe { Fd::from_raw(raw) }.into())
    }))
}

/// Makes a child in a window. Returns its id and what else `fork` returns, and `None` in the child.
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
