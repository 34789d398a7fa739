//! Slices and texts that are compared.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

fn main(_: Process) -> u8 {
    let (one, other) = (black_box(b"a longer text, 1"), black_box(b"a longer text, 2"));
    check!(one[..] != other[..]);
    check!(one[..15] == other[..15]);
    check!(one[..] < other[..]);
    check!(black_box("b") > black_box("abc"));
    check!(black_box(c"text").to_bytes() == b"text");
    // SAFETY: it ends with a zero.
    check!(unsafe { core::ffi::CStr::from_ptr(black_box(c"four".as_ptr())) }.count_bytes() == 4);
    ok()
}
