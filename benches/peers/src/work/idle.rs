//! (e) Asking whether anything came, when nothing has: what a program does in its innermost loop.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use siglatch::{Dispatcher, InfoQueue, Latch, Shutdown, Signal};
use signal_hook::iterator::Signals;

use super::Part;
use crate::measure::{Contender, Effort, compare};
use crate::outcome::Outcome;

pub(super) const PARTS: &[(&str, Part)] = &[("e-idle", idle)];

/// A question takes less than a nanosecond, a look at the clock takes many.
const BLOCK: u32 = 100_000;
/// Those that make system calls.
const SLOW: u32 = 100;

static LATCH: Latch = Latch::new();
static QUEUE: InfoQueue<32> = InfoQueue::new();
static TABLE: Dispatcher = Dispatcher::new();
static SHUTDOWN: Shutdown = Shutdown::new();
static FLAG: AtomicBool = AtomicBool::new(false);

fn ask<'a>(name: &str, count: u32, mut asked: impl FnMut() -> bool + 'a) -> Contender<'a> {
    Contender::calls(name, count, move || {
        // `black_box` and no `ensure!` in the loop: nothing but the question is in it.
        black_box(asked());
        Ok(())
    })
}

fn idle(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    LATCH.catch(Signal::USR1)?;
    QUEUE.catch(Signal::USR1)?;
    TABLE.catch(Signal::USR1, |_| ())?;
    SHUTDOWN.catch(Signal::TERM)?;
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(libc::SIGHUP, Arc::clone(&flag))?;
    let signals = RefCell::new(Signals::new([libc::SIGHUP])?);
    let bool_load = |name: &str| ask(name, BLOCK, || black_box(&FLAG).load(Ordering::Acquire));

    let latch = ask("latch", BLOCK, || black_box(&LATCH).is_set());
    let hook_flag = ask("signal-hook-flag", BLOCK, || black_box(&flag).load(Ordering::Relaxed));
    compare(effort, &mut outcome, "e", latch, vec![bool_load("AtomicBool"), hook_flag])?;
    let shutdown = ask("shutdown", BLOCK, || black_box(&SHUTDOWN).is_requested());
    compare(effort, &mut outcome, "e", shutdown, vec![bool_load("AtomicBool")])?;
    let pending =
        || ask("signal-hook-iterator", SLOW, || signals.borrow_mut().pending().next().is_some());
    let queue = ask("queue", BLOCK, || black_box(&QUEUE).is_empty());
    compare(effort, &mut outcome, "e", queue, vec![pending()])?;
    let dispatch = ask("handlers", BLOCK, || black_box(&TABLE).dispatch() != 0);
    compare(effort, &mut outcome, "e", dispatch, vec![pending()])?;
    ensure!(!LATCH.is_set() && !flag.load(Ordering::Relaxed), "a signal came");
    Ok(outcome)
}
