//! What a signalfd tells, from any bytes, against the C library's struct.
#![expect(unsafe_code, reason = "any bytes are such a struct")]

use super::{Bytes, sender};
use core::mem::transmute;
use siglatch::fd::SignalFdInfo;
use siglatch::sys::KernelSignalfdSiginfo;
use siglatch::{Cause, FaultDetail, Pid, SigVal, Signal};

/// Any bytes as what a signalfd tells: each field is the C library's of that name.
pub fn check(bytes: &Bytes) {
    // SAFETY: the sizes are the same, and any bytes are a value of a struct of integers.
    let kernel = unsafe { transmute::<Bytes, KernelSignalfdSiginfo>(*bytes) };
    // SAFETY: as above.
    let c = unsafe { transmute::<Bytes, libc::signalfd_siginfo>(*bytes) };
    // SAFETY: it is documented to be nothing but that struct (`repr(transparent)`).
    let record = unsafe { transmute::<KernelSignalfdSiginfo, SignalFdInfo>(kernel) };
    assert_eq!(*record.as_kernel(), kernel);
    let nothing = kernel == KernelSignalfdSiginfo::default();
    assert_eq!(record == SignalFdInfo::default(), nothing);
    assert_eq!(record.signal(), Signal::from_raw(c.ssi_signo as i32).ok());
    assert_eq!((record.errno(), record.code()), (c.ssi_errno, c.ssi_code));
    let (pid, uid) = (c.ssi_pid as i32, c.ssi_uid);
    let sigval = SigVal::from_addr(c.ssi_ptr as usize);
    let cause = record.cause();
    let mut value = None;
    match cause {
        Cause::User { pid: ours, uid: of } | Cause::Thread { pid: ours, uid: of } => {
            assert_eq!((ours, of), (pid, uid));
        }
        Cause::Queue { pid: ours, uid: of, value: with }
        | Cause::MessageQueue { pid: ours, uid: of, value: with }
        | Cause::AsyncIo { pid: ours, uid: of, value: with } => {
            assert_eq!((ours, of, with), (pid, uid, sigval));
            value = Some(sigval);
        }
        Cause::Timer { id, overrun, value: with } => {
            assert_eq!((id, overrun), (c.ssi_tid as i32, c.ssi_overrun as i32));
            assert_eq!(with, sigval);
            value = Some(sigval);
        }
        Cause::Child { pid: ours, uid: of, user_ticks, system_ticks, .. } => {
            assert_eq!((ours, of), (pid, uid));
            assert_eq!(user_ticks as u64, c.ssi_utime);
            assert_eq!(system_ticks as u64, c.ssi_stime);
        }
        Cause::Fault { address, detail } => {
            assert_eq!(address, c.ssi_addr as usize);
            if let FaultDetail::HardwareError { address_lsb } = detail {
                assert_eq!(address_lsb as u16, c.ssi_addr_lsb);
            } else {
                assert_eq!(detail, FaultDetail::None);
            }
        }
        Cause::Poll { band, fd } => assert_eq!((band, fd), (c.ssi_band as isize, c.ssi_fd)),
        Cause::Syscall { address, number, arch } => {
            assert_eq!((number, arch), (c.ssi_syscall, c.ssi_arch));
            assert_eq!(address, c.ssi_call_addr as usize);
        }
        _ => {}
    }
    assert_eq!((record.value(), record.sender().map(Pid::as_raw)), (value, sender(cause)));
    assert!(format!("{record:?}").contains(&format!("{cause:?}")));
}
