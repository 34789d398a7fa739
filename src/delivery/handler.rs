//! All that runs in signal context, in the order in which it runs.
//!
//! The kernel calls [`on_signal`] for every signal that is caught, at any instruction of any
//! thread. What it reaches, inlined or not, is listed here; `.ci/run handler` walks the machine
//! code and reaches nothing else:
//!
//! - `handler::on_signal`, and for what that leaves to it `handler::finish`, which calls through a
//!   pointer: what a receiver does of its own (below),
//! - `handler::chain`, which calls through a pointer: the previous handler; before, where there is
//!   one, `handler::block_as_kernel`: rt_sigaction(2) and rt_sigprocmask(2),
//! - `Gate::enter`, `Gate::leave`: an atomic addition each,
//! - `List::next_wanting`: two loads and one test a receiver,
//! - `Receiver::flag_and_wake`, `Receiver::set`, `Receiver::flag`: an atomic or; `Wake::wake`,
//!   which calls through a pointer, if a thread waits or a descriptor is watched: futex(2),
//!   `Wake::wake_threads`, `Wake::write_byte`, `Wake::wake_event`, `EventFd::wake`: getpid(2),
//!   write(2),
//! - `PreviousAction::chained`: one exchange if the previous handler was for one signal only,
//! - `handler::uninstall_and_reraise`, when no receiver wants the signal any more: rt_sigaction(2),
//!   getpid(2), gettid(2) and tgkill(2),
//! - `InfoQueue::deliver`, `InfoQueue::deliver_newest`, `Ring::draw`, `Ring::push`, and where that
//!   finds its slot taken `InfoQueue::deliver_anywhere`, `Ring::push_anywhere`; `Slot::state`,
//!   `Slot::claim`, `Slot::write`, `Slot::unclaim`, `Arrival::info`, `SigInfo::copied`,
//!   `SigInfo::without_details`: a look at the slots until one is free,
//! - `Shutdown::deliver`, `Shutdown::requested_by`, `Shutdown::receive`, `Shutdown::begin`,
//!   `Shutdown::take_back`, `Ticks::now`, `SigInfo::sender`, `SigInfo::value`, `SigInfo::cause`,
//!   `decode::cause`: clock_gettime(2); and if it has a deadline `Shutdown::start_deadline`,
//!   `Shutdown::expire`, `SignalTimers::make`, `SignalTimers::set`, `SignalTimers::left`,
//!   `PosixTimer::set`: getpid(2), timer_settime(2), timer_gettime(2), in a child of fork(2)
//!   timer_create(2), timer_delete(2); then `exit::die_by`: rt_sigaction(2), rt_sigprocmask(2),
//!   tgkill(2), exit_group(2),
//! - `Hook::deliver`, which calls through a pointer: the program's function,
//! - `memcpy`, `memset`, where a compiler makes them of a copy.
//!
//! All of it is bounded by the number of receivers. None of it allocates, locks, waits, panics,
//! calls libc or touches errno. A flag that no thread waits for takes no system call but
//! rt_sigreturn(2). It may run on several threads at once, and with a narrow mask interrupt itself:
//! everything it touches is atomic.
//!
//! # One entry in a chain
//!
//! ```text
//! kernel → handlers that other code installed over ours → on_signal → receivers → previous handler
//! ```
//!
//! Ours is installed over a handler only if that cannot chain to ours (`IN_CHAIN`), or the two
//! would call each other endlessly. Called by the kernel, ours gives the previous handler what the
//! kernel would have given it; called by other code, what that code passed on.
#![expect(unsafe_code, reason = "is called by the kernel, and calls it")]

use core::ffi::{c_int, c_void};

use super::gate::{Epoch, GATE};
use super::list::List;
use super::previous::{Chained, PreviousAction};
use super::receiver::{Arrival, HookVerdict, Registered};
use crate::action::{self, Handler, IN_CHAIN};
use crate::bits::Bit;
use crate::sys::{self, KernelSigaction, KernelSiginfo, KernelSigset};
use crate::{ALONE, Errno, Signal, send};

pub(super) static RECEIVERS: List = List::new();

/// How far the handler has walked the list.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Progress {
    /// The receiver to continue with; `None` at the end.
    pub(super) at: Option<Registered>,
    pub(super) taken: Taken,
}

#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// No receiver has taken the signal.
    No,
    Yes,
    /// It is taken, and listeners to the flag of the receiver `at` are to be woken.
    Flagged,
}

pub(super) fn entry() -> usize {
    let entry: Handler = on_signal;
    entry as *const () as usize
}

pub(super) fn is_ours(action: &KernelSigaction) -> bool {
    action.handler == entry()
}

/// The handler of every signal that is caught. It sets flags without a listener, which is what most
/// signals need, and jumps to `finish` for all else: without a call in it, it saves no register.
unsafe extern "C" fn on_signal(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    // No number is ever registered that is not a signal's.
    let Some(signal) = Signal::from_bit_index(signo.wrapping_sub(1) as u32) else {
        return;
    };
    let epoch = GATE.enter();
    let bit = Bit::of(signal);
    if ALONE {
        // Small, not fast.
        let progress = Progress { at: RECEIVERS.next_wanting(None, bit), taken: Taken::No };
        // SAFETY: the arguments are passed on as they came.
        return unsafe { finish(progress, epoch, signal, info, context) };
    }
    let progress = flag_latches(&RECEIVERS, bit);
    let is_over = progress.at.is_none() && progress.taken == Taken::Yes;
    if is_over && !PreviousAction::of(signal).is_handler() {
        return GATE.leave(epoch);
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { finish(progress, epoch, signal, info, context) }
}

/// Sets the flags of plain receivers, up to the first with a listener or a function of its own.
#[inline]
pub(super) fn flag_latches(receivers: &List, bit: Bit) -> Progress {
    let mut progress = Progress { at: receivers.next_wanting(None, bit), taken: Taken::No };
    while let Some(receiver) = progress.at.filter(|receiver| receiver.is_plain()) {
        if receiver.flag(bit) {
            progress.taken = Taken::Flagged;
            break;
        }
        progress = Progress { at: receivers.next_wanting(progress.at, bit), taken: Taken::Yes };
    }
    progress
}

/// Delivers to the remaining receivers, then chains to the previous handler. `extern "C"`: nothing
/// unwinds out of it, and it can be jumped to.
///
/// # Safety
///
/// The last three arguments are those of [`on_signal`].
#[cfg_attr(not(siglatch_alone), inline(never))]
unsafe extern "C" fn finish(
    progress: Progress,
    epoch: Epoch,
    signal: Signal,
    info: *mut KernelSiginfo,
    context: *mut c_void,
) {
    let bit = Bit::of(signal);
    let arrival = Arrival { signal, info, context };
    let mut next = progress.at;
    let mut taken = progress.taken != Taken::No;
    if progress.taken == Taken::Flagged {
        if let Some(receiver) = progress.at {
            receiver.wake().wake(signal);
        }
        next = RECEIVERS.next_wanting(next, bit);
    }
    while let Some(receiver) = next {
        match receiver.deliver(bit, &arrival) {
            HookVerdict::Declined => {}
            HookVerdict::Taken => return GATE.leave(epoch),
            HookVerdict::TakenAndChained => taken = true,
        }
        next = RECEIVERS.next_wanting(next, bit);
    }
    let previous = PreviousAction::of(signal);
    if taken && !previous.is_handler() {
        return GATE.leave(epoch);
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { chain(&arrival, previous, taken, epoch) }
}

/// There is a previous handler, or no receiver has taken the signal.
///
/// # Safety
///
/// As [`finish`].
#[cold]
unsafe fn chain(arrival: &Arrival, previous: &'static PreviousAction, taken: bool, epoch: Epoch) {
    let chained = previous.chained();
    let mut current = KernelSigaction::default();
    let is_read = ALONE || action::read(arrival.signal, &mut current).is_ok();
    let called_by_kernel = is_ours(&current);
    if !taken && is_read {
        uninstall_and_reraise(arrival, previous, chained.is_some(), current);
    }
    // The previous handler may leave by siglongjmp(3): it is called last, and outside the gate.
    GATE.leave(epoch);
    if let Some(chained) = chained {
        if called_by_kernel {
            block_as_kernel(arrival, &chained);
        }
        // SAFETY: the arguments are what we were called with, and what was saved was the action of
        // this signal.
        unsafe { chained.call(arrival.signal.as_raw(), arrival.info, arrival.context) }
    }
}

/// Sets the mask that the kernel would have set for the previous handler, until rt_sigreturn(2).
fn block_as_kernel(arrival: &Arrival, chained: &Chained) {
    let Some(context) = arrival.context_above() else { return };
    // SAFETY: the kernel's `ucontext_t` has the interrupted mask there.
    let field = unsafe { context.byte_add(sys::UCONTEXT_SIGMASK) };
    // SAFETY: as above; `context` and the offset are multiples of its alignment, a word's; it is on
    // this thread's stack, and nothing else writes to it now.
    let interrupted = unsafe { field.cast::<KernelSigset>().read() };
    let blocked = chained.blocked(arrival.signal, interrupted);
    // A failure has no remedy here.
    //
    // SAFETY: the code that installed the previous handler expects this mask.
    let _before = unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(blocked)) };
}

/// No receiver takes the signal: it was released meanwhile, or while other code's action was over
/// ours, which that code has now restored; or hooks have declined it. Restores the previous action.
/// A handler is called by the caller (`chained`); any other action takes effect when this handler
/// returns, by a raise.
#[cold]
fn uninstall_and_reraise(
    arrival: &Arrival,
    previous: &'static PreviousAction,
    chained: bool,
    mut current: KernelSigaction,
) {
    let signal = arrival.signal;
    let bit = Bit::of(signal);
    // A fault has to find the previous action installed to end the process.
    let has_had_it = chained || (!arrival.is_fault() && previous.is_without_effect());
    if has_had_it && (ALONE || RECEIVERS.next_wanting(None, bit).is_some()) {
        // Hooks have declined this instance, and want the next.
        return;
    }
    loop {
        if !ALONE && !is_ours(&current) {
            if action::is_handler(&current) {
                // It chained to ours, and would again.
                return;
            }
            break;
        }
        // SAFETY: the previous action was installed until ours replaced it.
        match unsafe { action::compare_exchange(signal, &current, &previous.saved()) } {
            Ok(()) => {
                if !ALONE {
                    IN_CHAIN.remove(bit);
                }
                break;
            }
            // A release on another thread was faster.
            Err(Errno::AGAIN) if !ALONE && action::read(signal, &mut current).is_ok() => {}
            Err(_) => return,
        }
    }
    if !chained {
        // A failure has no remedy here.
        let _sent = send::raise_in_handler(signal);
    }
}
