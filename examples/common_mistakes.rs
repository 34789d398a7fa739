//! Two common mistakes, and what becomes of them here.
//!
//! 1. A handler that never comes back. It is called in normal code, so nothing is blocked while it
//!    runs, and a second Ctrl-C, half a second later or more, ends the program, by that very signal.
//! 2. SIGTERM ignored, by whoever started the program too. It is caught whatever was there.
//!
//! ```text
//! cargo run --example common_mistakes     # Ctrl-C: it is stuck; Ctrl-C again: it is gone
//! ```

use core::time::Duration;
use siglatch::{Dispatcher, Errno, Shutdown, SigInfo, Signal};
use std::thread;

static SIGNALS: Dispatcher = Dispatcher::new();
static SHUTDOWN: Shutdown = Shutdown::new();

fn never_returns(_info: &SigInfo) {
    println!("Stuck in the handler...");
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    // Any number of receivers share a signal. The second one here takes effect in signal context,
    // where it does not matter what normal code is stuck in.
    SIGNALS.catch(Signal::INT, never_returns)?;
    SHUTDOWN.catch([Signal::INT, Signal::TERM])?;

    println!("Working...");
    while !SHUTDOWN.wait(Some(Duration::from_secs(1)))? {
        println!("Working...");
    }
    SIGNALS.dispatch();
    println!("Program exited safely");
    // By the signal that asked: a shell that runs this in a loop leaves the loop, too.
    SHUTDOWN.exit(0)
}
