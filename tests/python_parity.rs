//! Each scenario runs twice, as a script of Python's `signal` module and with this crate, each in a
//! process of its own, and what an outside process sees of the two is compared: what they print, in
//! order, and how they end.
//!
//! Where the two differ on purpose, the row has both sides and the reason. The rules by which the
//! languages' forms are one:
//!
//! - `OSError` with a number is our `Errno` of that number; `ValueError` and `OverflowError` are
//!   `EINVAL` (22), and so is a value that our type for it cannot hold.
//! - Python's functions run by themselves, ours by `dispatch`, which a row calls where Python would
//!   have called them.
//! - What returns nothing returns `None`. -1 for no descriptor is our `None`.

#![expect(unsafe_code, reason = "scenarios use descriptors and raw reads")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

#[path = "python_parity/actions.rs"]
mod actions;
#[path = "python_parity/dispatch.rs"]
mod dispatch;
#[path = "python_parity/masks.rs"]
mod masks;
#[path = "python_parity/names.rs"]
mod names;
#[path = "python_parity/row.rs"]
mod row;
#[path = "python_parity/sending.rs"]
mod sending;
#[path = "python_parity/timers.rs"]
mod timers;
#[path = "python_parity/waiting.rs"]
mod waiting;
#[path = "python_parity/wake_fd.rs"]
mod wake_fd;

use std::process::ExitCode;
use support::{Scenario, scenarios};

fn main() -> ExitCode {
    if let Err(why) = row::python_is_here() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    row::count_together();
    let code = support::main(rows().into_iter().chain(scenarios![there_are_enough_rows]));
    println!("{}", row::summary());
    code
}

fn rows() -> Vec<Scenario> {
    let families = [
        actions::rows(),
        wake_fd::rows(),
        dispatch::rows(),
        sending::rows(),
        masks::rows(),
        waiting::rows(),
        timers::rows(),
        names::rows(),
    ];
    families.into_iter().flatten().collect()
}

fn there_are_enough_rows() {
    assert!(rows().len() >= 60, "{} rows", rows().len());
}
