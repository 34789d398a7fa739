//! What a part of the benchmark found out: it comes back from a process of its own as JSON.

use serde::{Deserialize, Serialize};

/// All that one part found out.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) delays: Vec<Delays>,
    /// What could not be measured here, and why.
    pub(crate) skipped: Vec<String>,
}

/// Ours over theirs: the median of the blocks' ratios, and their quartiles.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ratio {
    /// `work/ours/theirs`.
    pub(crate) name: String,
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The medians of the two sides, as far as there are any.
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    pub(crate) unit: String,
}

/// A number that is not a ratio: a count, a size.
#[derive(Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// How long signals took to arrive, in microseconds, sorted.
#[derive(Serialize, Deserialize)]
pub(crate) struct Delays {
    pub(crate) name: String,
    pub(crate) sorted: Vec<f64>,
}

impl Ratio {
    /// Of two numbers that do not vary.
    pub(crate) fn exact(name: impl Into<String>, ours: f64, theirs: f64, unit: &str) -> Self {
        let ratio = ours / theirs;
        Self {
            name: name.into(),
            median: ratio,
            low: ratio,
            high: ratio,
            ours,
            theirs,
            unit: unit.to_owned(),
        }
    }
}

impl Outcome {
    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &str) {
        self.figures.push(Figure { name: name.into(), value, unit: unit.to_owned() });
    }

    pub(crate) fn skip(&mut self, what: &str, why: impl std::fmt::Display) {
        self.skipped.push(format!("{what}: {why}"));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.ratios.extend(other.ratios);
        self.figures.extend(other.figures);
        self.delays.extend(other.delays);
        self.skipped.extend(other.skipped);
    }
}
