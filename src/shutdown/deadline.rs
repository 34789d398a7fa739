//! [`Deadline`]: a timer that is started in the handler.
//!
//! The timer is made when it is started, because only then it is known which signal it has to send:
//! the one that asked, so that whatever becomes of the receiver, the process dies by the right one.

use core::time::Duration;

use crate::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use crate::timer::{Clock, PosixTimer};
use crate::{Cause, SigInfo, Signal, Value};

/// As in `timer`: half of what the kernel counts.
const LONGEST: Duration = Duration::from_nanos(1 << 62);

/// No timer.
const NONE: u32 = 0;

pub(super) struct Deadline {
    after: Option<Duration>,
    /// One more than the kernel's id of the timer that runs: its ids begin at 0.
    timer: AtomicU32,
    /// The process that it runs in.
    owner: AtomicI32,
}

impl Deadline {
    pub(super) const fn none() -> Self {
        Self { after: None, timer: AtomicU32::new(NONE), owner: AtomicI32::new(0) }
    }

    pub(super) const fn after(after: Duration) -> Self {
        Self { after: Some(after), ..Self::none() }
    }

    /// Starts the timer, which sends `signal` with `value`, unless a [`cancel`](Self::cancel) comes in
    /// between: then it is no more, or nobody `is_asked`. It runs in the handler.
    pub(super) fn begin(&self, signal: Signal, value: Value, is_asked: impl FnOnce() -> bool) {
        let Some(after) = self.after else { return };
        let Ok(timer) = PosixTimer::new(Clock::Monotonic, signal, value) else { return };
        let (id, owner) = timer.into_raw();
        // Noted before it runs, for it may have ended before the call that starts it is back.
        drop(self.exchange(Some((id, owner))));
        let timer = PosixTimer::from_raw(id, owner);
        if !is_asked() && self.forget(id) {
            return drop(timer);
        }
        // Zero would not start it. It fails if the timer is no more.
        let _set = timer.set(after.clamp(Duration::from_nanos(1), LONGEST), Duration::ZERO);
        let _kept = timer.into_raw();
    }

    pub(super) fn cancel(&self) {
        if self.after.is_some() {
            drop(self.exchange(None));
        }
    }

    pub(super) fn left(&self) -> Option<Duration> {
        // ORDERING: Acquire pairs with the AcqRel in `exchange`.
        let noted = self.timer.load(Ordering::Acquire);
        // ORDERING: Relaxed: stored before what was noted, which was acquired.
        let timer = timer_of(noted, self.owner.load(Ordering::Relaxed))?;
        let setting = timer.query();
        let _kept = timer.into_raw();
        // Nothing is left before it is started, either.
        setting.ok().map(|setting| setting.remaining).filter(|left| !left.is_zero())
    }

    /// Whether a signal is the end of the deadline: `None` if it is from somebody else,
    /// `Some(false)` if it is from a timer that was cancelled. It runs in the handler.
    pub(super) fn expired(&self, info: &SigInfo, value: Value) -> Option<bool> {
        self.after?;
        match info.cause() {
            // ORDERING: Relaxed: it was noted before the system call that started the timer.
            Cause::Timer { id, value: its, .. } if its == value => {
                Some(noted(id) == self.timer.load(Ordering::Relaxed))
            }
            _ => None,
        }
    }

    /// Notes another timer, or none. Returns the one before.
    fn exchange(&self, timer: Option<(i32, i32)>) -> Option<PosixTimer> {
        // ORDERING: AcqRel pairs with itself and the Acquire in `left`: of several threads, one has
        // the timer before, and the kernel has made it by then. Who begins after another's cancel
        // sees what that one did before.
        let exchange = |new| self.timer.swap(new, Ordering::AcqRel);
        // ORDERING: Relaxed, both: before the Release, or after the Acquire.
        let Some((id, owner)) = timer else {
            return timer_of(exchange(NONE), self.owner.load(Ordering::Relaxed));
        };
        // Always the same, but in a child of fork(2): what is noted there may be its parent's still.
        let before = self.owner.swap(owner, Ordering::Relaxed);
        timer_of(exchange(noted(id)), if before == 0 { owner } else { before })
    }

    /// Forgets one's own timer. Says whether it was noted still.
    fn forget(&self, id: i32) -> bool {
        // ORDERING: Relaxed: this thread has made the timer.
        let forgotten =
            self.timer.compare_exchange(noted(id), NONE, Ordering::Relaxed, Ordering::Relaxed);
        forgotten.is_ok()
    }
}

/// The timer that is noted so, for whoever has taken it, or looks and does not keep it.
fn timer_of(noted: u32, owner: i32) -> Option<PosixTimer> {
    (noted != NONE).then(|| PosixTimer::from_raw(noted.wrapping_sub(1).cast_signed(), owner))
}

const fn noted(id: i32) -> u32 {
    id.cast_unsigned().wrapping_add(1)
}
