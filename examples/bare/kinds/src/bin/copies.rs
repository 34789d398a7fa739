//! Copies that are large, that overlap, and memory that is filled.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

const SIZE: usize = 100_000;

fn main(_: Process) -> u8 {
    let mut bytes = [0; SIZE];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = at as u8;
    }
    let mut copy = *black_box(&bytes);
    check!(copy == bytes);
    copy.copy_within(0..SIZE - 3, black_box(3));
    check!(copy[3..] == bytes[..SIZE - 3]);
    copy.copy_within(3.., black_box(0));
    check!(copy[..SIZE - 3] == bytes[..SIZE - 3]);
    copy.fill(black_box(7));
    check!(black_box(&copy).iter().all(|&byte| byte == 7));
    ok()
}
