//! A handler that is interrupted by another: the receivers leave other signals unblocked.

use super::common::{AT_ONCE, nothing_is_blocked, same};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use siglatch::{
    Dispatcher, Hook, HookContext, InfoQueue, Latch, Shutdown, SigInfo, SigSet, Signal, send,
};
use support::foreign;

/// Operations as scenarios: name, and what becomes of the two signals.
macro_rules! nested {
    ($($name:ident => $seen:ident;)+) => {
        pub(crate) fn scenarios() -> Vec<support::Scenario> {
            vec![$(support::Scenario {
                name: stringify!($name),
                run: || $crate::tracer::deep::Deep {
                    name: stringify!($name),
                    signals: [siglatch::Signal::USR1, siglatch::Signal::USR2],
                    body: $name,
                    seen: $crate::tracer::op::Seen::$seen,
                }.check(),
            }),+]
        }
    };
}
pub(crate) use nested;

nested! {
    nested_in_is_set => Both;
    nested_in_take => Both;
    nested_in_drain => Both;
    nested_in_set => Both;
    nested_in_wait => Both;
    nested_in_pop_of_none => Both;
    nested_in_pop_of_one => Both;
    nested_in_pop_of_a_full_queue => Both;
    nested_in_pop_of_the_newest => Both;
    nested_in_dispatch => Both;
    nested_over_theirs => Both;
    nested_in_a_hook => Both;
    nested_beside_others => Both;
    nested_in_catch => Both;
    nested_in_release => Both;
    nested_in_cancel => Killed;
    nested_in_is_asked => Killed;
}

const NONE: SigSet = SigSet::empty();

static LATCH: Latch = Latch::new().mask(NONE);
static OTHER: Latch = Latch::new().mask(NONE);
static FOUR: InfoQueue<4> = InfoQueue::new().mask(NONE);
static TWO: InfoQueue<2> = InfoQueue::new().mask(NONE);
static NEWEST: InfoQueue<4> = InfoQueue::new().keep_newest().mask(NONE);
static SHUTDOWN: Shutdown = Shutdown::new().mask(NONE).debounce(Duration::ZERO);
static TABLE: Dispatcher<4> = Dispatcher::new();

static HOOKED: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static HOOK: Hook = {
    // SAFETY: `count` does one atomic addition.
    let hook = unsafe { Hook::new(count) };
    hook.mask(NONE)
};

fn count(signal: HookContext<'_>) -> siglatch::HookVerdict {
    let [first, second] = &HOOKED;
    let counter = if signal.signal() == Signal::USR1 { first } else { second };
    counter.fetch_add(1, Ordering::Relaxed);
    siglatch::HookVerdict::Taken
}

fn both(sent: &[Sent; 2]) -> SigSet {
    sent.iter().map(|one| one.signal).collect()
}

/// Each flag was set once: taken by the operation, or there to be taken after it.
fn flags(sent: &[Sent; 2], latch: &Latch, taken: SigSet) -> Verdict {
    nothing_is_blocked()?;
    let left = latch.take();
    ensure!((taken & left).is_empty(), "taken twice: {taken:?}, then {left:?}");
    ensure!(taken | left == both(sent), "taken: {taken:?}, left: {left:?}");
    Ok(Seen::Both)
}

fn nested_in_is_set(sent: &[Sent; 2]) -> Verdict {
    LATCH.catch(both(sent))?;
    let _set = window(|| LATCH.is_set());
    flags(sent, &LATCH, NONE)
}

fn nested_in_take(sent: &[Sent; 2]) -> Verdict {
    LATCH.catch(both(sent))?;
    let taken = window(|| LATCH.take());
    flags(sent, &LATCH, taken)
}

fn nested_in_drain(sent: &[Sent; 2]) -> Verdict {
    LATCH.catch(both(sent))?;
    let taken = window(|| LATCH.drain().collect());
    flags(sent, &LATCH, taken)
}

fn nested_in_set(sent: &[Sent; 2]) -> Verdict {
    LATCH.catch(both(sent))?;
    window(|| LATCH.set(Signal::USR1));
    flags(sent, &LATCH, NONE)
}

fn nested_in_wait(sent: &[Sent; 2]) -> Verdict {
    LATCH.catch(both(sent))?;
    let said = window(|| LATCH.wait(AT_ONCE))?;
    ensure!(!said || LATCH.is_set(), "it says that a flag is set");
    flags(sent, &LATCH, NONE)
}

type Taken = heapless::Vec<SigInfo, 16>;

/// What was taken and what is left has each instance once and whole, or it is counted as lost;
/// besides them there are `before` others.
fn instances<const N: usize>(
    sent: &[Sent; 2],
    queue: &'static InfoQueue<N>,
    before: usize,
    taken: &[SigInfo],
) -> Verdict {
    nothing_is_blocked()?;
    let flag = queue.wait(AT_ONCE)?;
    let left: Taken = queue.drain().take(8).collect();
    ensure!(flag || left.is_empty(), "{} are left, and a wait would not end", left.len());
    let mut found = 0;
    for one in sent {
        let times = taken.iter().chain(&left).filter(|info| same(info, one)).count();
        let lost = queue.lost(one.signal) as usize;
        ensure!(times + lost == 1, "{}: {times} times, {lost} lost", one.signal);
        found += times;
    }
    let count = taken.len() + left.len();
    ensure!(count == before + found, "{count} came out: {taken:?}, {left:?}");
    Ok(Seen::Both)
}

/// Puts so many instances of another signal in a queue that has caught both.
fn fill<const N: usize>(
    sent: &[Sent; 2],
    queue: &'static InfoQueue<N>,
    count: usize,
) -> Result<(), Wrong> {
    queue.catch(both(sent))?;
    queue.catch(Signal::HUP)?;
    for _ in 0..count {
        send::raise(Signal::HUP)?;
    }
    Ok(())
}

fn nested_in_pop_of_none(sent: &[Sent; 2]) -> Verdict {
    fill(sent, &FOUR, 0)?;
    let taken = window(|| FOUR.pop());
    instances(sent, &FOUR, 0, taken.as_slice())
}

fn nested_in_pop_of_one(sent: &[Sent; 2]) -> Verdict {
    fill(sent, &FOUR, 1)?;
    let taken = window(|| FOUR.pop());
    instances(sent, &FOUR, 1, taken.as_slice())
}

fn nested_in_pop_of_a_full_queue(sent: &[Sent; 2]) -> Verdict {
    fill(sent, &TWO, 2)?;
    let taken = window(|| TWO.pop());
    instances(sent, &TWO, 2, taken.as_slice())
}

fn nested_in_pop_of_the_newest(sent: &[Sent; 2]) -> Verdict {
    fill(sent, &NEWEST, 1)?;
    let taken = window(|| NEWEST.pop());
    instances(sent, &NEWEST, 1, taken.as_slice())
}

static CALLED: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

fn deferred(info: &SigInfo) {
    let [first, second] = &CALLED;
    let counter = if info.signal() == Signal::USR1 { first } else { second };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A table has the full mask, and a latch beside it does not make it narrow: the second signal
/// waits for the end of the handler.
fn nested_in_dispatch(sent: &[Sent; 2]) -> Verdict {
    for one in sent {
        TABLE.catch(one.signal, deferred)?;
    }
    window(|| TABLE.dispatch());
    TABLE.dispatch();
    nothing_is_blocked()?;
    for calls in &CALLED {
        let calls = calls.load(Ordering::Relaxed);
        ensure!(calls == 1, "a function was called {calls} times");
    }
    Ok(Seen::Both)
}

fn nested_over_theirs(sent: &[Sent; 2]) -> Verdict {
    let [first, second] = sent;
    foreign::first().come(first.signal.as_raw());
    foreign::second().come(second.signal.as_raw());
    LATCH.catch(both(sent))?;
    let taken = window(|| LATCH.take());
    for theirs in [foreign::first(), foreign::second()] {
        let calls = theirs.take_calls();
        ensure!(calls == 1, "theirs was called {calls} times");
    }
    flags(sent, &LATCH, taken)
}

fn nested_in_a_hook(sent: &[Sent; 2]) -> Verdict {
    HOOK.catch(both(sent))?;
    LATCH.catch(both(sent))?;
    let taken = window(|| LATCH.take());
    for calls in &HOOKED {
        let calls = calls.load(Ordering::Relaxed);
        ensure!(calls == 1, "the hook was called {calls} times");
    }
    flags(sent, &LATCH, taken)
}

fn nested_beside_others(sent: &[Sent; 2]) -> Verdict {
    OTHER.catch(both(sent))?;
    FOUR.catch(both(sent))?;
    LATCH.catch(both(sent))?;
    let taken = window(|| LATCH.take());
    flags(sent, &OTHER, NONE)?;
    instances(sent, &FOUR, 0, &[])?;
    flags(sent, &LATCH, taken)
}

/// The other latch has both throughout; ours has what comes once it has caught them.
fn nested_in_catch(sent: &[Sent; 2]) -> Verdict {
    OTHER.catch(both(sent))?;
    window(|| LATCH.catch(both(sent)))?;
    let _before = LATCH.take();
    for one in sent {
        send::raise(one.signal)?;
    }
    flags(sent, &LATCH, NONE)?;
    flags(sent, &OTHER, NONE)
}

fn nested_in_release(sent: &[Sent; 2]) -> Verdict {
    OTHER.catch(both(sent))?;
    LATCH.catch(both(sent))?;
    window(|| LATCH.release(both(sent)))?;
    let _before = LATCH.take();
    flags(sent, &OTHER, NONE)?;
    for one in sent {
        send::raise(one.signal)?;
    }
    ensure!(!LATCH.is_set(), "a flag is set after the release");
    flags(sent, &OTHER, NONE)
}

/// One has asked before; whatever a cancel does to that, of two more the second ends the process.
fn nested_in_cancel(sent: &[Sent; 2]) -> Verdict {
    SHUTDOWN.catch(both(sent))?;
    window(|| SHUTDOWN.reset());
    let asked = SHUTDOWN.requested_by();
    Err(format!("two have asked, and it lives, asked by {asked:?}").into())
}

fn nested_in_is_asked(sent: &[Sent; 2]) -> Verdict {
    SHUTDOWN.catch(both(sent))?;
    let _asked = window(|| SHUTDOWN.is_requested());
    Err("two have asked, and it lives".into())
}
