//! The plain table for people, and the JSON for machines.

use serde::Serialize;

use crate::holds::{self, Hold, Of};
use crate::measure::{ITSELF, TOLERANCE, TOLERANCE_OF_FEW};
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
        // What is no number is noise, too.
        .filter(|ratio| ratio.median.is_nan() || (ratio.median - 1.0).abs() > tolerance(ratio))
        .map(|ratio| ratio.name.as_str())
        .collect()
}

/// The rows of a work that must be there and are not, though nothing says why.
pub(crate) fn absent(outcome: &Outcome, letter: &str) -> Vec<&'static str> {
    let named = |hold: &&holds::Hold| hold.name.split('/').next() == Some(letter);
    let told = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or(name);
        let why = |skipped: &String| {
            skipped.starts_with(&format!("{letter}: "))
                || skipped.starts_with(&format!("{letter}, {last}: "))
        };
        outcome.ratios.iter().any(|ratio| ratio.name == name) || outcome.skipped.iter().any(why)
    };
    holds::ALL.iter().filter(named).map(|hold| hold.name).filter(|name| !told(name)).collect()
}

fn tolerance(ratio: &Ratio) -> f64 {
    let of_few = ratio.name.starts_with("i-start/") || ratio.name.starts_with("j/");
    if of_few { TOLERANCE_OF_FEW } else { TOLERANCE }
}

fn is_of_itself(ratio: &Ratio) -> bool {
    ratio.name.rsplit('/').next() == Some(ITSELF)
}

fn row(ratio: &Ratio) -> Row<'_> {
    let hold = holds::of(&ratio.name);
    let verdict = match hold {
        Some(hold) if held(ratio, hold) <= hold.limit => "ok",
        Some(_) => "MISS",
        None => "-",
    };
    Row { ratio, hold: hold.map(|hold| hold.limit), verdict }
}

/// What of a ratio is held to the limit.
fn held(ratio: &Ratio, hold: &Hold) -> f64 {
    match hold.of {
        Of::Median => ratio.median,
        Of::HighQuartile => ratio.high,
    }
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
        println!("      misses by {:.1} %", 100.0 * (held(ratio, hold) / hold.limit - 1.0));
        match &hold.miss {
            Some(miss) => println!("      because {}\n      seen by: {}", miss.why, miss.profile),
            None => println!("      nobody knows why: it has held before"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, median: f64) -> Outcome {
        let ratio = Ratio { median, ..Ratio::exact(name, 1.0, 1.0, "ns") };
        Outcome { ratios: vec![ratio], ..Outcome::default() }
    }

    #[test]
    fn a_ratio_holds_up_to_its_limit() {
        let verdict = |median| row(&Ratio::exact("a/latch/bare", median, 1.0, "ns")).verdict;
        assert_eq!(verdict(1.03), "ok");
        assert_eq!(verdict(1.031), "MISS");
        assert_eq!(verdict(f64::NAN), "MISS");
    }

    #[test]
    fn who_is_ahead_is_with_the_quartiles() {
        let verdict = |high| {
            let ratio = Ratio::exact("c/futex/tokio", 0.9, 1.0, "ns");
            row(&Ratio { high, ..ratio }).verdict
        };
        assert_eq!(verdict(0.99), "ok");
        assert_eq!(verdict(1.01), "MISS");
    }

    #[test]
    fn only_ours_against_ours_tells_noise() {
        assert!(noisy(&outcome("a/latch/bare", 2.0)).is_empty());
        assert!(noisy(&outcome("a/latch/itself", 1.009)).is_empty());
        assert_eq!(noisy(&outcome("a/latch/itself", 0.98)), ["a/latch/itself"]);
        assert!(noisy(&outcome("j/clean-build/itself", 0.98)).is_empty());
        assert_eq!(noisy(&outcome("j/clean-build/itself", 1.06)), ["j/clean-build/itself"]);
        assert_eq!(noisy(&outcome("a/latch/itself", f64::NAN)), ["a/latch/itself"]);
    }

    #[test]
    fn a_row_is_there_or_says_why_it_is_not() {
        let mut found = outcome("a/latch/bare", 1.0);
        assert_eq!(absent(&found, "a"), ["a/queue/bare"]);
        assert_eq!(absent(&found, "i"), ["i/static-size/c-no-libc", "i/static-size/c-musl-static"]);
        found.skip("i, c-musl-static", "there is no musl-gcc");
        assert_eq!(absent(&found, "i"), ["i/static-size/c-no-libc"]);
        found.skip("c, go", "there is no go");
        assert_eq!(absent(&found, "c").len(), 3);
        found.skip("c", "there is only one processor to run on");
        assert!(absent(&found, "c").is_empty());
    }
}
