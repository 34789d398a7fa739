//! Works until SIGINT asks it to stop.

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

fn main() -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    println!("Working...");
    for signal in signals.wait() {
        println!("{signal} asked to stop");
    }
    println!("Program exited safely");
    Ok(())
}
