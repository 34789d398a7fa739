//! Waiting for signals, in the thread that is to have them: sigwait(3), sigsuspend(2), ppoll(2).
//!
//! | | what ends it | |
//! |---|---|---|
//! | [`wait`], [`wait_info`], [`wait_timeout`], [`wait_until`] | one of these signals, which it takes | blocked, no handler runs |
//! | [`suspend`], [`pause`] | any handler that has run | caught |
//! | [`poll()`] | a descriptor, or any handler that has run | caught |
//! | [`Latch::wait`](crate::Latch::wait) | a flag that a handler has set | caught; any thread may wait |
//!
//! # Signals that are waited for are blocked
//!
//! [`wait`], [`wait_info`] and [`wait_timeout`] take signals that are pending. One that some thread
//! does not block never is: it is delivered there, to its action, and by default that ends the
//! process. So block what is waited for before there is a second thread; threads that are started
//! later inherit the mask.
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
//! Of several signals that are pending, the lowest number is taken first, those sent to the thread
//! before those sent to its process.
#![expect(unsafe_code, reason = "waits through the kernel's door")]

pub(crate) mod child;
mod poll;

use core::time::Duration;

pub(crate) use poll::poll_until;
pub use poll::{Events, PollFd, poll};

use crate::sys::{self, KernelSiginfo, KernelTimespec};
use crate::{Errno, SigInfo, SigSet, Signal, time};

/// Takes one of `signals` that is pending, or sleeps until one comes: sigwait(3).
///
/// The signals have to be [blocked](self#signals-that-are-waited-for-are-blocked) in all threads.
/// A handler that runs for another signal does not end it.
///
/// # Errors
///
/// `EINVAL`: `signals` is empty, so that nothing could ever end it, or has `SIGKILL` or `SIGSTOP`,
/// which cannot be waited for.
#[doc(alias = "sigwait")]
pub fn wait(signals: impl Into<SigSet>) -> Result<Signal, Errno> {
    wait_info(signals).map(|info| info.signal())
}

/// As [`wait`], with the details: sigwaitinfo(2).
///
/// Of a signal sent by raise(3) or pthread_kill(3) the cause is [`Thread`](crate::Cause::Thread),
/// as the kernel has it; the sigwaitinfo of glibc says `SI_USER` there. And sigwaitinfo(2) fails
/// with `EINTR` when a handler has run, where this goes on.
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

/// As [`wait_info`], for `timeout` at most: sigtimedwait(2). `None` when the time was up.
///
/// Handlers of other signals do not prolong it: its end is worked out once, and is never early. It is a
/// time of `CLOCK_MONOTONIC`, which goes on while the process is stopped and stands still while the
/// machine is suspended. A `timeout` of zero takes what is pending and does not wait. With no signal
/// at all it is a sleep that no signal cuts short.
///
/// # Errors
///
/// `EINVAL`: `signals` has `SIGKILL` or `SIGSTOP`, which cannot be waited for.
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

/// As [`wait_timeout`], but until a point in time: what `CLOCK_MONOTONIC` shows, as [`now`] tells.
/// One that has passed takes what is pending and does not wait.
///
/// ```
/// use siglatch::{Signal, mask, wait};
/// use std::time::Duration;
///
/// mask::block(Signal::USR1)?;
/// let end = wait::now()? + Duration::from_millis(20);
/// while let Some(info) = wait::wait_until(Signal::USR1, end)? {
///     println!("{:?}", info.cause()); // however many come, it ends when it was to end
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
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

/// What `CLOCK_MONOTONIC` shows: the clock of all waits of this crate.
///
/// It is [`Clock::Monotonic.now()`](crate::timer::Clock::now), for [`wait_until`],
/// [`Latch::wait_until`](crate::Latch::wait_until) and
/// [`PosixTimer::set_at`](crate::timer::PosixTimer::set_at).
#[inline]
pub fn now() -> Result<Duration, Errno> {
    sys::clock_gettime(libc::CLOCK_MONOTONIC).map(time::duration)
}

/// The signals that are pending for the calling thread or its process, and that it blocks:
/// sigpending(2). They stay pending.
#[doc(alias = "sigpending")]
#[inline]
pub fn pending() -> Result<SigSet, Errno> {
    sys::rt_sigpending().map(SigSet::from_kernel)
}

/// Sleeps until a handler has run in this thread: pause(2).
///
/// A signal that comes before it sleeps is not seen, and may have been the last. Whoever waits for
/// a certain one blocks it, looks whether it was there, and calls [`suspend`]; or has a
/// [`Latch`](crate::Latch) and its `wait`.
pub fn pause() -> Result<(), Errno> {
    // Newer ports of Linux have no pause(2).
    //
    // SAFETY: the mask stays as it is.
    match unsafe { sys::ppoll(&mut [], None, None) } {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Sleeps until a handler has run in this thread, and blocks just the signals of `mask` meanwhile:
/// sigsuspend(2).
///
/// Mask and sleep change in one: a signal that was blocked before and is not in `mask` is delivered
/// once it sleeps, and never just before. When it returns, the handler has run and the mask is as
/// it was.
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

/// One system call: a signal that was taken, with what the kernel tells of it.
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
