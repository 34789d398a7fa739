//! Signals in a loop of [mio](https://docs.rs/mio): a tick every half second, SIGHUP to read the
//! configuration again, SIGINT and SIGTERM to end.
//!
//! ```text
//! cargo run --example mio_loop     # then kill -HUP PID, and kill -TERM PID or Ctrl-C
//! ```

use core::error::Error;
use core::time::Duration;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use siglatch::fd::{EventFd, OnceEventFd};
use siglatch::{Latch, SigSet, Signal};
use std::io::{self, ErrorKind};
use std::time::Instant;

const TICK: Duration = Duration::from_millis(500);
const SIGNAL: Token = Token(0);

static SIGNALS: Latch = Latch::new();
static WAKE: OnceEventFd = OnceEventFd::new();

fn main() -> Result<(), Box<dyn Error>> {
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
fn run(wake: &EventFd) -> io::Result<SigSet> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    poll.registry().register(&mut SourceFd(&wake.as_raw()), SIGNAL, Interest::READABLE)?;

    println!("Working...");
    let mut last = Instant::now();
    loop {
        match poll.poll(&mut events, Some(TICK.saturating_sub(last.elapsed()))) {
            Ok(()) => {}
            // A handler ran. Its event is still there for the next call.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }

        // Sockets of the program would have tokens of their own.
        if events.iter().any(|event| event.token() == SIGNAL) {
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
        }

        if last.elapsed() >= TICK {
            println!("Working...");
            last = Instant::now();
        }
    }
}
