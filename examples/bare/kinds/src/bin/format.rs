//! Text that core::fmt makes: of integers, floats, and structs.
#![no_std]
#![no_main]

use core::fmt::{self, Write as _};
use core::hint::black_box;
use kinds::{check, ok, print};
use siglatch::Signal;
use siglatch_start::{Process, start};

start!(main);

struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print(text);
        Ok(())
    }
}

fn main(_: Process) -> u8 {
    let (float, signal) = (black_box(1234.5678_f64), black_box(Signal::TERM));
    let pair = black_box((-1_i128, "text"));
    check!(writeln!(Output, "{float:>12.2}|{signal}|{pair:?}|{:#x}", black_box(255)).is_ok());
    ok()
}
