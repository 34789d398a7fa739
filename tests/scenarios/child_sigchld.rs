//! What becomes of SIGCHLD under each receiver: an inherited "ignore", stops that nobody asked for, an
//! inherited mask.

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::time::Duration;
use siglatch::action::{self, Disposition, SaFlags};
use siglatch::child::{self, Children};
use siglatch::fd::PidFd;
use siglatch::{Cause, ChildState, Errno, InfoQueue, Latch, Signal, mask, sys};
use std::thread;
use support::ending::{End, await_end, ends, ends_on_close, fork};
use support::{Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        ignored_sigchld_is_over,
        ignored_sigchld_makes_no_zombies_under_a_latch,
        ignored_sigchld_is_whose_receivers_say,
        stops_wake_nobody_unless_wanted,
        blocked_sigchld_is_unblocked,
    ]
}

fn ignored_sigchld_is_over() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        action::ignore(Signal::CHLD).expect("ignore");
        assert_eq!(child::wait(ends(End::Exit(1))), Err(Errno::CHILD));
        CHILDREN.catch().expect("catch");
        let child = ends(End::Exit(6));
        CHILDREN.add(child).expect("room");
        await_end(child);
        assert_eq!(
            CHILDREN.reap().last().map(|change| change.state),
            Some(Some(ChildState::Exited(6)))
        );
    });
}

/// Has five children end. Returns how many of them are left to be waited for.
fn zombies_of_five() -> usize {
    let (gate, open) = os_pipe::pipe().expect("pipe");
    let five: Vec<_> = (0..5).map(|_| ends_on_close(&gate, &open, End::Exit(0))).collect();
    let ends: Vec<_> = five.iter().map(|child| PidFd::open(*child).expect("a child")).collect();
    drop(open);
    assert!(ends.iter().all(|end| end.wait(None) == Ok(true)));
    five.into_iter().filter(|child| child::wait(*child).is_ok()).count()
}

fn flags() -> SaFlags {
    let own = SaFlags::NOCLDSTOP | SaFlags::NOCLDWAIT;
    SaFlags::from_bits(action::query(Signal::CHLD).expect("query").flags().bits() & own.bits())
}

fn ignored_sigchld_makes_no_zombies_under_a_latch() {
    static LATCH: Latch = Latch::new();
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    in_child(|| {
        action::ignore(Signal::CHLD).expect("ignore");
        assert_eq!(zombies_of_five(), 0);
        LATCH.catch(Signal::CHLD).expect("catch");
        QUEUE.catch(Signal::CHLD).expect("catch");
        assert_eq!(zombies_of_five(), 0);
        // And the signal comes.
        assert!(LATCH.take_signal(Signal::CHLD));
        let cause = QUEUE.pop().expect("details").cause();
        assert!(matches!(cause, Cause::Child { state: ChildState::Exited(0), .. }), "{cause:?}");
        LATCH.release(Signal::CHLD).expect("release");
        QUEUE.release(Signal::CHLD).expect("release");
        assert_eq!(action::query(Signal::CHLD).expect("query").disposition(), Disposition::Ignore);
        assert_eq!(zombies_of_five(), 0);
        // Asked for, it is otherwise.
        action::default(Signal::CHLD).expect("default");
        LATCH.catch(Signal::CHLD).expect("catch");
        assert_eq!((flags(), zombies_of_five()), (SaFlags::empty(), 5));
    });
}

fn ignored_sigchld_is_whose_receivers_say() {
    static LATCH: Latch = Latch::new();
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        action::ignore(Signal::CHLD).expect("ignore");
        LATCH.catch(Signal::CHLD).expect("catch");
        assert_eq!(flags(), SaFlags::NOCLDWAIT);
        CHILDREN.catch().expect("catch");
        assert_eq!((flags(), zombies_of_five()), (SaFlags::empty(), 5));
        CHILDREN.release().expect("release");
        assert_eq!((flags(), zombies_of_five()), (SaFlags::NOCLDWAIT, 0));
        // The other flags of other signals are theirs.
        LATCH.catch(Signal::WINCH).expect("catch");
        let others = action::query(Signal::WINCH).expect("query").flags();
        assert!(!others.contains(SaFlags::NOCLDWAIT) && !others.contains(SaFlags::NOCLDSTOP));
        // A default action with the flag is as good as "ignore".
        LATCH.release(Signal::CHLD).expect("release");
        action::default_with(Signal::CHLD, SaFlags::NOCLDWAIT).expect("default");
        assert_eq!(zombies_of_five(), 0);
        LATCH.catch(Signal::CHLD).expect("catch");
        assert_eq!((flags(), zombies_of_five()), (SaFlags::NOCLDWAIT, 0));
        LATCH.release(Signal::CHLD).expect("release");
        assert_eq!((flags(), zombies_of_five()), (SaFlags::NOCLDWAIT, 0));
    });
}

/// How often a child that stops and goes on a hundred times wakes a table, which is waited for if it
/// wants to hear of it.
fn wakes_of_a_hundred_stops(children: &'static Children<2>, wanted: bool) -> usize {
    children.catch().expect("catch");
    let child = fork(|| {
        loop {
            thread::park();
        }
    });
    let _earlier = children.reap().count();
    let changes = [Signal::STOP, Signal::CONT].into_iter().cycle().take(200);
    let wakes = changes.filter(|signal| {
        let signal = *signal;
        siglatch::send::kill(child, signal).expect("kill");
        let change = if signal == Signal::STOP { libc::WSTOPPED } else { libc::WCONTINUED };
        assert!(sys::waitid(libc::P_PID, child.as_raw(), change).is_ok());
        let limit = if wanted { None } else { Some(Duration::ZERO) };
        let woken = children.wait(limit) == Ok(true);
        let _flag = children.reap().count();
        woken
    });
    let wakes = wakes.count();
    siglatch::send::kill(child, Signal::KILL).expect("kill");
    assert_eq!(children.wait(None), Ok(true));
    assert_eq!(child::wait(child), Ok(ChildState::Killed(Signal::KILL)));
    children.release().expect("release");
    wakes
}

fn stops_wake_nobody_unless_wanted() {
    static QUIET: Children<2> = Children::new();
    static SHELL: Children<2> = Children::new().stops(true);
    static LATCH: Latch = Latch::new();
    in_child(|| {
        assert_eq!(wakes_of_a_hundred_stops(&QUIET, false), 0);
        assert_eq!(wakes_of_a_hundred_stops(&SHELL, true), 200);
        QUIET.catch().expect("catch");
        assert_eq!(flags(), SaFlags::NOCLDSTOP);
        // Somebody wants to hear of them; then all do.
        LATCH.catch(Signal::CHLD).expect("catch");
        assert_eq!(flags(), SaFlags::empty());
        LATCH.release(Signal::CHLD).expect("release");
        assert_eq!(flags(), SaFlags::NOCLDSTOP);
        SHELL.catch().expect("catch");
        assert_eq!(flags(), SaFlags::empty());
    });
}

/// As some launchers leave it.
fn blocked_sigchld_is_unblocked() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        mask::set([Signal::CHLD, Signal::USR1]).expect("mask");
        CHILDREN.catch().expect("catch");
        let child = ends(End::Exit(6));
        await_end(child);
        assert_eq!(CHILDREN.wait(Some(Duration::ZERO)), Ok(false));
        assert_eq!(mask::query(), Ok([Signal::CHLD, Signal::USR1].into()));
        assert_eq!(CHILDREN.catch_unblocked(), Ok(()));
        assert_eq!(CHILDREN.wait(Some(Duration::ZERO)), Ok(true));
        assert_eq!(mask::query(), Ok(Signal::USR1.into()));
        assert_eq!(child::wait(child), Ok(ChildState::Exited(6)));
    });
}
