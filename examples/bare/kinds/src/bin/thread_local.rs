//! Has a thread-local variable, as C code may.
#![no_std]
#![no_main]

use core::arch::global_asm;
use siglatch_start::{Process, start};

start!(main);

global_asm!(
    ".pushsection .tdata, \"awT\", @progbits",
    ".globl thread_local_variable",
    "thread_local_variable: .long 5",
    ".popsection",
    ".pushsection .text.of_it, \"ax\", @progbits",
    ".globl address_of_it",
    "address_of_it: .quad thread_local_variable@tpoff",
    ".popsection",
);

unsafe extern "C" {
    static address_of_it: u64;
}

fn main(_: Process) -> u8 {
    // SAFETY: it is a constant.
    unsafe { address_of_it as u8 }
}
