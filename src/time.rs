//! Deadlines and pauses on `CLOCK_MONOTONIC`.

use core::time::Duration;

use crate::Errno;
use crate::sys::{self, KernelTimespec};

const NANOS_PER_SEC: i64 = 1_000_000_000;

/// When a wait that may last `timeout` from now on ends. One past what the kernel can count, some
/// 292 years, does not end.
///
/// Kept as a point in time, so that a wait cut short by a handler goes on to the same end.
///
/// # Errors
///
/// As [`sys::clock_gettime`].
pub(crate) fn deadline(timeout: Duration) -> Result<KernelTimespec, Errno> {
    sys::clock_gettime(libc::CLOCK_MONOTONIC).map(|now| after(now, timeout))
}

fn after(now: KernelTimespec, timeout: Duration) -> KernelTimespec {
    // Two operands below a billion.
    let nanoseconds = now.nanoseconds.wrapping_add(i64::from(timeout.subsec_nanos()));
    let carry = nanoseconds >= NANOS_PER_SEC;
    // Half of what fits, for the sum to fit.
    let seconds = timeout.as_secs().min(i64::MAX.cast_unsigned() / 2).cast_signed();
    KernelTimespec {
        seconds: now.seconds.wrapping_add(seconds).wrapping_add(i64::from(carry)),
        nanoseconds: if carry { nanoseconds.wrapping_sub(NANOS_PER_SEC) } else { nanoseconds },
    }
}

/// Sleeps for a moment between two looks at what another thread is about to do. A signal that cuts
/// it short makes the next look come earlier.
#[cold]
#[inline(never)]
pub(crate) fn pause() {
    let _cut_short = sys::clock_nanosleep(&KernelTimespec { seconds: 0, nanoseconds: 50_000 });
}

#[cfg(test)]
mod tests {
    use super::{KernelTimespec, after};
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
}
