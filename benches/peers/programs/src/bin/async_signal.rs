//! Works until SIGINT asks it to stop.

use async_signal::{Signal, Signals};
use futures_lite::StreamExt as _;

fn main() -> std::io::Result<()> {
    let mut stop = Signals::new([Signal::Int])?;
    println!("Working...");
    if let Some(signal) = async_io::block_on(stop.next()) {
        println!("{:?} asked to stop", signal?);
    }
    println!("Program exited safely");
    Ok(())
}
