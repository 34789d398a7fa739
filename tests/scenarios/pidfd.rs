//! Sending through a descriptor of the process.

#![expect(unsafe_code, reason = "descriptors, groups and limits are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::fd::{PidFd, Scope};
use siglatch::{Cause, Errno, SigVal, Signal, Tid, mask};
use std::sync::mpsc;
use std::thread;
use support::names::{pid, rt, uid, us};
use support::state::SignalState;
use support::{self, Child, Scenario, in_child, limits, oracle, recorder, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        signal_reaches_the_process,
        value_reaches_the_process,
        stale_descriptor_hits_nobody,
        thread_is_reached_alone,
        scope_says_to_whom,
        group_is_reached_and_nobody_else,
        full_queue_is_told,
        forbidden_process_is_told_apart,
        descriptor_is_closed_by_exec_and_by_drop,
    ]
}

fn open(raw: i32) -> PidFd {
    PidFd::open(pid(raw)).expect("pidfd_open")
}

/// A process that does nothing until it is told to, or killed.
fn sleeper() -> Child {
    Child::start(|link| drop(link.hear()))
}

/// Whether the kernel knows scopes and threads (Linux 6.9).
fn has_scopes() -> bool {
    !matches!(PidFd::open_thread(Tid::this()), Err(Errno::INVAL))
}

fn signal_reaches_the_process() {
    let mut child = Child::start(|link| {
        mask::block(Signal::USR1).expect("block");
        link.ready();
        let pid = link.hear().parse().expect("a pid");
        let cause = siginfo::take(libc::SIGUSR1).decoded().cause();
        assert_eq!(cause, Cause::User { pid, uid: uid() });
        link.ready();
        drop(link.hear());
    });
    child.await_ready();
    let fd = open(child.pid());
    assert_eq!(fd.probe(), Ok(()));
    assert_eq!(fd.send(Signal::USR1), Ok(()));
    child.tell(&us().to_string());
    child.await_ready();
    assert_eq!(fd.send(Signal::TERM), Ok(()));
    child.wait().assert_died_by(libc::SIGTERM);
}

fn value_reaches_the_process() {
    for value in [0, usize::MAX, 0x0123_4567_89ab_cdef_u64 as usize] {
        let value = SigVal::from_addr(value);
        let mut child = Child::start(|link| {
            mask::block([Signal::USR1, rt(0)]).expect("block");
            link.ready();
            let pid = link.hear().parse().expect("a pid");
            for signal in [Signal::USR1, rt(0), rt(0)] {
                let cause = siginfo::take(signal.as_raw()).decoded().cause();
                assert_eq!(cause, Cause::Queue { pid, uid: uid(), value });
            }
        });
        child.await_ready();
        let fd = open(child.pid());
        for signal in [Signal::USR1, rt(0), rt(0)] {
            assert_eq!(fd.queue(signal, value), Ok(()));
        }
        child.tell(&us().to_string());
        child.wait().assert_exited(0);
    }
}

fn stale_descriptor_hits_nobody() {
    in_child(|| {
        // SAFETY: this process has one thread, and the child only ends.
        let child = match unsafe { libc::fork() } {
            0 => support::exit_now(0),
            child => child,
        };
        let fd = open(child);
        // SAFETY: nothing is asked for but the wait.
        let ended = unsafe {
            let options = libc::WEXITED | libc::WNOWAIT;
            libc::waitid(libc::P_PID, child as u32, core::ptr::null_mut(), options)
        };
        assert_eq!(ended, 0);
        // Ended, and not waited for: it is there, as for kill(2).
        assert_eq!((fd.probe(), fd.send(Signal::TERM)), (Ok(()), Ok(())));
        // SAFETY: the status is not asked for.
        assert_eq!(unsafe { libc::waitpid(child, core::ptr::null_mut(), 0) }, child);
        let before = SignalState::now();
        for signal in [Signal::TERM, Signal::KILL, rt(0)] {
            assert_eq!(fd.send(signal), Err(Errno::SRCH));
            assert_eq!(fd.queue(signal, SigVal::from_int(1)), Err(Errno::SRCH));
        }
        assert_eq!(fd.probe(), Err(Errno::SRCH));
        if has_scopes() {
            for scope in [Scope::Thread, Scope::Process, Scope::Group] {
                assert_eq!(fd.send_to(scope, Signal::TERM), Err(Errno::SRCH), "{scope:?}");
            }
        }
        before.assert_unchanged("sending to a process that is gone");
    });
}

fn thread_is_reached_alone() {
    if !has_scopes() {
        return support::skip("the kernel has no descriptors of threads");
    }
    in_child(|| {
        mask::block([Signal::USR1, rt(0)]).expect("block");
        let (ready, tids) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            ready.send(Tid::this()).expect("a receiver");
            gone.recv().expect("a sender");
            let pending = oracle::bit(libc::SIGUSR1) | oracle::bit(rt(0).as_raw());
            assert_eq!(oracle::own_status().pending, pending);
            assert_eq!(siginfo::take(rt(0).as_raw()).value_int(), 4);
            recorder::install(libc::SIGUSR1);
            mask::unblock(Signal::USR1).expect("unblock");
            let cause = recorder::info().decoded().cause();
            assert_eq!(cause, Cause::Thread { pid: us(), uid: uid() });
        });
        let there = tids.recv().expect("a thread id");
        // Only a process has a descriptor without that flag.
        let refused = PidFd::open(pid(there.as_raw())).map(drop);
        assert!(matches!(refused, Err(Errno::NOENT | Errno::INVAL)), "{refused:?}");
        let fd = PidFd::open_thread(there).expect("pidfd_open");
        assert_eq!(fd.send(Signal::USR1), Ok(()));
        assert_eq!(fd.queue(rt(0), SigVal::from_int(4)), Ok(()));
        let status = oracle::own_status();
        assert_eq!((status.pending, status.shared_pending), (0, 0));
        go.send(()).expect("a receiver");
        other.join().expect("a thread that has found all");
        // It is joined a moment before the kernel has let go of it.
        while fd.send(Signal::USR1) == Ok(()) {}
        assert_eq!(fd.send(Signal::USR1), Err(Errno::SRCH));
    });
}

fn scope_says_to_whom() {
    if !has_scopes() {
        in_child(|| {
            let scoped = open(us()).send_to(Scope::Process, Signal::TERM);
            assert_eq!(scoped, Err(Errno::INVAL));
        });
        return support::skip("the kernel has no scopes");
    }
    in_child(|| {
        mask::block([Signal::USR1, Signal::USR2, rt(0), rt(1)]).expect("block");
        let bits = |one: Signal, two: Signal| oracle::bit(one.as_raw()) | oracle::bit(two.as_raw());
        let process = open(us());
        let thread = PidFd::open_thread(Tid::this()).expect("pidfd_open");
        for fd in [process, thread] {
            assert_eq!(fd.send_to(Scope::Thread, Signal::USR1), Ok(()));
            assert_eq!(fd.queue_to(Scope::Thread, rt(0), SigVal::from_int(1)), Ok(()));
            assert_eq!(fd.send_to(Scope::Process, Signal::USR2), Ok(()));
            assert_eq!(fd.queue_to(Scope::Process, rt(1), SigVal::from_int(2)), Ok(()));
            let status = oracle::own_status();
            assert_eq!(status.pending, bits(Signal::USR1, rt(0)));
            assert_eq!(status.shared_pending, bits(Signal::USR2, rt(1)));
            assert_eq!(siginfo::take(rt(0).as_raw()).value_int(), 1);
            assert_eq!(siginfo::take(rt(1).as_raw()).value_int(), 2);
            assert_eq!(siginfo::take(libc::SIGUSR2).code(), libc::SI_USER);
            assert_eq!(siginfo::take(libc::SIGUSR1).pid(), us());
        }
    });
}

fn group_is_reached_and_nobody_else() {
    if !has_scopes() {
        return support::skip("the kernel has no scopes");
    }
    let (first, second, outside) = (sleeper(), sleeper(), sleeper());
    let groups = [(&first, &first), (&second, &first), (&outside, &outside)];
    for (child, group) in groups {
        // SAFETY: both are numbers.
        assert_eq!(unsafe { libc::setpgid(child.pid(), group.pid()) }, 0, "setpgid");
    }
    let fd = open(second.pid());
    // No group has this one's number.
    assert_eq!(fd.send_to(Scope::Group, Signal::TERM), Err(Errno::SRCH));
    let fd = open(first.pid());
    assert_eq!(fd.send_to(Scope::Group, Signal::TERM), Ok(()));
    first.wait().assert_died_by(libc::SIGTERM);
    second.wait().assert_died_by(libc::SIGTERM);
    let fd = open(outside.pid());
    assert_eq!(fd.probe(), Ok(()));
    assert_eq!(fd.queue_to(Scope::Group, Signal::KILL, SigVal::from_int(1)), Ok(()));
    outside.wait().assert_died_by(libc::SIGKILL);
}

fn full_queue_is_told() {
    in_child(|| {
        mask::block([Signal::USR1, rt(0)]).expect("block");
        let fd = open(us());
        limits::no_pending();
        let before = SignalState::now();
        assert_eq!(fd.queue(rt(0), SigVal::from_int(1)), Err(Errno::AGAIN));
        if has_scopes() {
            assert_eq!(fd.send_to(Scope::Thread, rt(0)), Err(Errno::AGAIN));
        }
        before.assert_unchanged("EAGAIN");
        // As by kill(2): without details.
        assert_eq!(fd.send(rt(0)), Ok(()));
        let lost = siginfo::take(rt(0).as_raw()).decoded();
        assert_eq!(lost.cause(), Cause::User { pid: 0, uid: 0 });
    });
}

fn forbidden_process_is_told_apart() {
    if uid() != 0 {
        return support::skip("only root can become somebody who may not signal us");
    }
    let other = sleeper();
    let fd = open(other.pid());
    in_child(|| {
        limits::become_nobody();
        let before = SignalState::now();
        assert_eq!(fd.send(Signal::KILL), Err(Errno::PERM));
        assert_eq!(fd.queue(Signal::KILL, SigVal::from_int(1)), Err(Errno::PERM));
        assert_eq!(fd.probe(), Err(Errno::PERM));
        before.assert_unchanged("sending without permission");
    });
    assert_eq!(fd.send(Signal::KILL), Ok(()));
    other.wait().assert_died_by(libc::SIGKILL);
}

/// Whether the descriptor number is open; and then, whether execve(2) closes it.
fn closed_by_exec(number: i32) -> Option<bool> {
    // SAFETY: the command only asks.
    match unsafe { libc::fcntl(number, libc::F_GETFD) } {
        -1 => None,
        flags => Some(flags & libc::FD_CLOEXEC != 0),
    }
}

fn descriptor_is_closed_by_exec_and_by_drop() {
    in_child(|| {
        let fd = open(us());
        let number = fd.as_raw();
        assert_eq!(closed_by_exec(number), Some(true));
        drop(fd);
        assert_eq!(closed_by_exec(number), None);
        let fd = open(us()).into_fd();
        let number = fd.as_raw();
        assert_eq!(closed_by_exec(number), Some(true));
        drop(fd);
        assert_eq!(closed_by_exec(number), None);
    });
}
