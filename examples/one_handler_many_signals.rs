//! One function for several signals: it is told which one came.
//!
//! ```text
//! cargo run --example one_handler_many_signals     # kill -USR1, -USR2, -HUP; SIGTERM ends it
//! ```

use core::ops::ControlFlow;
use siglatch::{Dispatcher, Errno, SigInfo, Signal};

static SIGNALS: Dispatcher = Dispatcher::new();

fn handle(info: &SigInfo) {
    if let Some(signal) = info.signal() {
        println!("Handled signal: {signal} ({})", signal.description());
    }
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2, Signal::TERM] {
        SIGNALS.catch(signal, handle)?;
    }
    println!("Waiting...");
    loop {
        SIGNALS.wait(None)?;
        // As `dispatch`, but with a closure, which can say that it is enough.
        let end = SIGNALS.dispatch_with(|info| {
            handle(info);
            match info.signal() {
                Some(Signal::TERM) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        if end.is_break() {
            return Ok(());
        }
    }
}
