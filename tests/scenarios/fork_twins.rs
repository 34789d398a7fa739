//! Children that are hard to tell from their parents: with the same process id, with the same
//! memory, copied in the middle of a catch, or with receivers that never caught anything.

#![expect(unsafe_code, reason = "forks beside threads, enters namespaces, traces a thread")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use siglatch::child::{self, Children, ForkWindow};
use siglatch::{
    ChildState, Dispatcher, Hook, HookContext, HookVerdict, InfoQueue, Latch, Pid, Shutdown,
    SigSet, Signal, send,
};
use std::io::{self, Read as _, Write as _};
use std::panic::catch_unwind;
use std::thread::{scope, yield_now};
use support::c_functions;
use support::names::pid;
use support::oracle::raw_action;
use support::window::event;
use support::{
    self, AT_A_CALL, Child, Link, Scenario, Traced, exit_now, foreign, in_child, recorder,
    scenarios, thread,
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        twin_catches_while_its_parents_lock_is_taken,
        twin_leaves_its_parents_eventfd_alone,
        twin_begins_with_nothing,
        window_reaches_receivers_that_have_caught_something,
        vfork_in_a_window_counts_a_signal_once,
        fork_that_meets_a_catch_calls_nobody_twice,
    ]
}

c_functions! {
    C, "../c/vfork.c":
    signal_group_from_vfork(i32) -> i32;
}

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();
static QUEUE: InfoQueue<8> = InfoQueue::new();

#[track_caller]
fn raise(signal: Signal) {
    assert_eq!(send::raise(signal), Ok(()));
}

/// Runs `body` and exits: with 0 if it comes to its end, with its panic told on stderr if not.
fn run(body: impl FnOnce()) -> ! {
    let Err(panic) = catch_unwind(AssertUnwindSafe(body)) else { exit_now(0) };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    eprintln!("process {}: {}", std::process::id(), text.unwrap_or("a panic"));
    exit_now(1)
}

#[track_caller]
fn assert_fine(child: Pid) {
    assert_eq!(child::wait(child), Ok(ChildState::Exited(0)));
}

/// Has the next child of this thread be the first process of a new pid namespace.
fn enter_namespace() -> io::Result<()> {
    // SAFETY: takes flags; what it changes is of this thread's children.
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } == 0 {
        return Ok(());
    }
    // SAFETY: the same, as a user of its own who may.
    match unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Runs `body` in a process whose id is 1; its children in a namespace of their own have that, too.
fn as_process_one(body: impl FnOnce()) {
    let mut body = Some(body);
    let mut child = Child::start(|link| {
        if let Err(error) = enter_namespace() {
            return link.say(&format!("no pid namespace: {error}"));
        }
        link.say("entered");
        // SAFETY: this process has one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            run(|| {
                assert_eq!(std::process::id(), 1);
                body.take().expect("it runs once")();
            });
        }
        assert_fine(pid(child));
    });
    let word = child.hear();
    if word != "entered" {
        return support::skip(&word);
    }
    child.wait().assert_exited(0);
}

/// Makes a child in a `ForkWindow` that has the same process id as this one, 1, and does `body`.
fn twin(body: impl FnOnce()) -> Pid {
    enter_namespace().expect("another namespace");
    let window = ForkWindow::open().expect("window");
    // SAFETY: other threads of these processes hold no lock but ours.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the child of fork(2) has one thread, and this is no handler.
        unsafe { window.in_child() };
        run(|| {
            assert_eq!((std::process::id(), recorder::gettid()), (1, 1));
            body();
        });
    }
    drop(window);
    pid(child)
}

fn twin_catches_while_its_parents_lock_is_taken() {
    static INSIDE: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    fn stay(_: HookContext<'_>) -> HookVerdict {
        INSIDE.store(true, SeqCst);
        while !GO_ON.load(SeqCst) {
            core::hint::spin_loop();
        }
        HookVerdict::Taken
    }
    // SAFETY: it waits, which the test is about, for a thread that does not wait for it.
    static STAYS: Hook = unsafe { Hook::new(stay) };
    as_process_one(|| {
        assert_eq!(STAYS.catch(Signal::USR1), Ok(()));
        scope(|scope| {
            scope.spawn(|| thread::raise(libc::SIGUSR1));
            scope.spawn(|| {
                // The first thread, whose id is 1, has the lock while it waits for that handler.
                while !LATCH.caught().contains(Signal::USR2) {
                    yield_now();
                }
                let child = twin(|| {
                    assert_eq!(OTHER.catch(Signal::USR2), Ok(()));
                    raise(Signal::USR2);
                    assert!(OTHER.is_set());
                    assert_eq!(OTHER.release(Signal::USR2).map(drop), Ok(()));
                    assert_eq!(LATCH.release(Signal::USR2).map(drop), Ok(()));
                });
                let end = child::wait(child);
                GO_ON.store(true, SeqCst);
                assert_eq!(end, Ok(ChildState::Exited(0)));
            });
            while !INSIDE.load(SeqCst) {
                yield_now();
            }
            assert_eq!(LATCH.catch(Signal::USR2), Ok(()));
        });
    });
}

fn twin_leaves_its_parents_eventfd_alone() {
    as_process_one(|| {
        let event = event();
        assert_eq!(LATCH.wake_through(event), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(Signal::USR1);
        assert_fine(twin(|| assert!(!event.clear(), "it is the parent's")));
        assert!(event.clear(), "the parent's wake-up is there");
    });
    // Nor does it write to it.
    as_process_one(|| {
        let event = event();
        assert_eq!(LATCH.wake_through(event), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_fine(twin(|| {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            raise(Signal::USR1);
            assert!(LATCH.is_set());
        }));
        assert!(!event.clear() && !LATCH.is_set());
        raise(Signal::USR1);
        assert!(event.clear() && LATCH.is_set());
    });
}

fn twin_begins_with_nothing() {
    static DISPATCHER: Dispatcher = Dispatcher::new();
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_secs(3_600));
    as_process_one(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert_eq!(DISPATCHER.catch(Signal::USR1, |_| ()), Ok(()));
        assert_eq!(SHUTDOWN.catch(Signal::TERM), Ok(()));
        raise(Signal::USR1);
        raise(Signal::TERM);
        assert_fine(twin(|| {
            assert!(!LATCH.is_set() && QUEUE.is_empty() && DISPATCHER.pending().is_empty());
            assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.time_left()), (None, None));
            raise(Signal::USR1);
            assert!(LATCH.take_signal(Signal::USR1));
            assert_eq!((QUEUE.drain().count(), DISPATCHER.dispatch()), (1, 1));
            raise(Signal::TERM);
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
            assert_eq!(SHUTDOWN.reset(), Some(Signal::TERM));
            for signal in [Signal::USR1, Signal::TERM] {
                assert_eq!(LATCH.catch(signal), Ok(()));
                assert_eq!(LATCH.release(signal).map(drop), Ok(()));
            }
        }));
        assert!(LATCH.is_set() && DISPATCHER.pending().contains(Signal::USR1));
        assert!(SHUTDOWN.time_left().is_some());
    });
}

/// "Every receiver that has ever caught a signal."
fn window_reaches_receivers_that_have_caught_something() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_secs(3_600));
    static CHILDREN: Children<4> = Children::new();
    in_child(|| {
        for signal in [Signal::USR1, Signal::TERM] {
            assert_eq!(LATCH.catch(signal), Ok(()));
            assert_eq!(SHUTDOWN.catch(signal), Ok(()));
            assert_eq!(LATCH.release(signal).map(drop), Ok(()));
            assert_eq!(SHUTDOWN.release(signal).map(drop), Ok(()));
        }
        assert_eq!(CHILDREN.catch(), Ok(()));
        assert_eq!(CHILDREN.release(), Ok(()));
        LATCH.set(Signal::USR1);
        SHUTDOWN.request(Signal::TERM);
        CHILDREN.add(Pid::this()).expect("room");
        support::window::assert_fine(support::window::fork(|| {
            let found = (LATCH.pending(), SHUTDOWN.requested_by(), CHILDREN.len());
            if found != (SigSet::empty(), None, 0) {
                eprintln!("in the child: {found:?}");
                exit_now(1);
            }
        }));
        assert!(LATCH.is_set() && SHUTDOWN.is_requested() && CHILDREN.len() == 1);
    });
}

fn vfork_in_a_window_counts_a_signal_once() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        // SAFETY: two numbers; the signals of these tests are for this process's own group.
        assert_eq!(unsafe { libc::setpgid(0, 0) }, 0);
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        let child = (c.signal_group_from_vfork)(libc::SIGUSR1);
        assert_fine(pid(child));
        // The child's handler has run in this memory.
        let senders = QUEUE.drain().map(|info| info.sender().map(siglatch::Pid::as_raw));
        let senders: Vec<_> = senders.collect();
        assert_eq!(senders, [Some(child); 2]);

        let window = ForkWindow::open().expect("window");
        let child = (c.signal_group_from_vfork)(libc::SIGUSR1);
        drop(window);
        assert_fine(pid(child));
        let senders = QUEUE.drain().map(|info| info.sender().map(siglatch::Pid::as_raw));
        let senders: Vec<_> = senders.collect();
        assert_eq!(senders, [Some(child)]);
    });
}

/// In a fork of a process of which another thread is somewhere in a catch of SIGUSR1: other code
/// comes over what is there, we catch once more, and each is called once.
fn come_and_catch() {
    let was_ours = raw_action(libc::SIGUSR1).handler != libc::SIG_DFL;
    foreign::first().come(libc::SIGUSR1);
    assert_eq!(OTHER.catch(Signal::USR1), Ok(()));
    thread::raise(libc::SIGUSR1);
    assert_eq!(foreign::first().take_calls(), 1);
    assert!(OTHER.is_set() || !was_ours, "the other code's handler chains to ours");
}

fn fork_that_meets_a_catch_calls_nobody_twice() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
    let mut child = Child::start(|link: &mut Link| {
        // Not the first of the process.
        assert_eq!(OTHER.catch(Signal::HUP), Ok(()));
        scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            scope.spawn(move || {
                tell.send(recorder::gettid()).expect("a receiver");
                reader.read_exact(&mut [0]).expect("a byte");
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                DONE.store(true, SeqCst);
            });
            link.say(&told.recv().expect("a number").to_string());
            while link.hear() == "fork" {
                if DONE.load(SeqCst) {
                    link.say("done");
                    continue;
                }
                // SAFETY: the other thread holds no lock but ours.
                let copy = unsafe { libc::fork() };
                if copy == 0 {
                    run(come_and_catch);
                }
                match child::wait(pid(copy)) {
                    Ok(ChildState::Exited(0)) => link.say("fine"),
                    end => link.say(&format!("{end:?}")),
                }
            }
        });
    });
    let tid = child.hear().parse().expect("a number");
    let traced = match Traced::attach(tid) {
        Ok(traced) => traced,
        Err(error) => return support::skip(&format!("ptrace(2) is refused: {error}")),
    };
    writer.write_all(b"x").expect("a pipe with its reader");
    let mut forks = 0_u32;
    loop {
        if traced.go_on() != AT_A_CALL {
            continue;
        }
        child.tell("fork");
        match child.hear().as_str() {
            "fine" => forks = forks.saturating_add(1),
            "done" => break,
            end => panic!("the fork at stop {forks}: {end}"),
        }
    }
    drop(traced);
    assert!(forks > 6, "{forks} forks only");
    child.tell("enough");
    child.wait().assert_exited(0);
}
