//! A child of fork(2) that was made in a [`ForkWindow`]: nothing that came to its parent is there,
//! and nothing that comes to it is seen by its parent.

#![expect(unsafe_code, reason = "forks beside threads, which the harness refuses to do")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use siglatch::child::{self, Children, ForkWindow};
use siglatch::{
    ChildState, Dispatcher, Hook, HookVerdict, InfoQueue, Latch, Pid, Shutdown, SigSet, SigVal,
    Signal, Tid, mask, send,
};
use std::io::{Read as _, Write as _};
use std::thread::scope;
use support::names::pid;
use support::window::{assert_fine, event, fork, run};
use support::{Scenario, exit_now, in_child, oracle, scenarios, state, steps, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        nothing_of_the_parents_is_there,
        what_was_caught_stays_caught,
        no_signal_comes_in_the_window,
        what_comes_in_the_window_comes_after,
        mask_is_put_back_on_both_sides,
        window_without_a_fork,
        forked_in_a_storm_the_queue_has_all_its_room,
        child_of_a_storm_catches_and_releases,
        raw_fork,
        grandchildren,
        release_waits_for_a_handler_of_the_child,
        grandchild_of_two_forks_amid_handlers,
    ]
}

fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

fn nothing_of_the_parents_is_there() {
    static LATCH: Latch = Latch::new();
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    static DISPATCHER: Dispatcher = Dispatcher::new();
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_secs(3_600));
    static CHILDREN: Children<4> = Children::new();
    in_child(|| {
        LATCH.catch([Signal::USR1, Signal::HUP]).expect("catch");
        QUEUE.catch(Signal::USR1).expect("catch");
        DISPATCHER.catch(Signal::USR1, |_| unreachable!("it came to the parent")).expect("catch");
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        CHILDREN.catch().expect("catch");
        CHILDREN.add(Pid::this()).expect("room");
        LATCH.wake_through(event()).expect("wake_through");
        for _ in 0..3 {
            raise(Signal::USR1);
        }
        raise(Signal::TERM);
        let assert_all_there = || {
            assert_eq!(LATCH.pending(), Signal::USR1.into());
            assert!(LATCH.wake_fd().is_some());
            assert!(!QUEUE.is_empty());
            assert_eq!(QUEUE.lost(Signal::USR1), 1);
            assert_eq!(DISPATCHER.pending(), Signal::USR1.into());
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
            assert!(SHUTDOWN.time_left().is_some());
            assert_eq!(CHILDREN.len(), 1);
        };
        assert_all_there();
        assert_fine(fork(|| {
            assert_eq!(LATCH.pending(), SigSet::empty());
            assert_eq!(LATCH.wait(Some(Duration::ZERO)), Ok(false));
            assert_eq!(LATCH.wake_fd(), None);
            assert!(QUEUE.is_empty() && QUEUE.pop().is_none());
            assert_eq!(QUEUE.wait(Some(Duration::ZERO)), Ok(false));
            assert_eq!(QUEUE.lost(Signal::USR1), 0);
            assert_eq!(DISPATCHER.pending(), SigSet::empty());
            assert_eq!(DISPATCHER.dispatch(), 0);
            assert_eq!(SHUTDOWN.requested_by(), None);
            assert_eq!(SHUTDOWN.time_left(), None);
            assert_eq!(CHILDREN.len(), 0);
            assert_eq!(CHILDREN.wait(Some(Duration::ZERO)), Ok(false));
            // The next signal asks, as the first in any program.
            raise(Signal::TERM);
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
            assert!(SHUTDOWN.time_left().is_some());
        }));
        CHILDREN.add(pid(1)).expect("room");
        assert!(CHILDREN.remove(pid(1)));
        assert_all_there();
    });
}

fn what_was_caught_stays_caught() {
    static LATCH: Latch = Latch::new();
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        QUEUE.catch(Signal::USR1).expect("catch");
        assert_fine(fork(|| {
            assert_eq!((LATCH.caught(), QUEUE.caught()), (Signal::USR1.into(), LATCH.caught()));
            raise(Signal::USR1);
            assert!(LATCH.take_signal(Signal::USR1));
            let info = QUEUE.pop().expect("an instance");
            assert_eq!(info.sender(), Some(Pid::this()));
            LATCH.release(Signal::USR1).expect("release");
            QUEUE.release(Signal::USR1).expect("release");
            assert_eq!(oracle::raw_action(libc::SIGUSR1).handler, libc::SIG_DFL);
        }));
        assert!(!LATCH.is_set() && QUEUE.is_empty());
        raise(Signal::USR1);
        assert!(LATCH.is_set());
    });
}

fn no_signal_comes_in_the_window() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        let asynchronous: SigSet =
            SigSet::full().into_iter().filter(|signal| !signal.is_synchronous()).collect();
        LATCH.catch(asynchronous).expect("catch");
        let window = ForkWindow::open().expect("window");
        assert_eq!(mask::query(), Ok(asynchronous));
        for signal in [Signal::TERM, Signal::TSTP, Signal::rt(0).expect("real-time")] {
            send::kill(Pid::this(), signal).expect("kill");
        }
        assert!(!LATCH.is_set());
        drop(window);
        assert_eq!(LATCH.take().len(), 3);
    });
}

/// To the child what was sent to the child, to the parent what was sent to the parent.
fn what_comes_in_the_window_comes_after() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch([Signal::USR1, Signal::USR2, Signal::HUP]).expect("catch");
        let (mut sent, mut tell) = os_pipe::pipe().expect("pipe");
        raise(Signal::HUP);
        let window = ForkWindow::open().expect("window");
        // SAFETY: this process has one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            run(|| {
                sent.read_exact(&mut [0]).expect("the parent has sent it");
                // SAFETY: the child of fork(2) has one thread, and this is no handler.
                unsafe { window.in_child() };
                assert_eq!(LATCH.take(), Signal::USR1.into());
            });
        }
        let child = pid(child);
        send::kill(child, Signal::USR1).expect("kill");
        raise(Signal::USR2);
        tell.write_all(b"s").expect("the child listens");
        drop(window);
        assert_eq!(LATCH.take(), [Signal::HUP, Signal::USR2].into());
        assert_fine(child);
    });
}

fn mask_is_put_back_on_both_sides() {
    in_child(|| {
        let odd = oracle::bit(libc::SIGUSR2) | oracle::bit(40) | oracle::bit(33);
        state::set_raw_mask(odd);
        assert_fine(fork(|| state::assert_mask(state::raw_mask(), odd)));
        state::assert_mask(state::raw_mask(), odd);
    });
}

fn window_without_a_fork() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        raise(Signal::USR1);
        let before = oracle::own_status().blocked;
        drop(ForkWindow::open().expect("window"));
        assert_eq!(oracle::own_status().blocked, before);
        assert!(LATCH.is_set(), "nothing is forgotten");
    });
}

/// The threads that were in the middle of a push are not there, and what they held is free.
fn forked_in_a_storm_the_queue_has_all_its_room() {
    static QUEUE: InfoQueue<4> = InfoQueue::new();
    in_child(|| {
        let signal = Signal::rt(1).expect("real-time");
        QUEUE.catch(signal).expect("catch");
        let stop = AtomicBool::new(false);
        scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        raise(signal);
                        let _taken = QUEUE.pop();
                    }
                });
            }
            let mut fine = Ok(ChildState::Exited(0));
            for _ in steps(0..300) {
                let child = fork(|| {
                    for value in 0..4 {
                        let us = Pid::this();
                        send::queue(us, signal, SigVal::from_int(value)).expect("queue");
                    }
                    assert_eq!(QUEUE.drain().count(), 4);
                    assert_eq!(QUEUE.lost(signal), 0);
                });
                fine = fine.and_then(|_| child::wait(child));
                if fine != Ok(ChildState::Exited(0)) {
                    break;
                }
            }
            stop.store(true, Relaxed);
            assert_eq!(fine, Ok(ChildState::Exited(0)));
        });
    });
}

fn child_of_a_storm_catches_and_releases() {
    static LATCH: Latch = Latch::new();
    static OTHER: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        thread::beside(
            3,
            |_| raise(Signal::USR1),
            || {
                for _ in steps(0..100) {
                    assert_fine(fork(|| {
                        OTHER.catch(Signal::USR2).expect("catch");
                        raise(Signal::USR2);
                        assert!(OTHER.take_signal(Signal::USR2));
                        OTHER.release(Signal::USR2).expect("release");
                        assert!(!LATCH.is_set());
                    }));
                }
            },
        );
    });
}

fn raw_fork() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        raise(Signal::USR1);
        // SAFETY: this is no handler, and the child makes system calls and exits.
        match unsafe { child::fork() }.expect("fork") {
            None => {
                let ours = LATCH.is_set();
                raise(Signal::USR1);
                exit_now(if ours || !LATCH.is_set() { 1 } else { 40 })
            }
            Some(child) => {
                assert!(LATCH.is_set());
                assert_eq!(child::wait(child), Ok(ChildState::Exited(40)));
            }
        }
    });
}

fn grandchildren() {
    static LATCH: Latch = Latch::new();
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    fn level(depth: usize) {
        assert!(!LATCH.is_set() && QUEUE.is_empty());
        raise(Signal::USR1);
        raise(Signal::USR1);
        if let Some(less) = depth.checked_sub(1) {
            assert_fine(fork(|| level(less)));
        }
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(QUEUE.drain().count(), 2);
    }
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        QUEUE.catch(Signal::USR1).expect("catch");
        level(5);
    });
}

/// A hook in which a thread stays until it is told to go on.
mod stay {
    use super::{AtomicBool, Hook, HookVerdict, Relaxed, Signal, raise};
    use std::thread::{JoinHandle, spawn, yield_now};

    static INSIDE: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    // SAFETY: it waits, which the tests are about, for a thread that waits for nobody.
    static HOOK: Hook = unsafe {
        Hook::new(|_| {
            INSIDE.store(true, Relaxed);
            while !GO_ON.load(Relaxed) {
                core::hint::spin_loop();
            }
            HookVerdict::Taken
        })
    };

    pub(super) fn catch() {
        HOOK.catch(Signal::USR2).expect("catch");
    }

    /// A thread of this process that is inside now.
    pub(super) fn begin() -> JoinHandle<()> {
        INSIDE.store(false, Relaxed);
        let thread = spawn(|| raise(Signal::USR2));
        while !INSIDE.load(Relaxed) {
            yield_now();
        }
        thread
    }

    pub(super) fn go_on() {
        GO_ON.store(true, Relaxed);
    }
}

/// The first thing that the child registers is no start over: its own handlers are waited for.
fn release_waits_for_a_handler_of_the_child() {
    static LATCH: Latch = Latch::new();
    static RELEASED: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        stay::catch();
        LATCH.catch(Signal::USR1).expect("catch");
        assert_fine(fork(|| {
            let inside = stay::begin();
            let releaser = Tid::this().as_raw();
            let watcher = std::thread::spawn(move || {
                let sleeps = || thread::sleeps(releaser, libc::SYS_clock_nanosleep);
                while !RELEASED.load(Relaxed) && !sleeps() {
                    std::thread::yield_now();
                }
                let too_early = RELEASED.load(Relaxed);
                stay::go_on();
                assert!(!too_early, "the release has returned while the handler runs");
            });
            LATCH.release(Signal::USR1).expect("release");
            RELEASED.store(true, Relaxed);
            watcher.join().expect("in time");
            inside.join().expect("a thread that ends");
        }));
    });
}

/// In parent and child a thread is in the handler while it forks. What each leaves behind counts for
/// nobody.
fn grandchild_of_two_forks_amid_handlers() {
    static LATCH: Latch = Latch::new();
    fn level(depth: usize) {
        let _stays_here = stay::begin();
        assert_fine(fork(|| {
            LATCH.catch(Signal::USR1).expect("catch");
            raise(Signal::USR1);
            assert!(LATCH.take_signal(Signal::USR1));
            LATCH.release(Signal::USR1).expect("release");
            if let Some(less) = depth.checked_sub(1) {
                level(less);
            }
        }));
    }
    in_child(|| {
        stay::catch();
        level(3);
        stay::go_on();
    });
}
