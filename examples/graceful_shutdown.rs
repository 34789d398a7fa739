//! The main job: work until SIGINT or SIGTERM asks to stop, finish what is in hand, leave.
//!
//! ```text
//! cargo run --example graceful_shutdown     # then Ctrl-C, or from another shell: kill -TERM PID
//! ```

use core::time::Duration;
use siglatch::{Errno, Latch, Signal};

/// Set by the handler. Nothing else happens in signal context.
static STOP: Latch = Latch::new();

fn main() -> Result<(), Errno> {
    STOP.catch([Signal::INT, Signal::TERM])?;
    println!("pid {}", std::process::id());

    loop {
        println!("Working...");
        // The rest of the second, unless a signal comes: then it wakes at once.
        if STOP.wait(Some(Duration::from_secs(1)))? {
            break;
        }
    }

    println!("Stopping program...");
    // The unit of work in hand is finished here, in normal code, with all of the language at hand.
    for signal in STOP.drain() {
        println!("{signal} asked to stop");
    }
    println!("Program exited safely");
    // Status 0: it has done what it was asked to. A tool that scripts run ends by the signal, for a
    // Ctrl-C to end the script, too: `exit::die_by`, or a `Shutdown` and its `exit`.
    Ok(())
}
