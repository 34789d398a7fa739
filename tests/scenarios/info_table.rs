//! `siginfo_t`s made by hand, one for each layout of the union: those that no test can have the
//! kernel make, and every code at the edge of a layout.

#![expect(clippy::arithmetic_side_effects, reason = "offsets are small numbers")]
#![expect(clippy::expect_used, reason = "details of no signal are how a test fails")]

use siglatch::sys::KernelSiginfo;
use siglatch::{Cause, ChildState, Errno, FaultDetail, Pid, SigInfo, SigInfoTrust, SigVal, Signal};
use support::{Scenario, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        faults_have_the_detail_of_their_code,
        codes_mean_what_the_kernel_means_by_them,
        children_tell_what_became_of_them,
        children_tell_the_signal_that_ended_them,
        layouts_end_where_the_kernels_do,
        codes_of_any_signal_come_before_its_own,
        trust_goes_by_the_code,
        numbers_that_are_no_signal_have_no_signal,
        only_the_filled_part_counts,
        values_are_an_int_or_a_pointer,
        debug_shows_number_code_and_cause,
    ]
}

/// The size of a pointer and of a long, by which the union is laid out.
const WORD: u8 = (usize::BITS / 8) as u8;

/// Where the union starts.
const UNION: usize = if WORD == 8 { 16 } else { 12 };

/// Where the times of a child are in the union: behind its status, aligned to their size.
const TIMES: u8 = if WORD == 8 { 16 } else { 12 };

/// A `siginfo_t` with these in it: signal, code, and fields at their offsets in the union.
fn made(signo: i32, code: i32, fields: &[(usize, &[u8])]) -> SigInfo {
    SigInfo::from_kernel(&kernel(signo, code, fields)).expect("a signal")
}

fn kernel(signo: i32, code: i32, fields: &[(usize, &[u8])]) -> KernelSiginfo {
    let mut info = KernelSiginfo::zeroed();
    let head = [(0, signo.to_ne_bytes()), (8, code.to_ne_bytes())];
    let head = head.iter().map(|(at, field)| (*at, &field[..]));
    for (at, field) in head.chain(fields.iter().map(|(at, field)| (UNION + at, *field))) {
        for (to, from) in info.bytes.iter_mut().skip(at).zip(field) {
            *to = *from;
        }
    }
    info
}

/// A union whose bytes all differ: 1, 2, 3, …
fn counting(signo: i32, code: i32) -> SigInfo {
    let bytes: Vec<u8> = (1..=32).collect();
    made(signo, code, &[(0, &bytes)])
}

/// The four bytes at an offset of [`counting`]'s union.
fn int_at(at: u8) -> i32 {
    i32::from_ne_bytes([at + 1, at + 2, at + 3, at + 4])
}

/// The word at an offset of [`counting`]'s union.
fn word_at(at: u8) -> usize {
    let mut byte = at;
    usize::from_ne_bytes([0; WORD as usize].map(|_| {
        byte += 1;
        byte
    }))
}

fn faults_have_the_detail_of_their_code() {
    let address = word_at(0);
    let fault = |signo, code, detail| {
        assert_eq!(counting(signo, code).cause(), Cause::Fault { address, detail });
    };
    let lsb = i16::from_ne_bytes([WORD + 1, WORD + 2]);
    for (signo, last) in [
        (libc::SIGILL, 11),
        (libc::SIGFPE, 15),
        (libc::SIGSEGV, 10),
        (libc::SIGBUS, 5),
        (libc::SIGTRAP, 6),
    ] {
        for code in 1..=last {
            let detail = match (signo, code) {
                (libc::SIGBUS, 4 | 5) => FaultDetail::HardwareError { address_lsb: lsb },
                (libc::SIGSEGV, 3) => {
                    FaultDetail::Bounds { lower: word_at(2 * WORD), upper: word_at(3 * WORD) }
                }
                (libc::SIGSEGV, 4) => FaultDetail::ProtectionKey { key: int_at(2 * WORD) as u32 },
                (libc::SIGTRAP, 6) => FaultDetail::Perf {
                    data: word_at(WORD),
                    kind: int_at(2 * WORD) as u32,
                    flags: int_at(2 * WORD + 4) as u32,
                },
                _ => FaultDetail::None,
            };
            fault(signo, code, detail);
        }
    }

    let words = [0x1000_usize, 0, 0x2000, 0x3000].map(usize::to_ne_bytes).concat();
    let bounds = FaultDetail::Bounds { lower: 0x2000, upper: 0x3000 };
    let wanted = Cause::Fault { address: 0x1000, detail: bounds };
    assert_eq!(made(libc::SIGSEGV, 3, &[(0, &words)]).cause(), wanted);
}

fn codes_mean_what_the_kernel_means_by_them() {
    let (pid, uid) = (int_at(0), int_at(4) as u32);
    let value = SigVal::from_addr(word_at(8));
    let timer = Cause::Timer { id: pid, overrun: int_at(4), value };
    let poll = Cause::Poll { band: word_at(0) as isize, fd: int_at(WORD) };
    let call =
        Cause::Syscall { address: word_at(0), number: int_at(WORD), arch: int_at(WORD + 4) as u32 };
    for (signo, code, wanted) in [
        (libc::SIGTERM, 0, Cause::User { pid, uid }),
        (libc::SIGTERM, 0x80, Cause::Kernel),
        (libc::SIGTERM, -1, Cause::Queue { pid, uid, value }),
        (libc::SIGTERM, -2, timer),
        (libc::SIGTERM, -3, Cause::MessageQueue { pid, uid, value }),
        (libc::SIGTERM, -4, Cause::AsyncIo { pid, uid, value }),
        (libc::SIGTERM, -5, poll),
        (libc::SIGTERM, -6, Cause::Thread { pid, uid }),
        // SI_DETHREAD and SI_ASYNCNL, and one that nobody has.
        (libc::SIGTERM, -7, Cause::Other { pid, uid, value }),
        (libc::SIGTERM, -60, Cause::Other { pid, uid, value }),
        (libc::SIGTERM, i32::MIN, Cause::Other { pid, uid, value }),
        (libc::SIGIO, 1, poll),
        (libc::SIGIO, 6, poll),
        (libc::SIGUSR1, 6, poll),
        (64, 3, poll),
        (libc::SIGSYS, 1, call),
        (libc::SIGSYS, 2, call),
    ] {
        assert_eq!(counting(signo, code).cause(), wanted, "signal {signo}, code {code}");
    }
}

fn children_tell_what_became_of_them() {
    let status = int_at(8);
    for (code, state) in [
        (1, ChildState::Exited(status)),
        (4, ChildState::Trapped(status)),
        (6, ChildState::Continued),
    ] {
        let wanted = Cause::Child {
            pid: int_at(0),
            uid: int_at(4) as u32,
            state,
            user_ticks: word_at(TIMES) as isize as i64,
            system_ticks: word_at(TIMES + WORD) as isize as i64,
        };
        assert_eq!(counting(libc::SIGCHLD, code).cause(), wanted, "code {code}");
    }
}

fn children_tell_the_signal_that_ended_them() {
    let state = |code, status: i32| match made(libc::SIGCHLD, code, &[(8, &status.to_ne_bytes())])
        .cause()
    {
        Cause::Child { state, .. } => Some(state),
        _ => None,
    };
    for signal in Signal::all() {
        assert_eq!(state(2, signal.as_raw()), Some(ChildState::Killed(signal)));
        assert_eq!(state(3, signal.as_raw()), Some(ChildState::Dumped(signal)));
        assert_eq!(state(5, signal.as_raw()), Some(ChildState::Stopped(signal)));
    }
    for reserved in [32, 33] {
        let killed = state(2, reserved);
        assert_eq!(killed, Some(ChildState::KilledByReserved(reserved)));
        let status = killed.map(|state| (state.is_end(), state.signal(), state.shell_status()));
        assert_eq!(status, Some((true, None, Some(128 + reserved as u8))));
    }
    for nonsense in [0, -1, 65, i32::MAX] {
        let killed = Some(ChildState::KilledByReserved(nonsense));
        let trapped = Some(ChildState::Trapped(nonsense));
        assert_eq!([2, 3, 5].map(|code| state(code, nonsense)), [killed, killed, trapped]);
    }
}

/// Past the last code of its own, a signal has those of a descriptor up to 6, then none.
fn layouts_end_where_the_kernels_do() {
    let other = Cause::Other { pid: int_at(0), uid: int_at(4) as u32, value: SigVal::from_addr(0) };
    let poll = Cause::Poll { band: word_at(0) as isize, fd: int_at(WORD) };
    for (signo, last) in [
        (libc::SIGILL, 11),
        (libc::SIGFPE, 15),
        (libc::SIGSEGV, 10),
        (libc::SIGBUS, 5),
        (libc::SIGTRAP, 6),
        (libc::SIGCHLD, 6),
        (libc::SIGSYS, 2),
        (libc::SIGIO, 6),
        (libc::SIGTERM, 0),
        (64, 0),
    ] {
        for code in last + 1..0x80 {
            let wanted = if code <= 6 { poll } else { other };
            assert_eq!(counting(signo, code).cause(), wanted, "signal {signo}, code {code}");
        }
        for code in [0x81, 0x8000, i32::MAX] {
            assert_eq!(counting(signo, code).cause(), other, "signal {signo}, code {code}");
        }
    }
}

fn codes_of_any_signal_come_before_its_own() {
    let (pid, uid) = (int_at(0), int_at(4) as u32);
    for signal in Signal::all() {
        let signo = signal.as_raw();
        assert_eq!(counting(signo, 0).cause(), Cause::User { pid, uid }, "{signal}");
        assert_eq!(counting(signo, 0x80).cause(), Cause::Kernel, "{signal}");
        assert_eq!(counting(signo, -6).cause(), Cause::Thread { pid, uid }, "{signal}");
        assert_eq!(counting(signo, -1).sender().map(Pid::as_raw), Some(pid), "{signal}");
    }
}

fn trust_goes_by_the_code() {
    for (code, trust) in [
        (i32::MIN, SigInfoTrust::Claimed),
        (-60, SigInfoTrust::Claimed),
        (-7, SigInfoTrust::Claimed),
        (-6, SigInfoTrust::KernelStamped),
        (-5, SigInfoTrust::Claimed),
        (-3, SigInfoTrust::Claimed),
        (-2, SigInfoTrust::Claimed),
        (-1, SigInfoTrust::Claimed),
        // Both its pid and its uid are 0: the kernel had no room for them.
        (0, SigInfoTrust::Claimed),
        (1, SigInfoTrust::Kernel),
        (6, SigInfoTrust::Kernel),
        (0x80, SigInfoTrust::Kernel),
        (i32::MAX, SigInfoTrust::Kernel),
    ] {
        for signo in [libc::SIGCHLD, libc::SIGSEGV, libc::SIGTERM, 64] {
            assert_eq!(made(signo, code, &[]).trust(), trust, "signal {signo}, code {code}");
        }
    }
    assert!(
        SigInfoTrust::Claimed < SigInfoTrust::KernelStamped
            && SigInfoTrust::KernelStamped < SigInfoTrust::Kernel
    );
}

fn numbers_that_are_no_signal_have_no_signal() {
    for signo in [0, -1, 32, 33, 65, i32::MIN, i32::MAX] {
        for code in [i32::MIN, -6, -1, 0, 1, 6, 7, 0x80, i32::MAX] {
            let kernel = kernel(signo, code, &[]);
            assert_eq!(SigInfo::from_kernel(&kernel), Err(Errno::INVAL));
            // Any bytes at all can be shown.
            assert!(format!("{kernel:?}").contains(&signo.to_string()));
        }
    }
    for signal in Signal::all() {
        assert_eq!(counting(signal.as_raw(), 0).signal(), signal);
    }
}

fn only_the_filled_part_counts() {
    let plain = kernel(libc::SIGCHLD, 1, &[]);
    let mut last = plain;
    last.bytes[47] = 1;
    assert_ne!(SigInfo::from_kernel(&last), SigInfo::from_kernel(&plain));
    let mut past = plain;
    past.bytes[48..].fill(0xff);
    assert_eq!(SigInfo::from_kernel(&past), SigInfo::from_kernel(&plain));
    let mut errno = plain;
    errno.bytes[4..8].copy_from_slice(&(-7_i32).to_ne_bytes());
    assert_eq!(SigInfo::from_kernel(&errno).map(|info| info.errno()), Ok(-7));
}

fn values_are_an_int_or_a_pointer() {
    for int in [0, 1, -1, i32::MAX, i32::MIN, 0x0102_0304] {
        assert_eq!(SigVal::from_int(int).as_int(), int);
    }
    let counting = 0x0102_0304_0506_0708_u64 as usize;
    for bits in [0, 1, usize::MAX, counting] {
        assert_eq!(SigVal::from_addr(bits).as_addr(), bits);
    }
    // The int is in front of the union: all of it, where a pointer has no more than that.
    let is_high = cfg!(all(target_endian = "big", target_pointer_width = "64"));
    let int = if is_high { 0x0102_0304 } else { 0x0506_0708 };
    assert_eq!(SigVal::from_addr(counting).as_int(), int);
    assert_eq!(SigVal::default(), SigVal::from_int(0));
    assert_eq!(format!("{:?}", SigVal::from_addr(0xbeef)), "0xbeef");
}

fn debug_shows_number_code_and_cause() {
    let info = made(15, 0, &[(0, &7_i32.to_ne_bytes()), (4, &8_u32.to_ne_bytes())]);
    let text = "SigInfo { signal: 15, code: 0, cause: User { pid: 7, uid: 8 } }";
    assert_eq!(format!("{info:?}"), text);
    let raw = kernel(15, 0, &[(0, &7_i32.to_ne_bytes()), (4, &8_u32.to_ne_bytes())]);
    assert_eq!(format!("{raw:?}"), text);
}
