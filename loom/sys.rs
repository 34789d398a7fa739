//! The kernel's door with another kernel behind it, as far as threads wait and are told apart. All
//! else is the real one.
#![expect(unsafe_code, reason = "has the signatures of the real one")]
#![expect(clippy::unnecessary_wraps, reason = "has the signatures of the real one")]
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a model ends by a panic")]

#[path = "../src/sys/mod.rs"]
#[allow(unused_imports, dead_code, reason = "some of its calls are replaced below")]
mod kernel;

extern crate std;

use core::cell::RefCell;
use core::ffi::c_int;
use std::rc::Rc;
use std::vec::Vec;

use loom::sync::{Condvar, Mutex};
use loom::thread::{self, ThreadId};

use crate::Errno;
use crate::sync::atomic::{AtomicU32, Ordering};

pub use kernel::*;

/// What the kernel knows in one execution.
struct Kernel {
    /// Held while a word is looked at or sleepers are woken.
    lock: Mutex<()>,
    /// Those of all words: who is woken for another's looks again, as after a signal.
    sleepers: Condvar,
    /// A thread's number is its place, from 1 on.
    threads: RefCell<Vec<ThreadId>>,
}

std::thread_local! {
    static KERNEL: RefCell<Option<Rc<Kernel>>> = const { RefCell::new(None) };
}

/// Begins an execution.
pub(crate) fn start() {
    let kernel =
        Kernel { lock: Mutex::new(()), sleepers: Condvar::new(), threads: RefCell::default() };
    KERNEL.set(Some(Rc::new(kernel)));
}

fn kernel() -> Rc<Kernel> {
    KERNEL.with_borrow(Clone::clone).expect("an execution has begun")
}

/// Sleeps while `*word` is `expected`. The kernel looks and lies down in one step, as seen by who
/// wakes. A deadline has passed at once, unless it is ages away.
///
/// # Errors
///
/// `EAGAIN`: the word held another value. `ETIMEDOUT`: there is a deadline.
pub fn futex_wait(
    word: &AtomicU32,
    expected: u32,
    deadline: Option<&KernelTimespec>,
) -> Result<(), Errno> {
    let kernel = kernel();
    let lock = kernel.lock.lock().expect("nobody panics with it");
    if word.load(Ordering::Relaxed) != expected {
        return Err(Errno::AGAIN);
    }
    if deadline.is_some_and(|deadline| deadline.seconds < i64::from(u32::MAX)) {
        return Err(Errno::TIMEDOUT);
    }
    drop(kernel.sleepers.wait(lock));
    Ok(())
}

/// Wakes all who sleep.
pub fn futex_wake(_word: &AtomicU32) {
    let kernel = kernel();
    let _lock = kernel.lock.lock().expect("nobody panics with it");
    kernel.sleepers.notify_all();
}

/// Lets another thread run.
///
/// # Errors
///
/// None.
pub fn clock_nanosleep(_time: &KernelTimespec) -> Result<(), Errno> {
    thread::yield_now();
    Ok(())
}

/// The number of the calling thread of the model.
#[must_use]
pub fn gettid() -> c_int {
    let kernel = kernel();
    let mut threads = kernel.threads.borrow_mut();
    let me = thread::current().id();
    let known = threads.iter().position(|thread| *thread == me);
    if known.is_none() {
        threads.push(me);
    }
    known.map_or(threads.len(), |place| place.saturating_add(1)) as c_int
}

/// Only asked whether a thread is there: each that has a number is.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// None.
pub unsafe fn tgkill(_tgid: c_int, _tid: c_int, signo: c_int) -> Result<(), Errno> {
    assert_eq!(signo, 0, "nothing is sent in a model");
    Ok(())
}
