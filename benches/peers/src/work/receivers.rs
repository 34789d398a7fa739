//! (g) What the handler costs as receivers grow: in time, and in instructions.
//!
//! The time is that of a raise against the bare handler. The instructions are counted one by one, in
//! a traced process of its own for each number of receivers; those of the kernel are not in it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use siglatch::{InfoQueue, Latch, Signal};
use signal_hook::iterator::exfiltrator::WithRawSiginfo;
use signal_hook::iterator::{Signals, SignalsInfo};

use super::Part;
use crate::child;
use crate::measure::{Contender, Effort, compare};
use crate::outcome::{Outcome, Ratio};
use crate::signals::{self, Raiser};
use crate::steps;

pub(super) const PARTS: &[(&str, Part)] = &[("g-time", time), ("g-instructions", instructions)];

const BLOCK: u32 = 100;
const STAGES: [usize; 4] = [1, 4, 16, 64];

static LATCHES: [Latch; 64] = [const { Latch::new() }; 64];
static QUEUE: InfoQueue<32> = InfoQueue::new();

/// The first latch is for the signal that is raised; more and more others are for another.
fn time(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let raiser = Raiser::new();
    signals::install_bare(libc::SIGUSR2)?;
    for (count, latch) in (1..).zip(&LATCHES) {
        latch.catch(if count == 1 { Signal::USR1 } else { Signal::HUP })?;
        if STAGES.contains(&count) {
            let ours = Contender::calls("latch", BLOCK, || raiser.raise(libc::SIGUSR1));
            let bare = Contender::calls("bare", BLOCK, || raiser.raise(libc::SIGUSR2));
            compare(effort, &mut outcome, &format!("g-{count}-receivers"), ours, vec![bare])?;
        }
    }
    Ok(outcome)
}

/// Counts them for each setting, and how many each receiver adds.
fn instructions(_: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if let Some(why) = steps::cannot() {
        outcome.skip("g, uninterested", why);
        return Ok(outcome);
    }
    for who in ["bare", "latch", "queue", "signal-hook-flag", "signal-hook-iterator"] {
        let count = steps::in_handler(&setting(who, 1))?;
        outcome.figure(format!("g/in signal context, {who}"), count, "instructions");
    }
    let raw = steps::in_handler(&setting("signal-hook-raw", 1))?;
    outcome.figure("g/in signal context, signal-hook-raw", raw, "instructions");
    let mut uninterested = f64::NAN;
    for who in ["latch-others", "latch", "signal-hook-flag-others", "signal-hook-flag"] {
        let counts = STAGES.map(|count| steps::in_handler(&setting(who, count)));
        let mut slopes = Vec::new();
        for (pair, counted) in STAGES.windows(2).zip(counts.windows(2)) {
            let ([fewer, more], [low, high]) = (pair, counted) else { continue };
            let (low, high) = match (low, high) {
                (Ok(low), Ok(high)) => (low, high),
                (Err(error), _) | (_, Err(error)) => anyhow::bail!("{who}: {error}"),
            };
            slopes.push((high - low) / (more - fewer) as f64);
        }
        for (slope, pair) in slopes.iter().zip(STAGES.windows(2)) {
            outcome.figure(
                format!("g/{who}, each from {} to {}", pair[0], pair[1]),
                *slope,
                "instructions",
            );
        }
        if who == "latch-others" {
            uninterested = slopes.iter().copied().fold(f64::MIN, f64::max);
        }
    }
    // Not a ratio, but a row like the others: the largest of the three slopes.
    outcome.ratios.push(Ratio::exact("g/uninterested", uninterested, 1.0, "instructions"));
    Ok(outcome)
}

fn setting(who: &str, count: usize) -> String {
    format!("steps:{who}:{count}")
}

/// In the traced process: sets `count` receivers up, then raises one signal between two stops.
pub(crate) fn traced(who: &str, count: usize) -> Result<()> {
    let raiser = Raiser::new();
    let flag = Arc::new(AtomicBool::new(false));
    let mut kept: (Option<Signals>, Option<SignalsInfo<WithRawSiginfo>>) = (None, None);
    for (number, latch) in (1..=count).zip(&LATCHES) {
        let other = number != 1 && who.ends_with("-others");
        let (ours, theirs) =
            if other { (Signal::HUP, libc::SIGHUP) } else { (Signal::USR1, libc::SIGUSR1) };
        match who.trim_end_matches("-others") {
            "latch" => latch.catch(ours)?,
            "queue" => QUEUE.catch(ours)?,
            "bare" => signals::install_bare(theirs)?,
            "signal-hook-flag" => {
                signal_hook::flag::register(theirs, Arc::clone(&flag))?;
            }
            "signal-hook-iterator" => kept.0 = Some(Signals::new([theirs])?),
            "signal-hook-raw" => kept.1 = Some(SignalsInfo::new([theirs])?),
            _ => anyhow::bail!("no setting '{who}'"),
        }
    }
    // The second time is counted: the first one binds what is bound lazily.
    raiser.raise(libc::SIGUSR1)?;
    child::stop()?;
    raiser.raise(libc::SIGUSR1)
}
