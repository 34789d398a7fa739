//! Processes that are gone, not children, stopped, or whose number means something else.

#![expect(unsafe_code, reason = "the bare calls get the numbers, too")]

use super::table::{answer, done, maybe, state, states, table, told};
use core::time::Duration;
use siglatch::child::{self, Children};
use siglatch::fd::{Fd, PidFd};
use siglatch::send::{self, Target};
use siglatch::timer::{Clock, PosixTimer};
use siglatch::{Errno, Pid, SigVal, Signal, Tid, sys};
use std::thread;
use support::ending::{End, await_end, await_stop, ends, fork};
use support::names::pid;
use support::state::SignalState;
use support::{recorder, thread as threads};

pub(super) fn check() {
    // `Reaped` is a child that somebody else waits for after the table, or the descriptor, has it.
    let table = table! {
        Told:              Zero    | Negative | First  | Largest | Gone   | NoChild | Stopped | Reaped;
        pid_from_raw:      ESRCH   | ESRCH    | Ok     | Ok      | Ok     | Ok      | Ok      | Ok;
        tid_from_raw:      ESRCH   | ESRCH    | Ok     | Ok      | Ok     | Ok      | Ok      | Ok;
        wait:              by_type | by_type  | ECHILD | ECHILD  | ECHILD | ECHILD  | killed  | ECHILD;
        try_wait:          by_type | by_type  | ECHILD | ECHILD  | ECHILD | ECHILD  | none    | ECHILD;
        try_change:        by_type | by_type  | ECHILD | ECHILD  | ECHILD | ECHILD  | stopped | ECHILD;
        wait_any:          -       | -        | -      | -       | ECHILD | ECHILD  | killed  | ECHILD;
        reap_any:          -       | -        | -      | -       | none   | none    | none    | none;
        table_add:         by_type | by_type  | Ok     | ECHILD  | Ok     | Ok      | Ok      | Ok;
        table_remove:      by_type | by_type  | true   | false   | true   | true    | true    | true;
        table_reap:        by_type | by_type  | lost   | none    | lost   | lost    | none    | lost;
        table_changes:     by_type | by_type  | lost   | none    | lost   | lost    | stopped | lost;
        parent_death:      by_type | by_type  | ESRCH  | ESRCH   | ESRCH  | Ok      | ESRCH   | ESRCH;
        kill:              by_type | by_type  | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        probe:             by_type | by_type  | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        probe_thread:      by_type | by_type  | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        probe_group:       by_type | by_type  | EINVAL | ESRCH   | ESRCH  | ESRCH   | ESRCH   | ESRCH;
        pidfd_open:        by_type | by_type  | Ok     | ESRCH   | ESRCH  | Ok      | Ok      | Ok;
        pidfd_nonblocking: by_type | by_type  | Ok     | ESRCH   | ESRCH  | Ok      | Ok      | Ok;
        pidfd_send:        by_type | by_type  | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        pidfd_probe:       by_type | by_type  | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        pidfd_wait:        by_type | by_type  | false  | ESRCH   | ESRCH  | false   | false   | true;
        pidfd_try_wait:    by_type | by_type  | ECHILD | ESRCH   | ESRCH  | ECHILD  | none    | ECHILD;
        clock_of_process:  by_type | by_type  | Ok     | EINVAL  | EINVAL | Ok      | Ok      | EINVAL;
        timer_of_process:  by_type | by_type  | Ok     | EINVAL  | EINVAL | Ok      | Ok      | EINVAL;
        clock_of_thread:   by_type | by_type  | EINVAL | EINVAL  | EINVAL | EINVAL  | EINVAL  | EINVAL;
        timer_of_thread:   by_type | by_type  | EINVAL | EINVAL  | EINVAL | EINVAL  | EINVAL  | EINVAL;
        timer_for_thread:  by_type | by_type  | EINVAL | EINVAL  | EINVAL | EINVAL  | EINVAL  | EINVAL;
        sys_waitid:        EINVAL  | EINVAL   | ECHILD | ECHILD  | ECHILD | ECHILD  | Ok      | ECHILD;
        sys_pidfd_open:    EINVAL  | EINVAL   | Ok     | ESRCH   | ESRCH  | Ok      | Ok      | Ok;
        sys_kill:          Ok      | ESRCH    | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
        sys_tgkill:        EINVAL  | EINVAL   | "Ok or EPERM" | ESRCH   | ESRCH  | Ok      | Ok      | ESRCH;
    };
    table.check(|call, told| {
        answer(|| {
            threads::settle();
            let before = SignalState::now();
            let text = call(told.process());
            before.assert_unchanged("whatever the answer is");
            text
        })
    });
}

/// Which process a function is told.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Zero,
    /// The largest, negated: a group that is not there, to kill(2).
    Negative,
    /// Process 1, which is no child.
    First,
    /// A number that no process ever has.
    Largest,
    /// A child that has ended and was waited for. There are no others.
    Gone,
    /// The parent.
    NoChild,
    Stopped,
    /// A child that has ended, and is waited for by other code [meanwhile](Process::meanwhile).
    Reaped,
}

#[derive(Clone, Copy)]
struct Process {
    told: Told,
    raw: i32,
}

impl Told {
    fn process(self) -> Process {
        let raw = match self {
            Self::Zero => 0,
            Self::Negative => -i32::MAX,
            Self::First => 1,
            Self::Largest => i32::MAX,
            Self::NoChild => Pid::parent().expect("the test").as_raw(),
            Self::Stopped => stops(Pid::this()).as_raw(),
            Self::Gone | Self::Reaped => ends(End::Exit(3)).as_raw(),
        };
        match self {
            Self::Stopped => await_stop(pid(raw)),
            Self::Reaped => await_end(pid(raw)),
            Self::Gone => reap(raw),
            _ => {}
        }
        Process { told: self, raw }
    }
}

/// What other code does.
fn reap(child: i32) {
    sys::waitid(libc::P_PID, child, libc::WEXITED).expect("a child");
}

/// A child that stops, and ends with its parent.
fn stops(parent: Pid) -> Pid {
    fork(|| {
        child::set_parent_death_signal(parent, Signal::KILL).expect("the parent is there");
        send::raise(Signal::STOP).expect("raise");
    })
}

impl Process {
    fn pid(self) -> Pid {
        pid(self.raw)
    }

    fn tid(self) -> Tid {
        self.pid().into()
    }

    /// What other code does between two calls.
    fn meanwhile(self) -> Self {
        if self.told == Told::Reaped {
            reap(self.raw);
        }
        self
    }

    /// One that is stopped is killed when the caller sleeps.
    fn killed_when_waited_for(self) {
        if self.told == Told::Stopped {
            let caller = recorder::gettid();
            thread::spawn(move || {
                threads::await_sleep(caller, libc::SYS_waitid);
                send::kill(self.pid(), Signal::KILL)
            });
        }
    }

    /// Its descriptor, opened before.
    fn fd(self) -> Result<PidFd, Errno> {
        let fd = PidFd::open(self.pid());
        self.meanwhile();
        fd
    }

    /// A table that has it, added before.
    fn table(self) -> &'static Children<2> {
        static TABLE: Children<2> = Children::new();
        let _told = TABLE.add(self.pid());
        self.meanwhile();
        &TABLE
    }
}

fn pid_from_raw(process: Process) -> String {
    done(Pid::from_raw(process.raw))
}

fn tid_from_raw(process: Process) -> String {
    done(Tid::from_raw(process.raw))
}

fn wait(process: Process) -> String {
    process.meanwhile().killed_when_waited_for();
    told(child::wait(process.pid()).map(state))
}

fn try_wait(process: Process) -> String {
    told(child::try_wait(process.meanwhile().pid()).map(maybe))
}

fn try_change(process: Process) -> String {
    told(child::try_change(process.meanwhile().pid()).map(maybe))
}

fn wait_any(process: Process) -> String {
    process.meanwhile().killed_when_waited_for();
    told(child::wait_any().and_then(child::wait).map(state))
}

fn reap_any(process: Process) -> String {
    process.meanwhile();
    states(child::reap_any(|_| false))
}

fn table_add(process: Process) -> String {
    static TABLE: Children<1> = Children::new();
    done(TABLE.add(process.meanwhile().pid()))
}

fn table_remove(process: Process) -> String {
    process.table().remove(process.pid()).to_string()
}

fn table_reap(process: Process) -> String {
    states(process.table().reap())
}

fn table_changes(process: Process) -> String {
    states(process.table().changes())
}

fn parent_death(process: Process) -> String {
    done(child::set_parent_death_signal(process.pid(), Signal::KILL))
}

/// By default, nothing comes of it.
fn kill(process: Process) -> String {
    done(send::kill(process.meanwhile().pid(), Signal::WINCH))
}

fn probe(process: Process) -> String {
    done(send::probe(process.meanwhile().pid()))
}

fn probe_thread(process: Process) -> String {
    process.meanwhile();
    done(send::probe(Target::Thread(process.pid(), process.tid())))
}

fn probe_group(process: Process) -> String {
    done(send::probe(Target::Group(process.meanwhile().pid())))
}

fn pidfd_open(process: Process) -> String {
    done(PidFd::open(process.pid()))
}

fn pidfd_nonblocking(process: Process) -> String {
    done(PidFd::nonblocking(process.pid()))
}

fn pidfd_send(process: Process) -> String {
    done(process.fd().and_then(|fd| fd.send(Signal::WINCH)))
}

fn pidfd_probe(process: Process) -> String {
    done(process.fd().and_then(|fd| fd.probe()))
}

fn pidfd_wait(process: Process) -> String {
    told(process.fd().and_then(|fd| fd.wait(Some(Duration::ZERO))))
}

fn pidfd_try_wait(process: Process) -> String {
    told(process.fd().and_then(|fd| fd.try_wait()).map(maybe))
}

fn clock_of_process(process: Process) -> String {
    done(Clock::ProcessCpuOf(process.meanwhile().pid()).now())
}

fn timer_of_process(process: Process) -> String {
    done(PosixTimer::silent(Clock::ProcessCpuOf(process.meanwhile().pid())))
}

fn clock_of_thread(process: Process) -> String {
    done(Clock::ThreadCpuOf(process.meanwhile().tid()).now())
}

fn timer_of_thread(process: Process) -> String {
    done(PosixTimer::silent(Clock::ThreadCpuOf(process.meanwhile().tid())))
}

fn timer_for_thread(process: Process) -> String {
    let thread = process.meanwhile().tid();
    done(PosixTimer::for_thread(Clock::Monotonic, thread, Signal::USR1, SigVal::default()))
}

fn sys_waitid(process: Process) -> String {
    let options = libc::WEXITED | libc::WNOHANG;
    done(sys::waitid(libc::P_PID, process.meanwhile().raw, options))
}

fn sys_pidfd_open(process: Process) -> String {
    let opened = sys::pidfd_open(process.raw, 0);
    // SAFETY: the call has just made it.
    done(opened.map(|raw| unsafe { Fd::from_raw(raw) }))
}

fn sys_kill(process: Process) -> String {
    // SAFETY: signal 0 is not delivered.
    done(unsafe { sys::kill(process.meanwhile().raw, 0) })
}

fn sys_tgkill(process: Process) -> String {
    let raw = process.meanwhile().raw;
    // SAFETY: signal 0 is not delivered.
    done(unsafe { sys::tgkill(raw, raw, 0) })
}
