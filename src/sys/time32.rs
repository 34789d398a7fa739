//! Times of 32 bits: the only ones of 32-bit kernels before 5.1.
//!
//! The call with times of 64 bits comes first, as in current C libraries: it holds times past 2038.
//! A kernel that lacks it returns `ENOSYS`; a seccomp(2) filter that is older than the call mostly
//! returns `EPERM`, which the kernel returns from none of these. Then the old call is made. riscv32
//! has no old calls, 64-bit architectures need none.

use super::arch::TIME32;
use super::{KernelItimerspec, KernelTimespec};

/// The numbers of the old calls.
#[derive(Clone, Copy)]
pub(super) struct Time32 {
    pub(super) clock_gettime: usize,
    pub(super) clock_nanosleep: usize,
    pub(super) futex: usize,
    pub(super) ppoll: usize,
    pub(super) rt_sigtimedwait: usize,
    pub(super) timer_gettime: usize,
    pub(super) timer_settime: usize,
}

/// The old calls, if `result` says that the call with times of 64 bits is unknown.
#[inline]
pub(super) const fn after(result: isize) -> Option<Time32> {
    const ENOSYS: isize = -(libc::ENOSYS as isize);
    const EPERM: isize = -(libc::EPERM as isize);
    match (TIME32, result) {
        (Some(calls), ENOSYS | EPERM) => Some(calls),
        _ => None,
    }
}

/// The kernel's `struct old_timespec32`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Timespec32 {
    seconds: i32,
    nanoseconds: i32,
}

impl Timespec32 {
    /// `time`, or the longest there is where it is longer: 68 years.
    pub(super) fn at_most(time: &KernelTimespec) -> Self {
        let longest = if time.seconds < 0 { -1 } else { i32::MAX };
        Self::exactly(time).unwrap_or(Self { seconds: longest, nanoseconds: 0 })
    }

    /// `time`, unless its seconds do not fit. Nanoseconds that are out of range stay so.
    fn exactly(time: &KernelTimespec) -> Option<Self> {
        let seconds = i32::try_from(time.seconds).ok()?;
        Some(Self { seconds, nanoseconds: i32::try_from(time.nanoseconds).unwrap_or(i32::MAX) })
    }

    pub(super) fn widened(self) -> KernelTimespec {
        KernelTimespec { seconds: self.seconds.into(), nanoseconds: self.nanoseconds.into() }
    }
}

/// The kernel's `struct old_itimerspec32`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Itimerspec32 {
    interval: Timespec32,
    value: Timespec32,
}

impl Itimerspec32 {
    /// Both times, periods, or the longest there is where one is longer.
    pub(super) fn at_most(KernelItimerspec { interval, value }: &KernelItimerspec) -> Self {
        Self { interval: Timespec32::at_most(interval), value: Timespec32::at_most(value) }
    }

    /// The same of a `value` that is a point in time, unless its seconds do not fit.
    pub(super) fn until(times: &KernelItimerspec) -> Option<Self> {
        Some(Self { value: Timespec32::exactly(&times.value)?, ..Self::at_most(times) })
    }

    pub(super) fn widened(self) -> KernelItimerspec {
        KernelItimerspec { interval: self.interval.widened(), value: self.value.widened() }
    }
}
