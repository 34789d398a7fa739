//! Children of other processes: adopted by process 1 and by a subreaper, and what a process hears of
//! the end of its own parent.

#![expect(unsafe_code, reason = "forks, and makes orphans")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use os_pipe::{PipeReader, PipeWriter};
use siglatch::child::{self, Change, Children};
use siglatch::{ChildState, Errno, Latch, Pid, Signal, sys};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::{self, Command};
use std::thread;
use support::ending::{End, await_end, await_stop, ends, ends_on_close, fork};
use support::first_process::{as_first_process, without_proc};
use support::names::{pid, us};
use support::{self, Child, Scenario, exit_now, in_child, scenarios, steps};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        process_1_reaps_what_it_adopts,
        thousand_orphans_beside_a_table_and_std,
        one_that_is_left_is_passed_by,
        one_that_is_left_is_in_the_way_without_proc,
        breaking_off_leaves_the_others,
        a_child_that_goes_on_or_stops_is_not_reaped,
        one_that_another_reaps_is_not_told,
        waiting_for_any_reaps_nobody,
        waiting_for_any_goes_on_after_a_handler,
        a_subreaper_adopts,
        a_parents_end_is_told,
        a_parent_that_is_gone_is_told_apart,
        a_parents_thread_is_the_parent,
    ]
}

fn told(change: Change) -> (i32, ChildState) {
    (change.pid.as_raw(), change.state.expect("it is told how it ended"))
}

/// Nobody is left, zombies included.
#[track_caller]
fn assert_no_children() {
    let any = sys::waitid(libc::P_ALL, 0, libc::WEXITED | libc::WNOHANG | libc::__WALL);
    assert_eq!(any.map(drop), Err(Errno::CHILD));
}

/// Makes orphans that end when the gate is closed, and tells which, and how each is going to end.
fn orphans(count: i32, gate: &PipeReader, open: &PipeWriter) -> BTreeMap<i32, ChildState> {
    let (mut list, mut told) = os_pipe::pipe().expect("pipe");
    let parent = fork(|| {
        for number in steps(0..count) {
            let child = ends_on_close(gate, open, End::of(number));
            told.write_all(&child.as_raw().to_ne_bytes()).expect("a pipe with room");
        }
    });
    assert_eq!(child::wait(parent), Ok(ChildState::Exited(0)));
    // The orphans have the pipe, too, so its end is not waited for.
    let mut next = || {
        let mut bytes = [0; 4];
        list.read_exact(&mut bytes).expect("a pipe");
        i32::from_ne_bytes(bytes)
    };
    (0..count).map(|number| (next(), End::of(number).state())).collect()
}

fn process_1_reaps_what_it_adopts() {
    static CHLD: Latch = Latch::new();
    as_first_process(|| {
        CHLD.catch(Signal::CHLD).expect("catch");
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let mut wanted = orphans(3, &gate, &open);
        assert_eq!(child::reap_any(|_| false).count(), 0);
        drop(open);
        while !wanted.is_empty() {
            assert_eq!(CHLD.wait(None), Ok(true));
            let _flag = CHLD.take();
            for (pid, state) in child::reap_any(|_| false).map(told) {
                assert_eq!(wanted.remove(&pid), Some(state));
            }
        }
        assert_no_children();
    });
}

fn thousand_orphans_beside_a_table_and_std() {
    static CHILDREN: Children<64> = Children::new();
    as_first_process(|| {
        CHILDREN.catch().expect("catch");
        let (gate, open) = os_pipe::pipe().expect("pipe");
        // First of all, so that they are in the way of all others.
        let mut standard: Vec<_> = (10..18)
            .map(|status| {
                let script = format!("read _; exit {status}");
                let gate = gate.try_clone().expect("dup");
                Command::new("sh").args(["-c", &script]).stdin(gate).spawn().expect("sh")
            })
            .collect();
        let mut ours = BTreeMap::new();
        let mut add = |number| {
            let child = ends_on_close(&gate, &open, End::of(number));
            CHILDREN.add(child).expect("room");
            ours.insert(child.as_raw(), End::of(number).state());
        };
        (0..32).for_each(&mut add);
        let mut adopted = orphans(1_000, &gate, &open);
        (32..64).for_each(&mut add);
        assert_eq!((ours.len(), adopted.len()), (64, 1_000));
        drop(open);

        let names: Vec<_> = standard.iter().map(process::Child::id).collect();
        let left = |pid: Pid| CHILDREN.contains(pid) || names.contains(&(pid.as_raw() as u32));
        for name in &names {
            await_end((*name).try_into().expect("a process id"));
        }
        while !(ours.is_empty() && adopted.is_empty()) {
            let missing = (ours.len(), adopted.len());
            assert_eq!(CHILDREN.wait(None), Ok(true), "{missing:?} are missing");
            for (pid, state) in CHILDREN.reap().map(told) {
                assert_eq!(ours.remove(&pid), Some(state), "one of the table, once");
            }
            for (pid, state) in steps(child::reap_any(left).map(told)) {
                assert_eq!(adopted.remove(&pid), Some(state), "one of the orphans, once");
            }
        }
        for (child, number) in standard.iter_mut().zip(10..) {
            assert_eq!(child.wait().expect("it is still std's").code(), Some(number));
        }
        assert_no_children();
    });
}

/// A child that is left, and one behind it, which have both ended.
fn two_that_ended() -> (Pid, Pid) {
    let first = ends(End::Exit(1));
    await_end(first);
    let second = ends(End::Exit(2));
    await_end(second);
    (first, second)
}

fn one_that_is_left_is_passed_by() {
    in_child(|| {
        let (first, second) = two_that_ended();
        let mut asked = Vec::new();
        let leave = |pid| {
            asked.push(pid);
            pid == first
        };
        let seen: Vec<_> = child::reap_any(leave).map(told).collect();
        assert_eq!(seen, [(second.as_raw(), ChildState::Exited(2))]);
        assert!(asked.contains(&second) && asked.iter().all(|pid| [first, second].contains(pid)));
        assert_eq!(child::try_wait(first), Ok(Some(ChildState::Exited(1))));
        assert_no_children();
    });
}

fn one_that_is_left_is_in_the_way_without_proc() {
    let passes = |found: bool| {
        let (first, second) = two_that_ended();
        let found_now = child::reap_any(|pid| pid == first).map(told).collect::<Vec<_>>();
        let wanted = (second.as_raw(), ChildState::Exited(2));
        assert_eq!(found_now, if found { vec![wanted] } else { vec![] });
        assert_eq!(child::wait(first), Ok(ChildState::Exited(1)));
        let then = child::reap_any(|pid| pid == first).map(told).collect::<Vec<_>>();
        assert_eq!(then, if found { vec![] } else { vec![wanted] });
        assert_no_children();
    };
    as_first_process(move || {
        passes(true);
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is a valid place for the answer.
        assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
        let set = |soft| {
            let limit = libc::rlimit { rlim_cur: soft, ..limit };
            // SAFETY: the limit is initialised and only read.
            assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        };
        set(0);
        passes(false);
        set(limit.rlim_cur);
        passes(true);
        assert!(without_proc());
        passes(false);
    });
}

fn breaking_off_leaves_the_others() {
    in_child(|| {
        (1..=3).for_each(|status| await_end(ends(End::Exit(status))));
        for left in [2, 1, 0] {
            assert!(child::reap_any(|_| false).next().is_some());
            assert_eq!(child::wait_any().is_ok(), left > 0);
        }
    });
}

/// A child that stops itself, then goes on and ends.
fn stops() -> Pid {
    fork(|| {
        // SAFETY: no memory is passed.
        unsafe { libc::raise(libc::SIGSTOP) };
        exit_now(4);
    })
}

fn a_child_that_goes_on_or_stops_is_not_reaped() {
    in_child(|| {
        let child = stops();
        await_stop(child);
        assert_eq!(child::reap_any(|_| false).count(), 0);
        siglatch::send::kill(child, Signal::CONT).expect("kill");
        assert_eq!(child::wait_any(), Ok(child));
        let seen: Vec<_> = child::reap_any(|_| false).map(told).collect();
        assert_eq!(seen, [(child.as_raw(), ChildState::Exited(4))]);
    });
}

fn one_that_another_reaps_is_not_told() {
    in_child(|| {
        let (first, second) = two_that_ended();
        let reaps = |pid| {
            if pid == first {
                assert_eq!(child::wait(pid), Ok(ChildState::Exited(1)));
            }
            false
        };
        let seen: Vec<_> = child::reap_any(reaps).map(told).collect();
        assert_eq!(seen, [(second.as_raw(), ChildState::Exited(2))]);
    });
}

fn waiting_for_any_reaps_nobody() {
    static CHILDREN: Children<2> = Children::new();
    in_child(|| {
        let child = ends(End::Exit(6));
        CHILDREN.add(child).expect("room");
        for _ in 0..2 {
            assert_eq!(child::wait_any(), Ok(child));
        }
        let seen: Vec<_> = CHILDREN.reap().map(told).collect();
        assert_eq!(seen, [(child.as_raw(), ChildState::Exited(6))]);
        assert_eq!(child::wait_any(), Err(Errno::CHILD));
    });
}

fn waiting_for_any_goes_on_after_a_handler() {
    static USR1: Latch = Latch::new().restart(false);
    in_child(|| {
        USR1.catch(Signal::USR1).expect("catch");
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let child = ends_on_close(&gate, &open, End::Exit(8));
        let me = support::recorder::gettid();
        thread::scope(|scope| {
            scope.spawn(move || {
                support::thread::await_sleep(me, libc::SYS_waitid);
                support::thread::kill(me, libc::SIGUSR1);
                assert_eq!(USR1.wait(None), Ok(true));
                support::thread::await_sleep(me, libc::SYS_waitid);
                drop(open);
            });
            assert_eq!(child::wait_any(), Ok(child));
        });
        assert_eq!(child::wait(child), Ok(ChildState::Exited(8)));
    });
}

fn a_subreaper_adopts() {
    in_child(|| {
        assert_eq!(child::is_subreaper(), Ok(false));
        assert_eq!(child::set_subreaper(true), Ok(()));
        assert_eq!(child::is_subreaper(), Ok(true));
        let (gate, open) = os_pipe::pipe().expect("pipe");
        let mut wanted = orphans(3, &gate, &open);
        drop(open);
        while !wanted.is_empty() {
            child::wait_any().expect("it has adopted them");
            for (pid, state) in child::reap_any(|_| false).map(told) {
                assert_eq!(wanted.remove(&pid), Some(state));
            }
        }
        assert_no_children();
        assert_eq!(child::set_subreaper(false), Ok(()));
        assert_eq!(child::is_subreaper(), Ok(false));
        orphans(3, &gate, &os_pipe::pipe().expect("pipe").1);
        assert_no_children();
    });
}

/// A child whose own child asks to be told of its end, and says what it got.
fn a_parents_end_is_told() {
    in_child(|| {
        child::set_subreaper(true).expect("prctl");
        let (mut gate, open) = os_pipe::pipe().expect("pipe");
        let parent = fork(|| {
            let parent = Pid::this();
            fork(|| {
                assert_eq!(child::parent_death_signal(), Ok(None));
                assert_eq!(child::set_parent_death_signal(parent, Signal::HUP), Ok(()));
                assert_eq!(child::clear_parent_death_signal(), Ok(()));
                assert_eq!(child::parent_death_signal(), Ok(None));
                assert_eq!(child::set_parent_death_signal(parent, Signal::TERM), Ok(()));
                assert_eq!(child::parent_death_signal(), Ok(Some(Signal::TERM)));
                (&open).write_all(b"x").expect("a pipe with its reader");
                loop {
                    thread::park();
                }
            });
            assert_eq!(gate.read(&mut [0]).expect("a pipe"), 1);
        });
        assert_eq!(child::wait(parent), Ok(ChildState::Exited(0)));
        let orphan = child::wait_any().expect("adopted");
        assert_eq!(child::wait(orphan), Ok(ChildState::Killed(Signal::TERM)));
    });
}

fn a_parent_that_is_gone_is_told_apart() {
    in_child(|| {
        // Not the parent, and nothing is left set.
        for other in [Pid::this(), pid(1), pid(i32::MAX)] {
            let child = fork(|| {
                let told = child::set_parent_death_signal(other, Signal::KILL);
                let fine = (told == Err(Errno::SRCH)) != (Some(other) == Pid::parent());
                exit_now(i32::from(!fine));
            });
            assert_eq!(child::wait(child), Ok(ChildState::Exited(0)), "{other}");
        }
        child::set_subreaper(true).expect("prctl");
        let parent = fork(|| {
            let parent = Pid::this();
            let (mut gate, open) = os_pipe::pipe().expect("pipe");
            fork(|| {
                drop(open);
                // It ends when the parent has: nobody else has the writing end.
                let _end = gate.read(&mut [0]);
                while Pid::parent() == Some(parent) {
                    thread::yield_now();
                }
                let told = child::set_parent_death_signal(parent, Signal::KILL);
                let fine = (told, child::parent_death_signal()) == (Err(Errno::SRCH), Ok(None));
                exit_now(i32::from(!fine));
            });
        });
        assert_eq!(child::wait(parent), Ok(ChildState::Exited(0)));
        let orphan = child::wait_any().expect("adopted");
        assert_eq!(child::wait(orphan), Ok(ChildState::Exited(0)));
    });
}

fn a_parents_thread_is_the_parent() {
    let mut child = Child::start(|link| {
        let (parent, (mut ready, asked)) = (Pid::this(), os_pipe::pipe().expect("pipe"));
        let child = thread::spawn(move || {
            let child = fork(|| {
                let told = child::set_parent_death_signal(parent, Signal::USR1);
                assert_eq!((told, Pid::parent()), (Ok(()), Some(parent)));
                (&asked).write_all(b"x").expect("a pipe with its reader");
                loop {
                    thread::park();
                }
            });
            assert_eq!(ready.read(&mut [0]).expect("a pipe"), 1);
            child
        });
        let child = child.join().expect("a thread that ends");
        // The process is still there, and its thread is not.
        assert_eq!(child::wait(child), Ok(ChildState::Killed(Signal::USR1)));
        link.say(&us().to_string());
    });
    child.expect(&child.pid().to_string());
    child.wait().assert_exited(0);
}
