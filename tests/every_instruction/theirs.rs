//! Handlers of other code that are not like most, and a callback that looks at what it is
//! told.

use super::common::same;
use crate::tracer::op::{Wrong, ensure};
use crate::tracer::ptrace::Sent;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use siglatch::{Dispatcher, SigInfo, Signal};
use std::sync::Mutex;
use support::foreign;

static CALLS: AtomicU32 = AtomicU32::new(0);

/// The details that the callback was called with.
static NOTED: Mutex<heapless::Vec<SigInfo, 8>> = Mutex::new(heapless::Vec::new());

extern "C" fn one_argument(_: i32) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// Installs a handler of one argument, as signal(2) does.
pub(crate) fn of_one_argument(signal: Signal) {
    let handler = one_argument as *const () as usize;
    foreign::set(signal.as_raw(), &foreign::action(handler, libc::SA_RESTART));
}

/// Installs a handler that is good for one signal.
pub(crate) fn for_once(signal: Signal) {
    let handler = one_argument as *const () as usize;
    foreign::set(signal.as_raw(), &foreign::action(handler, libc::SA_RESETHAND));
}

/// The value that came to [`with_details`].
static VALUE: AtomicI32 = AtomicI32::new(0);

extern "C" fn look(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel's details, or those that it was passed on; null if they were forgotten.
    if let Some(info) = unsafe { info.as_ref() } {
        // SAFETY: the tracer sends its signals with a value.
        let value = unsafe { info.si_value() };
        VALUE.store(value.sival_ptr.addr() as i32, Ordering::Relaxed);
    }
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// Installs a handler that looks at the details.
pub(crate) fn with_details(signal: Signal) {
    let handler = look as *const () as usize;
    foreign::set(signal.as_raw(), &foreign::action(handler, libc::SA_SIGINFO));
}

/// The value that it found.
pub(crate) fn value() -> i32 {
    VALUE.load(Ordering::Relaxed)
}

/// How often one of these was called since this was asked last.
pub(crate) fn take_calls() -> u32 {
    CALLS.swap(0, Ordering::Relaxed)
}

/// A callback that notes its details.
pub(crate) fn note(info: &SigInfo) {
    if let Ok(mut noted) = NOTED.lock() {
        let _room_or_a_count_too_small = noted.push(*info);
    }
}

/// Dispatches, and tells how often [`note`] has been called for the signal that was sent, each time
/// with its details.
pub(crate) fn noted<const N: usize>(table: &Dispatcher<N>, sent: &Sent) -> Result<usize, Wrong> {
    table.dispatch();
    let noted = NOTED.lock().map_err(|_| "the function has panicked")?;
    for info in noted.iter().filter(|info| info.signal() == sent.signal) {
        ensure!(same(info, sent), "torn: {info:?}");
    }
    Ok(noted.iter().filter(|info| info.signal() == sent.signal).count())
}
