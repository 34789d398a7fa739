//! An ignored signal has no effect; a program that it executes inherits that.
//!
//! ```text
//! cargo run --example ignore_signal     # Ctrl-C does nothing; kill -TERM PID ends it
//! ```

use siglatch::{Errno, Latch, Signal, action};

static STOP: Latch = Latch::new();

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    let before = action::ignore(Signal::INT)?;
    println!("Before: {:?}", before.action().disposition());
    println!("Now: {:?}", action::query(Signal::INT)?.disposition());

    // Something has to end it. SIGTERM had better not be ignored.
    STOP.catch(Signal::TERM)?;
    println!("Ctrl-C is ignored...");
    STOP.wait(None)?;

    // Restore the previous action.
    println!("Restored: {}", before.restore()?);
    Ok(())
}
