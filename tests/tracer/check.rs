//! Which points of an operation are tried, and what is said of them.
//!
//! By default a slice: every n-th point, beginning at one that depends on the operation's name, so
//! that operations that are much alike are cut at different places. `EVERY_INSTRUCTION=all` in the
//! environment has all points tried; `EVERY_INSTRUCTION=name:point`, with the name of the scenario
//! and what a failure said, that point alone.

use super::op::{Op, Point, Seen, Wrong};
use super::path::Path;
use super::place;
use core::sync::atomic::{AtomicU64, Ordering};
use std::env;
use std::sync::LazyLock;
use support::{shared_counter, tell_at_the_end};

/// How many points of an operation a slice has, about. A debug build takes ten times the
/// instructions to each.
pub(crate) const SLICE: usize = if cfg!(debug_assertions) { 6 } else { 24 };

/// How many violations of one operation are told.
const TOLD: usize = 5;

/// After how many violations the rest of an operation is left: each may be a hang, which takes its
/// time.
const ENOUGH: usize = 10;

/// What was tried, of the points one deep or of those two deep.
#[derive(Debug)]
pub(crate) struct Total {
    points: LazyLock<&'static AtomicU64>,
    violations: LazyLock<&'static AtomicU64>,
}

pub(crate) static ONE_DEEP: Total = Total::new();
pub(crate) static TWO_DEEP: Total = Total::new();

impl Total {
    const fn new() -> Self {
        Self { points: LazyLock::new(shared_counter), violations: LazyLock::new(shared_counter) }
    }
}

/// Has all processes to come count together.
pub(crate) fn count_together() {
    for total in [&ONE_DEEP, &TWO_DEEP] {
        LazyLock::force(&total.points);
        LazyLock::force(&total.violations);
    }
}

/// What the environment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Slice,
    All,
    /// One point of one operation.
    Replay(String, String),
}

pub(crate) fn asked() -> Asked {
    match env::var("EVERY_INSTRUCTION").unwrap_or_default().as_str() {
        "" => Asked::Slice,
        "all" => Asked::All,
        text => {
            let (name, point) = text.split_once(':').expect("EVERY_INSTRUCTION=name:point");
            Asked::Replay(name.to_owned(), point.to_owned())
        }
    }
}

/// Whether this operation is tried.
pub(crate) fn is_asked_for(name: &str) -> bool {
    !matches!(asked(), Asked::Replay(wanted, _) if wanted != name)
}

/// Of `points`, those to try: all, about `slice` of them, or the one that `is` the one asked for.
pub(crate) fn choose<T: Copy>(
    name: &str,
    points: &[T],
    slice: usize,
    is: impl Fn(T, &str) -> bool,
) -> Vec<T> {
    match asked() {
        Asked::All => points.to_vec(),
        Asked::Slice => {
            let stride = points.len().div_ceil(slice).max(1);
            let sum: usize = name.bytes().map(usize::from).sum();
            points.iter().copied().skip(sum % stride).step_by(stride).collect()
        }
        Asked::Replay(_, point) => points.iter().copied().filter(|one| is(*one, &point)).collect(),
    }
}

/// Tries an operation, and fails if anything is wrong.
pub(crate) fn check(op: &Op) {
    if !is_asked_for(op.name) {
        return;
    }
    match op.path() {
        Ok(path) => {
            let all = op.points(&path);
            let chosen = choose(op.name, &all, SLICE, |point, text| point.to_string() == text);
            failures(op, &path, &chosen).close(&ONE_DEEP, chosen.len(), all.len());
        }
        Err(wrong) => panic!("{}: {wrong}", op.name),
    }
}

/// Tries these points of an operation.
pub(crate) fn failures(op: &Op, path: &Path, points: &[Point]) -> Failures {
    let mut failures = Failures::new(op.name);
    // How far the order of who gets it has come.
    let mut stage = 0;
    for point in points {
        let verdict = op.run(path, *point);
        let found = verdict.and_then(|seen| in_order(op, &mut stage, seen));
        if let Err(wrong) = found {
            failures.add(&point.to_string(), &wrong, &[path.pc(point.index)]);
            if failures.are_enough() {
                break;
            }
        }
    }
    failures
}

/// Who got it may change in one direction only.
fn in_order(op: &Op, stage: &mut usize, seen: Seen) -> Result<(), Wrong> {
    let later = op.order.iter().skip(*stage).position(|one| *one == seen);
    match later {
        Some(steps) => {
            *stage += steps;
            Ok(())
        }
        None if op.order.contains(&seen) => {
            Err(format!("{seen:?}, though an earlier signal was {:?}", op.order.get(*stage)).into())
        }
        None => Err(format!("{seen:?}, and was to be one of {:?}", op.order).into()),
    }
}

/// The violations of one operation.
#[derive(Debug)]
pub(crate) struct Failures {
    name: &'static str,
    count: usize,
    told: Vec<String>,
}

impl Failures {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, count: 0, told: Vec::new() }
    }

    /// Whether the rest of the points need not be tried.
    pub(crate) const fn are_enough(&self) -> bool {
        self.count >= ENOUGH
    }

    /// What is told of the first ones.
    pub(crate) fn told(&self) -> String {
        self.told.join("\n")
    }

    /// A violation at the point with this label, where the signals landed at these instructions.
    pub(crate) fn add(&mut self, label: &str, wrong: &Wrong, at: &[u64]) {
        self.count += 1;
        if self.told.len() < TOLD {
            let at: Vec<String> = at.iter().map(|pc| place::name(*pc)).collect();
            let (name, at) = (self.name, at.join("\n    then "));
            self.told.push(format!("{name}:{label}: {wrong}\n    at {at}"));
        }
    }

    /// Counts what was tried, and fails if there is a violation.
    pub(crate) fn close(self, total: &Total, tried: usize, all: usize) {
        let (name, count) = (self.name, self.count);
        total.points.fetch_add(tried as u64, Ordering::Relaxed);
        total.violations.fetch_add(count as u64, Ordering::Relaxed);
        let of = if tried == all { String::new() } else { format!(" of {all}") };
        tell_at_the_end(format!("{name}: points {tried}{of}, violations {count}"));
        assert!(
            count == 0,
            "{count} violations, {tried} points; one alone: EVERY_INSTRUCTION=name:point\n{}",
            self.told()
        );
    }
}

/// What was tried in all.
pub(crate) fn summary() -> String {
    let mut lines = Vec::new();
    if asked() == Asked::Slice {
        lines.push(format!(
            "a slice: of each operation every n-th point, about {SLICE}; all by EVERY_INSTRUCTION=all"
        ));
    }
    for (what, total) in [("", &ONE_DEEP), ("two deep, ", &TWO_DEEP)] {
        let points = total.points.load(Ordering::Relaxed);
        let violations = total.violations.load(Ordering::Relaxed);
        lines.push(format!("{what}points: {points}, violations: {violations}"));
    }
    lines.join("\n")
}
