//! Models: small programs of a few threads on the shipped types, which loom runs in every
//! interleaving, and with every value that each load may see.
//!
//! A handler is a thread of the model: what may interrupt another thread at each of its instructions
//! may as well run beside it. One that is stopped for ever is a thread that ends half-way.

#![expect(unsafe_code, reason = "writes to cells that loom watches")]
#![expect(clippy::expect_used, clippy::panic, reason = "a model ends by a panic")]
#![expect(clippy::arithmetic_side_effects, reason = "counts a few instances")]

mod bits;
mod children;
mod conveniences;
mod gate;
mod latch;
mod list;
mod lock;
mod previous;
mod queue;
mod registry;
mod wake;
mod wake_fd;

extern crate std;

use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;

use crate::bits::Bit;
use crate::sync::{self, UnsafeCell, share};
use crate::{Signal, sys};

/// A program to be run in every interleaving.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// What it shows.
    pub name: &'static str,
    /// How often a thread may be interrupted by another before it has to wait: without a bound, all
    /// interleavings are run.
    pub bound: Option<usize>,
    body: fn(),
}

impl Model {
    const fn new(name: &'static str, body: fn()) -> Self {
        Self { name, bound: None, body }
    }

    /// The same, with at most so many interruptions in one execution.
    const fn bounded(name: &'static str, bound: usize, body: fn()) -> Self {
        Self { name, bound: Some(bound), body }
    }

    /// Runs it in every interleaving, and returns how many executions that were.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    #[must_use]
    pub fn run(self) -> usize {
        let executions = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&executions);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = self.bound;
        builder.max_branches = 10_000;
        builder.check(move || {
            count.fetch_add(1, Relaxed);
            sync::start();
            sys::start();
            (self.body)();
        });
        executions.load(Relaxed)
    }
}

/// All of them.
pub fn all() -> impl Iterator<Item = Model> {
    let files = [
        bits::MODELS,
        gate::MODELS,
        latch::MODELS,
        list::MODELS,
        lock::MODELS,
        previous::MODELS,
        queue::MODELS,
        registry::MODELS,
        wake::MODELS,
        wake_fd::MODELS,
        conveniences::MODELS,
        children::MODELS,
    ];
    files.into_iter().flatten().copied()
}

/// Something that one thread does before it tells another: loom ends the model if the other looks
/// without having been told.
struct Work(UnsafeCell<bool>);

impl Work {
    fn new() -> &'static Self {
        share(Self(UnsafeCell::new(false)))
    }

    fn do_it(&self) {
        // SAFETY: loom checks that nobody else uses it.
        unsafe { self.0.get().write(true) }
    }

    fn is_done(&self) -> bool {
        // SAFETY: loom checks that nobody writes it.
        unsafe { self.0.get().read() }
    }
}

/// A thread of the model.
fn spawn<T: 'static>(f: impl FnOnce() -> T + 'static) -> loom::thread::JoinHandle<T> {
    loom::thread::spawn(f)
}

fn join<T>(thread: loom::thread::JoinHandle<T>) -> T {
    thread.join().expect("loom ends the model otherwise")
}

const ONE: Signal = Signal::USR1;
const OTHER: Signal = Signal::USR2;

fn bit() -> Bit {
    Bit::of(ONE)
}
