//! Times that are long, and the signals of timers as they come.

use core::time::Duration;
use siglatch::timer::Setting;
use siglatch::{SigInfo, Signal, wait};

pub const LONG: Duration = Duration::from_secs(60);
pub const LONGEST: Duration = Duration::from_nanos(1 << 62);
pub const UNSET: Setting = Setting { value: Duration::ZERO, interval: Duration::ZERO };

/// Waits for a signal that is blocked.
#[track_caller]
pub fn take(signal: Signal) -> SigInfo {
    wait::wait_info(signal).expect("wait")
}

/// Nothing comes for a while.
#[track_caller]
pub fn assert_silent(signal: Signal, for_how_long: Duration) {
    assert_eq!(wait::wait_timeout(signal, for_how_long), Ok(None));
}

/// Uses the processor until the signal has come, and takes it.
pub fn work_until_pending(signal: Signal) -> SigInfo {
    loop {
        if let Some(info) = wait::wait_timeout(signal, Duration::ZERO).expect("wait") {
            return info;
        }
        for n in 0..10_000_u32 {
            core::hint::black_box(n);
        }
    }
}
