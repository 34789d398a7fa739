//! What the programs share: they print `ok`, or end with the number of the line that is wrong.
#![no_std]

use siglatch::sys;

/// Prints `ok`, and is the status of a program where all was right.
#[must_use]
pub fn ok() -> u8 {
    print("ok\n");
    0
}

/// Prints a text.
pub fn print(text: &str) {
    // SAFETY: any code may write to standard output.
    let _lost = unsafe { sys::write(1, text.as_bytes()) };
}

/// Ends the program where a condition does not hold.
#[macro_export]
macro_rules! check {
    ($condition:expr) => {
        if !$condition {
            $crate::print(concat!(file!(), ": ", stringify!($condition), "\n"));
            ::siglatch::sys::exit_group(1);
        }
    };
}
