//! Runs the models, or those whose names contain the arguments, and tells how many executions each
//! took. It ends with the first that fails.
#![expect(clippy::arithmetic_side_effects, reason = "counts")]

use std::panic;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let (mut models, mut executions) = (0_usize, 0_usize);
    for model in siglatch::models::all() {
        if !wanted.is_empty() && !wanted.iter().any(|part| model.name.contains(part.as_str())) {
            continue;
        }
        let begin = Instant::now();
        let bound = model.bound.map_or("all".to_owned(), |bound| format!("≤{bound}"));
        let Ok(count) = panic::catch_unwind(|| model.run()) else {
            println!("   FAILED {bound:>4}           {}", model.name);
            return ExitCode::FAILURE;
        };
        models += 1;
        executions += count;
        let seconds = begin.elapsed().as_secs_f64();
        println!("{count:9} {bound:>4} {seconds:6.1} s  {}", model.name);
    }
    println!("models: {models}, executions: {executions}");
    if models == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
