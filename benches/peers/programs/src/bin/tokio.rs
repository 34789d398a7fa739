//! Works until SIGINT asks it to stop.

use tokio::signal::unix::{SignalKind, signal};

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::interrupt())?;
        println!("Working...");
        stop.recv().await;
        println!("SIGINT asked to stop");
        println!("Program exited safely");
        Ok(())
    })
}
