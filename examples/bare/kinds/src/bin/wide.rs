//! Numbers of 128 bits, divided, and a text made of one.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

fn main(_: Process) -> u8 {
    let large = black_box(u128::MAX);
    check!(large / black_box(12_345) == 27_564_387_761_922_921_301_204_909_471_994_184);
    check!(large % black_box(1 << 70) == (1 << 70) - 1);
    check!(black_box(-7_i128) / black_box(2) == -3);
    check!(black_box(3_u128).pow(40).checked_mul(black_box(1 << 100)).is_none());
    let float = black_box(1e30_f64);
    check!(float as u128 == 1_000_000_000_000_000_019_884_624_838_656);
    ok()
}
