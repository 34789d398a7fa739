//! [`SignalFdInfo`]: what a signalfd(2) reports about one signal.

use core::fmt;

use crate::info::decode::{self, Fields};
use crate::sys::KernelSignalfdSiginfo;
use crate::{Cause, FaultDetail, Pid, SigInfoTrust, SigVal, Signal};

/// What a [`SignalFd`](super::SignalFd) reports about one instance of a signal: signalfd_siginfo.
///
/// It is what [`SigInfo`](crate::SigInfo) is, with the same [`cause`](Self::cause), in less room:
///
/// - no bounds, protection key or performance event of a fault, which the kernel never has read
///   from a descriptor (a process may queue them to itself): the detail is
///   [`None`](FaultDetail::None);
/// - 32 bits for the events of a ready descriptor, where there are no more than 16.
#[doc(alias = "signalfd_siginfo")]
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignalFdInfo(KernelSignalfdSiginfo);

impl SignalFdInfo {
    /// An empty record, for a buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self(KernelSignalfdSiginfo::zeroed())
    }

    /// The record as the kernel has it.
    #[must_use]
    pub const fn as_kernel(&self) -> &KernelSignalfdSiginfo {
        &self.0
    }

    /// `ssi_signo`: which signal; `None` in an empty record.
    #[doc(alias = "ssi_signo")]
    #[must_use]
    pub fn signal(&self) -> Option<Signal> {
        Signal::from_raw(self.0.signo as i32).ok()
    }

    /// `ssi_errno`: mostly 0.
    #[doc(alias = "ssi_errno")]
    #[must_use]
    pub const fn errno(&self) -> i32 {
        self.0.errno
    }

    /// `ssi_code`: why it was sent, as a number; [`cause`](Self::cause) has it decoded.
    #[doc(alias = "ssi_code")]
    #[must_use]
    pub const fn code(&self) -> i32 {
        self.0.code
    }

    /// How far the rest can be trusted.
    #[must_use]
    pub fn trust(&self) -> SigInfoTrust {
        decode::trust(self)
    }

    /// The process that sent the signal; `None` for the kernel, a timer, or one outside this pid
    /// namespace. The kernel's word if [`trust`](Self::trust) is at least
    /// [`KernelStamped`](SigInfoTrust::KernelStamped), the sender's own otherwise.
    #[doc(alias = "ssi_pid")]
    #[must_use]
    pub fn sender(&self) -> Option<Pid> {
        decode::sender(self)
    }

    /// The value that was sent along, by sigqueue(3), a timer or another source that has one.
    #[doc(alias = "ssi_int")]
    #[doc(alias = "ssi_ptr")]
    #[must_use]
    pub fn value(&self) -> Option<SigVal> {
        self.cause().value()
    }

    /// Why it was sent, with the details that came along.
    #[inline]
    #[must_use]
    pub fn cause(&self) -> Cause {
        decode::cause(self)
    }
}

impl Default for SignalFdInfo {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SignalFdInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalFdInfo")
            .field("signal", &self.0.signo)
            .field("code", &self.0.code)
            .field("cause", &self.cause())
            .finish()
    }
}

impl Fields for SignalFdInfo {
    fn signo(&self) -> i32 {
        self.0.signo as i32
    }

    fn code(&self) -> i32 {
        self.0.code
    }

    fn pid(&self) -> i32 {
        self.0.pid as i32
    }

    fn uid(&self) -> u32 {
        self.0.uid
    }

    /// Both fields are of one union, `ssi_ptr` all of it where a pointer has 64 bits. Where it has
    /// 32, the int has them all, and `ssi_ptr` may not: a big-endian 64-bit kernel keeps such a
    /// value in the half that a small number does not show.
    fn value(&self) -> SigVal {
        #[cfg(target_pointer_width = "64")]
        let value = SigVal::from_addr(self.0.ptr as usize);
        #[cfg(target_pointer_width = "32")]
        let value = SigVal::from_int(self.0.int);
        value
    }

    fn timer_id(&self) -> i32 {
        self.0.tid as i32
    }

    fn overrun(&self) -> i32 {
        self.0.overrun as i32
    }

    fn band(&self) -> isize {
        self.0.band as isize
    }

    fn fd(&self) -> i32 {
        self.0.fd
    }

    fn status(&self) -> i32 {
        self.0.status
    }

    fn user_ticks(&self) -> i64 {
        self.0.utime as i64
    }

    fn system_ticks(&self) -> i64 {
        self.0.stime as i64
    }

    fn address(&self) -> usize {
        self.0.addr as usize
    }

    fn address_lsb(&self) -> i16 {
        self.0.addr_lsb as i16
    }

    fn call_address(&self) -> usize {
        self.0.call_addr as usize
    }

    fn syscall(&self) -> i32 {
        self.0.syscall
    }

    fn arch(&self) -> u32 {
        self.0.arch
    }

    fn bounds(&self) -> FaultDetail {
        FaultDetail::None
    }

    fn protection_key(&self) -> FaultDetail {
        FaultDetail::None
    }

    fn perf(&self) -> FaultDetail {
        FaultDetail::None
    }
}
