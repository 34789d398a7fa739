//! A signal at every instruction.

#![expect(unsafe_code, reason = "traces processes")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts and addresses, far from any limit")]

#[path = "every_instruction/asking.rs"]
mod asking;
#[path = "every_instruction/catch.rs"]
mod catch;
#[path = "every_instruction/common.rs"]
mod common;
#[path = "every_instruction/descriptors.rs"]
mod descriptors;
#[path = "every_instruction/dispatching.rs"]
mod dispatching;
#[path = "every_instruction/itself.rs"]
mod itself;
#[path = "every_instruction/masks.rs"]
mod masks;
#[path = "every_instruction/nested.rs"]
mod nested;
#[path = "every_instruction/queues.rs"]
mod queues;
#[path = "every_instruction/reading.rs"]
mod reading;
#[path = "every_instruction/release.rs"]
mod release;
#[path = "every_instruction/sending.rs"]
mod sending;
mod support;
#[path = "every_instruction/theirs.rs"]
mod theirs;
#[path = "every_instruction/timers.rs"]
mod timers;
mod tracer;
#[path = "every_instruction/waiting.rs"]
mod waiting;
#[path = "every_instruction/waking.rs"]
mod waking;

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
    let families = [
        catch::scenarios(),
        release::scenarios(),
        reading::scenarios(),
        waiting::scenarios(),
        queues::scenarios(),
        dispatching::scenarios(),
        masks::scenarios(),
        waking::scenarios(),
        asking::scenarios(),
        timers::scenarios(),
        descriptors::scenarios(),
        sending::scenarios(),
        nested::scenarios(),
    ];
    families.into_iter().flatten().collect()
}
