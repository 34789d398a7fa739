//! Sequences of operations and signals, against a plain model.
//!
//! The crate's statics are a fixed pool that every sequence begins and ends with as they were: all
//! released, nothing set, the first actions put back. So no process is needed for each, and what a
//! sequence leaves behind is found by the next.
//!
//! An input is one byte for the actions that are there first, then three bytes an operation: which,
//! and two arguments. After each, what can be seen from outside is compared: what costs system calls, of
//! one signal in turn, and of all at the end.
//!
//! One operation forks, once in a sequence: what follows is done by the child first, then by the
//! parent.

mod apply;
mod fork;
mod kernel;
mod model;
mod pool;
mod run;

use self::run::Run;
use arbitrary::{Result, Unstructured};

/// The whole target.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut run = Run::begin(input.arbitrary().unwrap_or(0));
    run.has_forked = !may_fork(data);
    // An input that ends in the middle of an operation has done what was before.
    let _end = operations(&mut run, &mut input);
    let is_child = run.is_child;
    run.end();
    if is_child {
        fork::leave();
    }
}

/// Whether an input that asks for a fork gets it. One in four does: it takes as long as five
/// sequences.
fn may_fork(data: &[u8]) -> bool {
    data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 4 == 0
}

fn operations(run: &mut Run, input: &mut Unstructured<'_>) -> Result<()> {
    const MOST: usize = 48;
    for turn in 0..MOST {
        let [operation, a, b] = input.arbitrary::<[u8; 3]>()?;
        run.apply(operation, a, b);
        run.compare();
        run.compare_action(pool::signals()[turn % 8]);
    }
    Ok(())
}
