//! Sending to one thread, to a group, and to everybody.

#![expect(unsafe_code, reason = "groups and namespaces are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::panic::AssertUnwindSafe;
use siglatch::send::{self, Target};
use siglatch::{Cause, Errno, Pid, SigVal, Signal, Tid, mask};
use std::panic;
use std::sync::mpsc;
use std::thread;
use support::names::{pid, rt, tid, uid, us};
use support::state::SignalState;
use support::{self, Child, Scenario, in_child, oracle, recorder, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        thread_directed_signals_reach_that_thread,
        thread_of_another_process_is_reached,
        group_is_reached_and_nobody_else,
        own_group_is_reached,
        group_one_is_not_everybody,
        everything_is_all_but_us_and_init,
        no_thread_has_such_a_number,
        targets_are_asked_for,
        targets_are_sent_to,
    ]
}

/// Puts a child into the group of that number.
fn join_group(child: &Child, group: i32) {
    // SAFETY: both are numbers.
    let result = unsafe { libc::setpgid(child.pid(), group) };
    assert_eq!(result, 0, "setpgid");
}

fn thread_directed_signals_reach_that_thread() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        mask::block([Signal::USR2, rt(2)]).expect("block");
        let (ready, tids) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            ready.send(Tid::this()).expect("a receiver");
            gone.recv().expect("a sender");
            // Kept for this thread, and seen by no other.
            let pending = oracle::own_status().pending;
            assert_eq!(pending, oracle::bit(libc::SIGUSR2) | oracle::bit(rt(2).as_raw()));
            let info = siginfo::take(rt(2).as_raw());
            assert_eq!((info.code(), info.value_int()), (libc::SI_QUEUE, 5));
            assert_eq!(siginfo::take(libc::SIGUSR2).pid(), us());
        });
        let there = tids.recv().expect("a thread id");
        assert_ne!(there, Tid::this());
        assert_eq!(send::kill_thread(Pid::this(), there, Signal::USR2), Ok(()));
        assert_eq!(send::queue_thread(Pid::this(), there, rt(2), SigVal::from_int(5)), Ok(()));
        let status = oracle::own_status();
        assert_eq!((status.pending, status.shared_pending), (0, 0));
        go.send(()).expect("a receiver");
        other.join().expect("a thread that has found all");

        // To the calling thread it is what `raise` is.
        assert_eq!(send::kill_thread(Pid::this(), Tid::this(), Signal::USR1), Ok(()));
        assert_eq!((recorder::count(), recorder::thread()), (1, Tid::this().as_raw()));
        let cause = recorder::info().decoded().cause();
        assert_eq!(cause, Cause::Thread { pid: us(), uid: uid() });
    });
}

fn thread_of_another_process_is_reached() {
    let mut child = Child::start(|link| {
        mask::block([Signal::USR1, rt(3)]).expect("block");
        link.ready();
        let queued = siginfo::take(rt(3).as_raw()).decoded();
        let pid = link.hear().parse().expect("a pid");
        let value = SigVal::from_addr(0x0123_4567_89ab_cdef_u64 as usize);
        assert_eq!(queued.cause(), Cause::Queue { pid, uid: uid(), value });
        // Taken by a handler: C's sigwaitinfo(3) tells the code of kill(2) in its place.
        recorder::install(libc::SIGUSR1);
        mask::unblock(Signal::USR1).expect("unblock");
        assert_eq!(recorder::info().decoded().cause(), Cause::Thread { pid, uid: uid() });
    });
    child.await_ready();
    let (process, first) = (pid(child.pid()), Tid::from(pid(child.pid())));
    assert_eq!(send::kill_thread(process, first, Signal::USR1), Ok(()));
    let value = SigVal::from_addr(0x0123_4567_89ab_cdef_u64 as usize);
    assert_eq!(send::queue_thread(process, first, rt(3), value), Ok(()));
    child.tell(&us().to_string());
    child.wait().assert_exited(0);
}

fn group_is_reached_and_nobody_else() {
    let sleeper = || Child::start(|link| drop(link.hear()));
    let (first, second, outside) = (sleeper(), sleeper(), sleeper());
    let group = first.pid();
    join_group(&first, group);
    join_group(&second, group);
    join_group(&outside, outside.pid());
    assert_eq!(send::kill_group(pid(group), Signal::TERM), Ok(()));
    first.wait().assert_died_by(libc::SIGTERM);
    second.wait().assert_died_by(libc::SIGTERM);
    assert_eq!(send::kill_group(pid(group), Signal::TERM), Err(Errno::SRCH));
    assert_eq!(send::probe(pid(outside.pid())), Ok(()));
    outside.kill(libc::SIGKILL);
    outside.wait().assert_died_by(libc::SIGKILL);
}

fn own_group_is_reached() {
    let child = Child::start(|_| {
        // SAFETY: both are numbers.
        assert_eq!(unsafe { libc::setpgid(0, 0) }, 0);
        recorder::install(libc::SIGUSR1);
        assert_eq!(send::kill_own_group(Signal::USR1), Ok(()));
        assert_eq!(recorder::info().decoded().cause(), Cause::User { pid: us(), uid: uid() });
        assert_eq!(send::kill_own_group(Signal::TERM), Ok(()));
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

fn group_one_is_not_everybody() {
    in_child(|| {
        let before = SignalState::now();
        // killpg(3) would have sent it to every process there is.
        assert_eq!(send::kill_group(pid(1), Signal::CONT), Err(Errno::INVAL));
        before.assert_unchanged("a signal to group 1");
    });
}

/// Runs `body` as process 1 of a pid namespace of its own; returns `true` if it came to its end, or
/// nothing where there can be no such namespace.
fn in_own_namespace(body: impl FnOnce()) -> Option<bool> {
    // SAFETY: no memory is passed; the next child starts a namespace.
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
        return None;
    }
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        0 => {
            let done = us() == 1 && panic::catch_unwind(AssertUnwindSafe(body)).is_ok();
            support::exit_now(i32::from(!done))
        }
        child => Some(end_of(child) == 0),
    }
}

/// Waits for a child. Gives its wait status.
fn end_of(child: i32) -> i32 {
    let mut status = -1;
    // SAFETY: `status` is a place for the answer.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child, "waitpid");
    status
}

fn everything_is_all_but_us_and_init() {
    let child = Child::start(|link| {
        let done = in_own_namespace(|| {
            assert_eq!(send::kill_everything(Signal::TERM), Err(Errno::SRCH));
            let children = [(); 3].map(|()| {
                // SAFETY: this process has one thread, and the child calls only this.
                match unsafe { libc::fork() } {
                    0 => loop {
                        // SAFETY: no argument.
                        unsafe { libc::pause() };
                    },
                    child => child,
                }
            });
            recorder::install(libc::SIGTERM);
            assert_eq!(send::kill_everything(Signal::TERM), Ok(()));
            for child in children {
                assert!(libc::WTERMSIG(end_of(child)) == libc::SIGTERM);
            }
            assert_eq!(recorder::count(), 0);
            assert_eq!(send::kill_everything(Signal::TERM), Err(Errno::SRCH));
        });
        link.say(match done {
            Some(true) => "done",
            Some(false) => "failed",
            None => "no namespace",
        });
    });
    let outcome = child.wait();
    outcome.assert_exited(0);
    match outcome.said.first().map(String::as_str) {
        Some("no namespace") => support::skip("no pid namespace may be made here"),
        said => assert_eq!(said, Some("done"), "{}", outcome.output),
    }
}

fn no_thread_has_such_a_number() {
    for raw in [0, -1, i32::MIN] {
        assert_eq!(Tid::from_raw(raw), Err(Errno::SRCH), "{raw}");
    }
    assert_eq!(Tid::this().as_raw(), recorder::gettid());
    assert_eq!(Tid::from(Pid::this()).as_raw(), us());
    assert_eq!(format!("{} {:?}", tid(7), tid(7)), "7 7");
    let elsewhere = thread::spawn(Tid::this).join().expect("a thread that ends");
    assert_ne!(elsewhere, Tid::this());
}

fn targets_are_asked_for() {
    let child = Child::start(|link| drop(link.hear()));
    join_group(&child, child.pid());
    let gone = Child::start(|_| {});
    let none = gone.pid();
    gone.wait().assert_exited(0);
    in_child(|| {
        let before = SignalState::now();
        let (here, there) = (Pid::this(), pid(child.pid()));
        for (target, answer) in [
            (Target::from(there), Ok(())),
            (Target::Process(pid(none)), Err(Errno::SRCH)),
            (Target::Thread(here, Tid::this()), Ok(())),
            (Target::Thread(there, there.into()), Ok(())),
            // A thread, but not of that process.
            (Target::Thread(there, Tid::this()), Err(Errno::SRCH)),
            (Target::Thread(here, tid(i32::MAX)), Err(Errno::SRCH)),
            (Target::Group(there), Ok(())),
            (Target::Group(here), Err(Errno::SRCH)),
            (Target::Group(pid(1)), Err(Errno::INVAL)),
            (Target::Group(pid(i32::MAX)), Err(Errno::SRCH)),
            (Target::OwnGroup, Ok(())),
            (Target::Everything, Ok(())),
        ] {
            assert_eq!(send::probe(target), answer, "{target:?}");
        }
        before.assert_unchanged("asking");
    });
    // A zombie is there until it is waited for.
    child.kill(libc::SIGKILL);
    assert_eq!(send::probe(Target::Group(pid(child.pid()))), Ok(()));
}

fn targets_are_sent_to() {
    let group = Child::start(|link| drop(link.hear()));
    join_group(&group, group.pid());
    assert_eq!(send::kill(Target::Group(pid(group.pid())), Signal::TERM), Ok(()));
    group.wait().assert_died_by(libc::SIGTERM);
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        assert_eq!(send::kill(Target::Thread(Pid::this(), Tid::this()), Signal::USR1), Ok(()));
        assert_eq!(recorder::info().decoded().cause(), Cause::Thread { pid: us(), uid: uid() });
        assert_eq!(send::kill(Target::Group(pid(1)), Signal::USR1), Err(Errno::INVAL));
        assert_eq!(recorder::count(), 1);
    });
}
