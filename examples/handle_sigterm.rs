//! SIGTERM is how a supervisor asks a program to end: kill(1), systemd, a container's stop.
//!
//! ```text
//! cargo run --example handle_sigterm     # from another shell: kill -TERM PID
//! ```

use core::time::Duration;
use siglatch::{Errno, Latch, Signal};

static STOP: Latch = Latch::new();

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    STOP.catch(Signal::TERM)?;
    println!("Serving...");
    while !STOP.wait(Some(Duration::from_secs(1)))? {
        println!("Still serving...");
    }
    println!("Graceful shutdown triggered");
    // Status 0: a service that its supervisor has asked to stop has done what it was to do.
    Ok(())
}
