//! `src/python.md` has a row for every public name of CPython's `signal` module.

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use support::{self, Scenario, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![every_name_has_a_row, no_row_is_empty, names_are_those_of_this_python]
}

/// `dir(signal)` of CPython 3.11 to 3.13 on Linux, without the names that begin with `_`.
const NAMES: &str = include_str!("../python_parity/names.txt");

/// Prints the same list.
const SCRIPT: &str = r"
import signal, sys
print(*sys.version_info[:2])
for name in dir(signal):
    if not name.startswith('_'):
        print(name)
";

/// The rows of the tables: names in the first cell, between backquotes, and the other cells.
fn rows() -> BTreeMap<String, Vec<String>> {
    let page = support::root().join("src/python.md");
    let page = fs::read_to_string(page).expect("the page");
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        let names = cells.next().expect("a first cell");
        let cells: Vec<String> = cells.collect();
        for name in names.split('`').skip(1).step_by(2) {
            let twice = rows.insert(name.to_owned(), cells.clone());
            assert!(twice.is_none(), "{name} has two rows");
        }
    }
    rows
}

/// The names of the Python that is here, if it is of those versions.
fn python() -> Option<Vec<String>> {
    let output = Command::new("python3").args(["-c", SCRIPT]).output().ok()?;
    let text = String::from_utf8(output.stdout).expect("names");
    let mut lines = text.lines();
    matches!(lines.next()?, "3 11" | "3 12" | "3 13").then(|| lines.map(str::to_owned).collect())
}

fn every_name_has_a_row() {
    let rows = rows();
    let names = python().unwrap_or_else(|| NAMES.lines().map(str::to_owned).collect());
    let missing: Vec<&String> = names.iter().filter(|name| !rows.contains_key(*name)).collect();
    assert!(missing.is_empty(), "names without a row: {missing:?}");
    let unknown: Vec<&String> = rows.keys().filter(|name| !names.contains(name)).collect();
    assert!(unknown.is_empty(), "rows of names that Python does not have: {unknown:?}");
}

fn no_row_is_empty() {
    for (name, cells) in rows() {
        assert_eq!(cells.len(), 2, "{name}: ours, and the difference");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{name} has an empty cell");
    }
}

/// The stored list stands in for a Python that is not there, so it has to be that Python's.
fn names_are_those_of_this_python() {
    match python() {
        Some(names) => assert!(names.iter().eq(NAMES.lines()), "this Python has {names:?}"),
        None => support::skip("there is no python3 of version 3.11 to 3.13"),
    }
}
