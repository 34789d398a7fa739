//! Descriptors of signals, and what is read from them.

use siglatch::fd::{SignalFd, SignalFdInfo};
use siglatch::{SigSet, mask};

/// A non-blocking descriptor for signals that are blocked from here on.
pub fn listen(signals: impl Into<SigSet>) -> SignalFd {
    let signals = signals.into();
    mask::block(signals).expect("block");
    SignalFd::nonblocking(signals).expect("signalfd")
}

/// The one signal that is pending.
#[track_caller]
pub fn read_one(fd: &SignalFd) -> SignalFdInfo {
    let mut buffer = [SignalFdInfo::new(); 2];
    match fd.read(&mut buffer) {
        Ok(&[record]) => record,
        other => panic!("one record was to be read, not {other:?}"),
    }
}
