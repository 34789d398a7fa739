//! The inputs of the fuzz targets, replayed: the seeds in `fuzz/corpus`, and what the fuzzer has
//! found, in `fuzz/regressions`. On stable Rust, without the fuzzer.

#![expect(clippy::expect_used, reason = "a file that cannot be read is how a test fails")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Child, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![delivery, names, operations, siginfo, every_target_is_replayed])
}

/// The inputs of a target, by name.
fn inputs(target: &str) -> Vec<PathBuf> {
    let fuzz = support::root().join("fuzz");
    let mut inputs = Vec::new();
    for folder in ["corpus", "regressions"] {
        // There may be no regressions.
        let Ok(files) = fs::read_dir(fuzz.join(folder).join(target)) else { continue };
        inputs.extend(files.map(|file| file.expect("a file").path()));
    }
    inputs.sort();
    inputs
}

/// Runs all inputs of a target in one process, as the fuzzer does.
#[track_caller]
fn replay(target: &str) {
    let run = siglatch_fuzz::TARGETS.iter().find(|(name, _)| *name == target);
    let (_, run) = run.expect("a target");
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "no inputs for {target}");
    let child = Child::start(|_| {
        for path in &inputs {
            // Told with a failure.
            println!("{}", path.display());
            run(&fs::read(path).expect("an input"));
        }
    });
    child.wait().assert_exited(0);
}

fn delivery() {
    if !siglatch_fuzz::delivery::is_possible() {
        return support::skip("the kernel lets no process be traced here, or has no single steps");
    }
    replay("delivery");
}

fn names() {
    replay("names");
}

fn operations() {
    replay("operations");
}

fn siginfo() {
    replay("siginfo");
}

fn every_target_is_replayed() {
    let names = siglatch_fuzz::TARGETS.map(|(name, _)| name);
    assert_eq!(names, ["delivery", "names", "operations", "siginfo"]);
}
