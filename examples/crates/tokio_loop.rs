//! Signals in a task of [tokio](https://docs.rs/tokio), by its `AsyncFd`: a tick every half second,
//! SIGHUP to read the configuration again, SIGINT and SIGTERM to end.
//!
//! ```text
//! cargo run --features std --example tokio_loop     # then kill -HUP PID, and kill -TERM PID
//! ```
#![expect(unsafe_code, reason = "tokio wants to be told that the descriptor stays open")]

use core::time::Duration;
use siglatch::fd::{EventFd, OnceEventFd};
use siglatch::{Latch, SigSet, Signal};
use std::io;
use std::os::fd::AsFd as _;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout};

const TICK: Duration = Duration::from_millis(500);

static SIGNALS: Latch = Latch::new();
static WAKE: OnceEventFd = OnceEventFd::new();

fn main() -> io::Result<()> {
    // Readable from a signal on; it says that one came, and the latch says which.
    let wake = WAKE.open()?;
    SIGNALS.wake_through(wake)?;
    SIGNALS.catch([Signal::HUP, Signal::INT, Signal::TERM])?;
    println!("pid {}", std::process::id());

    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    for signal in runtime.block_on(run(wake))? {
        println!("{signal} asked to stop");
    }
    println!("Program exited safely");
    // Status 0: a service that was asked to stop has not failed.
    Ok(())
}

/// Works until it is asked to stop, and tells by which signals.
async fn run(wake: &EventFd) -> io::Result<SigSet> {
    // SAFETY: it stays open, the same file, as long as it is borrowed.
    let readable = unsafe { AsyncFd::register_with_interest(wake.as_fd(), Interest::READABLE) }?;

    println!("Working...");
    let mut last = Instant::now();
    loop {
        let rest = TICK.saturating_sub(last.elapsed());
        if let Ok(ready) = timeout(rest, readable.readable()).await {
            // In this order: what comes in between is seen now, or wakes again.
            wake.clear();
            ready?.clear_ready();
            let signals = SIGNALS.take();
            if signals.contains(Signal::HUP) {
                println!("Configuration read again");
            }
            let stop = signals & SigSet::from([Signal::INT, Signal::TERM]);
            if !stop.is_empty() {
                println!("Stopping program...");
                return Ok(stop);
            }
        }

        if last.elapsed() >= TICK {
            println!("Working...");
            last = Instant::now();
        }
    }
}
