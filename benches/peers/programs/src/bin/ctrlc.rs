//! Works until SIGINT asks it to stop.

use std::error::Error;
use std::sync::mpsc;

fn main() -> Result<(), Box<dyn Error>> {
    let (asked, stop) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listens once it stops.
        let _sent = asked.send(());
    })?;
    println!("Working...");
    stop.recv()?;
    println!("SIGINT asked to stop");
    println!("Program exited safely");
    Ok(())
}
