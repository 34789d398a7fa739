//! A signal at every instruction.

#![expect(unsafe_code, reason = "traces processes")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts and addresses, far from any limit")]

#[path = "every_instruction/catch.rs"]
mod catch;
#[path = "every_instruction/common.rs"]
mod common;
#[path = "every_instruction/itself.rs"]
mod itself;
#[path = "every_instruction/reading.rs"]
mod reading;
#[path = "every_instruction/release.rs"]
mod release;
mod support;
#[path = "every_instruction/theirs.rs"]
mod theirs;
mod tracer;

use itself::lost_signal_is_told_with_its_place;
use std::process::ExitCode;
use support::{Scenario, scenarios};
use tracer::{check, ptrace, shared};

fn main() -> ExitCode {
    shared::map();
    ptrace::watch_for_hangs();
    if let Err(why) = ptrace::is_permitted() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    let code = support::main(
        operations().into_iter().chain(scenarios![lost_signal_is_told_with_its_place]),
    );
    println!("{}", check::summary());
    code
}

fn operations() -> Vec<Scenario> {
    let families = [catch::scenarios(), release::scenarios(), reading::scenarios()];
    families.into_iter().flatten().collect()
}
