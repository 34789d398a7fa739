//! A frame of a mebibyte.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

fn main(_: Process) -> u8 {
    let large = black_box([3_u8; 1 << 20]);
    check!(large.iter().map(|&byte| u64::from(byte)).sum::<u64>() == 3 << 20);
    ok()
}
