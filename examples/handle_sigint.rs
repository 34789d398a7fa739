//! Ctrl-C is a signal like any other: it is handled, and the program decides when to end.
//!
//! ```text
//! cargo run --example handle_sigint     # Ctrl-C, and a second time
//! ```

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use siglatch::{Dispatcher, Errno, SigInfo, Signal, exit};

static SIGNALS: Dispatcher = Dispatcher::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

fn on_interrupt(_info: &SigInfo) {
    let before = COUNT.fetch_add(1, Ordering::Relaxed);
    println!("Signal received: {} (so far: {before})", Signal::INT.as_raw());
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    SIGNALS.catch(Signal::INT, on_interrupt)?;

    while COUNT.load(Ordering::Relaxed) < 2 {
        println!("Running...");
        // A second, or less if a signal comes.
        SIGNALS.wait(Some(Duration::from_secs(1)))?;
        SIGNALS.dispatch();
    }
    println!("Twice is enough");
    // With status 0, a shell's loop would go on to the next, and `prog && deploy` would deploy.
    exit::die_by(Signal::INT)
}
