//! A signal at every instruction of every operation, and a second one at every instruction of the
//! handler that the first one starts.
//!
//! For each point a fresh process is forked, brought before one instruction of the operation by a
//! breakpoint and single steps, and sent the signal there. It runs on, looks at what became of the
//! signal, and tells who got it: nobody is a loss, two are one too many, and who gets it may change
//! in the course of the operation in one direction only. Details are compared to the byte, and so
//! are the action and the mask that are left; what does not end is killed and told. The instruction
//! of a system call is three points: before it, at the call's entry, and asleep in it.
//!
//! ```text
//! cargo test --release --test every_instruction                                    a slice
//! EVERY_INSTRUCTION=all cargo test --release --test every_instruction              all, minutes
//! EVERY_INSTRUCTION=all cargo test --release --test every_instruction release      some
//! EVERY_INSTRUCTION=release_to_theirs:117 cargo test --release --test every_instruction
//! ```
//!
//! The last one is a single point, as a failure tells it. A new operation is a function in the file
//! of its subject and a line in that file's `operations!`.

#![expect(unsafe_code, reason = "traces processes")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts and addresses, far from any limit")]

#[path = "every_instruction/asking.rs"]
mod asking;
#[path = "every_instruction/catch.rs"]
mod catch;
#[path = "every_instruction/children.rs"]
mod children;
#[path = "every_instruction/common.rs"]
mod common;
#[path = "every_instruction/consumers.rs"]
mod consumers;
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
use waiting::flag_that_is_set_as_the_time_is_up_is_told;

fn main() -> ExitCode {
    shared::map();
    if let Err(why) = ptrace::is_permitted() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    check::count_together();
    let itself =
        scenarios![lost_signal_is_told_with_its_place, flag_that_is_set_as_the_time_is_up_is_told];
    let code = support::main_after(tracer::begin, operations().into_iter().chain(itself));
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
        consumers::scenarios(),
        children::scenarios(),
    ];
    families.into_iter().flatten().collect()
}
