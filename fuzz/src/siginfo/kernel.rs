//! The running kernel as the judge: what we made of the details, and what it tells through a
//! signalfd of the very same ones, must agree.

use core::time::Duration;
use siglatch::fd::{SignalFd, SignalFdInfo};
use siglatch::mask::MaskGuard;
use siglatch::{
    Cause, Dispatcher, FaultDetail, Pid, SigInfo, SigSet, SigVal, Signal, Tid, send, wait,
};
use std::ops::ControlFlow;
use std::sync::OnceLock;

use crate::stack;

/// From include/uapi/asm-generic/siginfo.h.
const SYS_USER_DISPATCH: i32 = 2;
const TRAP_PERF: i32 = 6;
const SEGV_CPERR: i32 = 10;

/// Sends the details to this thread, and takes them back by both ways that there are without a
/// handler, then by one.
pub fn check(info: SigInfo) {
    // Of each kind one that no fuzzer handles itself, if the details are of no signal that may be
    // blocked and sent.
    let signal = info.signal();
    if !can_be_sent(signal) {
        return;
    }
    let blocked = MaskGuard::block(signal).expect("block");
    if !sent(&info) {
        return;
    }
    let taken = wait::wait_timeout(signal, Duration::ZERO).expect("sigtimedwait");
    let taken = taken.expect("it was sent");
    same(&taken, &info);
    assert!(sent(&info), "once more");
    let record = read(signal);
    if !is_known(signal, info.code()) {
        return;
    }
    assert_eq!(
        (record.signal(), record.errno(), record.code(), record.cause()),
        (Some(signal), info.errno(), info.code(), with_less_room(info.cause()))
    );
    assert_eq!((record.trust(), record.sender()), (info.trust(), info.sender()));
    if let Cause::Queue { value, .. } = info.cause() {
        queued(signal, value);
    }
    // The fuzzer has handlers for some of the others.
    if signal.is_rt() {
        deferred(signal, &info, blocked);
    }
}

/// Whether the kernel has this one: else it tells no details of it through a signalfd.
#[must_use]
pub fn is_known(signal: Signal, code: i32) -> bool {
    let since = match (signal, code) {
        (Signal::SYS, SYS_USER_DISPATCH) => (5, 11),
        (Signal::TRAP, TRAP_PERF) => (5, 13),
        (Signal::SEGV, SEGV_CPERR) => (6, 6),
        _ => return true,
    };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("proc");
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    (numbers.next().expect("a version"), numbers.next().expect("of two numbers")) >= since
}

fn same(taken: &SigInfo, info: &SigInfo) {
    assert_eq!(
        (taken.signal(), taken.errno(), taken.code(), taken.cause()),
        (info.signal(), info.errno(), info.code(), info.cause())
    );
}

/// The same once more through our handler, for a function of normal code.
fn deferred(signal: Signal, info: &SigInfo, blocked: MaskGuard) {
    static TABLE: Dispatcher<1> = Dispatcher::new();
    stack::enlarge();
    TABLE.catch(signal, |_| ()).expect("catch");
    assert!(sent(info), "a third time");
    drop(blocked);
    let mut calls = 0;
    let _all = TABLE.dispatch_with(|taken| {
        same(taken, info);
        calls += 1;
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(calls, 1);
    TABLE.release(signal).expect("release");
}

/// What sigqueue(3) sends has the value whole, and who we are.
fn queued(signal: Signal, value: SigVal) {
    send::queue_thread(Pid::this(), Tid::this(), signal, value).expect("queue");
    let taken = wait::wait_timeout(signal, Duration::ZERO).expect("sigtimedwait");
    let cause = taken.map(|info| info.cause());
    let pid = Pid::this().as_raw();
    assert!(
        matches!(cause, Some(Cause::Queue { pid: of, value: with, .. })
        if (of, with) == (pid, value)),
        "{cause:?}, {value:?}"
    );
}

/// SIGALRM is the fuzzer's own clock; a stop or SIGCONT would take each other away.
fn can_be_sent(signal: Signal) -> bool {
    !signal.is_unchangeable() && signal != Signal::ALRM && signal != Signal::CONT
}

/// Whether the kernel takes them. It does not where the bytes of the union are of no layout it
/// knows, and for other threads than the first where they claim to be the kernel's.
#[expect(unsafe_code, reason = "the details are made up")]
fn sent(info: &SigInfo) -> bool {
    // SAFETY: the signal is blocked, so nobody acts on what the details claim.
    unsafe { send::resend(info) }.is_ok()
}

fn read(signal: Signal) -> SignalFdInfo {
    static FD: OnceLock<SignalFd> = OnceLock::new();
    let fd = FD.get_or_init(|| SignalFd::nonblocking(SigSet::empty()).expect("signalfd"));
    fd.set(signal).expect("signalfd");
    let mut buffer = [SignalFdInfo::new(); 2];
    match fd.read(&mut buffer) {
        Ok(&[record]) => record,
        other => panic!("one record was to be read, not {other:?}"),
    }
}

/// What a record has room for, of what `siginfo_t` says.
fn with_less_room(cause: Cause) -> Cause {
    use FaultDetail::{Bounds, Perf, ProtectionKey};
    match cause {
        Cause::Fault { address, detail: Bounds { .. } | ProtectionKey { .. } | Perf { .. } } => {
            Cause::Fault { address, detail: FaultDetail::None }
        }
        Cause::Poll { band, fd } => Cause::Poll { band: band & (u32::MAX as isize), fd },
        other => other,
    }
}
