//! [`PosixTimer`]: a timer of timer_create(2).
#![expect(unsafe_code, reason = "makes timers through the kernel's door")]

use core::ffi::c_int;
use core::mem::ManuallyDrop;
use core::time::Duration;
use static_assertions::assert_impl_all;

use super::{LONGEST, Setting};
use crate::sys::{self, KernelItimerspec, KernelSigevent};
use crate::{Errno, Pid, SigVal, Signal, Tid, time};

/// What a timer goes by.
#[doc(alias = "clockid_t")]
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Clock {
    /// The time of day since 1970, which may be set (`CLOCK_REALTIME`). A timer set
    /// [at a time](PosixTimer::set_at) follows; one set for a while does not.
    #[doc(alias = "CLOCK_REALTIME")]
    Realtime,
    /// Time since some point, which stands still while the machine is suspended
    /// (`CLOCK_MONOTONIC`).
    #[doc(alias = "CLOCK_MONOTONIC")]
    Monotonic,
    /// The same, but going on while the machine is suspended (`CLOCK_BOOTTIME`).
    #[doc(alias = "CLOCK_BOOTTIME")]
    Boottime,
    /// Processor time of all threads of the process (`CLOCK_PROCESS_CPUTIME_ID`).
    #[doc(alias = "CLOCK_PROCESS_CPUTIME_ID")]
    ProcessCpu,
    /// Processor time of the thread that makes the timer (`CLOCK_THREAD_CPUTIME_ID`).
    #[doc(alias = "CLOCK_THREAD_CPUTIME_ID")]
    ThreadCpu,
    /// Processor time of all threads of another process, as clock_getcpuclockid(3) has it.
    #[doc(alias = "clock_getcpuclockid")]
    ProcessCpuOf(Pid),
    /// Processor time of another thread of this process, as pthread_getcpuclockid(3) has it.
    #[doc(alias = "pthread_getcpuclockid")]
    ThreadCpuOf(Tid),
    /// The time of day as an atomic clock counts it, without leap seconds (`CLOCK_TAI`).
    #[doc(alias = "CLOCK_TAI")]
    Tai,
    /// As [`Realtime`](Self::Realtime), and wakes the machine (`CLOCK_REALTIME_ALARM`).
    #[doc(alias = "CLOCK_REALTIME_ALARM")]
    RealtimeAlarm,
    /// As [`Boottime`](Self::Boottime), and wakes the machine (`CLOCK_BOOTTIME_ALARM`).
    #[doc(alias = "CLOCK_BOOTTIME_ALARM")]
    BoottimeAlarm,
}

/// The clock of a process or a thread.
const fn cpu_clock(number: c_int, kind: c_int) -> c_int {
    /// No clock has such an id; and no process a number that there is no room for.
    const NONE: c_int = c_int::MAX;
    if number > c_int::MAX >> 3 { NONE } else { !number << 3 | kind }
}

/// What the kernel adds to the number of a process to make it one of a clock of processor time, and
/// for a thread (include/linux/posix-timers.h: `CPUCLOCK_SCHED`, `CPUCLOCK_PERTHREAD_MASK`).
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

    /// What the clock shows, for [`PosixTimer::set_at`]: clock_gettime(2).
    ///
    /// [`ThreadCpu`](Self::ThreadCpu) shows the calling thread's.
    ///
    /// # Errors
    ///
    /// `EINVAL`: this kernel or machine has no such clock; there is no such process, or no such
    /// thread in this process.
    #[inline]
    pub fn now(self) -> Result<Duration, Errno> {
        sys::clock_gettime(self.id()).map(time::duration)
    }
}

/// A timer that sends a signal: timer_create(2). It is deleted when dropped.
///
/// The receiver sees [`Timer`](crate::Cause::Timer) with the [`id`](Self::id), the value, and how
/// often the timer expired again before the signal was taken: a timer never has more than one
/// signal pending, so a slow receiver is not flooded.
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
///     other => panic!("sent by somebody else: {other:?}"),
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// A signal that is pending when its timer is deleted or set again may still come: kernels before
/// 6.13 leave it.
///
/// # After fork
///
/// A forked child has no timers. What it has of this value does nothing there: every method is
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
    /// A timer that sends `signal` with `value` to the process (`SIGEV_SIGNAL`). It is not set yet.
    ///
    /// Any thread that does not block the signal may take it. With `SIGKILL` it is a deadline that
    /// nothing in the process can miss.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: `RLIMIT_SIGPENDING` is reached, for a timer has room for its signal from the
    /// beginning. `EINVAL`: this kernel has no such clock, or there is no such process, or no such
    /// thread in this process. `ENOMEM`: no memory. `ENOSYS`: this
    /// kernel has no timers. For a clock that wakes the machine, `EPERM`: it takes
    /// `CAP_WAKE_ALARM`; `EOPNOTSUPP`: the machine has nothing to be woken by.
    #[inline]
    pub fn new(clock: Clock, signal: Signal, value: SigVal) -> Result<Self, Errno> {
        Self::create(clock, &event(signal, value, libc::SIGEV_SIGNAL, 0))
    }

    /// As [`new`](Self::new), but the signal goes to one thread of the process and no other takes
    /// it (`SIGEV_THREAD_ID`). Once the thread is gone, nothing is sent.
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

    /// A timer that sends nothing when it expires (`SIGEV_NONE`): [`query`](Self::query) tells what is
    /// left.
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

    /// The timer of this process that has this id: one that other code has made, or that
    /// [`into_id`](Self::into_id) has given. It is deleted when dropped.
    ///
    /// # Safety
    ///
    /// It is the kernel's id of a timer of this process, which nobody else deletes. What the timer_t
    /// of a C library is, is that library's affair.
    #[must_use = "the timer is deleted when dropped"]
    pub unsafe fn from_id(id: i32) -> Self {
        Self { id, owner: sys::getpid() }
    }

    /// The timer's id. It is not deleted: that is the caller's, by [`from_id`](Self::from_id).
    #[must_use = "nobody else deletes the timer"]
    pub fn into_id(self) -> i32 {
        ManuallyDrop::new(self).id
    }

    #[inline]
    fn create(clock: Clock, event: &KernelSigevent) -> Result<Self, Errno> {
        // SAFETY: the code that installed the signal's action answers for it to run at any time.
        let id = unsafe { sys::timer_create(clock.id(), event) }?;
        Ok(Self { id, owner: sys::getpid() })
    }

    /// Has the timer expire after `first`, and from then on every `interval`; once only, if that is
    /// zero. Zero for `first` cancels it. Returns what it was set to. What is longer than 146 years
    /// (2⁶² nanoseconds) is set to that.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the timer is a parent process's.
    #[doc(alias = "timer_settime")]
    #[inline]
    pub fn set(&self, first: Duration, interval: Duration) -> Result<Setting, Errno> {
        self.settime(0, first.min(LONGEST), interval)
    }

    /// As [`set`](Self::set), but it expires first when its clock shows `deadline`
    /// (`TIMER_ABSTIME`): at once if that has passed, even if it is zero.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set), and `EINVAL`: `deadline` is more than 292 years (2⁶³ nanoseconds)
    /// after the clock's zero: nothing is changed.
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
        // SAFETY: the timer is this crate's, or is deleted, and the code that installed the signal's action
        // answers for it to run at any time.
        unsafe { sys::timer_settime(id, flags, &new) }.map(told)
    }

    /// Cancels the timer, if it is set. Returns what it was set to.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the timer is a parent process's.
    #[inline]
    pub fn cancel(&self) -> Result<Setting, Errno> {
        self.set(Duration::ZERO, Duration::ZERO)
    }

    /// What is left until it expires, and its interval.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the timer is a parent process's.
    #[doc(alias = "timer_gettime")]
    #[inline]
    pub fn query(&self) -> Result<Setting, Errno> {
        sys::timer_gettime(self.own_id()?).map(told)
    }

    /// How often it expired again before its last signal was taken: what that signal's
    /// [cause](crate::Cause::Timer) says, for those who do not see it. It counts up to `i32::MAX`.
    ///
    /// # Errors
    ///
    /// `EINVAL`: the timer is a parent process's.
    #[doc(alias = "timer_getoverrun")]
    pub fn overrun(&self) -> Result<i32, Errno> {
        sys::timer_getoverrun(self.own_id()?)
    }

    /// The kernel's id of the timer, as [`Timer`](crate::Cause::Timer) has it.
    #[must_use]
    pub const fn id(&self) -> i32 {
        self.id
    }

    /// The id, in the process that it means this timer in.
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
