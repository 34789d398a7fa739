//! The end of a program that panics. It is linked in only where it can happen.

use core::panic::PanicInfo;

use siglatch::{Signal, exit, sys};

/// Says where, and aborts, as a program of the standard library does with `panic = "abort"`.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    write(b"panicked");
    if let Some(location) = info.location() {
        write(b" at ");
        write(location.file().as_bytes());
        write(b":");
        write_number(location.line());
    }
    write(b"\n");
    exit::die_by(Signal::ABRT)
}

/// Without formatting, which would be the larger part of many a program.
fn write_number(number: u32) {
    if number >= 10 {
        write_number(number / 10);
    }
    write(&[b'0' + (number % 10) as u8]);
}

fn write(text: &[u8]) {
    // SAFETY: any code may write to standard error.
    let _lost = unsafe { sys::write(2, text) };
}
