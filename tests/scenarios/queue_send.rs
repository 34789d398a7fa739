//! Sending with a value, sending again, and what comes of a full queue.

#![expect(unsafe_code, reason = "groups and limits are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::sys::KernelSiginfo;
use siglatch::{Cause, Errno, Pid, SigInfo, SigInfoTrust, SigSet, SigVal, Signal, Tid, mask, send};
use std::thread;
use support::names::{pid, rt, tid, uid, us};
use support::state::SignalState;
use support::{self, Child, Scenario, in_child, oracle, recorder, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        queued_value_arrives_whole,
        queue_tells_the_process_and_not_the_thread,
        queue_after_fork_tells_the_child,
        real_time_instances_queue_and_standard_ones_do_not,
        full_queue_is_as_documented,
        forbidden_process_is_told_apart,
        bad_input_changes_nothing,
        resent_signal_keeps_its_details,
        resent_signal_is_carried_out_at_once,
    ]
}

/// Values whose halves differ, and the ends of the range.
const VALUES: [usize; 5] =
    [0, 1, usize::MAX, 0x0123_4567_89ab_cdef_u64 as usize, 1 << (usize::BITS - 1)];

/// From here on, no signal finds a place in a queue.
fn no_room() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is initialised and only read.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const none) };
    assert_eq!(result, 0, "setrlimit");
}

fn queued_value_arrives_whole() {
    for signal in [Signal::USR1, Signal::SEGV, rt(0), "RTMAX".parse().expect("a signal")] {
        let mut child = Child::start(|link| {
            mask::block(signal).expect("block");
            link.ready();
            for value in VALUES {
                let raw = siginfo::take(signal.as_raw());
                let info = raw.decoded();
                let (pid, uid) = (link.hear().parse().expect("a pid"), uid());
                let value = SigVal::from_addr(value);
                assert_eq!(info.cause(), Cause::Queue { pid, uid, value });
                assert_eq!((info.trust(), info.errno()), (SigInfoTrust::Claimed, 0));
                assert_eq!((raw.code(), raw.value_ptr()), (libc::SI_QUEUE, value.as_addr()));
                assert_eq!(raw.value_int(), value.as_int());
                link.say("next");
            }
        });
        child.await_ready();
        for value in VALUES {
            let value = SigVal::from_addr(value);
            assert_eq!(send::queue(pid(child.pid()), signal, value), Ok(()));
            child.tell(&us().to_string());
            child.expect("next");
        }
        child.wait().assert_exited(0);
    }
}

fn queue_tells_the_process_and_not_the_thread() {
    in_child(|| {
        mask::block(rt(1)).expect("block");
        let send = || send::queue(Pid::this(), rt(1), SigVal::from_int(-7));
        assert_eq!(thread::spawn(send).join().expect("a thread that ends"), Ok(()));
        let info = siginfo::take(rt(1).as_raw());
        assert_eq!((info.pid(), info.uid(), info.value_int()), (us(), uid(), -7));
    });
}

fn queue_after_fork_tells_the_child() {
    in_child(|| {
        mask::block(rt(1)).expect("block");
        let first = us();
        assert_eq!(send::queue(Pid::this(), rt(1), SigVal::default()), Ok(()));
        assert_eq!(siginfo::take(rt(1).as_raw()).pid(), first);
        in_child(|| {
            assert_eq!(send::queue(Pid::this(), rt(1), SigVal::default()), Ok(()));
            assert_eq!(siginfo::take(rt(1).as_raw()).pid(), us());
            assert_ne!(us(), first);
        });
    });
}

fn real_time_instances_queue_and_standard_ones_do_not() {
    in_child(|| {
        mask::block([rt(0), Signal::USR1]).expect("block");
        for value in 0..100 {
            for signal in [rt(0), Signal::USR1] {
                assert_eq!(send::queue(Pid::this(), signal, SigVal::from_int(value)), Ok(()));
            }
        }
        for value in 0..100 {
            assert_eq!(siginfo::take(rt(0).as_raw()).value_int(), value);
        }
        assert_eq!(siginfo::take(libc::SIGUSR1).value_int(), 0);
        assert_eq!(oracle::own_status().shared_pending, 0);
    });
}

/// Puts a child into the group of that number.
fn join_group(child: &Child, group: i32) {
    // SAFETY: both are numbers.
    let result = unsafe { libc::setpgid(child.pid(), group) };
    assert_eq!(result, 0, "setpgid");
}

fn full_queue_is_as_documented() {
    in_child(|| {
        let (real_time, standard) = (rt(0), Signal::USR1);
        mask::block([real_time, standard]).expect("block");
        no_room();
        let (this, here, value) = (Pid::this(), Tid::this(), SigVal::from_int(9));
        let before = SignalState::now();
        assert_eq!(send::queue(this, real_time, value), Err(Errno::AGAIN));
        assert_eq!(send::queue_thread(this, here, real_time, value), Err(Errno::AGAIN));
        assert_eq!(send::kill_thread(this, here, real_time), Err(Errno::AGAIN));
        before.assert_unchanged("EAGAIN");

        // kill(2) has no such error: it is sent without details, and once.
        for _ in 0..3 {
            assert_eq!(send::kill(this, real_time), Ok(()));
        }
        let lost = siginfo::take(real_time.as_raw()).decoded();
        assert_eq!(lost.cause(), Cause::User { pid: 0, uid: 0 });
        assert_eq!(oracle::own_status().shared_pending, 0);

        // A standard signal goes through, but what was queued with it does not.
        assert_eq!(send::queue(this, standard, value), Ok(()));
        let lost = siginfo::take(libc::SIGUSR1).decoded();
        assert_eq!(lost.cause(), Cause::User { pid: 0, uid: 0 });
        assert_eq!(send::queue_thread(this, here, standard, value), Ok(()));
        let lost = siginfo::take(libc::SIGUSR1).decoded();
        assert_eq!(lost.cause(), Cause::User { pid: 0, uid: 0 });
        assert_eq!(send::kill_thread(this, here, standard), Ok(()));
        let lost = siginfo::take(libc::SIGUSR1).decoded();
        assert_eq!(lost.cause(), Cause::User { pid: 0, uid: 0 });
        assert_eq!(send::kill(this, standard), Ok(()));
        let kept = siginfo::take(libc::SIGUSR1).decoded();
        assert_eq!(kept.cause(), Cause::User { pid: us(), uid: uid() });
    });
}

fn forbidden_process_is_told_apart() {
    const NOBODY: u32 = 65534;
    if uid() != 0 {
        return support::skip("only root can become somebody who may not signal us");
    }
    let other = Child::start(|link| drop(link.hear()));
    join_group(&other, other.pid());
    let target = pid(other.pid());
    in_child(|| {
        // SAFETY: this process has one thread, and nothing in it relies on being root.
        assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
        let before = SignalState::now();
        let thread = Tid::from(target);
        for signal in [Signal::TERM, Signal::KILL, rt(0)] {
            let value = SigVal::default();
            assert_eq!(send::queue(target, signal, value), Err(Errno::PERM));
            assert_eq!(send::queue_thread(target, thread, signal, value), Err(Errno::PERM));
            assert_eq!(send::kill_thread(target, thread, signal), Err(Errno::PERM));
            assert_eq!(send::kill_group(target, signal), Err(Errno::PERM));
        }
        before.assert_unchanged("sending without permission");
    });
    other.kill(libc::SIGKILL);
    other.wait().assert_died_by(libc::SIGKILL);
}

fn bad_input_changes_nothing() {
    let child = Child::start(|_| {});
    let gone = child.pid();
    child.wait().assert_exited(0);
    in_child(|| {
        let before = SignalState::now();
        let value = SigVal::from_int(1);
        // A process that is gone, and numbers past the largest that Linux has.
        for nobody in [gone, i32::MAX, i32::MAX - 1] {
            for signal in [Signal::TERM, Signal::KILL, Signal::CONT, rt(0)] {
                let (process, thread) = (pid(nobody), tid(nobody));
                assert_eq!(send::queue(process, signal, value), Err(Errno::SRCH));
                assert_eq!(send::queue_thread(process, thread, signal, value), Err(Errno::SRCH));
                assert_eq!(send::kill_thread(process, thread, signal), Err(Errno::SRCH));
                assert_eq!(send::kill_group(process, signal), Err(Errno::SRCH));
                // A thread of another process than the one that is named.
                let wrong = send::kill_thread(process, Tid::this(), signal);
                assert_eq!(wrong, Err(Errno::SRCH));
                let wrong = send::kill_thread(Pid::this(), tid(1), signal);
                assert_eq!(wrong, Err(Errno::SRCH));
            }
        }
        before.assert_unchanged("sending to nobody");
    });
}

/// The details of a signal that only the kernel makes, as it would put them.
fn kernel_details(signal: Signal) -> SigInfo {
    let mut kernel = KernelSiginfo::zeroed();
    kernel.bytes[..4].copy_from_slice(&signal.as_raw().to_ne_bytes());
    kernel.bytes[8..12].copy_from_slice(&0x80_i32.to_ne_bytes());
    SigInfo::from_kernel(&kernel).expect("a signal")
}

fn resent_signal_keeps_its_details() {
    in_child(|| {
        mask::block(SigSet::full()).expect("block");
        // Details of all origins: another process's, this thread's, the kernel's.
        send::queue(Pid::this(), rt(0), SigVal::from_addr(VALUES[3])).expect("queue");
        send::kill(Pid::this(), Signal::TERM).expect("kill");
        send::raise(Signal::USR2).expect("raise");
        let taken = [rt(0), Signal::TERM, Signal::USR2];
        let taken = taken.map(|signal| siginfo::take(signal.as_raw()).decoded());
        let check = move || {
            for info in taken.into_iter().chain([kernel_details(Signal::INT)]) {
                // SAFETY: blocked, so no handler sees it.
                assert_eq!(unsafe { send::resend(&info) }, Ok(()));
                let signo = info.signal().as_raw();
                assert!(oracle::has(oracle::own_status().pending, signo));
                assert_eq!(siginfo::take(signo).decoded(), info);
            }
        };
        check();
        // The kernel lets other threads than the first send such details to themselves only.
        thread::spawn(check).join().expect("a thread that has seen all");
    });
}

fn resent_signal_is_carried_out_at_once() {
    in_child(|| {
        recorder::install(libc::SIGINT);
        // SAFETY: the handler only keeps the details.
        assert_eq!(unsafe { send::resend(&kernel_details(Signal::INT)) }, Ok(()));
        assert_eq!((recorder::count(), recorder::thread()), (1, recorder::gettid()));
        assert_eq!(recorder::info().decoded().cause(), Cause::Kernel);
        assert_eq!(recorder::info().decoded().trust(), SigInfoTrust::Kernel);
    });
    let child = Child::start(|_| {
        // SAFETY: the default action reads no details.
        let resent = unsafe { send::resend(&kernel_details(Signal::TERM)) };
        assert_eq!(resent, Ok(()), "and still here");
    });
    child.wait().assert_died_by(libc::SIGTERM);
}
