//! A mebibyte that is written out in the program, and one that is zero at the start.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

static mut WRITTEN: [u8; 1 << 20] = [7; 1 << 20];
static mut ZERO: [u8; 1 << 20] = [0; 1 << 20];

fn main(_: Process) -> u8 {
    let (written, zero) = (black_box(&raw mut WRITTEN), black_box(&raw mut ZERO));
    // SAFETY: there is one thread, and no other reference.
    let (written, zero) = unsafe { (&mut *written, &mut *zero) };
    check!(written.iter().all(|&byte| byte == 7));
    check!(zero.iter().all(|&byte| byte == 0));
    zero.copy_from_slice(written);
    written[0] = 8;
    check!(zero[..] != written[..]);
    check!(zero[1..] == written[1..]);
    ok()
}
