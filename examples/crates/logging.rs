//! Signals in a log, through the `log` facade: a callback may lock, allocate and write.
//!
//! ```text
//! cargo run --example logging     # Ctrl-C, kill -HUP PID; SIGTERM ends it
//! ```

use core::sync::atomic::{AtomicBool, Ordering};
use log::{LevelFilter, info, warn};
use siglatch::{Dispatcher, Errno, SigInfo, Signal};

static SIGNALS: Dispatcher = Dispatcher::new();
static LEAVING: AtomicBool = AtomicBool::new(false);

fn log_signal(details: &SigInfo) {
    let signal = details.signal();
    info!("Signal received: {signal} ({}), {:?}", signal.as_raw(), details.cause());
    if signal == Signal::TERM {
        LEAVING.store(true, Ordering::Relaxed);
    }
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    env_logger::Builder::new().filter_level(LevelFilter::Info).init();
    for signal in [Signal::INT, Signal::HUP, Signal::TERM] {
        SIGNALS.catch(signal, log_signal)?;
    }
    info!("Ready");
    while !LEAVING.load(Ordering::Relaxed) {
        SIGNALS.wait(None)?;
        SIGNALS.dispatch();
    }
    warn!("Leaving");
    Ok(())
}
