//! A signal after a time: alarm(2) for seconds, an interval timer for less and for more than once.
//!
//! ```text
//! cargo run --example alarm     # ends by itself, after a second
//! ```

use core::time::Duration;
use siglatch::timer::{self, IntervalTimer};
use siglatch::{Dispatcher, Errno, SigInfo, Signal};

static SIGNALS: Dispatcher = Dispatcher::new();

fn on_alarm(_info: &SigInfo) {
    println!("Alarm triggered!");
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    SIGNALS.catch(Signal::ALRM, on_alarm)?;
    timer::alarm(1)?;
    println!("Waiting for a second...");
    SIGNALS.wait(None)?;
    SIGNALS.dispatch();

    let every = Duration::from_millis(20);
    IntervalTimer::Real.set(every, every)?;
    for _ in 0..3 {
        SIGNALS.wait(None)?;
        SIGNALS.dispatch();
    }
    println!("Cancelled, after every {:?}", IntervalTimer::Real.cancel()?.interval);
    Ok(())
}
