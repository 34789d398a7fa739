//! A panic: says where, and dies by SIGABRT.
#![no_std]
#![no_main]

use core::hint::black_box;
use siglatch_start::{Process, start};

start!(main);

fn main(_: Process) -> u8 {
    [1, 2, 3][black_box(3)]
}
