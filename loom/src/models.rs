//! Runs the models, or those whose names contain the arguments, and tells how many executions each
//! took.
#![expect(clippy::arithmetic_side_effects, reason = "counts")]

use std::panic;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let (mut models, mut executions, mut failed) = (0_usize, 0_usize, 0_usize);
    for model in siglatch::models::all() {
        if !wanted.is_empty() && !wanted.iter().any(|part| model.name.contains(part.as_str())) {
            continue;
        }
        let begin = Instant::now();
        let bound = model.bound.map_or("all".to_owned(), |bound| format!("≤{bound}"));
        models += 1;
        if let Ok(count) = panic::catch_unwind(|| model.run()) {
            executions += count;
            let seconds = begin.elapsed().as_secs_f64();
            println!("{count:9} {bound:>4} {seconds:6.1} s  {}", model.name);
        } else {
            failed += 1;
            println!("   FAILED {bound:>4}           {}", model.name);
        }
    }
    println!("models: {models}, executions: {executions}, failed: {failed}");
    if failed == 0 && models != 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
