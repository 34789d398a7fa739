//! (f) Calling the functions of the signals that came, as more are registered and more are pending.
//!
//! signal-hook has no table of functions; a program goes through what its iterator yields, and that
//! is what is measured. The signals are raised before the clock starts.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use siglatch::{Dispatcher, SigInfo, Signal};
use signal_hook::iterator::Signals;

use super::Part;
use crate::measure::{Contender, Effort, compare_in, each};
use crate::outcome::Outcome;
use crate::signals::Raiser;

pub(super) const PARTS: &[(&str, Part)] = &[("f-dispatch", dispatch)];

static ONE: Dispatcher<64> = Dispatcher::new();
static EIGHT: Dispatcher<64> = Dispatcher::new();
static ALL: Dispatcher<64> = Dispatcher::new();

fn function(info: &SigInfo) {
    black_box(info.signal());
}

/// All that siglatch and signal-hook both catch; no process has 64.
fn catchable() -> Vec<i32> {
    Signal::all()
        .filter(|signal| !signal.is_unchangeable() && !signal.is_synchronous())
        .map(Signal::as_raw)
        .collect()
}

/// Dispatches with the first `pending` signals pending, and checks that as many came.
fn dispatched<'a>(
    name: &str,
    numbers: &'a [i32],
    pending: usize,
    dispatch: impl Fn() -> usize + 'a,
) -> Contender<'a> {
    let raiser = Raiser::new();
    let times = u32::try_from(100 / pending.max(1)).unwrap_or(1).max(4);
    Contender::new(name, move || {
        let mut took = Duration::ZERO;
        let _others = dispatch();
        for _ in 0..times {
            for &number in numbers.iter().take(pending) {
                raiser.raise(number)?;
            }
            let start = Instant::now();
            let calls = dispatch();
            took += start.elapsed();
            ensure!(calls == pending, "{calls} calls for {pending} signals");
        }
        Ok(each(took, times))
    })
}

fn dispatch(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let all = catchable();
    let tables = [(&ONE, 1), (&EIGHT, 8), (&ALL, all.len())];
    // Before signal-hook's handler is put over ours.
    for (table, count) in tables {
        for &number in all.iter().take(count) {
            table.catch(Signal::from_raw(number)?, function)?;
        }
    }
    for (table, count) in tables {
        let (numbers, _) = all.split_at(count);
        let signals = std::cell::RefCell::new(Signals::new(numbers)?);
        let mut pendings = vec![0, 1, 8, count];
        pendings.retain(|&pending| pending <= count);
        pendings.dedup();
        for pending in pendings {
            let ours = dispatched("handlers", numbers, pending, || table.dispatch());
            let theirs = dispatched("signal-hook-iterator", numbers, pending, || {
                signals.borrow_mut().pending().map(black_box).count()
            });
            let work = format!("f-{count}-registered-{pending}-pending");
            // Many signals before each look at the clock: fewer blocks do.
            let blocks = effort.blocks() / if pending > 8 { 4 } else { 1 };
            compare_in(blocks, "ns", &mut outcome, &work, ours, vec![theirs])?;
        }
    }
    Ok(outcome)
}
