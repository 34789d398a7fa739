//! Waiting for signals, in the thread that is to have them: sigwait(3), sigsuspend(2), ppoll(2).
//!
//! | | what ends it | signals are |
//! |---|---|---|
//! | [`wait`], [`wait_info`], [`wait_timeout`], [`wait_until`] | a signal that it takes | blocked |
//! | [`suspend`], [`pause`] | any handler that has run | caught |
//! | [`poll()`] | a descriptor, or any handler that has run | caught |
//! | [`Latch::wait`](crate::Latch::wait), in any thread | a flag that a handler has set | caught |
//!
//! # Signals that are waited for are blocked
//!
//! The functions of the first row take pending signals; no handler runs. One that some thread does
//! not block is delivered there instead, and by default ends the process. So block what is waited
//! for before there is a second thread; later threads inherit the mask.
//!
//! ```
//! use siglatch::{Signal, mask, send, wait};
//! use std::time::Duration;
//!
//! mask::block([Signal::TERM, Signal::HUP])?; // first, in the only thread
//! send::raise(Signal::TERM)?;
//!
//! let info = wait::wait_timeout([Signal::TERM, Signal::HUP], Duration::from_secs(1))?;
//! assert_eq!(info.map(|info| info.signal()), Some(Signal::TERM));
//! # Ok::<(), siglatch::Errno>(())
//! ```
//!
//! Of several pending signals, those sent to the thread come first; of each kind those that are
//! [synchronous](Signal::is_synchronous), then the lowest number.
#![expect(unsafe_code, reason = "waits by system calls")]

pub(crate) mod child;
mod poll;

use core::time::Duration;

pub(crate) use poll::poll_until;
pub use poll::{Events, PollFd, poll};

use crate::sys::{self, KernelSiginfo, KernelTimespec};
use crate::{Errno, SigInfo, SigSet, Signal, time};

/// Takes one of `signals` that is pending, or sleeps until one comes: sigwait(3).
///
/// All threads have to [block](self#signals-that-are-waited-for-are-blocked) them. Handlers of
/// other signals do not end the wait.
///
/// # Errors
///
/// `EINVAL`: `signals` is empty, so that nothing could end it, or has `SIGKILL` or `SIGSTOP`.
#[doc(alias = "sigwait")]
pub fn wait(signals: impl Into<SigSet>) -> Result<Signal, Errno> {
    wait_info(signals).map(|info| info.signal())
}

/// As [`wait`], with the details: sigwaitinfo(2), which fails with `EINTR` where this resumes. A
/// signal of raise(3) or pthread_kill(3) has the kernel's cause, [`Thread`](crate::Cause::Thread),
/// where the sigwaitinfo of glibc says `SI_USER`.
///
/// # Errors
///
/// As for [`wait`].
#[doc(alias = "sigwaitinfo")]
#[inline]
pub fn wait_info(signals: impl Into<SigSet>) -> Result<SigInfo, Errno> {
    let signals = signals.into();
    if signals.is_empty() {
        return Err(Errno::INVAL);
    }
    signals.check_changeable()?;
    loop {
        match take(signals, None) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// As [`wait_info`], for `timeout` at most: sigtimedwait(2). `None` when the time is up.
///
/// The end is a time of `CLOCK_MONOTONIC`, computed once: it is never early, handlers of other
/// signals do not prolong it, and it stands still only while the machine is suspended, not while
/// the process is stopped. A `timeout` of zero takes what is pending and does not wait. With no
/// signal at all it is a sleep that no signal cuts short.
///
/// # Errors
///
/// `EINVAL`: `signals` has `SIGKILL` or `SIGSTOP`.
#[doc(alias = "sigtimedwait")]
#[doc(alias = "rt_sigtimedwait")]
#[inline]
pub fn wait_timeout(
    signals: impl Into<SigSet>,
    timeout: Duration,
) -> Result<Option<SigInfo>, Errno> {
    let signals = signals.into();
    signals.check_changeable()?;
    if timeout.is_zero() {
        return taken(take(signals, Some(&KernelTimespec::default())));
    }
    take_until(signals, time::deadline(timeout)?)
}

/// As [`wait_timeout`], until [`now`] shows `end`, at once if it already does: for several waits
/// with one end, as in the example of [`Latch::wait_until`](crate::Latch::wait_until).
///
/// # Errors
///
/// As for [`wait_timeout`].
#[inline]
pub fn wait_until(signals: impl Into<SigSet>, end: Duration) -> Result<Option<SigInfo>, Errno> {
    let signals = signals.into();
    signals.check_changeable()?;
    take_until(signals, time::timespec(end))
}

/// What `CLOCK_MONOTONIC` shows, the clock of all waits of this crate: for [`wait_until`] and
/// [`PosixTimer::set_at`](crate::timer::PosixTimer::set_at).
#[inline]
pub fn now() -> Result<Duration, Errno> {
    sys::clock_gettime(libc::CLOCK_MONOTONIC).map(time::duration)
}

/// The signals that are pending for the calling thread or its process, and blocked: sigpending(2).
#[doc(alias = "sigpending")]
#[inline]
pub fn pending() -> Result<SigSet, Errno> {
    sys::rt_sigpending().map(SigSet::from_kernel)
}

/// Sleeps until a handler has run in this thread: pause(2).
///
/// A signal that comes before it sleeps is missed, and may have been the last. For a certain one,
/// block it, check whether it has come, and call [`suspend`]; or use a [`Latch`](crate::Latch).
pub fn pause() -> Result<(), Errno> {
    // Newer ports of Linux have no pause(2).
    //
    // SAFETY: the mask stays as it is.
    match unsafe { sys::ppoll(&mut [], None, None) } {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Sleeps until a handler has run in this thread, with `mask` as its mask meanwhile: sigsuspend(2).
///
/// Mask and sleep change atomically: a signal that was blocked before and is not in `mask` is
/// delivered in the sleep, never just before it. When this returns, the previous mask is restored.
///
/// ```
/// use siglatch::mask::MaskGuard;
/// use siglatch::{Latch, Signal, send, wait};
///
/// static USR1: Latch = Latch::new();
/// USR1.catch(Signal::USR1)?;
///
/// let blocked = MaskGuard::block(Signal::USR1)?;
/// send::raise(Signal::USR1)?; // comes at the worst moment
/// while !USR1.is_set() {
///     wait::suspend(blocked.previous())?;
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP` is in `mask`.
#[doc(alias = "sigsuspend")]
pub fn suspend(mask: impl Into<SigSet>) -> Result<(), Errno> {
    let mask = mask.into();
    mask.check_changeable()?;
    // SAFETY: a mask is for the program to choose, and no set of `SigSet` has a signal in it that
    // a C library keeps for itself.
    match unsafe { sys::rt_sigsuspend(mask.to_kernel()) } {
        Err(Errno::INTR) => Ok(()),
        result => result,
    }
}

#[inline]
fn take_until(signals: SigSet, end: KernelTimespec) -> Result<Option<SigInfo>, Errno> {
    loop {
        // Zero when it has passed: a signal that came just then is taken all the same, and the
        // kernel does not fail with EINTR when it does not wait.
        match take(signals, Some(&time::left(end)?)) {
            Err(Errno::INTR) => {}
            result => return taken(result),
        }
    }
}

/// One system call: a signal that was taken, with what the kernel reports of it.
#[inline]
fn take(signals: SigSet, timeout: Option<&KernelTimespec>) -> Result<SigInfo, Errno> {
    let mut info = KernelSiginfo::zeroed();
    // SAFETY: which of its signals a program takes so, it says itself, and no set of `SigSet` has
    // one in it that a C library keeps for itself.
    unsafe { sys::rt_sigtimedwait(signals.to_kernel(), Some(&mut info), timeout) }?;
    Ok(SigInfo::copied(&info))
}

fn taken(result: Result<SigInfo, Errno>) -> Result<Option<SigInfo>, Errno> {
    match result {
        Ok(info) => Ok(Some(info)),
        Err(Errno::AGAIN) => Ok(None),
        Err(errno) => Err(errno),
    }
}
