//! Which [`Cause`] a signal has, by signal and code, for each form in which the kernel reports it.

use super::{Cause, ChildState, FaultDetail, SigInfoTrust, SigVal};
use crate::{Pid, Signal};

/// `si_code` values that are the same for every signal (include/uapi/asm-generic/siginfo.h).
pub(super) mod code {
    pub(crate) const USER: i32 = 0;
    pub(crate) const KERNEL: i32 = 0x80;
    pub(crate) const QUEUE: i32 = -1;
    pub(crate) const TIMER: i32 = -2;
    pub(crate) const MESGQ: i32 = -3;
    pub(crate) const ASYNCIO: i32 = -4;
    pub(crate) const SIGIO: i32 = -5;
    pub(crate) const TKILL: i32 = -6;
}

/// The fields that the kernel may have filled. Only those of the signal and the code are read.
pub(crate) trait Fields {
    fn signo(&self) -> i32;
    fn code(&self) -> i32;
    fn pid(&self) -> i32;
    fn uid(&self) -> u32;
    fn value(&self) -> SigVal;
    fn timer_id(&self) -> i32;
    fn overrun(&self) -> i32;
    fn band(&self) -> isize;
    fn fd(&self) -> i32;
    fn status(&self) -> i32;
    fn user_ticks(&self) -> i64;
    fn system_ticks(&self) -> i64;
    fn address(&self) -> usize;
    fn address_lsb(&self) -> i16;
    fn call_address(&self) -> usize;
    fn syscall(&self) -> i32;
    fn arch(&self) -> u32;

    /// The details of a fault that only `siginfo_t` has room for.
    fn bounds(&self) -> FaultDetail;
    fn protection_key(&self) -> FaultDetail;
    fn perf(&self) -> FaultDetail;
}

#[inline]
pub(crate) fn trust(fields: &impl Fields) -> SigInfoTrust {
    match fields.code() {
        1.. => SigInfoTrust::Kernel,
        // What the kernel makes of details that it has no room for (`RLIMIT_SIGPENDING`).
        code::USER if fields.pid() == 0 && fields.uid() == 0 => SigInfoTrust::Claimed,
        code::USER | code::TKILL => SigInfoTrust::KernelStamped,
        _ => SigInfoTrust::Claimed,
    }
}

#[inline]
pub(crate) fn cause(fields: &impl Fields) -> Cause {
    let (pid, uid) = (fields.pid(), fields.uid());
    match fields.code() {
        code::USER => Cause::User { pid, uid },
        code::KERNEL => Cause::Kernel,
        code::QUEUE => Cause::Queue { pid, uid, value: fields.value() },
        code::TIMER => {
            Cause::Timer { id: fields.timer_id(), overrun: fields.overrun(), value: fields.value() }
        }
        code::MESGQ => Cause::MessageQueue { pid, uid, value: fields.value() },
        code::ASYNCIO => Cause::AsyncIo { pid, uid, value: fields.value() },
        code::TKILL => Cause::Thread { pid, uid },
        code::SIGIO => poll(fields),
        code @ 1..code::KERNEL => by_signal(fields, code),
        ..0 => Cause::Other { pid, uid, value: fields.value() },
        _ => other(fields),
    }
}

/// The codes from 1 to 127, which mean something else for each signal. The limits are the kernel's
/// `NSIGILL`, `NSIGFPE`, …; past them the codes up to 6 are of a ready descriptor (`F_SETSIG`).
#[inline]
fn by_signal(fields: &impl Fields, code: i32) -> Cause {
    match (fields.signo(), code) {
        (libc::SIGILL, ..=11)
        | (libc::SIGFPE, ..=15)
        | (libc::SIGSEGV, ..=10)
        | (libc::SIGBUS, ..=5)
        | (libc::SIGTRAP, ..=6) => fault(fields, code),
        (libc::SIGCHLD, ..=6) => child(fields, code),
        (libc::SIGSYS, ..=2) => Cause::Syscall {
            address: fields.call_address(),
            number: fields.syscall(),
            arch: fields.arch(),
        },
        (_, ..=6) => poll(fields),
        _ => other(fields),
    }
}

/// The kernel fills in no value there.
fn other(fields: &impl Fields) -> Cause {
    Cause::Other { pid: fields.pid(), uid: fields.uid(), value: SigVal(0) }
}

#[inline]
pub(crate) fn sender(fields: &impl Fields) -> Option<Pid> {
    match fields.code() {
        code::USER | code::QUEUE | code::TKILL => Pid::from_raw(fields.pid()).ok(),
        _ => None,
    }
}

fn poll(fields: &impl Fields) -> Cause {
    Cause::Poll { band: fields.band(), fd: fields.fd() }
}

#[inline]
fn fault(fields: &impl Fields, code: i32) -> Cause {
    let detail = match (fields.signo(), code) {
        (libc::SIGBUS, 4 | 5) => FaultDetail::HardwareError { address_lsb: fields.address_lsb() },
        (libc::SIGSEGV, 3) => fields.bounds(),
        (libc::SIGSEGV, 4) => fields.protection_key(),
        (libc::SIGTRAP, 6) => fields.perf(),
        _ => FaultDetail::None,
    };
    Cause::Fault { address: fields.address(), detail }
}

fn child(fields: &impl Fields, code: i32) -> Cause {
    let status = fields.status();
    let state = match (code, Signal::from_raw(status)) {
        (1, _) => ChildState::Exited(status),
        (2, Ok(signal)) => ChildState::Killed(signal),
        (3, Ok(signal)) => ChildState::Dumped(signal),
        (2 | 3, Err(_)) => ChildState::KilledByReserved(status),
        (5, Ok(signal)) => ChildState::Stopped(signal),
        (4 | 5, _) => ChildState::Trapped(status),
        _ => ChildState::Continued,
    };
    Cause::Child {
        pid: fields.pid(),
        uid: fields.uid(),
        state,
        user_ticks: fields.user_ticks(),
        system_ticks: fields.system_ticks(),
    }
}

impl Cause {
    pub(crate) fn value(self) -> Option<SigVal> {
        match self {
            Self::Queue { value, .. }
            | Self::Timer { value, .. }
            | Self::MessageQueue { value, .. }
            | Self::AsyncIo { value, .. } => Some(value),
            _ => None,
        }
    }
}
