//! The first Ctrl-C is caught; then the signal is given back, and the next one has its usual effect.
//!
//! ```text
//! cargo run --example restore_default     # Ctrl-C, and again: it dies by SIGINT
//! ```

use siglatch::{Errno, Latch, Signal, action, wait};

static ONCE: Latch = Latch::new();

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    ONCE.catch(Signal::INT)?;
    println!("Waiting for the first...");
    ONCE.wait(None)?;

    // `release` restores the previous action, which is the polite thing to do. If it was
    // ignored, as for a job in the background, it would be ignored again.
    ONCE.release(Signal::INT)?;
    // This takes the default, whatever was there.
    action::default(Signal::INT)?;
    println!("Now it is {:?}: the next one ends it", action::query(Signal::INT)?.disposition());
    loop {
        wait::pause()?;
    }
}
