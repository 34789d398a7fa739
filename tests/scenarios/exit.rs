//! Dying by a signal: the wait status is that of the signal, whatever stands in its way.

#![expect(unsafe_code, reason = "installs a handler, and makes a pid namespace by C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "statuses are small numbers")]

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicI32, Ordering::SeqCst};
use siglatch::action::{self, Action, SaFlags};
use siglatch::sys::KernelSiginfo;
use siglatch::{ChildState, DefaultAction, Latch, SigSet, Signal, child, exit, mask, send};
use std::io;
use std::sync::mpsc;
use std::thread;
use support::core_files::CoreDir;
use support::ending::fork;
use support::{self, Child, Scenario, Status, recorder, scenarios, state};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        each_signal_ends_the_process,
        blocked_signal_ends_it,
        ignored_signal_ends_it,
        handled_signal_ends_it,
        caught_signal_ends_it,
        pending_signal_ends_it,
        dies_inside_its_own_handler,
        dies_inside_another_handler,
        dies_on_a_second_thread,
        dies_beside_threads_that_could_take_it,
        dies_or_exits_while_others_install_a_handler,
        signals_that_do_not_kill_exit,
        core_is_dumped_where_it_may_be,
        nothing_is_flushed_or_run,
        first_process_of_a_namespace_exits,
        ends_as_a_child_has_ended,
        what_is_no_end_exits,
        no_second_core_is_dumped,
        first_process_exits_as_a_child_has_ended,
    ]
}

const fn kills(signal: Signal) -> bool {
    matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core)
}

/// Those that end a process, `SIGKILL` included.
fn deadly() -> impl Iterator<Item = Signal> {
    Signal::all().filter(|signal| kills(*signal))
}

/// Those whose action and mask can be changed.
fn deadly_and_changeable() -> impl Iterator<Item = Signal> {
    deadly().filter(|signal| !signal.is_unchangeable())
}

/// A child that runs `before` and then dies by the signal does die by it.
#[track_caller]
fn dies_after(signal: Signal, before: impl FnOnce()) {
    let outcome = Child::start(|_| {
        before();
        exit::die_by(signal)
    })
    .wait();
    outcome.assert_died_by(signal.as_raw());
}

fn each_signal_ends_the_process() {
    for signal in deadly() {
        dies_after(signal, || {});
    }
    // 23 standard ones, and all real-time ones.
    assert_eq!(deadly().count(), 23 + usize::from(Signal::rt_count()));
}

fn blocked_signal_ends_it() {
    for signal in deadly() {
        dies_after(signal, || {
            state::set_raw_mask(u64::MAX);
        });
    }
}

fn ignored_signal_ends_it() {
    for signal in deadly_and_changeable() {
        dies_after(signal, || {
            let _left_so = action::ignore(signal).expect("ignore");
        });
    }
}

fn handled_signal_ends_it() {
    for signal in deadly_and_changeable() {
        dies_after(signal, || recorder::install(signal.as_raw()));
    }
}

fn caught_signal_ends_it() {
    static LATCH: Latch = Latch::new();
    for signal in deadly_and_changeable().filter(|signal| !signal.is_synchronous()) {
        dies_after(signal, || LATCH.catch(signal).expect("catch"));
    }
}

fn pending_signal_ends_it() {
    for signal in deadly_and_changeable() {
        dies_after(signal, || {
            recorder::install(signal.as_raw());
            mask::block(SigSet::full()).expect("block");
            send::raise(signal).expect("raise");
        });
    }
}

/// By which signal the handler dies.
static BY: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" fn die(_signo: c_int, _info: *mut KernelSiginfo, _context: *mut c_void) {
    if let Ok(signal) = Signal::from_raw(BY.load(SeqCst)) {
        exit::die_by(signal);
    }
}

/// Has the handler of `signal` die by `by`, with everything blocked.
fn die_in_the_handler(signal: Signal, by: Signal) {
    BY.store(by.as_raw(), SeqCst);
    let action = Action::handler(die, SaFlags::RESTART, SigSet::full());
    // SAFETY: the handler reads an atomic number and makes system calls.
    let _left_so = unsafe { action::install(signal, &action) }.expect("install");
}

fn dies_inside_its_own_handler() {
    for signal in deadly_and_changeable() {
        let outcome = Child::start(|link| {
            die_in_the_handler(signal, signal);
            send::raise(signal).expect("raise");
            link.say("the handler has returned");
        })
        .wait();
        outcome.assert_died_by(signal.as_raw());
        assert!(outcome.said.is_empty(), "{signal}");
    }
}

fn dies_inside_another_handler() {
    for signal in deadly() {
        let mut child = Child::start(|link| {
            die_in_the_handler(Signal::WINCH, signal);
            link.ready();
            link.hear();
        });
        child.await_ready();
        child.kill(libc::SIGWINCH);
        child.wait().assert_died_by(signal.as_raw());
    }
}

fn dies_on_a_second_thread() {
    for signal in deadly() {
        let outcome = Child::start(|link| {
            mask::block(SigSet::full()).expect("block");
            // Never comes back: it ends with its process.
            drop(thread::spawn(move || exit::die_by(signal)).join());
            link.say("the thread has ended alone");
        })
        .wait();
        outcome.assert_died_by(signal.as_raw());
        assert!(outcome.said.is_empty(), "{signal}");
    }
}

/// The signal goes to the thread that dies: were it to go to the process, the other thread would
/// take it, too late for this one.
fn dies_beside_threads_that_could_take_it() {
    for signal in deadly() {
        for _ in 0..5 {
            let outcome = Child::start(|_| {
                if !signal.is_unchangeable() {
                    recorder::install(signal.as_raw());
                }
                let dies = move || {
                    mask::block(SigSet::full()).expect("block");
                    exit::die_by(signal)
                };
                drop(thread::spawn(dies).join());
            })
            .wait();
            outcome.assert_died_by(signal.as_raw());
        }
    }
}

/// What another thread does to the action cannot be kept out. It can win, and then the process
/// exits as if it had died; what may not happen is that the process lives on.
fn dies_or_exits_while_others_install_a_handler() {
    for _ in 0..100 {
        let outcome = Child::start(|_| {
            let (at_work, working) = mpsc::channel();
            drop(thread::spawn(move || {
                recorder::install(libc::SIGTERM);
                at_work.send(()).expect("a listener");
                loop {
                    recorder::install(libc::SIGTERM);
                }
            }));
            working.recv().expect("a thread at work");
            exit::die_by(Signal::TERM)
        })
        .wait();
        let exited = Status::Exited(128 + libc::SIGTERM);
        if outcome.status != exited {
            outcome.assert_died_by(libc::SIGTERM);
        }
    }
}

fn signals_that_do_not_kill_exit() {
    let mut harmless: Vec<Signal> = Signal::all().filter(|signal| !kills(*signal)).collect();
    harmless.sort();
    let wanted = [
        Signal::CHLD,
        Signal::CONT,
        Signal::STOP,
        Signal::TSTP,
        Signal::TTIN,
        Signal::TTOU,
        Signal::URG,
        Signal::WINCH,
    ];
    assert_eq!(harmless, wanted);
    for signal in wanted {
        let status = signal.as_raw() + 128;
        Child::start(|_| exit::die_by(signal)).wait().assert_exited(status);
        Child::start(|_| drop(thread::spawn(move || exit::die_by(signal)).join()))
            .wait()
            .assert_exited(status);
    }
}

fn core_is_dumped_where_it_may_be() {
    let Some(dir) = CoreDir::new() else {
        return support::skip("core files go elsewhere, or nowhere");
    };
    for (signal, core) in [(Signal::TERM, false), (Signal::ABRT, true), (Signal::SYS, true)] {
        let outcome = Child::start(|_| {
            dir.enter();
            exit::die_by(signal)
        })
        .wait();
        assert_eq!(outcome.status, Status::Signaled { signal: signal.as_raw(), core });
    }
    assert_ne!(dir.files(), 0);
    // As the harness sets it for every other child: none is allowed.
    let outcome = Child::start(|_| exit::die_by(Signal::ABRT)).wait();
    assert_eq!(outcome.status, Status::Signaled { signal: libc::SIGABRT, core: false });
}

fn nothing_is_flushed_or_run() {
    extern "C" fn leave_a_trace() {
        println!("an exit handler has run");
    }
    struct Trace;
    impl Drop for Trace {
        fn drop(&mut self) {
            println!("a destructor has run");
        }
    }
    for signal in [Signal::TERM, Signal::CHLD] {
        let outcome = Child::start(|_| {
            let _trace = Trace;
            // SAFETY: the function may run at any exit of this process.
            assert_eq!(unsafe { libc::atexit(leave_a_trace) }, 0);
            print!("still buffered");
            exit::die_by(signal)
        })
        .wait();
        assert_eq!(outcome.output, "", "{signal}");
    }
}

fn first_process_of_a_namespace_exits() {
    let mut refusal = None;
    for signal in Signal::all() {
        let mut child = Child::start(|link| match end_of_first_process(|| exit::die_by(signal)) {
            Ok(status) => link.say(&format!("{status:?}")),
            Err(error) => link.say(&format!("refused: {error}")),
        });
        let word = child.hear();
        child.wait().assert_exited(0);
        if word.starts_with("refused") {
            refusal = Some(word);
            break;
        }
        assert_eq!(word, format!("{:?}", Status::Exited(128 + signal.as_raw())), "{signal}");
    }
    if let Some(word) = refusal {
        support::skip(&format!("a pid namespace was {word}"));
    }
}

/// How process 1 of a new pid namespace ends.
fn end_of_first_process(end: impl FnOnce()) -> io::Result<Status> {
    // SAFETY: a flag only; children of this process go to a new namespace.
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: this process has one thread.
    let first = match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: integers only. If the deadline ends the test, this ends too.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            // SAFETY: no argument, no effect.
            if unsafe { libc::getpid() } != 1 {
                support::exit_now(1);
            }
            end();
            support::exit_now(0)
        }
        first => first,
    };
    let mut status = 0;
    // SAFETY: there is a place for the status.
    if unsafe { libc::waitpid(first, &raw mut status, 0) } != first {
        return Err(io::Error::last_os_error());
    }
    Ok(if libc::WIFSIGNALED(status) {
        Status::Signaled { signal: libc::WTERMSIG(status), core: libc::WCOREDUMP(status) }
    } else {
        Status::Exited(libc::WEXITSTATUS(status))
    })
}

/// Whatever the process has done to the signal itself.
fn ends_as_a_child_has_ended() {
    for status in [0, 3, 255] {
        Child::start(|_| exit::exit_as(ChildState::Exited(status))).wait().assert_exited(status);
    }
    for signal in deadly() {
        let child = Child::start(|_| {
            if !signal.is_unchangeable() {
                action::ignore(signal).expect("ignore");
                mask::block(signal).expect("block");
            }
            let child = fork(|| exit::die_by(signal));
            let state = child::wait(child).expect("wait");
            assert_eq!(state, ChildState::Killed(signal));
            exit::exit_as(state)
        });
        child.wait().assert_died_by(signal.as_raw());
    }
    // A C library's own, which a program cannot name.
    for signo in [32, 33] {
        let child = Child::start(|_| exit::exit_as(ChildState::KilledByReserved(signo)));
        child.wait().assert_died_by(signo);
    }
}

fn what_is_no_end_exits() {
    let (tstp, none) = (ChildState::Stopped(Signal::TSTP), ChildState::Continued);
    for (state, status) in [(tstp, 148), (none, 255), (ChildState::Trapped(5), 255)] {
        Child::start(|_| exit::exit_as(state)).wait().assert_exited(status);
    }
    // No signal kills by such a number.
    for (state, status) in [
        (ChildState::KilledByReserved(0), 128),
        (ChildState::KilledByReserved(65), 193),
        (ChildState::Killed(Signal::CHLD), 145),
        (ChildState::Killed(Signal::TSTP), 148),
    ] {
        Child::start(|_| exit::exit_as(state)).wait().assert_exited(status);
    }
}

fn no_second_core_is_dumped() {
    let Some(dir) = CoreDir::new() else {
        return support::skip("core files go elsewhere, or nowhere");
    };
    let outcome = Child::start(|_| {
        dir.enter();
        let child = fork(|| exit::die_by(Signal::ABRT));
        let state = child::wait(child).expect("wait");
        assert_eq!(state, ChildState::Dumped(Signal::ABRT));
        exit::exit_as(state)
    });
    let outcome = outcome.wait();
    assert_eq!(outcome.status, Status::Signaled { signal: libc::SIGABRT, core: false });
    assert_eq!(dir.files(), 1, "one core file, of the child");
}

fn first_process_exits_as_a_child_has_ended() {
    for (state, status) in [(ChildState::Exited(3), 3), (ChildState::Killed(Signal::TERM), 143)] {
        let mut child = Child::start(|link| {
            link.say(&match end_of_first_process(|| exit::exit_as(state)) {
                Ok(status) => format!("{status:?}"),
                Err(error) => format!("refused: {error}"),
            });
        });
        let word = child.hear();
        child.wait().assert_exited(0);
        if word.starts_with("refused") {
            return support::skip(&format!("a pid namespace was {word}"));
        }
        assert_eq!(word, format!("{:?}", Status::Exited(status)));
    }
}
