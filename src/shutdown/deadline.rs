//! [`Deadline`]: a timer that is started in the handler.
//!
//! The timer is made when it is started, because only then it is known which signal it has to send:
//! the one that asked, so that whatever becomes of the receiver, the process dies by the right one.

use core::sync::atomic::{AtomicI32, Ordering};
use core::time::Duration;

use crate::timer::{Clock, PosixTimer};
use crate::{Cause, SigInfo, Signal, Value};

/// As in `timer`: half of what the kernel counts.
const LONGEST: Duration = Duration::from_nanos(1 << 62);

/// No timer. The kernel's ids begin at 0.
const NONE: i32 = -1;

pub(super) struct Deadline {
    after: Option<Duration>,
    /// The kernel's id of the timer that runs.
    timer: AtomicI32,
    /// The process that it runs in.
    owner: AtomicI32,
}

impl Deadline {
    pub(super) const fn none() -> Self {
        Self { after: None, timer: AtomicI32::new(NONE), owner: AtomicI32::new(0) }
    }

    pub(super) const fn after(after: Duration) -> Self {
        Self { after: Some(after), ..Self::none() }
    }

    /// Starts the timer, which sends `signal` with `value`. It runs in the handler.
    pub(super) fn begin(&self, signal: Signal, value: Value) {
        let Some(after) = self.after else { return };
        let Ok(timer) = PosixTimer::new(Clock::Monotonic, signal, value) else { return };
        // Zero would not start it.
        let after = after.clamp(Duration::from_nanos(1), LONGEST);
        if timer.set(after, Duration::ZERO).is_ok() {
            drop(self.exchange(Some(timer)));
        }
    }

    pub(super) fn cancel(&self) {
        if self.after.is_some() {
            drop(self.exchange(None));
        }
    }

    pub(super) fn left(&self) -> Option<Duration> {
        // ORDERING: Acquire pairs with the AcqRel in `exchange`.
        let id = self.timer.load(Ordering::Acquire);
        let timer = self.timer_of(id)?;
        let setting = timer.query();
        let _kept = timer.into_raw();
        setting.ok().map(|setting| setting.remaining)
    }

    /// Whether a signal is the end of the deadline: `None` if it is from somebody else,
    /// `Some(false)` if it is from a timer that was cancelled. It runs in the handler.
    pub(super) fn expired(&self, info: &SigInfo, value: Value) -> Option<bool> {
        self.after?;
        match info.cause() {
            // ORDERING: Acquire pairs with the AcqRel in `exchange`.
            Cause::Timer { id, value: its, .. } if its == value => {
                Some(id == self.timer.load(Ordering::Acquire))
            }
            _ => None,
        }
    }

    fn exchange(&self, timer: Option<PosixTimer>) -> Option<PosixTimer> {
        let id = match timer.map(PosixTimer::into_raw) {
            Some((id, owner)) => {
                // ORDERING: Relaxed: before the Release. Within one process it is always the same.
                self.owner.store(owner, Ordering::Relaxed);
                id
            }
            None => NONE,
        };
        // ORDERING: AcqRel pairs with itself and the Acquires: of several threads, one has the
        // timer before.
        let before = self.timer.swap(id, Ordering::AcqRel);
        self.timer_of(before)
    }

    /// The timer with this id, for whoever has taken it, or looks and does not keep it.
    fn timer_of(&self, id: i32) -> Option<PosixTimer> {
        // ORDERING: Relaxed: stored before the id, which was acquired.
        (id != NONE).then(|| PosixTimer::from_raw(id, self.owner.load(Ordering::Relaxed)))
    }
}
