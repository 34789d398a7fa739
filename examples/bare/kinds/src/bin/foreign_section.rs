//! Has a variable in a section of its own.
#![no_std]
#![no_main]

use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

#[used]
#[unsafe(link_section = ".of_its_own")]
static mut NUMBER: u32 = 5;

fn main(_: Process) -> u8 {
    // SAFETY: there is one thread.
    check!(unsafe { (&raw const NUMBER).read_volatile() } == 5);
    ok()
}
