//! Bad input and faults for what has to do with children, processes and leaving: each function at each
//! fault, as tables. An error is told apart from other errors, or the result is the documented one.
//!
//! `cargo test --test scenarios child_faults:: -- --nocapture` prints the tables.

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

mod descriptors;
mod numbers;
mod places;
mod processes;
mod programs;
mod table;

use support::{Scenario, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        processes_that_are_not_as_wanted,
        descriptors_that_are_no_process,
        numbers_of_signals,
        programs_that_cannot_be_executed,
        wherever_they_are_called,
    ]
}

fn processes_that_are_not_as_wanted() {
    processes::check();
}

fn descriptors_that_are_no_process() {
    descriptors::check();
}

fn numbers_of_signals() {
    numbers::check();
}

fn programs_that_cannot_be_executed() {
    programs::check();
}

fn wherever_they_are_called() {
    places::check();
}
