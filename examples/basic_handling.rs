//! Basic handling: a function of the program is called when a signal comes, and may do anything.
//!
//! ```text
//! cargo run --example basic_handling     # from another shell: kill -USR1 PID
//! ```

use siglatch::{Dispatcher, Errno, Signal};

static SIGNALS: Dispatcher = Dispatcher::new();

fn main() -> Result<(), Errno> {
    println!("pid {}", std::process::id());
    SIGNALS.catch(Signal::USR1, |info| {
        println!("{:?} came from process {:?}", info.signal(), info.sender());
    })?;
    println!("Waiting for SIGUSR1...");

    // The function does not run in the middle of something else: it runs here.
    SIGNALS.wait(None)?;
    let calls = SIGNALS.dispatch();
    println!("{calls} function called");
    Ok(())
}
