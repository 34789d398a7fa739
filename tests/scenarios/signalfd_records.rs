//! What a record of a signal descriptor tells: every field, held against what is known and against
//! what `SigInfo` makes of the same signal.

#![expect(unsafe_code, reason = "timers, descriptors and limits are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::time::Duration;
use siglatch::fd::{SignalFd, SignalFdInfo};
use siglatch::{Cause, ChildState, Errno, FaultDetail, Pid, SigInfoTrust, SigSet, SigVal, Signal};
use siglatch::{mask, send};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::thread::yield_now;
use std::time::Instant;
use support::names::{rt, uid, us};
use support::siginfo::{RawInfo, SIZE};
use support::signalfd::{listen, read_one};
use support::{Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        sender_and_value_are_told,
        child_is_told,
        ready_descriptor_is_told,
        timer_is_told,
        decodes_as_siginfo_does,
        lost_details_are_not_made_up,
    ]
}

fn sender_and_value_are_told() {
    let mut child = Child::start(|link| {
        let fd = listen([Signal::USR1, Signal::USR2, rt(0)]);
        send::raise(Signal::USR1).expect("raise");
        let record = read_one(&fd);
        assert_eq!(record.cause(), Cause::Thread { pid: us(), uid: uid() });
        assert_eq!(record.trust(), SigInfoTrust::KernelStamped);

        link.ready();
        let parent = link.hear().parse().expect("a pid");
        let record = read_one(&fd);
        assert_eq!((record.signal(), record.errno(), record.code()), (Some(Signal::USR2), 0, 0));
        assert_eq!(record.cause(), Cause::User { pid: parent, uid: uid() });
        assert_eq!((record.sender().map(Pid::as_raw), record.value()), (Some(parent), None));
        let kernel = record.as_kernel();
        assert_eq!((kernel.pid as i32, kernel.uid), (parent, uid()));
        assert_eq!(kernel.reserved, [0; 28]);

        for value in [0, 1, usize::MAX, 0x0123_4567_89ab_cdef_u64 as usize, 1 << (usize::BITS - 1)]
        {
            let value = SigVal::from_addr(value);
            send::queue(Pid::this(), rt(0), value).expect("queue");
            let record = read_one(&fd);
            assert_eq!(record.cause(), Cause::Queue { pid: us(), uid: uid(), value });
            assert_eq!(
                (record.sender().map(Pid::as_raw), record.trust()),
                (Some(us()), SigInfoTrust::Claimed)
            );
            // Both members of the union, as the kernel has them.
            // (a kernel of 32 bits extends the sign)
            assert_eq!(record.as_kernel().ptr as usize, value.as_addr());
            assert_eq!(record.as_kernel().int, value.as_int());
        }
    });
    child.await_ready();
    child.kill(libc::SIGUSR2);
    child.tell(&us().to_string());
    child.wait().assert_exited(0);
}

fn child_is_told() {
    in_child(|| {
        let fd = listen(Signal::CHLD);
        let mut child = Child::start(|link| {
            link.ready();
            drop(link.hear());
        });
        let pid = child.pid();
        child.await_ready();
        child.kill(libc::SIGKILL);
        child.wait().assert_died_by(libc::SIGKILL);
        let record = read_one(&fd);
        match record.cause() {
            Cause::Child { pid: found, uid: of, state, user_ticks, system_ticks } => {
                assert_eq!((found, of, state), (pid, uid(), ChildState::Killed(Signal::KILL)));
                let kernel = record.as_kernel();
                assert_eq!(user_ticks, kernel.utime as i64);
                assert_eq!(system_ticks, kernel.stime as i64);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((record.trust(), record.sender()), (SigInfoTrust::Kernel, None));
    });
}

fn ready_descriptor_is_told() {
    const F_SETSIG: i32 = 10;
    in_child(|| {
        let fd = listen(rt(1));
        let (reader, mut writer) = os_pipe::pipe().expect("pipe");
        let number = reader.as_raw_fd();
        for (command, argument) in [
            (libc::F_SETOWN, us()),
            (F_SETSIG, rt(1).as_raw()),
            (libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK),
        ] {
            // SAFETY: these commands take numbers.
            assert_eq!(unsafe { libc::fcntl(number, command, argument) }, 0);
        }
        writer.write_all(b"x").expect("write");
        match read_one(&fd).cause() {
            Cause::Poll { band, fd } => {
                assert_eq!(fd, number);
                assert_eq!(band & isize::from(libc::POLLIN), isize::from(libc::POLLIN));
            }
            other => panic!("{other:?}"),
        }
    });
}

fn timer_is_told() {
    in_child(|| {
        let signals = rt(2);
        mask::block(signals).expect("block");
        let fd = SignalFd::new(signals).expect("signalfd");
        // SAFETY: zero is a value of this plain C struct.
        let mut event: libc::sigevent = unsafe { core::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = signals.as_raw();
        event.sigev_value.sival_ptr =
            core::ptr::without_provenance_mut(0x0123_4567_89ab_cdef_u64 as usize);
        let mut timer = core::ptr::null_mut();
        // SAFETY: the event is initialised, and `timer` a place for the answer.
        let made =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        assert_eq!(made, 0, "timer_create");
        let second = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        let often = libc::itimerspec { it_interval: second, it_value: second };
        // SAFETY: the timer is there, and the times are initialised.
        let set = unsafe { libc::timer_settime(timer, 0, &raw const often, core::ptr::null_mut()) };
        assert_eq!(set, 0, "timer_settime");
        // When it is read, it has gone off more than once.
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(5) {
            yield_now();
        }
        // It may go off again before it is read a second time.
        let mut buffer = [SignalFdInfo::new(); 1];
        match fd.read(&mut buffer) {
            Ok(&[record]) => {
                let value = SigVal::from_addr(0x0123_4567_89ab_cdef_u64 as usize);
                let overrun = record.as_kernel().overrun as i32;
                let id = record.as_kernel().tid as i32;
                assert!(overrun >= 1 && id >= 0, "{record:?}");
                assert_eq!(record.cause(), Cause::Timer { id, overrun, value });
            }
            other => panic!("{other:?}"),
        }
    });
}

/// Details of a signal in which every byte of the union is another one, as this thread may send
/// them to itself.
fn made_up(signo: i32, code: i32) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    // As much as a kernel of this width keeps: it may refuse more (`known_siginfo_layout`).
    let (start, end) = if usize::BITS == 64 { (16, 48) } else { (12, 32) };
    for (byte, value) in bytes.iter_mut().take(end).skip(start).zip(0x11_u8..) {
        *byte = value;
    }
    bytes[0..4].copy_from_slice(&signo.to_ne_bytes());
    bytes[4..8].copy_from_slice(&0x0102_0304_i32.to_ne_bytes());
    bytes[8..12].copy_from_slice(&code.to_ne_bytes());
    bytes
}

/// Sends such details to the calling thread. Returns `true` if the kernel takes them.
fn send_to_self(bytes: &[u8; SIZE]) -> bool {
    let signo = i32::from_ne_bytes(*bytes.first_chunk().expect("four bytes"));
    // SAFETY: the details are readable for their size, and the signal is blocked.
    let result = unsafe {
        let tid = recorder::gettid();
        libc::syscall(libc::SYS_rt_tgsigqueueinfo, us(), tid, signo, bytes.as_ptr())
    };
    result == 0
}

/// What a record has room for, of what `siginfo_t` says.
fn with_less_room(cause: Cause) -> Cause {
    match cause {
        Cause::Fault {
            address,
            detail:
                FaultDetail::Bounds { .. }
                | FaultDetail::ProtectionKey { .. }
                | FaultDetail::Perf { .. },
        } => Cause::Fault { address, detail: FaultDetail::None },
        Cause::Poll { band, fd } => Cause::Poll { band: band & (u32::MAX as isize), fd },
        other => other,
    }
}

fn decodes_as_siginfo_does() {
    in_child(|| {
        let fd = listen(SigSet::full());
        let mut compared = 0_u32;
        for signal in SigSet::full() {
            for code in (-70..=140).chain([i32::MIN, 0x1234, i32::MAX]) {
                let bytes = made_up(signal.as_raw(), code);
                if !siglatch_fuzz::siginfo::is_known(signal, code) || !send_to_self(&bytes) {
                    continue;
                }
                let record = read_one(&fd);
                let info = RawInfo::from_bytes(bytes).decoded();
                let told = (record.signal(), record.code(), record.errno());
                assert_eq!(told, (Some(info.signal()), info.code(), info.errno()));
                assert_eq!(record.cause(), with_less_room(info.cause()), "{signal}, code {code}");
                assert_eq!((record.trust(), record.sender()), (info.trust(), info.sender()));
                assert_eq!(record.value(), info.value());
                compared = compared.saturating_add(1);
            }
        }
        assert!(compared > 10_000, "only {compared} were compared");
    });
}

fn lost_details_are_not_made_up() {
    in_child(|| {
        let fd = listen(rt(0));
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit is initialised and only read.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const none) }, 0);
        assert_eq!(send::queue(Pid::this(), rt(0), SigVal::from_int(3)), Err(Errno::AGAIN));
        for _ in 0..3 {
            assert_eq!(send::kill(Pid::this(), rt(0)), Ok(()));
        }
        let record = read_one(&fd);
        assert_eq!(record.cause(), Cause::User { pid: 0, uid: 0 });
        assert_eq!(record.value(), None);
    });
}
