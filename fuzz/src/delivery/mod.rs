//! Signals at chosen instructions of chosen operations.
//!
//! A forked child runs a few operations; this process single-steps it by ptrace(2), and at the
//! instructions that the input names a signal comes, on top of the handler of an earlier one too.
//! The child checks itself in the end: nothing lost, nothing twice, nothing torn, the mask and the
//! actions as they are to be.
//!
//! An input is a byte for what is caught at first, then up to three operations, then four bytes a
//! landing: the operation that it is in, how many entries and exits of system calls are passed
//! before it, how many instructions after those, and the signal.

mod child;
mod trace;

pub use self::trace::is_possible;
use arbitrary::{Result, Unstructured};

/// What the child does between two stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Catch(Receiver),
    Release(Receiver),
    Take,
    TakeSignal,
    Drain,
    Look,
    Pop,
    DrainQueue,
    Dispatch,
    /// Blocks all signals for a while.
    Guard,
}

/// Who receives signals in the child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    Latch,
    Queue,
    Table,
}

impl Receiver {
    pub const ALL: [Self; 3] = [Self::Latch, Self::Queue, Self::Table];
}

/// A signal at an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Landing {
    pub operation: usize,
    pub syscall_stops: u8,
    pub instructions: u8,
    /// Which of [`child::signals`].
    pub signal: usize,
    /// What is sent along: its place among all of them, from 1 on.
    pub value: usize,
}

#[derive(Debug)]
pub struct Plan {
    /// Which receivers have caught their signals before the first operation.
    pub caught: [bool; 3],
    pub operations: Vec<Operation>,
    /// In the order in which they come.
    pub landings: Vec<Landing>,
}

impl Plan {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        const MOST_LANDINGS: usize = 5;
        let first = input.arbitrary::<u8>()?;
        let mut plan = Self {
            caught: [0, 1, 2].map(|bit| first >> bit & 1 == 1),
            operations: Vec::new(),
            landings: Vec::new(),
        };
        for _ in 0..=(first >> 3) % 3 {
            plan.operations.push(operation(input.arbitrary()?));
        }
        while plan.landings.len() < MOST_LANDINGS && input.len() >= 4 {
            let [operation, syscall_stops, instructions, signal] = input.arbitrary::<[u8; 4]>()?;
            plan.landings.push(Landing {
                operation: usize::from(operation) % plan.operations.len(),
                syscall_stops: syscall_stops % 24,
                instructions,
                signal: usize::from(signal) % child::SIGNALS,
                value: 0,
            });
        }
        plan.landings.sort_by_key(|landing| landing.operation);
        for (landing, value) in plan.landings.iter_mut().zip(1..) {
            landing.value = value << (usize::BITS / 8 * 5) | value;
        }
        Ok(plan)
    }

    /// Whether a receiver has its signals caught before each operation, and after the last.
    #[must_use]
    pub fn caught(&self, receiver: Receiver) -> Vec<bool> {
        let mut caught = vec![self.caught[receiver as usize]];
        for operation in &self.operations {
            let before = caught[caught.len() - 1];
            caught.push(match operation {
                Operation::Catch(of) if *of == receiver => true,
                Operation::Release(of) if *of == receiver => false,
                _ => before,
            });
        }
        caught
    }
}

fn operation(byte: u8) -> Operation {
    let receiver = Receiver::ALL[usize::from(byte >> 4) % 3];
    match byte % 12 {
        0 | 1 => Operation::Catch(receiver),
        2 | 3 => Operation::Release(receiver),
        4 => Operation::Take,
        5 => Operation::TakeSignal,
        6 => Operation::Drain,
        7 => Operation::Look,
        8 => Operation::Pop,
        9 => Operation::DrainQueue,
        10 => Operation::Dispatch,
        _ => Operation::Guard,
    }
}

/// The whole target.
pub fn run(data: &[u8]) {
    let _places = landed(data);
}

/// The same; tells at which instructions signals came, by address.
#[must_use]
pub fn landed(data: &[u8]) -> Vec<usize> {
    match Plan::new(&mut Unstructured::new(data)) {
        Ok(plan) => trace::run(&plan),
        // An input that ends before there is an operation.
        Err(_) => Vec::new(),
    }
}
