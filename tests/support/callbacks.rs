//! Callbacks of a dispatcher that note that they were called, and signals for them.

use siglatch::{Cause, Dispatcher, Pid, SigInfo, SigVal, Signal, Tid, send};
use std::sync::Mutex;

/// What was called, in order. Normal code only: no handler comes here.
static CALLS: Mutex<Vec<(i32, usize)>> = Mutex::new(Vec::new());

pub fn calls() -> Vec<(i32, usize)> {
    core::mem::take(&mut *CALLS.lock().expect("a lock that nobody poisoned"))
}

pub fn value(info: &SigInfo) -> usize {
    match info.cause() {
        Cause::Queue { value, .. } => value.as_addr(),
        _ => 0,
    }
}

pub fn number(info: &SigInfo) -> i32 {
    info.signal().as_raw()
}

pub fn note(info: &SigInfo) {
    CALLS.lock().expect("a lock").push((number(info), value(info)));
}

pub fn note_negative(info: &SigInfo) {
    CALLS.lock().expect("a lock").push((number(info).wrapping_neg(), value(info)));
}

pub fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

/// To this thread, which takes it before this returns.
pub fn give(signal: Signal, value: usize) {
    let value = SigVal::from_addr(value);
    send::queue_thread(Pid::this(), Tid::this(), signal, value).expect("queue_thread");
}

pub fn on<const N: usize>(table: &'static Dispatcher<N>, signal: Signal, function: fn(&SigInfo)) {
    table.catch(signal, function).expect("catch");
}
