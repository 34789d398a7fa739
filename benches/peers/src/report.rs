//! The plain table for people, and the JSON for machines.

use serde::Serialize;

use crate::holds;
use crate::measure::{ITSELF, TOLERANCE};
use crate::outcome::{Delays, Figure, Outcome, Ratio};
use crate::stats;

/// One ratio with its verdict, as `--json` has it.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    ratio: &'a Ratio,
    hold: Option<f64>,
    verdict: &'static str,
}

/// The quantiles of how long signals took to arrive, in microseconds.
#[derive(Serialize)]
struct Quantiles<'a> {
    name: &'a str,
    signals: usize,
    p50: f64,
    p99: f64,
    p999: f64,
}

/// All of it, as `--json` has it.
#[derive(Serialize)]
struct Everything<'a> {
    machine: &'a str,
    ratios: Vec<Row<'a>>,
    figures: &'a [Figure],
    delays: Vec<Quantiles<'a>>,
    skipped: &'a [String],
    noisy: Vec<&'a str>,
}

/// The ratios of ours to itself that are not 1.
pub(crate) fn noisy(outcome: &Outcome) -> Vec<&str> {
    let of_itself = outcome.ratios.iter().filter(|ratio| is_of_itself(ratio));
    of_itself
        .filter(|ratio| !((ratio.median - 1.0).abs() <= TOLERANCE))
        .map(|ratio| ratio.name.as_str())
        .collect()
}

fn is_of_itself(ratio: &Ratio) -> bool {
    ratio.name.rsplit('/').next() == Some(ITSELF)
}

fn row(ratio: &Ratio) -> Row<'_> {
    let hold = holds::of(&ratio.name).map(|hold| hold.limit);
    let verdict = match hold {
        // What is no number does not hold.
        Some(limit) if !(ratio.median <= limit) => "MISS",
        Some(_) => "ok",
        None => "-",
    };
    Row { ratio, hold, verdict }
}

fn quantiles(delays: &Delays) -> Quantiles<'_> {
    let of = |q| stats::quantile(&delays.sorted, q);
    Quantiles {
        name: &delays.name,
        signals: delays.sorted.len(),
        p50: of(0.5),
        p99: of(0.99),
        p999: of(0.999),
    }
}

/// As JSON, in one line.
pub(crate) fn json(machine: &str, outcome: &Outcome) -> serde_json::Result<String> {
    serde_json::to_string(&Everything {
        machine,
        ratios: outcome.ratios.iter().map(row).collect(),
        figures: &outcome.figures,
        delays: outcome.delays.iter().map(quantiles).collect(),
        skipped: &outcome.skipped,
        noisy: noisy(outcome),
    })
}

/// The lines of one part of a work.
pub(crate) fn print(outcome: &Outcome) {
    for ratio in &outcome.ratios {
        print_ratio(ratio);
    }
    for delays in outcome.delays.iter().map(quantiles) {
        println!(
            "delay {:<40} p50 {:8.2}  p99 {:8.2}  p99.9 {:8.2} µs  ({} signals)",
            delays.name, delays.p50, delays.p99, delays.p999, delays.signals
        );
    }
    for figure in &outcome.figures {
        println!("count {:<58} {:>12.2} {}", figure.name, figure.value, figure.unit);
    }
    for skipped in &outcome.skipped {
        println!("skipped: {skipped}");
    }
}

fn print_ratio(ratio: &Ratio) {
    let row = row(ratio);
    let hold = row.hold.map_or_else(|| "-".to_owned(), |hold| format!("{hold:.2}"));
    println!(
        "ratio {:<48} {:7.3} {:7.3} {:7.3} {hold:>5} {:<4}   {:.1} / {:.1} {}",
        ratio.name,
        ratio.median,
        ratio.low,
        ratio.high,
        row.verdict,
        ratio.ours,
        ratio.theirs,
        ratio.unit
    );
    if let (Some(hold), "MISS") = (holds::of(&ratio.name), row.verdict) {
        println!(
            "      misses by {:.1} %: {}",
            100.0 * (ratio.median / hold.limit - 1.0),
            hold.why
        );
        println!("      to see it: {}", hold.profile);
    }
}
