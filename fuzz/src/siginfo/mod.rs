//! Details of signals: any bytes, decoded, against
//!
//! - the kernel's rule, written down once more from kernel/signal.c (`layout`),
//! - the C library's accessors, where it has one,
//! - the running kernel, which applies its own rule when it turns details into what a signalfd
//!   tells (`kernel`).
//!
//! An input is a `siginfo_t`, as the seeds from a real kernel are; what is missing is zero.

mod c;
mod kernel;
mod layout;
mod record;

pub use self::kernel::is_known;
use self::layout::{Abi, Layout, ints, layout_of};
use siglatch::sys::{KernelSiginfo, SI_MAX_SIZE};
use siglatch::{Cause, ChildState, Errno, FaultDetail, Pid, SigInfo, SigInfoTrust, SigVal, Signal};

/// The bytes of a `siginfo_t`.
pub type Bytes = [u8; SI_MAX_SIZE];

/// The whole target.
pub fn run(data: &[u8]) {
    let mut bytes = [0; SI_MAX_SIZE];
    for (to, from) in bytes.iter_mut().zip(data) {
        *to = *from;
    }
    check(&bytes);
    // The same with a signal and a code that there are: few inputs have them.
    check(&with_small_numbers(bytes));
}

fn with_small_numbers(mut bytes: Bytes) -> Bytes {
    let signo = i32::from(bytes[0]) % 66;
    let code = i32::from(bytes[8] as i8);
    let code = if code == i8::MIN.into() { libc::SI_KERNEL } else { code };
    bytes[..4].copy_from_slice(&signo.to_ne_bytes());
    bytes[8..12].copy_from_slice(&code.to_ne_bytes());
    bytes
}

fn check(bytes: &Bytes) {
    let kernel = KernelSiginfo { bytes: *bytes };
    let [signo, errno, code] = ints(bytes);
    record::check(bytes);
    let Ok(signal) = Signal::from_raw(signo) else {
        assert_eq!(SigInfo::from_kernel(&kernel), Err(Errno::INVAL));
        assert!(!format!("{kernel:?}").is_empty());
        return;
    };
    let info = SigInfo::from_kernel(&kernel).expect("a signal");
    assert_eq!(info.signal(), signal);
    assert_eq!((info.errno(), info.code()), (errno, code));
    // The rest of the 128 bytes never carries anything.
    assert_eq!(info.to_kernel().bytes[..48], bytes[..48]);
    assert_eq!(info.to_kernel().bytes[48..], [0; 80]);
    assert_eq!(SigInfo::from_kernel(&info.to_kernel()), Ok(info));

    let trust = match code {
        1.. => SigInfoTrust::Kernel,
        // What the kernel makes of details that it has no room for.
        libc::SI_USER if bytes[16..24] == [0; 8] => SigInfoTrust::Claimed,
        libc::SI_USER | libc::SI_TKILL => SigInfoTrust::KernelStamped,
        ..0 => SigInfoTrust::Claimed,
    };
    assert_eq!(info.trust(), trust);
    if let Cause::Child { state, .. } = info.cause() {
        let ended = state.is_end();
        let by = state.signal();
        assert!(by.is_none() || state.shell_status().is_some() || !ended, "{state:?}");
    }
    let layout = layout_of(signo, code);
    let wanted = expected(bytes, layout, signo, code);
    assert_eq!(info.cause(), wanted, "signal {signo}, code {code}");
    assert_eq!(info.sender().map(Pid::as_raw), sender(wanted));
    assert_eq!(info.value(), value(wanted));
    c::check(bytes, layout, wanted);
    let debug = format!("{info:?}");
    assert!(debug.contains(&format!("{wanted:?}")), "{debug}");
    assert_eq!(format!("{:?}", KernelSiginfo { bytes: *bytes }), debug);

    kernel::check(info);
}

/// What the details mean, by the kernel's layouts.
fn expected(bytes: &Bytes, layout: Layout, signo: i32, code: i32) -> Cause {
    let value = |word: u64| SigVal::from_addr(word as usize);
    let fault = |address: u64, detail| Cause::Fault { address: address as usize, detail };
    match layout {
        Layout::Kill if code == libc::SI_KERNEL => Cause::Kernel,
        Layout::Kill => {
            let [pid, uid] = Abi::NATIVE.read(bytes, "iu");
            let (pid, uid) = (pid as i32, uid as u32);
            match code {
                libc::SI_USER => Cause::User { pid, uid },
                _ => Cause::Other { pid, uid, value: SigVal::default() },
            }
        }
        Layout::Rt => {
            let [pid, uid, sigval] = Abi::NATIVE.read(bytes, "iup");
            let (pid, uid, value) = (pid as i32, uid as u32, value(sigval));
            match code {
                libc::SI_QUEUE => Cause::Queue { pid, uid, value },
                libc::SI_MESGQ => Cause::MessageQueue { pid, uid, value },
                libc::SI_ASYNCIO => Cause::AsyncIo { pid, uid, value },
                libc::SI_TKILL => Cause::Thread { pid, uid },
                _ => Cause::Other { pid, uid, value },
            }
        }
        Layout::Timer => {
            let [id, overrun, sigval] = Abi::NATIVE.read(bytes, "iip");
            Cause::Timer { id: id as i32, overrun: overrun as i32, value: value(sigval) }
        }
        Layout::Child => {
            let [pid, uid, status, user, system] = Abi::NATIVE.read(bytes, "iuill");
            let status = status as i32;
            let state = match (code, Signal::from_raw(status)) {
                (libc::CLD_EXITED, _) => ChildState::Exited(status),
                (libc::CLD_KILLED, Ok(signal)) => ChildState::Killed(signal),
                (libc::CLD_DUMPED, Ok(signal)) => ChildState::Dumped(signal),
                (libc::CLD_KILLED | libc::CLD_DUMPED, Err(_)) => {
                    ChildState::KilledByReserved(status)
                }
                (libc::CLD_STOPPED, Ok(signal)) => ChildState::Stopped(signal),
                // No kernel tells of a stop by what is no signal.
                (libc::CLD_TRAPPED | libc::CLD_STOPPED, _) => ChildState::Trapped(status),
                (libc::CLD_CONTINUED, _) => ChildState::Continued,
                _ => unreachable!("the rule for signal {signo} ends at 6"),
            };
            Cause::Child {
                pid: pid as i32,
                uid: uid as u32,
                state,
                user_ticks: user as i64,
                system_ticks: system as i64,
            }
        }
        Layout::Poll => {
            let [band, fd] = Abi::NATIVE.read(bytes, "li");
            Cause::Poll { band: band as isize, fd: fd as i32 }
        }
        Layout::Sys => {
            let [address, number, arch] = Abi::NATIVE.read(bytes, "piu");
            Cause::Syscall { address: address as usize, number: number as i32, arch: arch as u32 }
        }
        Layout::Fault => {
            let [address] = Abi::NATIVE.read(bytes, "p");
            fault(address, FaultDetail::None)
        }
        Layout::FaultMceerr => {
            let [address, lsb] = Abi::NATIVE.read(bytes, "ps");
            fault(address, FaultDetail::HardwareError { address_lsb: lsb as i16 })
        }
        Layout::FaultBnderr => {
            let [address, _, lower, upper] = Abi::NATIVE.read(bytes, "pbpp");
            let (lower, upper) = (lower as usize, upper as usize);
            fault(address, FaultDetail::Bounds { lower, upper })
        }
        Layout::FaultPkuerr => {
            let [address, _, key] = Abi::NATIVE.read(bytes, "pbu");
            fault(address, FaultDetail::ProtectionKey { key: key as u32 })
        }
        Layout::FaultPerf => {
            let [address, data, kind, flags] = Abi::NATIVE.read(bytes, "pluu");
            let (data, kind, flags) = (data as usize, kind as u32, flags as u32);
            fault(address, FaultDetail::Perf { data, kind, flags })
        }
    }
}

/// Only one who sends by hand is a sender, and no process has the number 0 or less.
fn sender(cause: Cause) -> Option<i32> {
    match cause {
        Cause::User { pid: pid @ 1.., .. }
        | Cause::Thread { pid: pid @ 1.., .. }
        | Cause::Queue { pid: pid @ 1.., .. } => Some(pid),
        _ => None,
    }
}

/// What came along, where a kind of signal has a value. An unknown kind's may be anything.
fn value(cause: Cause) -> Option<SigVal> {
    match cause {
        Cause::Queue { value, .. }
        | Cause::Timer { value, .. }
        | Cause::MessageQueue { value, .. }
        | Cause::AsyncIo { value, .. } => Some(value),
        _ => None,
    }
}
