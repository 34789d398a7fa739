//! Short names of what tests speak of again and again.

use siglatch::{Pid, Signal, Tid};
use std::process;

/// `SIGRTMIN + n`.
#[track_caller]
pub fn rt(n: u8) -> Signal {
    Signal::rt(n).expect("a real-time signal")
}

#[track_caller]
pub fn pid(raw: i32) -> Pid {
    Pid::from_raw(raw).expect("a process id")
}

#[track_caller]
pub fn tid(raw: i32) -> Tid {
    Tid::from_raw(raw).expect("a thread id")
}

/// This process.
pub fn us() -> i32 {
    process::id() as i32
}

/// The real user of this process.
pub fn uid() -> u32 {
    // SAFETY: no argument, no effect.
    unsafe { libc::getuid() }
}
