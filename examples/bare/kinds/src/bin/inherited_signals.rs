//! What signals it was started with, noted before main: the ignored, then the blocked.
#![no_std]
#![no_main]

use kinds::{check, print};
use siglatch::{Latch, SigSet, Signal, mask};
use siglatch_start::{Process, start};

siglatch::inherited_signals!(static START);

static LATCH: Latch = Latch::new();

start!(main);

fn main(_: Process) -> u8 {
    // Neither changes what was noted.
    check!(LATCH.catch(Signal::HUP).is_ok());
    let _guard = mask::block(Signal::USR2);
    for set in [START.ignored(), START.mask()] {
        let set = set.unwrap_or(SigSet::full());
        for signal in set {
            print(&signal.name());
            print(" ");
        }
        print("\n");
    }
    0
}
