//! All that runs in signal context, in the order in which it runs.
//!
//! The kernel calls [`on_signal`] for every signal that is caught, at any instruction of any
//! thread. What can be reached from there is named here, inlined or not, and `.ci/run handler` walks
//! over the machine code and comes to nothing else:
//!
//! - `handler::on_signal`, and for what that leaves to it `handler::finish`, which calls through
//!   a pointer: what a receiver does of its own (below),
//! - `handler::chain`, which calls through a pointer: the previous handler; before, where there is one,
//!   `handler::block_as_kernel`: rt_sigaction(2) and rt_sigprocmask(2),
//! - `Gate::enter`, `Gate::leave`: an atomic addition each,
//! - `List::next_wanting`: two loads and one test a receiver,
//! - `Receiver::flag_and_wake`, `Receiver::set`, `Receiver::flag`: an atomic or; `Wake::wake`, which calls
//!   through a pointer, if a thread waits or a descriptor is watched: futex(2), `Wake::wake_threads`,
//!   `Wake::write_byte`, `Wake::wake_event`, `EventFd::wake`: getpid(2) and write(2),
//! - `PreviousAction::chained`: one exchange if the previous handler was for one signal only,
//! - `handler::uninstall_and_reraise`, when no receiver wants the signal any more: rt_sigaction(2),
//!   getpid(2), gettid(2) and tgkill(2),
//! - `InfoQueue::deliver`, `InfoQueue::deliver_newest`, `Ring::draw`, `Ring::push`, and where that finds its slot taken
//!   `InfoQueue::deliver_anywhere`, `Ring::push_anywhere`; `Slot::state`, `Slot::claim`,
//!   `Slot::write`, `Slot::unclaim`, `Arrival::info`, `SigInfo::from_kernel`,
//!   `SigInfo::without_details`: a look at the slots until one is free,
//! - `Shutdown::deliver`, `Shutdown::requested_by`, `Shutdown::receive`, `Shutdown::begin`,
//!   `Ticks::now`, `SigInfo::sender`, `SigInfo::value`, `SigInfo::cause`, `decode::cause`:
//!   clock_gettime(2); and if it has a deadline `Shutdown::start_deadline`, `Shutdown::expire`,
//!   `SignalTimers::make`, `SignalTimers::set`, `SignalTimers::left`, `PosixTimer::set`: getpid(2),
//!   timer_settime(2), timer_gettime(2), in a child of fork(2) timer_create(2), timer_delete(2); then
//!   `exit::die_by`: rt_sigaction(2), rt_sigprocmask(2), tgkill(2), exit_group(2),
//! - `Hook::deliver`, which calls through a pointer: the program's function,
//! - `memcpy`, `memset`, where a compiler makes them of a copy.
//!
//! All of it is bounded by the number of receivers, which is fixed once all are registered. None of
//! it allocates, locks, waits, panics, calls libc or touches errno. An unhurried signal that no thread
//! waits for makes no system call but the kernel's own rt_sigreturn.
//!
//! The handler runs with the mask that the receivers asked for, all but what the kernel raises
//! synchronously by default. It may run on several threads at once, and where the mask is narrow it may
//! interrupt itself: everything it touches is atomic.
//!
//! # One entry in a chain
//!
//! ```text
//! kernel → handlers that other code has put over ours → on_signal → receivers, then the previous handler
//! ```
//!
//! Ours is installed over a handler only while it cannot be in that one's chain (`IN_CHAIN`), or the two
//! would call each other for ever. If the kernel calls ours, the previous handler gets what the kernel
//! would have given it. If other code does, it gets what that code gives to ours.
#![expect(unsafe_code, reason = "is called by the kernel, and calls it")]

use core::ffi::{c_int, c_void};

use super::gate::{Epoch, GATE};
use super::list::List;
use super::previous::{Chained, PreviousAction};
use super::receiver::{Arrival, Registered, HookVerdict};
use crate::action::{self, Handler, IN_CHAIN};
use crate::bits::Bit;
use crate::sys::{self, KernelSigaction, KernelSiginfo, KernelSigset};
use crate::{ALONE, Errno, Signal, send};

/// Every receiver in the process.
pub(super) static RECEIVERS: List = List::new();

/// How far the handler has come with the receivers.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Progress {
    /// The receiver to go on with; `None` at the end.
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

/// The address that the kernel knows our handler by.
pub(super) fn entry() -> usize {
    let entry: Handler = on_signal;
    entry as *const () as usize
}

/// Whether an action is ours.
pub(super) fn is_ours(action: &KernelSigaction) -> bool {
    action.handler == entry()
}

/// The handler of every signal that is caught.
///
/// What most signals need is done here: flags without a listener. All else it jumps to at its end, so
/// there is no call in it, for which registers would have to be saved.
unsafe extern "C" fn on_signal(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    // No number is ever registered that is not a signal's.
    let Some(signal) = Signal::from_bit_index(signo.wrapping_sub(1).cast_unsigned()) else {
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

/// Sets the flags of plain receivers, up to the first that has a listener or a function of its own.
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

/// Delivers to the receivers that are left, then chains to the previous handler. `extern "C"`, so that
/// nothing unwinds out of it, and it can be jumped to.
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
        uninstall_and_reraise(arrival.signal, previous, chained.is_some(), current);
    }
    // The previous handler may leave by siglongjmp(3), so it is called outside the gate, and after all
    // else. It needs nothing of ours.
    GATE.leave(epoch);
    if let Some(chained) = chained {
        if called_by_kernel {
            block_as_kernel(arrival, &chained);
        }
        // SAFETY: the arguments are what we were called with, and what was saved was the action of this
        // signal.
        unsafe { chained.call(arrival.signal.as_raw(), arrival.info, arrival.context) }
    }
}

/// Gives the thread the mask that the kernel would have given it for the previous handler. When ours
/// returns, rt_sigreturn(2) restores the one before.
fn block_as_kernel(arrival: &Arrival, chained: &Chained) {
    let Some(context) = arrival.context_above() else { return };
    // SAFETY: the kernel's `ucontext_t` has the mask of what was interrupted there, aligned to 8 bytes
    // as the whole is.
    let field = unsafe { context.byte_add(sys::UCONTEXT_SIGMASK) };
    // SAFETY: as above; it is on this thread's stack, and nothing else writes to it now.
    let interrupted = unsafe { field.cast::<KernelSigset>().read() };
    let blocked = chained.blocked(arrival.signal, interrupted);
    // There is an answer to no failure.
    //
    // SAFETY: the code that installed the previous handler expects this mask.
    let _before = unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(blocked)) };
}

/// No receiver takes the signal: they left while it was on its way, or left while other code's action
/// stood over ours and has now restored ours; or hooks have declined it. The previous action is
/// restored. If it is a handler, that is called now (`chained`). If not, the signal must not be
/// swallowed: it is raised again, to take its effect when this handler returns.
#[cold]
fn uninstall_and_reraise(
    signal: Signal,
    previous: &'static PreviousAction,
    chained: bool,
    mut current: KernelSigaction,
) {
    let bit = Bit::of(signal);
    // "Ignore" does nothing about a signal, but a fault has to find it installed to end the process.
    let has_had_it = chained || (!signal.is_synchronous() && previous.is_ignore());
    if has_had_it && (ALONE || RECEIVERS.next_wanting(None, bit).is_some()) {
        // Hooks have declined this one, and want the next.
        return;
    }
    loop {
        if !ALONE && !is_ours(&current) {
            if action::is_handler(&current) {
                // It chained to ours, and would again and again.
                return;
            }
            break;
        }
        // SAFETY: what is restored was installed until ours replaced it.
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
        // There is nothing to do about a failure.
        let _sent = send::raise_in_handler(signal);
    }
}
