//! Statics that are not zero: numbers, addresses, and this crate's.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;
use kinds::{check, ok};
use siglatch::{HookContext, InfoQueue, Latch, Signal, send};
use siglatch_start::{Process, start};

start!(main);

static mut NUMBERS: [u32; 4] = [1, 2, 3, 4];
static mut ADDRESS: &[u8] = b"constant";
static QUEUE: InfoQueue<4> = InfoQueue::new();
static LATCH: Latch = Latch::new().restart(false);

fn main(_: Process) -> u8 {
    // SAFETY: there is one thread.
    check!(unsafe { black_box(&raw const NUMBERS).read_volatile() } == [1, 2, 3, 4]);
    // SAFETY: likewise.
    check!(unsafe { black_box(&raw const ADDRESS).read_volatile() } == b"constant");
    check!(QUEUE.catch(Signal::USR1).is_ok());
    for _ in 0..6 {
        // One at a time, or else the kernel merges them.
        check!(send::raise(Signal::USR1).is_ok());
    }
    check!(QUEUE.drain().count() == 4);
    check!(QUEUE.lost(Signal::USR1) == 2);
    check!(LATCH.catch(Signal::USR2).is_ok());
    check!(send::raise(Signal::USR2).is_ok());
    check!(LATCH.wait(Some(Duration::from_secs(60))) == Ok(true));
    let _: Option<HookContext> = None;
    ok()
}
