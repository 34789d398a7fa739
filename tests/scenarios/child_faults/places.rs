//! The same calls where there are no children, at the limits, after fork(2), in a handler, and as
//! process 1.

#![expect(unsafe_code, reason = "forks, executes programs, and lowers limits")]

use super::table::{answer, answer_of, done, maybe, state, states, table, told};
use core::cell::RefCell;
use core::ffi::{c_char, c_int};
use core::ptr;
use siglatch::child::{self, Children, ExecSignals, ForkWindow, InheritedSignals};
use siglatch::fd::PidFd;
use siglatch::send::{self, Target};
use siglatch::stack::{self, AltStack, StackGuard};
use siglatch::timer::{Clock, PosixTimer};
use siglatch::{ChildState, Errno, InfoQueue, Latch, Pid, SigVal, Signal, exit, sys};
use std::io::{Read as _, Write as _};
use std::thread;
use support::ending::{self, End, ends};
use support::first_process::first_process;
use support::names::uid;
use support::{exit_now, foreign, limits, oracle, thread as threads, window};

pub(super) fn check() {
    // A shell that takes no shared library runs without descriptors, too.
    let table = table! {
        Place:            Plain  | Alone  | Ignored | Processes | Files  | Fork   | Window | Handler | First;
        wait:             exited | ECHILD | ECHILD  | exited    | exited | ECHILD | ECHILD | exited  | exited;
        try_wait:         exited | ECHILD | ECHILD  | exited    | exited | ECHILD | ECHILD | exited  | exited;
        try_change:       exited | ECHILD | ECHILD  | exited    | exited | ECHILD | ECHILD | exited  | exited;
        wait_any:         exited | ECHILD | ECHILD  | exited    | exited | ECHILD | ECHILD | exited  | exited;
        reap_any:         exited | none   | none    | exited    | exited | none   | none   | exited  | exited;
        reap_any_but_one: killed | none   | none    | killed    | none   | none   | none   | killed  | killed;
        table_reap:       exited | lost   | lost    | exited    | exited | lost   | none   | exited  | exited;
        table_changes:    exited | lost   | lost    | exited    | exited | lost   | none   | exited  | exited;
        set_parent_death_signal:
                          Ok     | Ok     | Ok      | Ok        | Ok     | ESRCH  | ESRCH  | Ok      | ESRCH;
        clear_parent_death_signal:
                          none   | none   | none    | none      | none   | none   | none   | none    | none;
        parent_death_signal:
                          SIGKILL | SIGKILL | SIGKILL | none | SIGKILL | none  | none   | SIGKILL | SIGKILL;
        set_subreaper:    true   | true   | true    | true      | true   | true   | true   | true    | true;
        is_subreaper:     true   | true   | true    | true      | true   | false  | false  | true    | true;
        current:          true   | true   | true    | true      | true   | true   | true   | false   | true;
        apply:            true   | true   | true    | true      | true   | true   | true   | true    | true;
        restore_for_exec: Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | Ok      | Ok;
        restore_nothing:  EINVAL | EINVAL | EINVAL  | EINVAL    | EINVAL | EINVAL | EINVAL | EINVAL  | EINVAL;
        exec:             "exit 7" | "exit 7" | "exit 7" | EAGAIN | "exit 127 or exit 7" | "exit 7" | "exit 7" | "exit 7" | "exit 7";
        execve:           "exit 7" | "exit 7" | "exit 7" | EAGAIN | "exit 127 or exit 7" | "exit 7" | "exit 7" | "exit 7" | "exit 7";
        exit_as_exited:   "exit 3" | "exit 3" | "exit 3" | "exit 3" | "exit 3" | "exit 3" | "exit 3" | "exit 3" | "exit 3";
        exit_as_killed:   "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "exit 143";
        die_by:           "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "exit 143";
        raise:            true   | true   | true    | true      | true   | true   | true   | true    | true;
        raise_default:    "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | "signal 15" | Ok;
        resend:           true   | true   | true    | true      | true   | true   | true   | true    | true;
        fork:             exited | exited | ECHILD  | EAGAIN    | exited | exited | exited | by_contract | exited;
        fork_with_pidfd:  exited | exited | ECHILD  | EAGAIN    | EMFILE | exited | exited | by_contract | exited;
        fork_window:      Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | Ok      | Ok;
        probe:            Ok     | ESRCH  | ESRCH   | EPERM     | Ok     | Ok     | Ok     | Ok      | Ok;
        probe_own_group:  Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | Ok      | Ok;
        probe_everything: Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | Ok      | ESRCH;
        pidfd_open:       Ok     | ESRCH  | ESRCH   | Ok        | EMFILE | Ok     | Ok     | Ok      | Ok;
        pidfd_nonblocking: Ok    | ESRCH  | ESRCH   | Ok        | EMFILE | Ok     | Ok     | Ok      | Ok;
        pidfd_wait:       true   | ESRCH  | ESRCH   | true      | EINVAL | true   | true   | true    | true;
        pidfd_try_wait:   exited | ESRCH  | ESRCH   | exited    | exited | ECHILD | ECHILD | exited  | exited;
        pidfd_probe:      Ok     | ESRCH  | ESRCH   | EPERM     | Ok     | Ok     | Ok     | Ok      | Ok;
        timer_silent:     Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | Ok      | Ok;
        timer_of_before:  Ok     | Ok     | Ok      | Ok        | Ok     | EINVAL | EINVAL | Ok      | Ok;
        timer_by_id:      Ok     | Ok     | Ok      | Ok        | Ok     | by_contract | by_contract | Ok | Ok;
        timer_of_child:   Ok     | EINVAL | EINVAL  | Ok        | Ok     | Ok     | Ok     | Ok      | Ok;
        stack_query:      false  | false  | false   | false     | false  | false  | false  | true    | false;
        stack_taken_away: Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | EPERM   | Ok;
        stack_autodisarm: Ok     | Ok     | Ok      | Ok        | Ok     | Ok     | Ok     | EPERM   | Ok;
    };
    table.check(|call, place| place.answer(call));
}

/// Where a function is called.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Plain,
    /// The child has been waited for; there are no others.
    Alone,
    /// `SIGCHLD` is ignored.
    Ignored,
    /// `RLIMIT_NPROC` is reached, and the process is another user's.
    Processes,
    /// `RLIMIT_NOFILE` is reached.
    Files,
    /// In a child of fork(2), without a window.
    Fork,
    /// In a child that was forked in a [`ForkWindow`].
    Window,
    /// In a handler, on the alternate stack.
    Handler,
    /// As process 1.
    First,
}

impl Place {
    /// What the call answers there; `None` if this process cannot get there.
    fn answer(self, call: fn(Self) -> String) -> Option<String> {
        match self {
            Self::Processes if uid() != 0 => None,
            Self::First => answer_of(|| call(self), |body| Some(first_process(body)?.state())),
            _ => answer(|| call(self)),
        }
    }
}

impl Place {
    /// A child that has ended, with status 3; one that is gone, where there are to be none.
    fn child(self) -> Pid {
        self.ended(End::Exit(3))
    }

    fn ended(self, end: End) -> Pid {
        if self == Self::Ignored {
            oracle::set_ignored(libc::SIGCHLD);
        }
        let child = ends(end);
        let reap = if self == Self::Alone { 0 } else { libc::WNOWAIT };
        // It fails where the kernel has reaped the child.
        let _ended = sys::waitid(libc::P_PID, child.as_raw(), libc::WEXITED | reap);
        if self == Self::Ignored {
            ending::await_gone(child);
        }
        child
    }

    /// Calls `body` there.
    fn at(self, body: impl FnOnce() -> String + 'static) -> String {
        match self {
            Self::Plain | Self::Alone | Self::Ignored | Self::First => body(),
            Self::Processes => {
                limits::no_processes();
                another_of_nobodys();
                limits::become_nobody();
                body()
            }
            Self::Files => {
                limits::no_descriptors();
                body()
            }
            Self::Fork => in_fork(|body| ending::fork(body), body),
            Self::Window => in_fork(|body| window::fork(body), body),
            Self::Handler => in_handler(body),
        }
    }
}

/// A process of the user who is going to have too many. It ends with its parent.
fn another_of_nobodys() {
    let (mut ready, made) = os_pipe::pipe().expect("pipe");
    let parent = Pid::this();
    ending::fork(|| {
        limits::become_nobody();
        child::set_parent_death_signal(parent, Signal::KILL).expect("the parent is there");
        (&made).write_all(b"x").expect("a pipe with its reader");
        loop {
            thread::park();
        }
    });
    assert_eq!(ready.read(&mut [0]).expect("a pipe"), 1);
}

/// What `body` answers in the child, or how the child ends.
fn in_fork(fork: impl FnOnce(&mut dyn FnMut()) -> Pid, body: impl FnOnce() -> String) -> String {
    answer_of(body, |body| child::wait(fork(body)).ok()).expect("a child")
}

type Boxed = Box<dyn FnOnce() -> String>;

thread_local! {
    /// What is to run in the handler, and what it has answered.
    static WORK: RefCell<(Option<Boxed>, String)> = const { RefCell::new((None, String::new())) };
}

fn in_handler(body: impl FnOnce() -> String + 'static) -> String {
    extern "C" fn handler(_signo: c_int) {
        let work = WORK.with_borrow_mut(|(work, _)| work.take());
        let text = work.map(|work| work()).unwrap_or_default();
        WORK.with_borrow_mut(|(_, told)| *told = text);
    }
    let _stack = StackGuard::map(1 << 18).expect("a stack with room for a test's handler");
    WORK.set((Some(Box::new(body)), String::new()));
    foreign::set(libc::SIGUSR1, &foreign::action(handler as *const () as usize, libc::SA_ONSTACK));
    threads::raise(libc::SIGUSR1);
    WORK.take().1
}

fn wait(place: Place) -> String {
    let child = place.child();
    place.at(move || told(child::wait(child).map(state)))
}

fn try_wait(place: Place) -> String {
    let child = place.child();
    place.at(move || told(child::try_wait(child).map(maybe)))
}

fn try_change(place: Place) -> String {
    let child = place.child();
    place.at(move || told(child::try_change(child).map(maybe)))
}

fn wait_any(place: Place) -> String {
    let _child = place.child();
    place.at(|| told(child::wait_any().and_then(child::wait).map(state)))
}

fn reap_any(place: Place) -> String {
    let _child = place.child();
    place.at(|| states(child::reap_any(|_| false)))
}

fn reap_any_but_one(place: Place) -> String {
    let [first, _second] = [End::Exit(3), End::Signal(libc::SIGKILL)].map(|end| place.ended(end));
    place.at(move || states(child::reap_any(|pid| pid == first)))
}

/// A table that has caught `SIGCHLD`, and has the child.
fn table_of(child: Pid) -> &'static Children<2> {
    static TABLE: Children<2> = Children::new();
    TABLE.catch().expect("catch");
    TABLE.add(child).expect("room");
    &TABLE
}

fn table_reap(place: Place) -> String {
    let table = table_of(place.child());
    place.at(|| states(table.reap()))
}

fn table_changes(place: Place) -> String {
    let table = table_of(place.child());
    place.at(|| states(table.changes()))
}

/// Process 1 has a parent without a number.
fn set_parent_death_signal(place: Place) -> String {
    let parent = Pid::parent().ok_or(Errno::SRCH);
    place.at(move || {
        done(parent.and_then(|parent| child::set_parent_death_signal(parent, Signal::USR1)))
    })
}

/// The harness has set one.
fn parent_death_signal(place: Place) -> String {
    place.at(|| told(child::parent_death_signal().map(name)))
}

fn clear_parent_death_signal(place: Place) -> String {
    place.at(|| {
        child::clear_parent_death_signal().expect("prctl");
        told(child::parent_death_signal().map(name))
    })
}

fn name(signal: Option<Signal>) -> String {
    signal.map_or_else(|| "none".to_owned(), |signal| signal.to_string())
}

fn set_subreaper(place: Place) -> String {
    place.at(|| told(child::set_subreaper(true).and_then(|()| child::is_subreaper())))
}

fn is_subreaper(place: Place) -> String {
    child::set_subreaper(true).expect("prctl");
    place.at(|| told(child::is_subreaper()))
}

/// Whether it is what it was before.
fn current(place: Place) -> String {
    let before = ExecSignals::current();
    place.at(move || (ExecSignals::current() == before).to_string())
}

/// Whether that is the state then.
fn apply(place: Place) -> String {
    let wanted = ExecSignals::new().ignore(Signal::HUP).block(Signal::USR2);
    place.at(move || told(wanted.apply().and_then(|()| Ok(ExecSignals::current()? == wanted))))
}

fn restore_for_exec(place: Place) -> String {
    static NOTED: InheritedSignals = InheritedSignals::new();
    NOTED.capture().expect("capture");
    oracle::set_ignored(libc::SIGHUP);
    place.at(|| {
        done(NOTED.restore_for_exec().and_then(|()| {
            let now = ExecSignals::current()?;
            assert_eq!(Some(now), NOTED.exec_signals());
            Ok(())
        }))
    })
}

fn restore_nothing(place: Place) -> String {
    static NOTHING: InheritedSignals = InheritedSignals::new();
    place.at(|| done(NOTHING.restore_for_exec()))
}

const SHELL: [*const c_char; 4] = [c"sh".as_ptr(), c"-c".as_ptr(), c"exit 7".as_ptr(), ptr::null()];

fn exec(place: Place) -> String {
    place.at(|| {
        // SAFETY: the arguments end by a null pointer, and the process is for the program.
        let errno = unsafe { ExecSignals::new().exec(c"/bin/sh", SHELL.as_ptr(), ptr::null()) };
        done::<()>(Err(errno))
    })
}

fn execve(place: Place) -> String {
    place.at(|| {
        // SAFETY: the arguments end by a null pointer, and the process is for the program.
        done::<()>(Err(unsafe { sys::execve(c"/bin/sh", SHELL.as_ptr(), ptr::null()) }))
    })
}

fn exit_as_exited(place: Place) -> String {
    place.at(|| exit::exit_as(ChildState::Exited(3)))
}

fn exit_as_killed(place: Place) -> String {
    place.at(|| exit::exit_as(ChildState::Killed(Signal::TERM)))
}

fn die_by(place: Place) -> String {
    place.at(|| exit::die_by(Signal::TERM))
}

/// Whether the signal has come when it returns.
fn raise(place: Place) -> String {
    static LATCH: Latch = Latch::new();
    LATCH.catch(Signal::USR2).expect("catch");
    place.at(|| told(send::raise(Signal::USR2).map(|()| LATCH.take_signal(Signal::USR2))))
}

fn raise_default(place: Place) -> String {
    place.at(|| done(send::raise(Signal::TERM)))
}

fn resend(place: Place) -> String {
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    QUEUE.catch(Signal::USR2).expect("catch");
    send::queue(Pid::this(), Signal::USR2, SigVal::from_int(9)).expect("queue");
    let info = QUEUE.pop().expect("it has come");
    place.at(move || {
        // SAFETY: the details are as they came.
        let sent = unsafe { send::resend(&info) };
        told(sent.map(|()| QUEUE.pop() == Some(info)))
    })
}

fn fork(place: Place) -> String {
    let _child = place.child();
    place.at(|| {
        // SAFETY: the child exits.
        match unsafe { child::fork() } {
            Ok(None) => exit_now(5),
            Ok(Some(child)) => told(child::wait(child).map(state)),
            Err(errno) => done::<()>(Err(errno)),
        }
    })
}

fn fork_with_pidfd(place: Place) -> String {
    let _child = place.child();
    place.at(|| {
        // SAFETY: the child exits.
        match unsafe { child::fork_with_pidfd() } {
            Ok(None) => exit_now(5),
            Ok(Some((_, fd))) => {
                fd.wait(None).expect("poll");
                told(fd.try_wait().map(maybe))
            }
            Err(errno) => done::<()>(Err(errno)),
        }
    })
}

fn fork_window(place: Place) -> String {
    place.at(|| done(ForkWindow::open()))
}

fn probe(place: Place) -> String {
    let child = place.child();
    place.at(move || done(send::probe(child)))
}

fn probe_own_group(place: Place) -> String {
    place.at(|| done(send::probe(Target::OwnGroup)))
}

fn probe_everything(place: Place) -> String {
    place.at(|| done(send::probe(Target::Everything)))
}

fn pidfd_open(place: Place) -> String {
    let child = place.child();
    place.at(move || done(PidFd::open(child)))
}

fn pidfd_nonblocking(place: Place) -> String {
    let child = place.child();
    place.at(move || done(PidFd::nonblocking(child)))
}

fn pidfd_wait(place: Place) -> String {
    let fd = PidFd::open(place.child());
    place.at(move || told(fd.and_then(|fd| fd.wait(None))))
}

/// Another child has ended before.
fn pidfd_try_wait(place: Place) -> String {
    let _other = place.ended(End::Signal(libc::SIGKILL));
    let fd = PidFd::open(place.child());
    place.at(move || told(fd.and_then(|fd| fd.try_wait()).map(maybe)))
}

fn pidfd_probe(place: Place) -> String {
    let fd = PidFd::open(place.child());
    place.at(move || done(fd.and_then(|fd| fd.probe())))
}

fn timer_silent(place: Place) -> String {
    place.at(|| done(PosixTimer::silent(Clock::Monotonic)))
}

fn timer_of_before(place: Place) -> String {
    let timer = PosixTimer::silent(Clock::Monotonic).expect("create");
    place.at(move || done(timer.query()))
}

fn timer_by_id(place: Place) -> String {
    let id = PosixTimer::silent(Clock::Monotonic).expect("create").into_id();
    place.at(move || {
        // SAFETY: it is a timer of this process, where this is called.
        done(unsafe { PosixTimer::from_id(id) }.query())
    })
}

fn timer_of_child(place: Place) -> String {
    let child = place.child();
    place.at(move || done(PosixTimer::silent(Clock::ProcessCpuOf(child))))
}

fn stack_query(place: Place) -> String {
    place.at(|| told(stack::query().map(|stack| stack.is_some_and(|stack| stack.in_use()))))
}

fn stack_taken_away(place: Place) -> String {
    place.at(|| {
        // SAFETY: no handler runs after this.
        done(unsafe { stack::set(None) })
    })
}

fn stack_autodisarm(place: Place) -> String {
    place.at(|| {
        let memory = vec![0_u8; stack::usual_size()].leak();
        let new = AltStack::new(memory.as_mut_ptr().cast(), memory.len()).autodisarm();
        // SAFETY: no handler runs after this.
        done(unsafe { stack::set(Some(new)) })
    })
}
