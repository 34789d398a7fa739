//! Nothing is caught: a signal does what the kernel does by default, and each can be asked what
//! that is.
//!
//! ```text
//! cargo run --example default_behaviour     # Ctrl-C or kill -TERM PID: it dies by the signal
//! ```

use siglatch::{Errno, Signal, action, wait};

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    for signal in [Signal::INT, Signal::TERM, Signal::CHLD, Signal::TSTP] {
        let now = action::query(signal)?.disposition();
        println!("{signal}: {now:?}; by default: {:?}", signal.default_action());
    }
    println!("Waiting for the end...");
    loop {
        wait::pause()?;
    }
}
