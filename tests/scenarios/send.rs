//! Sending: to this thread at once, to another process, and to those that cannot get it.

#![expect(unsafe_code, reason = "gives up privileges and reaps by C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::ptr;
use siglatch::{Cause, Errno, Pid, SigInfo, SigInfoTrust, SigSet, Signal, mask, send};
use std::process;
use std::sync::mpsc;
use std::thread;
use support::names::{pid, uid};
use support::state::{self, SignalState};
use support::{self, Child, Scenario, in_child, oracle, recorder, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        raise_is_done_when_it_returns,
        raise_tells_the_thread_as_its_cause,
        raise_stays_on_the_calling_thread,
        raise_on_a_thread_that_is_not_the_first,
        raised_signal_is_pending_for_the_thread_alone,
        raise_of_what_nobody_catches_kills,
        raise_tells_when_the_queue_is_full,
        kill_reaches_another_process,
        kill_reaches_this_process,
        kill_tells_the_sender_as_its_cause,
        gone_process_is_not_found,
        zombie_is_still_there,
        forbidden_process_is_told_apart,
        probe_sends_nothing,
        no_process_has_such_a_number,
        raise_after_fork_reaches_the_child,
    ]
}

fn raise_is_done_when_it_returns() {
    in_child(|| {
        for (runs, signal) in (1..).zip(SigSet::full()) {
            recorder::install(signal.as_raw());
            send::raise(signal).expect("raise");
            assert_eq!(recorder::count(), runs, "{signal}");
            assert_eq!(recorder::info().signo(), signal.as_raw());
        }
    });
}

fn raise_tells_the_thread_as_its_cause() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        send::raise(Signal::USR1).expect("raise");
        let (raw, info) = (recorder::info(), recorder::info().decoded());
        let us = process::id() as i32;
        assert_eq!(info.cause(), Cause::Thread { pid: us, uid: uid() });
        assert_eq!((raw.pid(), raw.uid(), raw.code()), (us, uid(), info.code()));
        assert_eq!(info.signal(), Signal::USR1);
        assert_eq!(info.sender().map(Pid::as_raw), Some(us));
        assert_eq!(info.trust(), SigInfoTrust::KernelStamped);
    });
}

fn raise_stays_on_the_calling_thread() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        // A thread that could take it as well, and is more likely to be asleep.
        let (stop, stopped) = mpsc::channel::<()>();
        let other = thread::spawn(move || stopped.recv());
        for runs in 1..=200 {
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count(), runs);
            assert_eq!(recorder::thread(), recorder::gettid());
        }
        drop(stop);
        drop(other.join());
    });
}

fn raise_on_a_thread_that_is_not_the_first() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let first = recorder::gettid();
        let raise = || {
            send::raise(Signal::USR1).expect("raise");
            (recorder::count(), recorder::thread(), recorder::gettid())
        };
        for runs in 1..=50 {
            let (count, ran_on, tid) = thread::spawn(raise).join().expect("a thread that ends");
            assert_eq!(count, runs);
            assert_eq!(ran_on, tid);
            assert_ne!(tid, first);
            assert_eq!(recorder::info().pid(), process::id() as i32);
        }
    });
}

fn raised_signal_is_pending_for_the_thread_alone() {
    in_child(|| {
        mask::block(Signal::USR1).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let status = oracle::own_status();
        assert_eq!(status.pending, oracle::bit(libc::SIGUSR1));
        assert_eq!(status.shared_pending, 0);
    });
}

fn raise_of_what_nobody_catches_kills() {
    for signal in [Signal::TERM, Signal::KILL, Signal::ABRT] {
        let outcome = Child::start(|link| {
            send::raise(signal).expect("raise");
            link.say("still here");
        })
        .wait();
        outcome.assert_died_by(signal.as_raw());
        assert!(outcome.said.is_empty(), "{signal}");
    }
}

fn raise_tells_when_the_queue_is_full() {
    in_child(|| {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit is initialised and only read.
        let result = unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const none) };
        assert_eq!(result, 0);
        let signal = Signal::rt(0).expect("rt");
        mask::block([signal, Signal::USR1]).expect("block");
        let before = state::raw_mask();
        assert_eq!(send::raise(signal), Err(Errno::AGAIN));
        assert_eq!(oracle::own_status().pending, 0);
        state::assert_mask(state::raw_mask(), before);
        // A standard signal needs no place in the queue.
        assert_eq!(send::raise(Signal::USR1), Ok(()));
        assert_eq!(oracle::own_status().pending, oracle::bit(libc::SIGUSR1));
    });
}

fn kill_reaches_another_process() {
    let child = Child::start(|link| drop(link.hear()));
    assert_eq!(send::kill(pid(child.pid()), Signal::TERM), Ok(()));
    child.wait().assert_died_by(libc::SIGTERM);

    let child = Child::start(|link| drop(link.hear()));
    assert_eq!(send::kill(pid(child.pid()), Signal::STOP), Ok(()));
    assert_eq!(child.stopped(), libc::SIGSTOP);
    assert_eq!(send::kill(pid(child.pid()), Signal::CONT), Ok(()));
    child.continued();
    assert_eq!(send::kill(pid(child.pid()), Signal::KILL), Ok(()));
    child.wait().assert_died_by(libc::SIGKILL);
}

fn kill_reaches_this_process() {
    in_child(|| {
        recorder::install(libc::SIGHUP);
        assert_eq!(send::kill(Pid::this(), Signal::HUP), Ok(()));
        // The only thread takes it on its way back from the call.
        assert_eq!(recorder::count(), 1);
        let us = process::id() as i32;
        assert_eq!(Pid::this().as_raw(), us);
        assert_eq!(recorder::info().decoded().cause(), Cause::User { pid: us, uid: uid() });
    });
}

fn kill_tells_the_sender_as_its_cause() {
    let us = process::id() as i32;
    for signal in [Signal::USR1, Signal::CHLD, Signal::SEGV, Signal::rt(4).expect("rt")] {
        let mut child = Child::start(|link| {
            oracle::block(signal.as_raw());
            link.ready();
            let info: SigInfo = siginfo::take(signal.as_raw()).decoded();
            assert_eq!(info.cause(), Cause::User { pid: us, uid: uid() });
            assert_eq!(info.signal(), signal);
            assert_eq!(info.sender().map(Pid::as_raw), Some(us));
            assert_eq!(info.trust(), SigInfoTrust::KernelStamped);
        });
        child.await_ready();
        assert_eq!(send::kill(pid(child.pid()), signal), Ok(()));
        child.wait().assert_exited(0);
    }
}

fn gone_process_is_not_found() {
    let child = Child::start(|_| {});
    let gone = pid(child.pid());
    child.wait().assert_exited(0);
    assert_eq!(send::kill(gone, Signal::TERM), Err(Errno::SRCH));
    assert_eq!(send::probe(gone), Err(Errno::SRCH));
    // Past the largest process id that Linux has.
    assert_eq!(send::kill(pid(i32::MAX), Signal::TERM), Err(Errno::SRCH));
    assert_eq!(send::probe(pid(i32::MAX)), Err(Errno::SRCH));
}

fn zombie_is_still_there() {
    in_child(|| {
        // SAFETY: this process has one thread, and the child calls nothing but `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            support::exit_now(0);
        }
        let child_id = libc::id_t::try_from(child).expect("fork");
        // SAFETY: nothing is asked for but the wait.
        let ended = unsafe {
            let options = libc::WEXITED | libc::WNOWAIT;
            libc::waitid(libc::P_PID, child_id, ptr::null_mut(), options)
        };
        assert_eq!(ended, 0);
        assert_eq!(send::kill(pid(child), Signal::TERM), Ok(()));
        assert_eq!(send::probe(pid(child)), Ok(()));
        // SAFETY: the status is not asked for.
        assert_eq!(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }, child);
        assert_eq!(send::kill(pid(child), Signal::TERM), Err(Errno::SRCH));
        assert_eq!(send::probe(pid(child)), Err(Errno::SRCH));
    });
}

fn forbidden_process_is_told_apart() {
    const NOBODY: u32 = 65534;
    if uid() != 0 {
        return support::skip("only root can become somebody who may not signal us");
    }
    let us = process::id() as i32;
    in_child(|| {
        // SAFETY: this process has one thread, and nothing in it relies on being root.
        assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
        let before = SignalState::now();
        for target in [us, 1] {
            for signal in [Signal::TERM, Signal::KILL, Signal::CHLD] {
                assert_eq!(send::kill(pid(target), signal), Err(Errno::PERM), "{target}");
            }
            assert_eq!(send::probe(pid(target)), Err(Errno::PERM), "{target}");
        }
        before.assert_unchanged("kill without permission");
        assert_eq!(send::probe(Pid::this()), Ok(()));
    });
    // Sent from root, it would have ended this process.
    assert!(!oracle::has(oracle::own_status().shared_pending, libc::SIGTERM));
}

fn probe_sends_nothing() {
    let mut child = Child::start(|link| {
        mask::block(SigSet::full()).expect("block");
        link.ready();
        assert_eq!(link.hear(), "probed");
        let status = oracle::own_status();
        assert_eq!((status.pending, status.shared_pending), (0, 0));
    });
    child.await_ready();
    assert_eq!(send::probe(pid(child.pid())), Ok(()));
    child.tell("probed");
    child.wait().assert_exited(0);
    assert_eq!(send::probe(Pid::this()), Ok(()));
}

fn no_process_has_such_a_number() {
    // To kill(2), these are this group, everybody, and another group.
    for raw in [0, -1, -2, i32::MIN, (process::id() as i32).wrapping_neg()] {
        assert_eq!(Pid::from_raw(raw), Err(Errno::SRCH), "{raw}");
    }
    for raw in [0, 1 << 31, u32::MAX] {
        assert_eq!(Pid::try_from(raw), Err(Errno::SRCH), "{raw}");
    }
    assert_eq!(Pid::from_raw(1).map(Pid::as_raw), Ok(1));
    assert_eq!(Pid::from_raw(i32::MAX).map(Pid::as_raw), Ok(i32::MAX));
    assert_eq!(Pid::try_from(process::id()), Ok(Pid::this()));
    assert_eq!(format!("{} {:?}", pid(7), pid(7)), "7 7");
}

fn raise_after_fork_reaches_the_child() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        send::raise(Signal::USR1).expect("raise");
        let first = recorder::info().pid();
        in_child(|| {
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count(), 2);
            assert_eq!(recorder::info().pid(), process::id() as i32);
            assert_ne!(recorder::info().pid(), first);
        });
        assert_eq!(recorder::count(), 1);
    });
}
