//! All that runs in signal context.
//!
//! The kernel calls [`on_signal`] for every signal that is caught, at any instruction of any
//! thread. What can be reached from there is named here, inlined or not, and `.ci/run handler` walks
//! over the machine code and comes to nothing else:
//!
//! - `handler::on_signal`, and for what that leaves to it `handler::finish_first`, which calls through
//!   a pointer: what a receiver does of its own (below); `handler::on_signal_over`, which calls through
//!   a pointer: the same,
//! - `handler::hand_on`, which calls through a pointer: the handler that was there before ours,
//! - `Gate::enter`, `Gate::leave`: an atomic addition each,
//! - `List::next_wanting`: two loads and one test a receiver,
//! - `Latch::trip`, `Latch::set`, `Latch::flag`: an atomic or; `Wake::wake`, which calls through a
//!   pointer, if a thread waits or a descriptor is watched: futex(2), `Wake::write_byte`,
//!   `Wake::wake_event`, `EventFd::wake`: getpid(2) and write(2),
//! - `Place::is_first_upper`, `Note::of`, `HandedOn::add`, `HandedOn::take`, where other code has or
//!   had its handler between two of ours: gettid(2) and a look at each of a few words,
//! - `PreviousAction::chained`: one exchange if the handler before was for one signal only,
//! - `handler::depart`, when nobody wants the signal any more: rt_sigaction(2), getpid(2), gettid(2)
//!   and tgkill(2),
//! - `InfoQueue::deliver`, `Ring::draw`, `Ring::push`, and where that finds its slot taken
//!   `InfoQueue::deliver_anywhere`, `Ring::push_anywhere`; `Slot::state`, `Slot::claim`,
//!   `Slot::write`, `Slot::hand_on`, `Arrival::info`, `SigInfo::from_kernel`,
//!   `SigInfo::without_details`: a look at the slots until one is free,
//! - `Shutdown::deliver`, `Shutdown::asked_by`, `Shutdown::receive`, `Shutdown::begin`,
//!   `Ticks::now`, `SigInfo::sender`, `SigInfo::value`, `SigInfo::cause`, `decode::cause`: clock_gettime(2); and if it has
//!   a deadline `Shutdown::start_deadline`, `Shutdown::expire`, `KeptTimers::make`, `KeptTimers::set`,
//!   `KeptTimers::left`, `PosixTimer::set`: getpid(2), timer_settime(2), timer_gettime(2), in a child of
//!   fork(2) timer_create(2), timer_delete(2); then `exit::die_by`: rt_sigprocmask(2), rt_sigaction(2),
//!   tgkill(2), exit_group(2),
//! - `Hook::deliver`, which calls through a pointer: the program's function,
//! - `memcpy`, `memset`, where a compiler makes them of a copy.
//!
//! All of it is bounded by the number of receivers, which is fixed once all are registered. None of
//! it allocates, locks, waits, panics, calls libc or touches errno. An unhurried signal that nobody
//! waits for makes no system call but the kernel's own rt_sigreturn.
//!
//! The handler runs with the mask that the receivers asked for, all signals by default. It may run
//! on several threads at once, and where the mask is narrow it may interrupt itself: everything it
//! touches is atomic.
//!
//! # Two places in a chain
//!
//! Other code may install its action over ours and chain to us, and still be there when all our
//! receivers have left. Our handler then stays where it is, under theirs. Were it installed a
//! second time, over theirs, then the two would call each other for ever. So there is a second
//! entry, [`on_signal_over`], with its own record of the action under it:
//!
//! ```text
//! kernel → on_signal_over → their handler → on_signal → the action before all of us
//! ```
//!
//! Only the upper one trips receivers; the lower one hands on.
#![expect(unsafe_code, reason = "is called by the kernel, and calls it")]

use core::ffi::{c_int, c_void};

use super::bits::{AtomicSet, Bit};
use super::gate::{GATE, Ticket};
use super::handed::{HandedOn, Note};
use super::list::List;
use super::previous::PreviousAction;
use super::receiver::{Arrival, Outcome};
use super::under;
use super::walk::{SoFar, Walk};
use crate::action::{self, Handler};
use crate::sys::{KernelSigaction, KernelSiginfo, SIG_DFL, SIG_IGN};
use crate::{ALONE, Errno, Signal, send};

/// Every receiver in the process.
pub(super) static RECEIVERS: List = List::new();

/// The signals for which [`on_signal`] is installed, or was and is chained to by an action over it.
/// Read and written under the lock of `registry`; a handler that puts back what was there before
/// (`depart`) takes its own note away.
static INSTALLED: AtomicSet = AtomicSet::new();

/// The signals for which [`on_signal_over`] is installed, likewise.
static INSTALLED_OVER: AtomicSet = AtomicSet::new();

/// The signals for which it ever was. One that is on its way between the two places is not to meet a
/// handler that has forgotten of it.
static EVER_OVER: AtomicSet = AtomicSet::new();

/// Those of both places that were installed once more while they were noted, because what was there
/// was the same as under the first time: ours may come back although it has left.
static TWICE: [AtomicSet; 2] = [AtomicSet::new(), AtomicSet::new()];

/// The signals that [`on_signal_over`] hands on.
static HANDED_ON: HandedOn = HandedOn::new();

/// One of the two places that our handler can have in the chain of a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The usual one.
    First,
    /// Over other code's handler, which may chain to ours in the first place.
    Over,
}

impl Place {
    /// The place that an action is the handler of, if it is ours.
    pub(super) fn of(action: &KernelSigaction) -> Option<Self> {
        if action.handler == Self::First.entry() {
            Some(Self::First)
        } else if !ALONE && action.handler == Self::Over.entry() {
            Some(Self::Over)
        } else {
            None
        }
    }

    /// The handler's address.
    pub(super) fn entry(self) -> usize {
        let entry: Handler = match self {
            Self::First => on_signal,
            Self::Over => on_signal_over,
        };
        entry as *const () as usize
    }

    /// Where it is noted that our handler has this place.
    pub(super) fn installed(self) -> &'static AtomicSet {
        match self {
            Self::First => &INSTALLED,
            Self::Over => &INSTALLED_OVER,
        }
    }

    /// Notes that our handler is about to be installed in this place.
    pub(super) fn enter_chain(self, bit: Bit) {
        if self == Self::Over {
            // ORDERING: more than is needed: before the system call that installs it.
            EVER_OVER.insert(bit);
        }
        if self.installed().contains(bit) {
            self.twice().insert(bit);
        }
    }

    /// Notes that it has left, unless it is there twice.
    pub(super) fn leave_chain(self, bit: Bit) {
        // ORDERING: more than is needed: under the lock of `registry`, or in a handler that a catch
        // waits for, by the gate, before it looks.
        if !self.twice().remove(bit) {
            self.installed().remove(bit);
        }
    }

    fn twice(self) -> &'static AtomicSet {
        let [first, over] = &TWICE;
        match self {
            Self::First => first,
            Self::Over => over,
        }
    }

    /// The action under it; `None` for [`Over`](Self::Over) if no record belongs to the signal.
    pub(super) fn under(self, signal: Signal) -> Option<&'static PreviousAction> {
        match self {
            Self::First => Some(under::first(signal)),
            Self::Over => under::over(signal),
        }
    }

    /// As [`under`](Self::under), and takes a free record for the signal if it has none. Only under
    /// the lock of `registry`.
    pub(super) fn claim(self, signal: Signal) -> Option<&'static PreviousAction> {
        if ALONE || self == Self::First {
            return self.under(signal);
        }
        under::claim_over(signal)
    }

    /// Whether the signal is for this place to take, and not already taken by the one over it.
    #[inline]
    fn is_upper(self, bit: Bit, signal: Signal) -> bool {
        ALONE || self == Self::Over || !Self::is_ever_over(bit) || Self::is_first_upper(signal)
    }

    #[inline]
    fn is_ever_over(bit: Bit) -> bool {
        // ORDERING: more than is needed: a handler in the other place, which may have been called on
        // this thread for the same signal, was installed afterwards.
        EVER_OVER.contains(bit)
    }

    /// The same of the first place, where there is or was the other.
    #[cold]
    fn is_first_upper(signal: Signal) -> bool {
        !HANDED_ON.take(Note::of(signal))
    }
}

/// The handler of every signal that is caught.
///
/// What most signals need is done here: flags that nobody waits for. All else it jumps to at its end,
/// so there is no call in it, for which registers would have to be saved.
unsafe extern "C" fn on_signal(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    let Some((signal, ticket)) = enter(signo) else { return };
    let bit = Bit::of(signal);
    let mut walk = Walk::TO_BEGIN;
    if !ALONE && !Place::is_ever_over(bit) {
        walk = Walk::over_latches(&RECEIVERS, bit);
        if walk.is_over() && !has_handler(Place::First.under(signal)) {
            return GATE.leave(ticket);
        }
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { finish_first(walk, ticket, signal, info, context) }
}

/// The same in the second place.
unsafe extern "C" fn on_signal_over(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    let Some((signal, ticket)) = enter(signo) else { return };
    // SAFETY: the arguments are passed on as they came.
    unsafe { finish(Place::Over, Walk::TO_BEGIN, ticket, signal, info, context) }
}

/// Counts a handler in.
fn enter(signo: c_int) -> Option<(Signal, Ticket)> {
    // No number is ever registered that is not a signal's.
    let signal = Signal::from_bit_index(signo.wrapping_sub(1).cast_unsigned())?;
    Some((signal, GATE.enter()))
}

/// [`finish`] for the first place. `extern "C"`, so that nothing unwinds out of it, and it can be jumped
/// to.
///
/// # Safety
///
/// As [`finish`].
#[cfg_attr(not(siglatch_alone), inline(never))]
unsafe extern "C" fn finish_first(
    walk: Walk,
    ticket: Ticket,
    signal: Signal,
    info: *mut KernelSiginfo,
    context: *mut c_void,
) {
    // SAFETY: the arguments are passed on as they came.
    unsafe { finish(Place::First, walk, ticket, signal, info, context) }
}

/// Trips the receivers that are left, then calls the handler that was there before.
///
/// Inline for both places, for each of which most of the questions about it are constants.
///
/// # Safety
///
/// `info` and `context` are those of a handler with `SA_SIGINFO`, from the kernel or from code that
/// chains to us.
#[expect(clippy::inline_always, reason = "a few instructions of every signal's; two callers")]
#[inline(always)]
unsafe fn finish(
    place: Place,
    walk: Walk,
    ticket: Ticket,
    signal: Signal,
    info: *mut KernelSiginfo,
    context: *mut c_void,
) {
    let bit = Bit::of(signal);
    let arrival = Arrival { signal, info, context };
    let mut next = walk.at;
    let mut taken = walk.so_far == SoFar::Taken;
    match walk.so_far {
        SoFar::Untaken | SoFar::Taken => {}
        SoFar::Flagged => {
            if let Some(receiver) = walk.at {
                receiver.wake().wake(signal);
            }
            taken = true;
            next = RECEIVERS.next_wanting(walk.at, bit);
        }
        SoFar::Nothing => {
            taken = !place.is_upper(bit, signal);
            next = if taken { None } else { RECEIVERS.next_wanting(None, bit) };
        }
    }
    while let Some(receiver) = next {
        match receiver.deliver(bit, &arrival) {
            Outcome::Declined => {}
            Outcome::Taken => taken = true,
            Outcome::Ended => return GATE.leave(ticket),
        }
        next = RECEIVERS.next_wanting(next, bit);
    }
    let under = place.under(signal);
    if taken && !has_handler(under) {
        return GATE.leave(ticket);
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { hand_on(place, &arrival, under, taken, ticket) }
}

/// Whether there is a handler to call.
fn has_handler(under: Option<&'static PreviousAction>) -> bool {
    under.is_some_and(PreviousAction::is_handler)
}

/// There is a handler of before, or nobody has taken the signal.
///
/// # Safety
///
/// As [`finish`].
#[cold]
unsafe fn hand_on(
    place: Place,
    arrival: &Arrival,
    under: Option<&'static PreviousAction>,
    taken: bool,
    ticket: Ticket,
) {
    let chained = under.and_then(PreviousAction::chained);
    // If nobody was there, whom the lower one finds has come since.
    let over = !ALONE && place == Place::Over;
    let delivered = over && (taken || is_wanted(Bit::of(arrival.signal)));
    if let (false, Some(under)) = (taken, under) {
        depart(place, arrival.signal, under, chained.is_some());
    }
    // The handler that was there before may leave by siglongjmp(3), so it is called outside the
    // gate. It needs nothing of ours.
    GATE.leave(ticket);
    if let Some(chained) = chained {
        let note = delivered.then(|| Note::of(arrival.signal));
        if let Some(note) = note {
            HANDED_ON.add(note);
        }
        // SAFETY: the arguments are what we were called with, and what was under our place was the
        // action of this signal.
        unsafe { chained.call(arrival.signal.as_raw(), arrival.info, arrival.context) }
        if let Some(note) = note {
            HANDED_ON.take(note);
        }
    }
}

/// Nobody takes the signal: its receivers left while it was on its way, or left while other code's
/// action was over ours and has now put ours back. The action before ours is put in force. If it is
/// a handler, that is called now (`chained`). If not, the signal must not be swallowed: it is sent
/// again, to take its effect when this handler returns.
#[cold]
fn depart(place: Place, signal: Signal, under: &'static PreviousAction, chained: bool) {
    let bit = Bit::of(signal);
    // "Ignore" does nothing about a signal, but a fault has to find it in force to end the process.
    let has_had_it = chained || (!signal.is_fault() && under.kept().handler == SIG_IGN);
    if has_had_it && (ALONE || is_wanted(bit)) {
        // They have declined this one, and want the next.
        return;
    }
    let mut current = KernelSigaction::default();
    loop {
        if !ALONE && action::read(signal, &mut current).is_err() {
            return;
        }
        if !ALONE && Place::of(&current) != Some(place) {
            if is_handler(&current) {
                // It called us, and would again and again.
                return;
            }
            break;
        }
        // SAFETY: what is put in force was in force until ours replaced it.
        match unsafe { action::compare_exchange(signal, &current, &under.kept()) } {
            Ok(()) => {
                if !ALONE {
                    place.leave_chain(bit);
                }
                break;
            }
            // A release on another thread was faster.
            Err(Errno::AGAIN) if !ALONE => {}
            Err(_) => return,
        }
    }
    if !chained {
        // There is nothing to do about a failure.
        let _sent = send::raise(signal);
    }
}

/// Whether a receiver wants the signal.
fn is_wanted(bit: Bit) -> bool {
    RECEIVERS.next_wanting(None, bit).is_some()
}

/// Whether an action calls a function.
pub(super) const fn is_handler(action: &KernelSigaction) -> bool {
    !matches!(action.handler, SIG_DFL | SIG_IGN)
}
