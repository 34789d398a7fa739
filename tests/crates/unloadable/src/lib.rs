//! A plug-in that catches signals. What it is linked with, `-Wl,-z,nodelete`, has dlclose(3) leave it
//! where it is: the kernel and other code's handlers go on to call it.

use siglatch::{Latch, Signal};

static LATCH: Latch = Latch::new();

/// Catches a signal. Returns 0, or −1 on a failure.
#[unsafe(no_mangle)]
pub extern "C" fn unloadable_catch(signo: i32) -> i32 {
    let Ok(signal) = Signal::from_raw(signo) else { return -1 };
    LATCH.catch(signal).map_or(-1, |()| 0)
}

/// Releases it. Returns 1 if the handler may still be called, 0 if not, −1 on a failure.
#[unsafe(no_mangle)]
pub extern "C" fn unloadable_release(signo: i32) -> i32 {
    let signal = Signal::from_raw(signo);
    let left = signal.and_then(|signal| LATCH.release(signal));
    left.map_or(-1, |left| i32::from(!left.is_empty()))
}

/// Takes the flags, and returns how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn unloadable_taken() -> i32 {
    i32::try_from(LATCH.take().len()).unwrap_or(-1)
}
