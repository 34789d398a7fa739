//! A consumer that runs in the middle of the handler, as one on another thread would: what it does
//! not find then is announced after it has looked.
//!
//! The second signal's hook is the consumer. All that it calls is async-signal-safe.

use super::common::{AT_ONCE, nothing_is_blocked, same};
use super::nested::nested;
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::{AtomicU32, Ordering};
use siglatch::fd::EventFd;
use siglatch::{Hook, HookContext, HookVerdict as Said, InfoQueue, Latch, SigSet};
use std::sync::OnceLock;

nested! {
    nested_in_clear_and_take => Both;
    nested_consumer_of_a_latch => Both;
    nested_consumer_of_a_queue => Both;
    nested_consumer_of_the_newest => Both;
}

const NONE: SigSet = SigSet::empty();

static LATCH: Latch = Latch::new().mask(NONE);
static QUEUE: InfoQueue<4> = InfoQueue::new().mask(NONE);
static NEWEST: InfoQueue<4> = InfoQueue::new().keep_newest().mask(NONE);

/// How much the consumer has found.
static FOUND: AtomicU32 = AtomicU32::new(0);

// SAFETY: it reads a descriptor and takes what there is, all async-signal-safe.
static CONSUMER: Hook = unsafe { Hook::new(consume) };

/// Clears first, and looks second.
fn consume(_: HookContext<'_>) -> Said {
    if let Some(event) = EVENT.get() {
        event.clear();
    }
    let flags = LATCH.take().len();
    let instances = QUEUE.drain().count() + NEWEST.drain().count();
    FOUND.fetch_add((flags + instances) as u32, Ordering::Relaxed);
    Said::Taken
}

static EVENT: OnceLock<EventFd> = OnceLock::new();

fn event() -> Result<&'static EventFd, Wrong> {
    let new = EventFd::new()?;
    Ok(EVENT.get_or_init(|| new))
}

/// What came was found by the consumer or is left, and if it is left, it has been announced.
fn announced(event: &EventFd, left: bool, waits: bool) -> Verdict {
    nothing_is_blocked()?;
    let found = FOUND.load(Ordering::Relaxed);
    ensure!(found + u32::from(left) == 1, "{found} found, left: {left}");
    ensure!(!left || event.clear(), "it is left, and nothing is written");
    ensure!(!left || waits, "it is left, and a wait would not end");
    Ok(Seen::Both)
}

fn nested_in_clear_and_take(sent: &[Sent; 2]) -> Verdict {
    let event = event()?;
    let both: SigSet = sent.iter().map(|one| one.signal).collect();
    LATCH.catch(both)?;
    LATCH.wake_through(event)?;
    let taken = window(|| {
        event.clear();
        LATCH.take()
    });
    nothing_is_blocked()?;
    let left = LATCH.take();
    ensure!((taken & left).is_empty(), "taken twice: {taken:?}, then {left:?}");
    ensure!(taken | left == both, "taken: {taken:?}, left: {left:?}");
    ensure!(left.is_empty() || event.clear(), "a flag is left, and nothing is written");
    Ok(Seen::Both)
}

fn nested_consumer_of_a_latch(sent: &[Sent; 2]) -> Verdict {
    let ([first, second], event) = (sent, event()?);
    LATCH.catch(first.signal)?;
    LATCH.wake_through(event)?;
    CONSUMER.catch(second.signal)?;
    let _set = window(|| LATCH.is_set());
    let waits = LATCH.wait(AT_ONCE)?;
    announced(event, LATCH.take_signal(first.signal), waits)
}

/// The queue has the instance, or the consumer had it.
fn queue<const N: usize>(sent: &[Sent; 2], queue: &'static InfoQueue<N>) -> Verdict {
    let ([first, second], event) = (sent, event()?);
    queue.catch(first.signal)?;
    queue.wake_through(event)?;
    CONSUMER.catch(second.signal)?;
    let _empty = window(|| queue.is_empty());
    let waits = queue.wait(AT_ONCE)?;
    let left = queue.pop();
    if let Some(info) = &left {
        ensure!(same(info, first), "torn: {info:?}");
    }
    ensure!(queue.lost(first.signal) == 0, "it is counted as lost");
    announced(event, left.is_some(), waits)
}

fn nested_consumer_of_a_queue(sent: &[Sent; 2]) -> Verdict {
    queue(sent, &QUEUE)
}

fn nested_consumer_of_the_newest(sent: &[Sent; 2]) -> Verdict {
    queue(sent, &NEWEST)
}
