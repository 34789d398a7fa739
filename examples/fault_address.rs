//! Prints where a fault happened, from the handler, and dies by its signal all the same.
//!
//! ```text
//! cargo run --example fault_address     # fault at 0x0000000000001234, then: Segmentation fault
//! ```

#![expect(unsafe_code, reason = "a hook runs in signal context, and this one has a fault to see")]

use siglatch::{Cause, Errno, Hook, HookContext, HookVerdict, Signal, sys};

/// Nothing maps it: it is below what Linux lets a process map.
const NOWHERE: usize = 0x1234;

/// Runs in signal context: one system call, and nothing that allocates or locks, as formatting
/// with std might.
fn tell_the_address(signal: HookContext<'_>) -> HookVerdict {
    if let Cause::Fault { address, .. } = signal.info().cause() {
        let text = line(address);
        // SAFETY: it writes to stderr. There is nothing to do about a failure.
        let _written = unsafe { sys::write(2, &text) };
    }
    // The next hook, the handler that was there before, or the default: the end of the process.
    HookVerdict::Declined
}

/// `fault at 0x0000000000001234`
fn line(address: usize) -> [u8; 28] {
    let mut text = *b"fault at 0x----------------\n";
    let digits = text.iter_mut().skip(11).take(16);
    for (place, shift) in digits.zip((0..u64::BITS).step_by(4).rev()) {
        let digit = (address as u64 >> shift & 0xf) as u32;
        *place = char::from_digit(digit, 16).unwrap_or('?') as u8;
    }
    text
}

// SAFETY: the function makes one system call, touches no errno, and never says `Taken`.
static TELL: Hook = unsafe { Hook::new(tell_the_address) };

fn main() -> Result<(), Errno> {
    TELL.catch([Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE])?;
    println!("about to read from {NOWHERE:#x}");
    let place = core::ptr::without_provenance::<u8>(NOWHERE);
    // SAFETY: it is not sound, which is the point: the process ends here.
    let byte = unsafe { place.read_volatile() };
    println!("there was a byte: {byte}");
    Ok(())
}
