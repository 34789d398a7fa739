//! Statics and a stack that are aligned as their types ask.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

#[derive(Clone, Copy)]
#[repr(align(4096))]
struct Page([u8; 4096]);

#[repr(align(64))]
struct Line([u8; 64]);

static PAGE: Page = Page([3; 4096]);
static mut CHANGED: Page = Page([5; 4096]);
static mut ZERO: Page = Page([0; 4096]);

fn main(_: Process) -> u8 {
    let line = Line([1; 64]);
    check!(black_box(&raw const line).addr().is_multiple_of(64));
    check!(black_box(&line).0[63] == 1);
    check!(black_box(&PAGE).0[4095] == 3);
    for (page, first) in [(&raw const PAGE, 3), (&raw const CHANGED, 5), (&raw const ZERO, 0)] {
        let page = black_box(page);
        check!(page.addr().is_multiple_of(4096));
        // SAFETY: there is no other reference to it.
        check!(unsafe { page.read_volatile() }.0[0] == first);
    }
    ok()
}
