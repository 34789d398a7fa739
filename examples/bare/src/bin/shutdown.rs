//! The main job with no libc: what `examples/graceful_shutdown.rs` does, in a static program of two
//! kilobytes that has its own entry and makes its own system calls.
//!
//! ```text
//! cd examples/bare && cargo build --release && target/release/shutdown
//! ```

#![no_std]
#![no_main]

use core::time::Duration;
use siglatch::sys::{self, nr};
use siglatch::{Errno, Latch, SigSet, Signal};
use siglatch_start::{Process, start};

/// Set by the handler. Nothing else happens in signal context.
static STOP: Latch = Latch::new();

const ASKS_TO_STOP: SigSet = SigSet::empty().with(Signal::INT).with(Signal::TERM);

start!(main);

fn main(_: Process) -> u8 {
    match work_until_asked() {
        Ok(()) => 0,
        Err(errno) => errno.as_raw() as u8,
    }
}

fn work_until_asked() -> Result<(), Errno> {
    STOP.catch(ASKS_TO_STOP)?;
    print(b"pid ");
    print_number(sys::getpid().cast_unsigned());
    print(b"\n");
    loop {
        print(b"Working...\n");
        // The rest of the second, unless a signal comes: then it wakes at once.
        if STOP.wait(Some(Duration::from_secs(1)))? {
            break;
        }
    }
    print(b"Stopping program...\n");
    for signal in STOP.take() {
        print(if signal == Signal::INT { b"SIGINT" } else { b"SIGTERM" });
        print(b" asked to stop\n");
    }
    print(b"Program exited safely\n");
    Ok(())
}

/// Writes to standard output. What cannot be written is lost, as with a closed terminal.
#[inline(never)]
fn print(text: &[u8]) {
    // SAFETY: the kernel reads `text` and nothing else.
    let _written =
        unsafe { sys::syscall3(nr::WRITE, 1, text.as_ptr().expose_provenance(), text.len()) };
}

/// Writes a number below 2^30, as each process id is, a digit at a time.
fn print_number(number: u32) {
    // number / 10, without the 1 KB that a division takes on processors that have none.
    let tenth = ((u64::from(number) * 0x1999_999a) >> 32) as u32;
    if tenth != 0 {
        print_number(tenth);
    }
    let digit = (number as u8).wrapping_sub((tenth as u8).wrapping_mul(10));
    print(&[b'0' + digit]);
}
