//! Waiting for children: none is lost, none is taken from somebody else, each status is right.

#![expect(unsafe_code, reason = "forks, and waits behind the back of the crate")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::child::{self, Change, Children};
use siglatch::fd::EventFd;
use siglatch::{ChildState, Errno, Pid, Signal};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Mutex;
use std::thread::scope;
use support::ending::{End, await_end, await_stop, ends, ends_on_close, fork};
use support::names::pid;
use support::{Scenario, exit_now, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        thousand_at_once_are_all_reaped,
        thousand_at_once_for_four_threads,
        child_of_another_owner_is_left_alone,
        two_tables_and_std_each_get_their_own,
        ended_before_it_was_added,
        ended_before_the_table_caught,
        what_somebody_else_reaped_is_told,
        a_full_table_refuses,
        added_twice_is_told_once,
        added_again_after_its_end,
        removed_is_somebody_elses,
        breaking_off_leaves_the_others,
        stops_and_continues_are_told_once,
        what_a_child_does_next_is_told_by_the_same_walk,
        ends_only_are_told_by_reap,
        wakes_a_poll_loop,
    ]
}

const MANY: i32 = 1_000;

/// A thousand children, and how each is going to end, all at once.
fn start_many<const N: usize>(children: &Children<N>) -> BTreeMap<i32, ChildState> {
    let (gate, open) = os_pipe::pipe().expect("pipe");
    let mut wanted = BTreeMap::new();
    for number in 0..MANY {
        let end = End::of(number);
        let child = ends_on_close(&gate, &open, end);
        children.add(child).expect("room");
        wanted.insert(child.as_raw(), end.state());
    }
    wanted
}

fn told(change: Change) -> (i32, ChildState) {
    (change.pid.as_raw(), change.state.expect("nobody else waits for it"))
}

fn thousand_at_once_are_all_reaped() {
    static CHILDREN: Children<1024> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let wanted = start_many(&CHILDREN);
        let mut seen = BTreeMap::new();
        while !CHILDREN.is_empty() {
            assert_eq!(CHILDREN.wait(None), Ok(true), "{} are left", CHILDREN.len());
            for change in CHILDREN.reap() {
                assert!(change.is_end());
                let (pid, state) = told(change);
                assert_eq!(seen.insert(pid, state), None, "told once");
            }
        }
        assert_eq!(seen, wanted);
        assert_eq!(child::try_wait(pid(*seen.keys().next().expect("one"))), Err(Errno::CHILD));
    });
}

fn thousand_at_once_for_four_threads() {
    static CHILDREN: Children<1024> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let wanted = start_many(&CHILDREN);
        let seen = Mutex::new(BTreeMap::new());
        scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !CHILDREN.is_empty() {
                        // Another thread may have taken the flag, and the last child.
                        let _woken = CHILDREN.wait(Some(Duration::from_millis(50)));
                        for change in CHILDREN.reap() {
                            let (pid, state) = told(change);
                            let before = seen.lock().expect("a lock").insert(pid, state);
                            assert_eq!(before, None, "told once");
                        }
                    }
                });
            }
        });
        assert_eq!(seen.into_inner().expect("a lock"), wanted);
    });
}

fn child_of_another_owner_is_left_alone() {
    static CHILDREN: Children<8> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let theirs = ends(End::Exit(77));
        let ours = ends(End::Exit(7));
        CHILDREN.add(ours).expect("room");
        await_end(theirs);
        await_end(ours);
        assert_eq!(CHILDREN.wait(None), Ok(true));
        let seen: Vec<_> = CHILDREN.reap().map(told).collect();
        assert_eq!(seen, [(ours.as_raw(), ChildState::Exited(7))]);
        assert_eq!(CHILDREN.reap().count(), 0);
        let mut status = 0;
        // SAFETY: the status is writable.
        let found = unsafe { libc::waitpid(theirs.as_raw(), &raw mut status, libc::WNOHANG) };
        assert_eq!((found, libc::WEXITSTATUS(status)), (theirs.as_raw(), 77));
    });
}

fn two_tables_and_std_each_get_their_own() {
    static FIRST: Children<4> = Children::new();
    static SECOND: Children<4> = Children::new();
    in_child(|| {
        FIRST.catch().expect("catch");
        SECOND.catch().expect("catch");
        let mut standard = Command::new("sh").args(["-c", "exit 3"]).spawn().expect("sh");
        let (one, two) = (ends(End::Exit(1)), ends(End::Exit(2)));
        FIRST.add(one).expect("room");
        SECOND.add(two).expect("room");
        for (table, child, status) in [(&FIRST, one, 1), (&SECOND, two, 2)] {
            await_end(child);
            assert_eq!(table.wait(None), Ok(true));
            let seen: Vec<_> = table.reap().map(told).collect();
            assert_eq!(seen, [(child.as_raw(), ChildState::Exited(status))]);
        }
        assert_eq!(standard.wait().expect("it is still std's").code(), Some(3));
    });
}

fn ended_before_it_was_added() {
    static CHILDREN: Children<1> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let child = ends(End::Exit(5));
        await_end(child);
        assert_eq!(CHILDREN.reap().count(), 0); // and its flag is gone
        CHILDREN.add(child).expect("room");
        assert_eq!(CHILDREN.wait(None), Ok(true));
        assert_eq!(CHILDREN.reap().map(told).last(), Some((child.as_raw(), ChildState::Exited(5))));
    });
}

fn ended_before_the_table_caught() {
    static CHILDREN: Children<1> = Children::new();
    in_child(|| {
        let child = ends(End::Exit(5));
        CHILDREN.add(child).expect("room");
        await_end(child);
        CHILDREN.catch().expect("catch");
        assert_eq!(CHILDREN.wait(None), Ok(true));
        assert_eq!(CHILDREN.reap().count(), 1);
        CHILDREN.release().expect("release");
    });
}

fn what_somebody_else_reaped_is_told() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let child = ends(End::Exit(5));
        CHILDREN.add(child).expect("room");
        assert_eq!(child::wait(child), Ok(ChildState::Exited(5)));
        let seen: Vec<_> = CHILDREN.reap().collect();
        assert_eq!(seen, [Change { pid: child, state: None }]);
        assert!(CHILDREN.is_empty());
    });
}

fn a_full_table_refuses() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        assert_eq!(CHILDREN.add(pid(1)), Ok(()));
        assert_eq!(CHILDREN.add(pid(2)), Ok(()));
        assert_eq!(CHILDREN.add(pid(3)), Err(Errno::AGAIN));
        assert_eq!((CHILDREN.len(), CHILDREN.contains(pid(3))), (2, false));
        assert!(CHILDREN.contains(pid(2)) && CHILDREN.remove(pid(2)));
        assert!(!CHILDREN.contains(pid(2)) && !CHILDREN.remove(pid(2)));
        assert_eq!(CHILDREN.add(pid(3)), Ok(()));
        assert_eq!(CHILDREN.add(pid(4)), Err(Errno::AGAIN));
        assert_eq!(Children::<2>::CAPACITY, 2);
        // More than the kernel ever gives to a process.
        for number in [1 << 30, i32::MAX] {
            assert_eq!(CHILDREN.add(pid(number)), Err(Errno::CHILD));
            assert!(!CHILDREN.contains(pid(number)) && !CHILDREN.remove(pid(number)));
        }
    });
}

fn added_twice_is_told_once() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        let child = ends(End::Exit(5));
        for _ in 0..3 {
            assert_eq!(CHILDREN.add(child), Ok(()));
        }
        assert_eq!(CHILDREN.len(), 1);
        await_end(child);
        let seen: Vec<_> = CHILDREN.reap().map(told).collect();
        assert_eq!(seen, [(child.as_raw(), ChildState::Exited(5))]);
        // A full table has it already.
        assert_eq!(CHILDREN.add(pid(1)), Ok(()));
        assert_eq!(CHILDREN.add(pid(2)), Ok(()));
        assert_eq!(CHILDREN.add(pid(1)), Ok(()));
        assert_eq!(CHILDREN.add(pid(3)), Err(Errno::AGAIN));
        assert!(CHILDREN.remove(pid(1)) && !CHILDREN.remove(pid(1)));
    });
}

/// The number of a child that has been told may be another child's.
fn added_again_after_its_end() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        let child = ends(End::Exit(5));
        assert_eq!(CHILDREN.add(child), Ok(()));
        await_end(child);
        let mut changes = CHILDREN.reap();
        assert_eq!(changes.next().map(told), Some((child.as_raw(), ChildState::Exited(5))));
        assert_eq!(CHILDREN.add(child), Ok(()));
        assert!(CHILDREN.contains(child));
        drop(changes);
        assert_eq!(CHILDREN.reap().collect::<Vec<_>>(), [Change { pid: child, state: None }]);
    });
}

fn removed_is_somebody_elses() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        let child = ends(End::Exit(5));
        CHILDREN.add(child).expect("room");
        await_end(child);
        assert!(CHILDREN.remove(child));
        assert_eq!(CHILDREN.reap().count(), 0);
        assert_eq!(child::try_wait(child), Ok(Some(ChildState::Exited(5))));
    });
}

fn breaking_off_leaves_the_others() {
    static CHILDREN: Children<4> = Children::new();
    in_child(|| {
        CHILDREN.catch().expect("catch");
        for status in 1..=3 {
            let child = ends(End::Exit(status));
            CHILDREN.add(child).expect("room");
            await_end(child);
        }
        for left in [2, 1, 0] {
            assert_eq!(CHILDREN.wait(Some(Duration::ZERO)), Ok(true), "{left} are left after it");
            assert!(CHILDREN.reap().next().is_some());
            assert_eq!(CHILDREN.len(), left);
        }
        // The last look did not go to the end, and says so once more.
        assert_eq!(CHILDREN.reap().count(), 0);
        assert_eq!(CHILDREN.wait(Some(Duration::ZERO)), Ok(false));
    });
}

/// A child that stops itself, and when it goes on, does it again or ends.
fn stops_twice() -> Pid {
    fork(|| {
        for _ in 0..2 {
            // SAFETY: no memory is passed.
            unsafe { libc::raise(libc::SIGSTOP) };
        }
        exit_now(4);
    })
}

fn stops_and_continues_are_told_once() {
    static CHILDREN: Children<2> = Children::new().stops(true);
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let child = stops_twice();
        CHILDREN.add(child).expect("room");
        let next = || loop {
            assert_eq!(CHILDREN.wait(None), Ok(true));
            let all: Vec<_> = CHILDREN.changes().map(told).collect();
            if !all.is_empty() {
                assert!(all.iter().all(|(pid, _)| *pid == child.as_raw()));
                break all.into_iter().map(|(_, state)| state).collect::<Vec<_>>();
            }
        };
        let go_on = || siglatch::send::kill(child, Signal::CONT).expect("kill");
        let mut seen = next();
        assert_eq!(seen, [ChildState::Stopped(Signal::STOP)]);
        go_on();
        seen.clear();
        while seen.last() != Some(&ChildState::Stopped(Signal::STOP)) {
            seen.extend(next());
        }
        // That it went on may be gone by the time it has stopped again.
        seen.retain(|state| *state != ChildState::Continued);
        assert_eq!(seen, [ChildState::Stopped(Signal::STOP)]);
        assert!(CHILDREN.contains(child));
        go_on();
        seen.clear();
        while !CHILDREN.is_empty() {
            seen.extend(next());
        }
        seen.retain(|state| *state != ChildState::Continued);
        assert_eq!(seen, [ChildState::Exited(4)]);
    });
}

fn what_a_child_does_next_is_told_by_the_same_walk() {
    static CHILDREN: Children<2> = Children::new().stops(true);
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let child = stops_twice();
        await_stop(child);
        CHILDREN.add(child).expect("room");
        let mut walk = CHILDREN.changes().map(told);
        assert_eq!(walk.next(), Some((child.as_raw(), ChildState::Stopped(Signal::STOP))));
        siglatch::send::kill(child, Signal::KILL).expect("kill");
        await_end(child);
        assert_eq!(walk.next(), Some((child.as_raw(), ChildState::Killed(Signal::KILL))));
        assert_eq!(walk.next(), None);
    });
}

fn ends_only_are_told_by_reap() {
    static CHILDREN: Children<2> = Children::new().stops(true);
    in_child(|| {
        CHILDREN.catch().expect("catch");
        let child = stops_twice();
        CHILDREN.add(child).expect("room");
        let mut seen = Vec::new();
        for _ in 0..2 {
            await_stop(child);
            seen.extend(CHILDREN.reap().map(told));
            assert_eq!(seen, []);
            assert_eq!(child::try_change(child), Ok(Some(ChildState::Stopped(Signal::STOP))));
            siglatch::send::kill(child, Signal::CONT).expect("kill");
        }
        while seen.is_empty() {
            assert_eq!(CHILDREN.wait(None), Ok(true));
            seen.extend(CHILDREN.reap().map(told));
        }
        assert_eq!(seen, [(child.as_raw(), ChildState::Exited(4))]);
    });
}

fn wakes_a_poll_loop() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        CHILDREN.wake_through(event).expect("wake_through");
        CHILDREN.catch().expect("catch");
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let child = ends_on_close(&gate, &open, End::Exit(0));
        siglatch::send::kill(child, Signal::TERM).expect("kill");
        let mut fd = libc::pollfd { fd: event.as_raw(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one struct, as told.
        while unsafe { libc::poll(&raw mut fd, 1, 10_000) } != 1 {}
        assert!(event.clear());
        CHILDREN.add(child).expect("room");
        assert_eq!(
            CHILDREN.reap().map(told).last(),
            Some((child.as_raw(), ChildState::Killed(Signal::TERM)))
        );
        drop(open);
    });
}
