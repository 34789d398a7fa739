//! [`Shutdown`]: the first signal requests an end, a second request or a deadline ends the process.
#![expect(unsafe_code, reason = "is a receiver of its own")]

use core::fmt;
use core::ptr::{self, NonNull};
use core::time::Duration;

use crate::delivery::receiver::{Arrival, HookVerdict, Receiver, receiver_methods};
use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::time::Ticks;
use crate::timer::SignalTimers;
use crate::{CatchError, Errno, Pid, SigSet, SigVal, Signal, exit, sys};

/// A graceful end: the first signal requests it, a second request or a deadline forces it at once.
///
/// Both take effect in signal context, so they also end a program whose main loop is stuck or whose
/// callback blocks. They end it by the second signal or the one that requested, so a shell and a
/// supervisor see what happened.
///
/// ```no_run
/// use siglatch::{Errno, Shutdown, Signal};
/// use std::time::Duration;
///
/// static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_secs(10));
///
/// fn main() -> Result<(), Errno> {
///     SHUTDOWN.catch_unless_ignored([Signal::INT, Signal::TERM, Signal::HUP])?;
///     while !SHUTDOWN.wait(Some(Duration::from_secs(1)))? {
///         println!("Working...");
///     }
///     if let Some(signal) = SHUTDOWN.requested_by() {
///         println!("{signal} asked to stop; send it again to stop at once, or wait 10 seconds");
///     }
///     // finish what is in hand
///     SHUTDOWN.exit(0) // by the requesting signal
/// }
/// ```
///
/// # One request, several signals
///
/// A Ctrl-C comes from the terminal and again from a wrapper that forwards it, a closed terminal
/// hangs up twice, a supervisor sends `SIGHUP` and `SIGTERM`. So a signal is a second request only
/// if it comes [half a second](Self::debounce) after the first and is no
/// [`SIGHUP`](Self::forced_by). The others are [counted](Self::count). Signals that a launcher has
/// left blocked never come: [`catch_unblocked`](Self::catch_unblocked).
///
/// # After fork
///
/// The child has a copy: after a request to the parent, the next one to the child ends it. The
/// deadline is the parent's alone; a catch in the child begins one of the child's own.
/// [`reset`](Self::reset) there, or a [`ForkWindow`](crate::child::ForkWindow), clears the request.
#[doc(alias = "set_handler")]
#[doc(alias = "ctrl_c")]
#[doc(alias = "NotifyContext")]
#[doc(alias = "KeyboardInterrupt")]
#[doc(alias = "default_int_handler")]
#[repr(C)]
pub struct Shutdown {
    receiver: Receiver,
    /// The number of the requesting signal, and when it came, times 128; 0 without a request.
    request: AtomicU32,
    /// The process that sent it; 0 if none did.
    sender: AtomicI32,
    /// How many signals have come since the last reset.
    count: AtomicU32,
    /// Its end is the signal of a timer that the catch made. It repeats, because the kernel keeps
    /// an ignored signal only of a timer that repeats.
    deadline: Option<Duration>,
    timers: SignalTimers,
    /// `None`, which takes no room in the program's file, is the default.
    debounce: Option<Ticks>,
    forced_by: Option<SigSet>,
}

impl Shutdown {
    const DEBOUNCE: Ticks = Ticks::at_least(Duration::from_millis(500));
    const FORCED_BY: SigSet = SigSet::full().without(Signal::HUP);
    /// Only a timer that has expired has no more left.
    const INTERVAL: Duration = Duration::from_millis(10);

    /// A shutdown that is not requested and has caught nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receiver: Receiver::with(Self::deliver).resetting(Self::reset_after_fork),
            request: AtomicU32::new(0),
            sender: AtomicI32::new(0),
            count: AtomicU32::new(0),
            deadline: None,
            timers: SignalTimers::none(),
            debounce: None,
            forced_by: None,
        }
    }

    /// Gives the program `after`, of `CLOCK_MONOTONIC`, to finish once requested. Then the
    /// requesting signal ends it. The default is no deadline.
    ///
    /// It comes as another instance of that signal, from a timer: some thread must not block it,
    /// and while it is ignored, as by system(3), it waits. If the signal is released meanwhile, its
    /// action decides.
    #[must_use]
    pub const fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// A signal that comes within `time`, of `CLOCK_MONOTONIC`, of the requesting one belongs to
    /// its request. The default is half a second. With zero, any other signal is a second request;
    /// with more than 19 hours, none is. Any other time is rounded up, by 17 milliseconds at most.
    #[must_use]
    pub const fn debounce(mut self, time: Duration) -> Self {
        self.debounce = Some(Ticks::at_least(time));
        self
    }

    /// Which signals can be a second request: by default all but `SIGHUP`, rarely sent in
    /// impatience.
    #[must_use]
    pub const fn forced_by(mut self, signals: SigSet) -> Self {
        self.forced_by = Some(signals);
        self
    }

    /// Before a catch: makes the timers, so that their errors come to the caller.
    fn prepare(&self, signals: SigSet) -> Result<(), CatchError> {
        let signals = if self.deadline.is_some() { signals } else { SigSet::empty() };
        for signal in signals {
            let made = self.timers.make(signal, self.address());
            made.map_err(|errno| CatchError::of(signal, errno))?;
        }
        // In a child of fork(2), one that has come meanwhile may have found its timer half made.
        if let (Some(signal), None) = (self.requested_by(), self.time_left()) {
            self.start_deadline(signal);
        }
        Ok(())
    }

    /// The time left until the deadline; once that has passed and the signal is blocked or ignored,
    /// up to 10 milliseconds. `None`: there is no request or no deadline, or the signal was not
    /// caught and the kernel had no room for a timer.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.timers.left(self.requested_by()?)
    }

    /// Moves the deadline to `left` from now. Zero is at once, [`Duration::MAX`] never.
    ///
    /// # Errors
    ///
    /// `ESRCH`: there is no request. `EINVAL`: there is no deadline, or it is a parent process's.
    pub fn set_time_left(&self, left: Duration) -> Result<(), Errno> {
        let signal = self.requested_by().ok_or(Errno::SRCH)?;
        if self.arm(signal, left) { Ok(()) } else { Err(Errno::INVAL) }
    }

    /// Returns `true` if a signal has requested an end.
    #[inline]
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.requested_by().is_some()
    }

    /// The signal that requested an end.
    #[inline]
    #[must_use]
    pub fn requested_by(&self) -> Option<Signal> {
        // ORDERING: SeqCst pairs with the Release in `receive`, and with the SeqCst in `reset`: of
        // a thread that resets and one that has armed a timer, one sees the other.
        signal_of(self.request.load(Ordering::SeqCst))
    }

    /// The process that sent the requesting signal. `None`: there is no request, or it came from
    /// the kernel (a Ctrl-C) or from outside this pid namespace. With kill(2) it is the kernel's
    /// word, with sigqueue(3) the sender's own.
    ///
    /// It is known when [`wait`](Self::wait) returns. Just after
    /// [`is_requested`](Self::is_requested) has become true, while the handler runs on another
    /// thread, it may still be `None`.
    #[must_use]
    pub fn sender(&self) -> Option<Pid> {
        // ORDERING: Relaxed: stored before the flag is set, which `wait` acquires.
        Pid::from_raw(self.sender.load(Ordering::Relaxed)).ok()
    }

    /// How many signals have come, the requesting one included, modulo 2³².
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Cancels request and deadline: the next signal requests again. Returns the signal that had.
    pub fn reset(&self) -> Option<Signal> {
        self.count.store(0, Ordering::Relaxed);
        self.sender.store(0, Ordering::Relaxed);
        // ORDERING: SeqCst pairs with that in `requested_by`. What this thread has done goes with
        // the flags to the thread of the next request.
        let request = signal_of(self.request.swap(0, Ordering::SeqCst));
        let _flags = self.receiver.take();
        let _stopped = request.map(|signal| self.stop(signal));
        // A signal that has requested since may have lost its flag and its timer here.
        if let Some(signal) = self.requested_by() {
            self.begin(signal);
        }
        request
    }

    /// Requests an end as if this process had sent `signal`; as a second request, ends the process.
    pub fn request(&self, signal: Signal) {
        self.receive(signal, sys::getpid());
    }

    /// Ends the process by the requesting signal, or with `status` if there is none: from anywhere,
    /// best as the last call of `main`. A shell sees a death by Ctrl-C and leaves its loop, and
    /// `prog && deploy` does not deploy. It runs no destructor and flushes no buffer, as
    /// [`exit::die_by`].
    pub fn exit(&self, status: i32) -> ! {
        match self.requested_by() {
            Some(signal) => exit::die_by(signal),
            None => sys::exit_group(status),
        }
    }

    /// A signal comes. It runs in the handler.
    fn receive(&self, signal: Signal, sender: i32) {
        // ORDERING: Relaxed, here and below: numbers. Of a signal that comes in the middle of a
        // reset they may be there for the next request.
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = Ticks::now();
        let request = signal.as_raw() as u32 | now.map_or(0, Ticks::to_bits) << 7;
        // ORDERING: Release pairs with the Acquire in `requested_by`.
        match self.request.compare_exchange(0, request, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => {
                self.sender.store(sender, Ordering::Relaxed);
                self.begin(signal);
            }
            Err(request) => {
                let debounce = self.debounce.unwrap_or(Self::DEBOUNCE);
                // Without a clock, any is a second request: there must be a way to make one.
                let is_second = now.is_none_or(|now| now.is_after(request >> 7, debounce));
                if is_second && self.forced_by.unwrap_or(Self::FORCED_BY).contains(signal) {
                    exit::die_by(signal);
                }
            }
        }
    }

    fn begin(&self, signal: Signal) {
        if self.deadline.is_some() {
            self.start_deadline(signal);
        }
        self.receiver.set(signal);
        // ORDERING: Relaxed: where a reset has missed the flag, setting it has acquired the cancel.
        if number_of(self.request.load(Ordering::Relaxed)) != signal.as_raw() {
            self.take_back(signal);
        }
    }

    /// A reset has just cancelled the request, and did not see the flag. Twice, as below.
    #[cold]
    #[inline(never)]
    fn take_back(&self, signal: Signal) {
        let mut times = 0..2;
        while times.next().is_some()
            && self.requested_by() != Some(signal)
            && self.receiver.take_signal(signal)
            && self.requested_by() == Some(signal)
        {
            self.receiver.set(signal);
        }
    }

    #[cold]
    #[inline(never)]
    fn start_deadline(&self, signal: Signal) {
        let Some(after) = self.deadline else { return };
        // Only in a child of fork(2), or if the signal is not caught, the timer is made here.
        let _made = self.timers.make(signal, self.address());
        // Twice, if it was cancelled just before the timer was armed, and requested again since.
        let mut times = 0..2;
        while times.next().is_some()
            && self.arm(signal, after)
            && self.requested_by() != Some(signal)
        {
            self.stop(signal);
        }
    }

    fn arm(&self, signal: Signal, left: Duration) -> bool {
        self.timers.set(signal, left.max(Duration::from_nanos(1)), Self::INTERVAL)
    }

    fn stop(&self, signal: Signal) -> bool {
        self.timers.set(signal, Duration::ZERO, Duration::ZERO)
    }

    receiver_methods!(prepare);

    /// # Safety
    ///
    /// `address` is that of a registered `Shutdown`.
    unsafe extern "C" fn deliver(address: NonNull<Receiver>, arrival: &Arrival) -> HookVerdict {
        // SAFETY: the receiver is the first field of the struct, whose address was registered.
        let shutdown = unsafe { address.cast::<Self>().as_ref() };
        let info = arrival.info();
        match (info.sender(), info.code()) {
            (None, libc::SI_TIMER) if info.value() == Some(shutdown.address()) => {
                shutdown.expire(arrival.signal);
            }
            (sender, _) => shutdown.receive(arrival.signal, sender.map_or(0, Pid::as_raw)),
        }
        HookVerdict::TakenAndChained
    }

    /// A timer has expired. What it was to end may have been cancelled meanwhile.
    fn expire(&self, signal: Signal) {
        if self.requested_by() != Some(signal) {
            self.stop(signal);
        } else if self.time_left().is_some_and(|left| left <= Self::INTERVAL) {
            exit::die_by(signal);
        }
    }

    /// # Safety
    ///
    /// `address` is that of a registered `Shutdown`, in a child of fork(2).
    unsafe extern "C" fn reset_after_fork(address: NonNull<Receiver>) {
        // SAFETY: the receiver is the first field of the struct, whose address was registered.
        let shutdown = unsafe { address.cast::<Self>().as_ref() };
        shutdown.timers.reset_after_fork();
        let _request = shutdown.reset();
    }

    /// What its timers are known by.
    fn address(&self) -> SigVal {
        SigVal::from_addr(ptr::from_ref(self).addr())
    }
}

fn signal_of(request: u32) -> Option<Signal> {
    Signal::from_raw(number_of(request)).ok()
}

/// Its signal's number, or zero.
const fn number_of(request: u32) -> i32 {
    (request & 0x7f) as i32
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Shutdown {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("caught", &self.caught())
            .field("requested_by", &self.requested_by())
            .finish_non_exhaustive()
    }
}
