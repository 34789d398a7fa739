//! Signals in a plain poll(2) loop: a tick every half second, SIGHUP to read the configuration
//! again, SIGINT and SIGTERM to end.
//!
//! ```text
//! cargo run --example poll_loop     # then kill -HUP PID, and kill -TERM PID or Ctrl-C
//! ```

use core::time::Duration;
use siglatch::fd::{EventFd, OnceEventFd};
use siglatch::wait::{Events, PollFd, poll};
use siglatch::{Errno, Latch, SigSet, Signal};
use std::time::Instant;

const TICK: Duration = Duration::from_millis(500);

static SIGNALS: Latch = Latch::new();
static WAKE: OnceEventFd = OnceEventFd::new();

fn main() -> Result<(), Errno> {
    // Readable from a signal on; it says that one came, and the latch says which.
    let wake = WAKE.open()?;
    SIGNALS.wake_through(wake)?;
    SIGNALS.catch([Signal::HUP, Signal::INT, Signal::TERM])?;
    println!("pid {}", std::process::id());

    for signal in run(wake)? {
        println!("{signal} asked to stop");
    }
    println!("Program exited safely");
    // Status 0: a service that was asked to stop has not failed.
    Ok(())
}

/// Works until it is asked to stop, and tells by which signals.
fn run(wake: &EventFd) -> Result<SigSet, Errno> {
    println!("Working...");
    let mut last = Instant::now();
    loop {
        // Sockets and pipes of the program would be in here, too.
        let mut fds = [PollFd::new(wake.as_raw(), Events::IN)];
        let rest = TICK.saturating_sub(last.elapsed());
        match poll(&mut fds, Some(rest), None) {
            // A handler ran, and what it left is looked at below.
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }

        // In this order: what comes in between is seen now, or wakes again.
        wake.clear();
        let signals = SIGNALS.take();
        if signals.contains(Signal::HUP) {
            println!("Configuration read again");
        }
        let stop = signals & SigSet::from([Signal::INT, Signal::TERM]);
        if !stop.is_empty() {
            println!("Stopping program...");
            return Ok(stop);
        }

        if last.elapsed() >= TICK {
            println!("Working...");
            last = Instant::now();
        }
    }
}
