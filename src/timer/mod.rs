//! Signals at a time: alarm(2), setitimer(2), timer_create(2).
//!
//! | | how many | which signal | in |
//! |---|---|---|---|
//! | [`alarm`] | it is [`IntervalTimer::Real`] | `SIGALRM` | seconds |
//! | [`IntervalTimer`] | one of each kind | that of the kind | microseconds |
//! | [`PosixTimer`] | any number | any, with a value, to a thread if wanted | nanoseconds of a choice of clocks |
//!
//! The first two belong to the whole process, and whoever sets them takes them from whoever did
//! before. A library, or a program with one, does better with a [`PosixTimer`], which is its own.
//!
//! No timer expires early. The child of fork(2) has none of its parent's timers; execve(2) keeps
//! the interval timers, and no others.

mod interval;
mod per_signal;
mod posix;

pub use interval::{IntervalTimer, alarm};
pub(crate) use per_signal::SignalTimers;
pub use posix::{Clock, PosixTimer};

use core::time::Duration;

use crate::Errno;

/// 146 years. The kernel counts nanoseconds in 63 bits and adds what its clock shows, for processor
/// time without a look at the sum: a timer set to more may expire at once.
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
    /// What is left until it expires; zero if it is not set.
    #[doc(alias = "it_value")]
    pub value: Duration,
    /// From then on, the time from one expiry to the next; zero if there is one only.
    #[doc(alias = "it_interval")]
    pub interval: Duration,
}
