//! [`IntervalTimer`] and [`alarm`]: the three timers that every process has.
#![expect(unsafe_code, reason = "sets timers by system calls")]

use core::ffi::{c_int, c_long};
use core::time::Duration;

use super::{Setting, checked};
use crate::sys::{self, KernelItimerval, KernelTimeval};
use crate::{Errno, Signal};

const NANOS_PER_MICRO: u32 = 1000;
const MICROS_PER_SEC: u32 = 1_000_000;

/// One of the three timers that every process has: setitimer(2), getitimer(2). It sends its signal
/// to the process, where any thread that does not block it may take it.
///
/// ```
/// use siglatch::Latch;
/// use siglatch::timer::IntervalTimer;
/// use std::time::Duration;
///
/// static TICK: Latch = Latch::new();
/// TICK.catch(IntervalTimer::Real.signal())?;
///
/// let every = Duration::from_millis(1);
/// IntervalTimer::Real.set(every, every)?;
/// for _ in 0..3 {
///     TICK.wait(None)?;
///     assert!(!TICK.take().is_empty());
/// }
/// let before = IntervalTimer::Real.cancel()?;
/// assert_eq!(before.interval, every);
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "setitimer")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntervalTimer {
    /// Elapsed time (`ITIMER_REAL`): `SIGALRM`.
    #[doc(alias = "ITIMER_REAL")]
    Real,
    /// Processor time of the process in user mode (`ITIMER_VIRTUAL`): `SIGVTALRM`.
    #[doc(alias = "ITIMER_VIRTUAL")]
    Virtual,
    /// Processor time of the process in user and kernel mode (`ITIMER_PROF`): `SIGPROF`.
    #[doc(alias = "ITIMER_PROF")]
    Prof,
}

impl IntervalTimer {
    const fn which(self) -> c_int {
        match self {
            Self::Real => libc::ITIMER_REAL as c_int,
            Self::Virtual => libc::ITIMER_VIRTUAL as c_int,
            Self::Prof => libc::ITIMER_PROF as c_int,
        }
    }

    /// The signal that it sends.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::Real => Signal::ALRM,
            Self::Virtual => Signal::VTALRM,
            Self::Prof => Signal::PROF,
        }
    }

    /// Sets the timer to expire after `first` and then every `interval`, or once if that is zero.
    /// Zero for `first` cancels it. Both are rounded up to microseconds, so that no small time
    /// becomes the zero that cancels. Returns the previous setting.
    ///
    /// # Errors
    ///
    /// `EINVAL`: over 146 years (2⁶² ns), or more seconds than a C `long` holds; nothing changes.
    #[inline]
    pub fn set(self, first: Duration, interval: Duration) -> Result<Setting, Errno> {
        let new = KernelItimerval { interval: rounded_up(interval)?, value: rounded_up(first)? };
        // SAFETY: the code that installed the signal's action answers for it to run at any time.
        unsafe { sys::setitimer(self.which(), &new) }.map(told)
    }

    /// Cancels the timer, if it is set. Returns the previous setting.
    #[inline]
    pub fn cancel(self) -> Result<Setting, Errno> {
        self.set(Duration::ZERO, Duration::ZERO)
    }

    /// The time left until it expires, and its interval.
    #[doc(alias = "getitimer")]
    #[inline]
    pub fn query(self) -> Result<Setting, Errno> {
        sys::getitimer(self.which()).map(told)
    }
}

/// Sets [`IntervalTimer::Real`] to send `SIGALRM` once, after `seconds`; zero cancels it: alarm(2).
///
/// Returns the seconds left of the previous alarm, rounded up, so that zero means that there was
/// none. (alarm(2) rounds to the nearest, though never to zero.) An interval of the timer ends,
/// too. More seconds than a C `long` holds, 68 years on 32 bits, are cut to that, as by alarm(2).
///
/// ```
/// use siglatch::timer;
///
/// assert_eq!(timer::alarm(60)?, 0);
/// assert_eq!(timer::alarm(0)?, 60);
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[inline]
pub fn alarm(seconds: u32) -> Result<u32, Errno> {
    let first = Duration::from_secs(u64::from(seconds).min(c_long::MAX as u64));
    let before = IntervalTimer::Real.set(first, Duration::ZERO)?.value;
    let begun = u64::from(before.subsec_nanos() != 0);
    Ok(u32::try_from(before.as_secs().saturating_add(begun)).unwrap_or(u32::MAX))
}

fn rounded_up(duration: Duration) -> Result<KernelTimeval, Errno> {
    let duration = checked(duration)?;
    let micros = duration.subsec_nanos().div_ceil(NANOS_PER_MICRO);
    let carry = micros == MICROS_PER_SEC;
    let seconds = duration.as_secs().checked_add(carry.into()).map(c_long::try_from);
    let Some(Ok(seconds)) = seconds else { return Err(Errno::INVAL) };
    let micros = if carry { 0 } else { micros };
    Ok(KernelTimeval { seconds, microseconds: c_long::from(micros as i32) })
}

fn told(timer: KernelItimerval) -> Setting {
    Setting { value: duration(timer.value), interval: duration(timer.interval) }
}

/// The kernel reports no negative time.
fn duration(time: KernelTimeval) -> Duration {
    let seconds = u64::try_from(time.seconds).unwrap_or_default();
    let micros = u64::try_from(time.microseconds).unwrap_or_default();
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::{KernelTimeval, rounded_up};
    use crate::Errno;
    use crate::timer::LONGEST;
    use core::ffi::c_long;
    use core::time::Duration;

    #[test]
    fn rounds_up_and_never_to_zero() {
        for (seconds, nanos, wanted) in [
            (0, 0, (0, 0)),
            (0, 1, (0, 1)),
            (0, 999, (0, 1)),
            (0, 1000, (0, 1)),
            (0, 1001, (0, 2)),
            (3, 999_999_000, (3, 999_999)),
            (3, 999_999_001, (4, 0)),
        ] {
            let (whole, microseconds) = wanted;
            let wanted = KernelTimeval { seconds: whole, microseconds };
            assert_eq!(rounded_up(Duration::new(seconds, nanos)), Ok(wanted));
        }
        // It is more than a long of 32 bits holds.
        let wanted = c_long::try_from(4_611_686_018_u64)
            .map(|seconds| KernelTimeval { seconds, microseconds: 427_388 });
        assert_eq!(rounded_up(LONGEST), wanted.or(Err(Errno::INVAL)));
        let past = LONGEST.saturating_add(Duration::from_nanos(1));
        assert_eq!(rounded_up(past), Err(Errno::INVAL));
        assert_eq!(rounded_up(Duration::MAX), Err(Errno::INVAL));
        assert_eq!(rounded_up(Duration::from_secs(u64::MAX)), Err(Errno::INVAL));
    }
}
