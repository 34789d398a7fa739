//! [`PosixTimer`]: a timer of timer_create(2).
#![expect(unsafe_code, reason = "makes timers by system calls")]

use core::ffi::c_int;
use core::mem::ManuallyDrop;
use core::time::Duration;
use static_assertions::assert_impl_all;

use super::{LONGEST, Setting};
use crate::sys::{self, KernelItimerspec, KernelSigevent};
use crate::{Errno, Pid, SigVal, Signal, Tid, time};

/// The clock that a timer goes by.
#[doc(alias = "clockid_t")]
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Clock {
    /// Time of day since 1970, which can be set (`CLOCK_REALTIME`): a timer set
    /// [at a time](PosixTimer::set_at) follows, one set for a duration does not.
    #[doc(alias = "CLOCK_REALTIME")]
    Realtime,
    /// Time since some point, not counting the machine's suspension (`CLOCK_MONOTONIC`).
    #[doc(alias = "CLOCK_MONOTONIC")]
    Monotonic,
    /// As [`Monotonic`](Self::Monotonic), but counting the suspension (`CLOCK_BOOTTIME`).
    #[doc(alias = "CLOCK_BOOTTIME")]
    Boottime,
    /// Processor time of all threads of the process (`CLOCK_PROCESS_CPUTIME_ID`).
    #[doc(alias = "CLOCK_PROCESS_CPUTIME_ID")]
    ProcessCpu,
    /// Processor time of the thread that makes the timer (`CLOCK_THREAD_CPUTIME_ID`).
    #[doc(alias = "CLOCK_THREAD_CPUTIME_ID")]
    ThreadCpu,
    /// Processor time of all threads of another process: clock_getcpuclockid(3).
    #[doc(alias = "clock_getcpuclockid")]
    ProcessCpuOf(Pid),
    /// Processor time of another thread of this process: pthread_getcpuclockid(3).
    #[doc(alias = "pthread_getcpuclockid")]
    ThreadCpuOf(Tid),
    /// Time of day without leap seconds: International Atomic Time (`CLOCK_TAI`).
    #[doc(alias = "CLOCK_TAI")]
    Tai,
    /// As [`Realtime`](Self::Realtime), and wakes a suspended machine (`CLOCK_REALTIME_ALARM`).
    #[doc(alias = "CLOCK_REALTIME_ALARM")]
    RealtimeAlarm,
    /// As [`Boottime`](Self::Boottime), and wakes a suspended machine (`CLOCK_BOOTTIME_ALARM`).
    #[doc(alias = "CLOCK_BOOTTIME_ALARM")]
    BoottimeAlarm,
}

/// The id of the clock of a process or a thread.
const fn cpu_clock(number: c_int, kind: c_int) -> c_int {
    /// The id of no clock, for a number that has no room in one.
    const NONE: c_int = c_int::MAX;
    if number > c_int::MAX >> 3 { NONE } else { !number << 3 | kind }
}

/// The kind of a processor-time clock's id, and the bit of a thread's: `CPUCLOCK_SCHED` and
/// `CPUCLOCK_PERTHREAD_MASK` of include/linux/posix-timers.h.
const CPU_CLOCK: c_int = 2;
const OF_THREAD: c_int = 4;

impl Clock {
    const fn id(self) -> c_int {
        match self {
            Self::ProcessCpuOf(pid) => cpu_clock(pid.as_raw(), CPU_CLOCK),
            Self::ThreadCpuOf(tid) => cpu_clock(tid.as_raw(), CPU_CLOCK | OF_THREAD),
            Self::Realtime => libc::CLOCK_REALTIME,
            Self::Monotonic => libc::CLOCK_MONOTONIC,
            Self::Boottime => libc::CLOCK_BOOTTIME,
            Self::ProcessCpu => libc::CLOCK_PROCESS_CPUTIME_ID,
            Self::ThreadCpu => libc::CLOCK_THREAD_CPUTIME_ID,
            Self::Tai => libc::CLOCK_TAI,
            Self::RealtimeAlarm => libc::CLOCK_REALTIME_ALARM,
            Self::BoottimeAlarm => libc::CLOCK_BOOTTIME_ALARM,
        }
    }

    /// The clock's time: clock_gettime(2). [`ThreadCpu`](Self::ThreadCpu) is the calling thread's.
    ///
    /// # Errors
    ///
    /// `EINVAL`: no such clock here, no such process, or no such thread in this process.
    #[inline]
    pub fn now(self) -> Result<Duration, Errno> {
        sys::clock_gettime(self.id()).map(time::duration)
    }
}

/// A timer that sends a signal: timer_create(2). It is deleted when dropped.
///
/// The receiver sees [`Timer`](crate::Cause::Timer) with the [`id`](Self::id), the value, and how
/// often the timer expired again before the signal was taken. A timer has at most one signal
/// pending, so that a slow receiver is not flooded. Before Linux 6.13, one that is pending when the
/// timer is deleted or set again may still be delivered.
///
/// ```
/// use siglatch::timer::{Clock, PosixTimer};
/// use siglatch::{Cause, Signal, SigVal, mask, wait};
/// use std::time::Duration;
///
/// let tick = Signal::rt(0)?;
/// mask::block(tick)?;
/// let timer = PosixTimer::new(Clock::Monotonic, tick, SigVal::from_int(7))?;
/// timer.set(Duration::from_millis(1), Duration::ZERO)?;
///
/// match wait::wait_info(tick)?.cause() {
///     Cause::Timer { value, .. } => assert_eq!(value.as_int(), 7),
///     other => panic!("not from the timer: {other:?}"),
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # After fork
///
/// A forked child has no timers. On its copy of this value, every method that can fail returns
/// `EINVAL`, and dropping it deletes no timer that the child has made since.
#[doc(alias = "timer_t")]
#[doc(alias = "timer_create")]
#[derive(Debug)]
pub struct PosixTimer {
    pub(super) id: c_int,
    /// The process that has it. A child's own timers may have the same ids.
    pub(super) owner: c_int,
}

assert_impl_all!(PosixTimer: Send, Sync, Unpin);

impl PosixTimer {
    /// A timer, not set yet, that sends `signal` with `value` to the process (`SIGEV_SIGNAL`),
    /// where any thread that does not block it may take it. `SIGKILL` makes it a hard deadline.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: `RLIMIT_SIGPENDING` is reached: a timer's signal is allocated with it. `EINVAL`:
    /// no such clock on this kernel, no such process, or no such thread in this process. `ENOMEM`:
    /// no memory. `ENOSYS`: this kernel has no timers. For a clock that wakes the machine, `EPERM`:
    /// it takes `CAP_WAKE_ALARM`; `EOPNOTSUPP`: the machine has no device to be woken by.
    #[inline]
    pub fn new(clock: Clock, signal: Signal, value: SigVal) -> Result<Self, Errno> {
        Self::create(clock, &event(signal, value, libc::SIGEV_SIGNAL, 0))
    }

    /// As [`new`](Self::new), but for `thread` alone, as long as it lives (`SIGEV_THREAD_ID`).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), and `EINVAL`: there is no such thread in this process.
    #[doc(alias = "SIGEV_THREAD_ID")]
    #[inline]
    pub fn for_thread(
        clock: Clock,
        thread: Tid,
        signal: Signal,
        value: SigVal,
    ) -> Result<Self, Errno> {
        Self::create(clock, &event(signal, value, libc::SIGEV_THREAD_ID, thread.as_raw()))
    }

    /// A timer that sends nothing when it expires (`SIGEV_NONE`), for [`query`](Self::query).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    #[doc(alias = "SIGEV_NONE")]
    #[inline]
    pub fn silent(clock: Clock) -> Result<Self, Errno> {
        Self::create(
            clock,
            &KernelSigevent { notify: libc::SIGEV_NONE, ..KernelSigevent::default() },
        )
    }

    /// Takes over a timer of other code, or of [`into_id`](Self::into_id): dropped, it is deleted.
    ///
    /// # Safety
    ///
    /// `id` is the kernel's id of a timer of this process that no other code deletes. Whether a C
    /// library's timer_t is that id depends on the library.
    #[must_use = "the timer is deleted when dropped"]
    pub unsafe fn from_id(id: i32) -> Self {
        Self { id, owner: sys::getpid() }
    }

    /// The timer's id. The timer stays until one made by [`from_id`](Self::from_id) is dropped.
    #[must_use = "nothing else deletes the timer"]
    pub fn into_id(self) -> i32 {
        ManuallyDrop::new(self).id
    }

    #[inline]
    fn create(clock: Clock, event: &KernelSigevent) -> Result<Self, Errno> {
        // Asked before: a child that a handler forks in between takes no timer for its own that is
        // not. The one that it may have made itself is lost to it until it ends.
        let owner = sys::getpid();
        // SAFETY: the code that installed the signal's action answers for it to run at any time.
        let id = unsafe { sys::timer_create(clock.id(), event) }?;
        Ok(Self { id, owner })
    }

    /// Sets the timer to expire after `first` and then every `interval`, or once if that is zero.
    /// Zero for `first` cancels it. More than 146 years (2⁶² nanoseconds) is cut to that, and more
    /// than 68 on 32 bits before Linux 5.1. Returns the previous setting.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the timer is a parent process's.
    #[doc(alias = "timer_settime")]
    #[inline]
    pub fn set(&self, first: Duration, interval: Duration) -> Result<Setting, Errno> {
        self.settime(0, first.min(LONGEST), interval)
    }

    /// As [`set`](Self::set), but first when the clock shows `deadline` (`TIMER_ABSTIME`), for
    /// example [`Clock::now`] plus a period: at once if that has passed, even if it is zero.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set), and `EINVAL`: `deadline` is more than 292 years (2⁶³ nanoseconds)
    /// after the clock's zero; nothing is changed. `EOVERFLOW`: more than 68 years after it, on 32
    /// bits before Linux 5.1.
    ///
    /// # Examples
    ///
    /// ```
    /// use siglatch::timer::{Clock, PosixTimer};
    /// use siglatch::{Latch, Signal, SigVal};
    /// use std::time::Duration;
    ///
    /// static TICK: Latch = Latch::new();
    /// TICK.catch(Signal::ALRM)?;
    /// let timer = PosixTimer::new(Clock::Monotonic, Signal::ALRM, SigVal::default())?;
    /// let deadline = Clock::Monotonic.now()? + Duration::from_millis(2);
    /// timer.set_at(deadline, Duration::ZERO)?;
    /// TICK.wait(None)?;
    /// assert!(Clock::Monotonic.now()? >= deadline);
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    #[doc(alias = "TIMER_ABSTIME")]
    #[inline]
    pub fn set_at(&self, deadline: Duration, interval: Duration) -> Result<Setting, Errno> {
        if deadline.as_nanos() > i64::MAX.unsigned_abs().into() {
            return Err(Errno::INVAL);
        }
        // Zero would cancel it.
        let deadline = deadline.max(Duration::from_nanos(1));
        self.settime(libc::TIMER_ABSTIME, deadline, interval)
    }

    #[inline]
    fn settime(&self, flags: c_int, value: Duration, interval: Duration) -> Result<Setting, Errno> {
        let interval = time::timespec(interval.min(LONGEST));
        let new = KernelItimerspec { interval, value: time::timespec(value) };
        let id = self.own_id()?;
        // SAFETY: the timer is this crate's, or is deleted, and the code that installed the
        // signal's action answers for it to run at any time.
        unsafe { sys::timer_settime(id, flags, &new) }.map(told)
    }

    /// Cancels the timer, if it is set. Returns the previous setting.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set).
    #[inline]
    pub fn cancel(&self) -> Result<Setting, Errno> {
        self.set(Duration::ZERO, Duration::ZERO)
    }

    /// The time left until it expires, and its interval.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set).
    #[doc(alias = "timer_gettime")]
    #[inline]
    pub fn query(&self) -> Result<Setting, Errno> {
        sys::timer_gettime(self.own_id()?).map(told)
    }

    /// How often it expired again before its last signal was taken, `i32::MAX` at most: what that
    /// signal's [cause](crate::Cause::Timer) has, for code that does not see it.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set).
    #[doc(alias = "timer_getoverrun")]
    pub fn overrun(&self) -> Result<i32, Errno> {
        sys::timer_getoverrun(self.own_id()?)
    }

    /// The kernel's id of the timer, as in [`Timer`](crate::Cause::Timer).
    #[must_use]
    pub const fn id(&self) -> i32 {
        self.id
    }

    /// The id, if this process has the timer.
    fn own_id(&self) -> Result<c_int, Errno> {
        if sys::getpid() == self.owner { Ok(self.id) } else { Err(Errno::INVAL) }
    }
}

impl Drop for PosixTimer {
    fn drop(&mut self) {
        if let Ok(id) = self.own_id() {
            // It is not there in a child of fork(2) with its parent's number, process 1 of another
            // namespace.
            //
            // SAFETY: nothing else deletes the timer.
            let _deleted = unsafe { sys::timer_delete(id) };
        }
    }
}

fn event(signal: Signal, value: SigVal, notify: c_int, tid: c_int) -> KernelSigevent {
    let (value, signo) = (value.as_addr(), signal.as_raw());
    KernelSigevent { value, signo, notify, tid, ..KernelSigevent::default() }
}

fn told(spec: KernelItimerspec) -> Setting {
    Setting { value: time::duration(spec.value), interval: time::duration(spec.interval) }
}
