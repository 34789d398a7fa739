//! Calls a function of libc, which is not there.
#![no_std]
#![no_main]

use core::ffi::c_char;
use siglatch_start::{Process, start};

start!(main);

unsafe extern "C" {
    fn getenv(name: *const c_char) -> *const c_char;
}

fn main(_: Process) -> u8 {
    // SAFETY: it is not linked, so it is not called.
    unsafe { getenv(c"HOME".as_ptr()) }.is_null().into()
}
