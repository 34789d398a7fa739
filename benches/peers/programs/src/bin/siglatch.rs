//! Works until SIGINT asks it to stop.

use siglatch::{Errno, Latch, Signal};

static STOP: Latch = Latch::new();

fn main() -> Result<(), Errno> {
    STOP.catch(Signal::INT)?;
    println!("Working...");
    STOP.wait(None)?;
    for signal in STOP.take() {
        println!("{signal} asked to stop");
    }
    println!("Program exited safely");
    Ok(())
}
