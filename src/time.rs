//! Deadlines and pauses on `CLOCK_MONOTONIC`.

use core::time::Duration;

use crate::Errno;
use crate::sys::{self, KernelTimespec};

const NANOS_PER_SEC: i64 = 1_000_000_000;

/// When a wait of `timeout` from now on ends; past what the kernel can count, some 292 years,
/// never. It is a point in time, so that a wait that a handler interrupts resumes to the same end.
pub(crate) fn deadline(timeout: Duration) -> Result<KernelTimespec, Errno> {
    sys::clock_gettime(libc::CLOCK_MONOTONIC).map(|now| after(now, timeout))
}

/// What is left until `deadline`: zero once it has passed.
pub(crate) fn left(deadline: KernelTimespec) -> Result<KernelTimespec, Errno> {
    let now = sys::clock_gettime(libc::CLOCK_MONOTONIC)?;
    Ok(from_to(now, deadline))
}

/// As the kernel takes it; what it cannot count, some 292 years and more, as what does not end.
pub(crate) fn timespec(duration: Duration) -> KernelTimespec {
    after(KernelTimespec::default(), duration)
}

/// A time that the kernel reports; one before its clock's zero is zero.
pub(crate) fn duration(time: KernelTimespec) -> Duration {
    let seconds = u64::try_from(time.seconds).map(Duration::from_secs);
    let nanoseconds = u64::try_from(time.nanoseconds).map(Duration::from_nanos);
    match (seconds, nanoseconds) {
        (Ok(seconds), Ok(nanoseconds)) => seconds.saturating_add(nanoseconds),
        _ => Duration::ZERO,
    }
}

/// The time from one point to another; zero if that is not later.
fn from_to(from: KernelTimespec, to: KernelTimespec) -> KernelTimespec {
    // Nanoseconds are below a billion, and clocks show no less than zero.
    let nanoseconds = to.nanoseconds.wrapping_sub(from.nanoseconds);
    let borrow = nanoseconds < 0;
    let seconds = to.seconds.wrapping_sub(from.seconds).wrapping_sub(i64::from(borrow));
    match seconds {
        ..0 => KernelTimespec::default(),
        _ if borrow => {
            KernelTimespec { seconds, nanoseconds: nanoseconds.wrapping_add(NANOS_PER_SEC) }
        }
        _ => KernelTimespec { seconds, nanoseconds },
    }
}

fn after(now: KernelTimespec, timeout: Duration) -> KernelTimespec {
    // Two operands below a billion.
    let nanoseconds = now.nanoseconds.wrapping_add(i64::from(timeout.subsec_nanos()));
    let carry = nanoseconds >= NANOS_PER_SEC;
    // Half of what fits, for the sum to fit.
    let seconds = timeout.as_secs().min(i64::MAX as u64 / 2) as i64;
    KernelTimespec {
        seconds: now.seconds.wrapping_add(seconds).wrapping_add(i64::from(carry)),
        nanoseconds: if carry { nanoseconds.wrapping_sub(NANOS_PER_SEC) } else { nanoseconds },
    }
}

/// A time that fits beside a number into an atomic of 32 bits: 25 bits of 2²³ nanoseconds, some
/// eight milliseconds. It wraps after 78 hours.
#[derive(Clone, Copy)]
pub(crate) struct Ticks(u32);

impl Ticks {
    const MASK: u32 = (1 << 25) - 1;

    /// No less than `time`, though a tick may be nearly over when it is counted. With more than a
    /// quarter of a round, [`is_after`](Self::is_after) is never `true`.
    pub(crate) const fn at_least(time: Duration) -> Self {
        match time.as_nanos() >> 23 {
            0 if time.is_zero() => Self(0),
            ticks @ 0..0x80_0000 => Self((ticks as u32).wrapping_add(2)),
            _ => Self(u32::MAX),
        }
    }

    /// What `CLOCK_MONOTONIC` shows; `None` if a seccomp(2) filter does not let it be read.
    pub(crate) fn now() -> Option<Self> {
        let now = sys::clock_gettime(libc::CLOCK_MONOTONIC).ok()?;
        let nanos = now.seconds.wrapping_mul(NANOS_PER_SEC).wrapping_add(now.nanoseconds);
        Some(Self((nanos >> 23) as u32 & Self::MASK))
    }

    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// Returns `true` if `time` has passed from the moment with these bits to this one.
    pub(crate) const fn is_after(self, since: u32, time: Self) -> bool {
        self.0.wrapping_sub(since) & Self::MASK >= time.0
    }
}

/// Sleeps for a moment, or until a signal, between two looks at what another thread is about to do.
#[cold]
#[inline(never)]
pub(crate) fn pause() {
    let _cut_short = sys::clock_nanosleep(&KernelTimespec { seconds: 0, nanoseconds: 50_000 });
}

#[cfg(test)]
mod tests {
    use super::{KernelTimespec, Ticks, after, duration, from_to, timespec};
    use core::time::Duration;

    fn time(seconds: i64, nanoseconds: i64) -> KernelTimespec {
        KernelTimespec { seconds, nanoseconds }
    }

    #[test]
    fn carries_and_never_overflows() {
        let second = Duration::from_secs(1);
        assert_eq!(after(time(5, 0), second), time(6, 0));
        assert_eq!(after(time(5, 999_999_999), Duration::from_nanos(1)), time(6, 0));
        assert_eq!(
            after(time(5, 999_999_999), Duration::from_nanos(999_999_999)),
            time(6, 999_999_998)
        );
        assert_eq!(after(time(5, 999_999_999), Duration::MAX).seconds, i64::MAX / 2 + 6);
        assert!(after(time(i64::MAX / 2, 999_999_999), Duration::MAX).seconds > i64::MAX / 2);
    }

    #[test]
    fn what_is_left_is_never_less_than_nothing() {
        assert_eq!(from_to(time(5, 7), time(5, 7)), time(0, 0));
        assert_eq!(from_to(time(5, 7), time(6, 6)), time(0, 999_999_999));
        assert_eq!(from_to(time(5, 7), time(7, 8)), time(2, 1));
        assert_eq!(from_to(time(5, 8), time(5, 7)), time(0, 0));
        assert_eq!(from_to(time(i64::MAX, 0), time(0, 999_999_999)), time(0, 0));
        assert_eq!(from_to(time(0, 0), time(i64::MAX, 0)), time(i64::MAX, 0));
    }

    #[test]
    fn durations_go_to_the_kernel_and_back() {
        let longest = Duration::new(i64::MAX as u64 / 2, 999_999_999);
        for there in [Duration::ZERO, Duration::from_nanos(1), Duration::new(3, 7), longest] {
            assert_eq!(duration(timespec(there)), there);
        }
        assert!(duration(timespec(Duration::MAX)) >= Duration::from_secs(i64::MAX as u64 / 2));
        assert_eq!(duration(time(-1, 5)), Duration::ZERO);
        assert_eq!(duration(time(0, -1)), Duration::ZERO);
    }

    #[test]
    fn ticks_begin_again_and_none_is_early() {
        // From the last one of a round to the fourth of the next are four.
        assert!(Ticks(3).is_after(Ticks::MASK, Ticks(4)));
        assert!(!Ticks(3).is_after(Ticks::MASK, Ticks(5)));
        assert!(!Ticks(7).is_after(7, Ticks(1)));
        // One may have begun long ago, and one may be about to end.
        for ticks in [1_u64, 59, 0x7f_ffff] {
            let time = Duration::from_nanos(ticks << 23);
            assert_eq!(u64::from(Ticks::at_least(time).to_bits()), ticks.saturating_add(2));
        }
        assert_eq!(Ticks::at_least(Duration::ZERO).to_bits(), 0);
        assert!(!Ticks(Ticks::MASK).is_after(0, Ticks::at_least(Duration::MAX)), "never");
    }
}
