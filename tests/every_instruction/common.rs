//! The receivers that the operations are tried on, and what is looked at after all of them.

use crate::tracer::op::{Seen, Verdict, Wrong, ensure};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use siglatch::send;
use siglatch::{
    Cause, Hook, HookContext, HookVerdict as Said, InfoQueue, Latch, SigInfo, SigVal, Signal,
};
use support::oracle::{RawAction, raw_action};
use support::{foreign, state};

/// Operations as scenarios: name, when a recording ends, the signal, who gets it as time goes by.
macro_rules! operations {
    ($($name:ident until $until:ident on $signal:expr => $($seen:ident),+;)+) => {
        pub(crate) fn scenarios() -> Vec<support::Scenario> {
            vec![$(support::Scenario {
                name: stringify!($name),
                run: || $crate::tracer::check::check(&$crate::tracer::op::Op {
                    name: stringify!($name),
                    signal: $signal,
                    body: $name,
                    order: &[$($crate::tracer::op::Seen::$seen),+],
                    until: $crate::tracer::path::Until::$until,
                }),
            }),+]
        }
    };
}
pub(crate) use operations;

/// A real-time signal.
pub(crate) const RT: Signal = match Signal::rt(3) {
    Ok(signal) => signal,
    Err(_) => Signal::USR1,
};

/// The eight signals of the operations on several: `USR1` is the fourth.
pub(crate) const EIGHT: [Signal; 8] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::TERM,
    Signal::CHLD,
    Signal::CONT,
];

pub(crate) static LATCH: Latch = Latch::new();
pub(crate) static OTHER: Latch = Latch::new();
pub(crate) static EIGHT_LATCHES: [Latch; 8] = [const { Latch::new() }; 8];
pub(crate) static QUEUE: InfoQueue<4> = InfoQueue::new();

/// Has caught a signal of its own, so that the usual action can be looked up.
static PROBE: Latch = Latch::new();

pub(crate) static HOOKED: AtomicU32 = AtomicU32::new(0);
// SAFETY: `count` does one atomic addition.
pub(crate) static HOOK: Hook = unsafe { Hook::new(count) };

fn count(_: HookContext<'_>) -> Said {
    HOOKED.fetch_add(1, Ordering::Relaxed);
    Said::Taken
}

/// The action that is installed for a signal that a plain latch has caught, and nobody before.
pub(crate) fn usual_action() -> Result<RawAction, Wrong> {
    PROBE.catch(Signal::WINCH)?;
    Ok(raw_action(libc::SIGWINCH))
}

/// The thread blocks nothing.
pub(crate) fn nothing_is_blocked() -> Result<(), Wrong> {
    let mask = state::raw_mask();
    ensure!(mask == 0, "the mask left is {mask:#x}");
    Ok(())
}

/// The flag of the signal was set once: it was taken by the operation, or is there to be taken.
pub(crate) fn once(sent: &Sent, taken: bool) -> Verdict {
    nothing_is_blocked()?;
    let left = LATCH.take_signal(sent.signal);
    ensure!(taken != left, "taken: {taken}, left: {left}");
    ensure!(!LATCH.is_set(), "another flag is set: {LATCH:?}");
    Ok(if taken { Seen::During } else { Seen::After })
}

/// Who got the signal, if our receiver has it or not, and the handler before was called so often.
pub(crate) fn who(ours: bool, calls: u32) -> Verdict {
    nothing_is_blocked()?;
    match (ours, calls) {
        (true, 0) => Ok(Seen::Ours),
        (false, 1) => Ok(Seen::Theirs),
        (true, 1) => Ok(Seen::Both),
        (false, 0) => Err("nobody got it".into()),
        _ => Err(format!("their handler was called {calls} times").into()),
    }
}

/// The flag of the latch was set or not, and their handler was called so often.
pub(crate) fn who_of_latch_and_theirs(sent: &Sent) -> Verdict {
    who(LATCH.take_signal(sent.signal), foreign::first().take_calls())
}

/// Whether the details are those of the instance that was sent.
pub(crate) fn same(info: &SigInfo, sent: &Sent) -> bool {
    let Sent { signal, pid, uid, value } = *sent;
    info.signal() == signal
        && info.cause() == Cause::Queue { pid, uid, value: SigVal::from_int(value) }
}

/// The queue holds the instance that was sent, whole, and nothing else; or nothing at all.
pub(crate) fn queue_has<const N: usize>(
    queue: &'static InfoQueue<N>,
    sent: &Sent,
) -> Result<bool, Wrong> {
    let first = queue.pop();
    let rest = queue.pop();
    ensure!(rest.is_none(), "a second instance: {rest:?}");
    let lost = queue.lost(sent.signal);
    ensure!(lost == 0, "{lost} lost, though there was room");
    if let Some(info) = first {
        ensure!(same(&info, sent), "torn: {info:?}");
    }
    Ok(first.is_some())
}

/// From here on the latch gets the signal, by the action that a plain latch has.
pub(crate) fn latch_has_it_now(signal: Signal) -> Result<(), Wrong> {
    let (action, usual) = (raw_action(signal.as_raw()), usual_action()?);
    ensure!(action == usual, "{action:?} is installed, not {usual:?}");
    latch_gets(signal)
}

/// A signal sets the flag of the latch.
pub(crate) fn latch_gets(signal: Signal) -> Result<(), Wrong> {
    send::raise(signal)?;
    ensure!(LATCH.take_signal(signal), "the latch does not get the next one");
    Ok(())
}

/// This action is installed again, byte for byte.
pub(crate) fn is_back(signal: Signal, before: RawAction) -> Result<(), Wrong> {
    let now = raw_action(signal.as_raw());
    ensure!(now == before, "{now:?} is installed, and {before:?} was before");
    Ok(())
}

/// Looks without waiting.
pub(crate) const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
