//! Timers that send signals: alarm(2), setitimer(2), timer_create(2).
//!
//! | | how many | signal | resolution |
//! |---|---|---|---|
//! | [`alarm`] | it is [`IntervalTimer::Real`] | `SIGALRM` | seconds |
//! | [`IntervalTimer`] | one of each kind | that of the kind | microseconds |
//! | [`PosixTimer`] | any number | any, with a value, or to a thread | nanoseconds of a [`Clock`] |
//!
//! The first two belong to the whole process: setting one takes it from the code that set it
//! before. A library, and a program with one, does better with a [`PosixTimer`] of its own. No
//! timer expires early. A child of fork(2) inherits none; execve(2) keeps interval timers only.

mod interval;
mod per_signal;
mod posix;

pub use interval::{IntervalTimer, alarm};
pub(crate) use per_signal::SignalTimers;
pub use posix::{Clock, PosixTimer};

use core::time::Duration;

use crate::Errno;

/// 146 years. The kernel counts nanoseconds in 63 bits and adds the clock's reading, for processor
/// time without a check for overflow: a timer set to more may expire at once.
const LONGEST: Duration = Duration::from_nanos(1 << 62);

/// Half of what the kernel counts is left for the sum.
fn checked(time: Duration) -> Result<Duration, Errno> {
    if time > LONGEST { Err(Errno::INVAL) } else { Ok(time) }
}

/// What a timer is set to.
#[doc(alias = "itimerval")]
#[doc(alias = "itimerspec")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Setting {
    /// The time left until it expires; zero if it is not set.
    #[doc(alias = "it_value")]
    pub value: Duration,
    /// The time from one expiry to the next; zero if it expires once.
    #[doc(alias = "it_interval")]
    pub interval: Duration,
}
