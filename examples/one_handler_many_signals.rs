//! One function for several signals: it is told which one came.
//!
//! ```text
//! cargo run --example one_handler_many_signals     # kill -USR1, -USR2, -HUP; SIGTERM ends it
//! ```

use core::ops::ControlFlow;
use siglatch::{Dispatcher, Errno, SigInfo, Signal};

static SIGNALS: Dispatcher = Dispatcher::new();

fn handle(info: &SigInfo) {
    let signal = info.signal();
    println!("Handled signal: {signal} ({})", signal.description());
}

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    SIGNALS.catch([Signal::HUP, Signal::USR1, Signal::USR2, Signal::TERM], handle)?;
    println!("Waiting...");
    loop {
        SIGNALS.wait(None)?;
        // As `dispatch`, but with a closure, which can say that it is enough.
        let end = SIGNALS.dispatch_with(|info| {
            handle(info);
            match info.signal() {
                Signal::TERM => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        if end.is_break() {
            return Ok(());
        }
    }
}
