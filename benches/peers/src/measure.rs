//! Blocks of the same work, ours and theirs in turn, and the ratios between neighbours.
//!
//! Absolute times swing by a third from one run to the next: the processor's clock, what else runs,
//! where memory happens to lie. Between two blocks that follow each other within a millisecond
//! nearly nothing of that changes. So a peer's block is put between two of ours, each of the two
//! over the peer's is a ratio, and what is reported is the median of all the ratios with their
//! quartiles. (The two's mean over the peer's would be too high: what disturbs a block makes it
//! longer, never shorter, and a mean of two is disturbed more often than one.)
//!
//! Ours against ours comes first: it must be 1, and if it is not, the run is too noisy to say
//! anything.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::outcome::{Outcome, Ratio};
use crate::stats;

/// How far ours against ours may be from 1.
pub(crate) const TOLERANCE: f64 = 0.01;

/// The same where a block is a whole process, or a build: there are too few for more.
pub(crate) const TOLERANCE_OF_FEW: f64 = 0.05;

/// The name that ours has as its own peer.
pub(crate) const ITSELF: &str = "itself";

/// How much is done.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// A look at whether everything works, not at times.
    pub(crate) quick: bool,
}

impl Effort {
    /// How many blocks of each.
    pub(crate) const fn blocks(self) -> usize {
        if self.quick { 40 } else { 1000 }
    }
}

/// Who does the work: a name, and a function that does a block of it and says what it took.
pub(crate) struct Contender<'a> {
    name: String,
    block: Box<dyn FnMut() -> Result<f64> + 'a>,
}

impl<'a> Contender<'a> {
    /// One that measures its blocks itself, in whatever unit.
    pub(crate) fn new(name: impl Into<String>, block: impl FnMut() -> Result<f64> + 'a) -> Self {
        Self { name: name.into(), block: Box::new(block) }
    }

    /// One whose blocks are `count` calls of `work`, in nanoseconds a call.
    pub(crate) fn calls(
        name: impl Into<String>,
        count: u32,
        mut work: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        Self::new(name, move || {
            let start = Instant::now();
            for _ in 0..count {
                work()?;
            }
            Ok(each(start.elapsed(), count))
        })
    }

    /// As [`calls`](Self::calls), and `after` tidies up after each block, unmeasured.
    pub(crate) fn calls_then(
        name: impl Into<String>,
        count: u32,
        mut work: impl FnMut() -> Result<()> + 'a,
        mut after: impl FnMut() -> Result<()> + 'a,
    ) -> Self {
        Self::new(name, move || {
            let start = Instant::now();
            for _ in 0..count {
                work()?;
            }
            let took = start.elapsed();
            after()?;
            Ok(each(took, count))
        })
    }

    fn block(&mut self) -> Result<f64> {
        (self.block)()
    }
}

/// Nanoseconds for each of `count`.
pub(crate) fn each(took: Duration, count: u32) -> f64 {
    took.as_nanos() as f64 / f64::from(count)
}

/// Compares `ours` with itself and with each of `theirs`, in blocks that alternate.
pub(crate) fn compare(
    effort: Effort,
    outcome: &mut Outcome,
    work: &str,
    ours: Contender<'_>,
    theirs: Vec<Contender<'_>>,
) -> Result<()> {
    compare_in(effort.blocks(), "ns", outcome, work, ours, theirs)
}

/// The same with so many blocks, in another unit.
pub(crate) fn compare_in(
    blocks: usize,
    unit: &str,
    outcome: &mut Outcome,
    work: &str,
    mut ours: Contender<'_>,
    mut theirs: Vec<Contender<'_>>,
) -> Result<()> {
    let mut tracks: Vec<Track> = (0..=theirs.len()).map(|_| Track::default()).collect();
    let warm_up = if blocks > 1 { blocks / 20 + 1 } else { 0 };
    for round in 0..warm_up + blocks {
        // Not the last block of the round before: that one followed a peer's, and was the slower
        // for it, while what comes next follows ours.
        let mut before = ours.block()?;
        for (track, peer) in tracks.iter_mut().zip(0..) {
            let peer = match theirs.get_mut(usize::wrapping_sub(peer, 1)) {
                Some(peer) => peer.block()?,
                None => ours.block()?,
            };
            let after = ours.block()?;
            if round >= warm_up {
                track.add(before, peer);
                track.add(after, peer);
            }
            before = after;
        }
    }
    let names = std::iter::once(ITSELF).chain(theirs.iter().map(|peer| peer.name.as_str()));
    for (track, peer) in tracks.into_iter().zip(names) {
        outcome.ratios.push(track.ratio(format!("{work}/{}/{peer}", ours.name), unit));
    }
    Ok(())
}

/// What was measured of one peer.
#[derive(Default)]
struct Track {
    ratios: Vec<f64>,
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Track {
    fn add(&mut self, ours: f64, theirs: f64) {
        self.ratios.push(ours / theirs);
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    fn ratio(mut self, name: String, unit: &str) -> Ratio {
        stats::sort(&mut self.ratios);
        Ratio {
            name,
            median: stats::quantile(&self.ratios, 0.5),
            low: stats::quantile(&self.ratios, 0.25),
            high: stats::quantile(&self.ratios, 0.75),
            ours: stats::median(&self.ours),
            theirs: stats::median(&self.theirs),
            unit: unit.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_the_numerator_and_drift_cancels() {
        let clock = std::cell::Cell::new(1.0);
        let tick = |factor: f64| {
            clock.set(clock.get() + 0.01);
            Ok(clock.get() * factor)
        };
        let mut outcome = Outcome::default();
        let ours = Contender::new("ours", || tick(1.0));
        let theirs = vec![Contender::new("slow", || tick(2.0))];
        compare_in(100, "ticks", &mut outcome, "w", ours, theirs).unwrap();
        let [itself, slow] = &outcome.ratios[..] else { panic!("two ratios") };
        assert_eq!(itself.name, "w/ours/itself");
        assert!((itself.median - 1.0).abs() < 1e-9, "{}", itself.median);
        assert_eq!(slow.name, "w/ours/slow");
        assert!((slow.median - 0.5).abs() < 1e-9, "{}", slow.median);
    }
}
