//! Numbers of signals that nobody may use, that cannot be caught, or that are none.

#![expect(unsafe_code, reason = "the bare calls get the numbers, too")]

use super::table::{answer, done, table};
use siglatch::child::{self, ExecSignals};
use siglatch::timer::{Clock, PosixTimer};
use siglatch::{ChildState, Pid, SigVal, Signal, exit, sys};
use support::state::SignalState;

pub(super) fn check() {
    // Of the two names in the table, the one that this C library makes of it.
    let last = Signal::from_raw(64).map(|signal| signal.to_string());
    assert_eq!(last, Ok(format!("SIGRTMIN+{}", 64_i32.saturating_sub(libc::SIGRTMIN()))));
    // What ends the process answers by its end. `Reserved` is a C library's.
    let table = table! {
        Number:         Negative | Zero    | Kill | Stop | Reserved | Last  | Past    | Largest;
        from_raw:       EINVAL   | EINVAL  | Ok   | Ok   | EINVAL   | Ok    | EINVAL  | EINVAL;
        ignore:         by_type  | by_type | EINVAL | EINVAL | by_type | Ok | by_type | by_type;
        block:          by_type  | by_type | EINVAL | EINVAL | by_type | Ok | by_type | by_type;
        parent_death:   by_type  | by_type | Ok   | Ok   | by_type  | Ok    | by_type | by_type;
        timer:          by_type  | by_type | Ok   | Ok   | by_type  | Ok    | by_type | by_type;
        die_by:         by_type  | by_type | "signal 9" | "exit 147" | by_type | "signal 64" | by_type | by_type;
        signal_of:      by_type  | by_type | SIGKILL | SIGSTOP | by_type | "SIGRTMIN+30 or SIGRTMIN+29" | by_type | by_type;
        exit_as_killed: "exit 127" | "exit 128" | "signal 9" | "exit 147" | "signal 33" | "signal 64" | "exit 193" | "exit 127";
        exit_as_stopped: by_type | by_type | "exit 137" | "exit 147" | by_type | "exit 192" | by_type | by_type;
        sys_pdeathsig:  EINVAL   | Ok      | Ok   | Ok   | Ok       | Ok    | EINVAL  | EINVAL;
        sys_tgkill:     EINVAL   | Ok      | "signal 9" | - | "signal 33" | "signal 64" | EINVAL | EINVAL;
    };
    table.check(|call, number| {
        answer(|| {
            let before = SignalState::now();
            let text = call(number as i32);
            if text != "Ok" {
                before.assert_unchanged("what is refused");
            }
            text
        })
    });
}

#[derive(Clone, Copy)]
enum Number {
    Negative = -1,
    Zero = 0,
    Kill = libc::SIGKILL as isize,
    Stop = libc::SIGSTOP as isize,
    Reserved = 33,
    Last = 64,
    Past = 65,
    Largest = i32::MAX as isize,
}

fn signal(number: i32) -> Signal {
    Signal::from_raw(number).expect("by type there is no other")
}

fn from_raw(number: i32) -> String {
    done(Signal::from_raw(number))
}

fn ignore(number: i32) -> String {
    done(ExecSignals::new().ignore(signal(number)).apply())
}

fn block(number: i32) -> String {
    done(ExecSignals::new().block(signal(number)).apply())
}

fn parent_death(number: i32) -> String {
    let parent = Pid::parent().expect("the test");
    let wanted = signal(number);
    let told =
        child::set_parent_death_signal(parent, wanted).and_then(|()| child::parent_death_signal());
    assert_eq!(told, Ok(Some(wanted)));
    done(told)
}

fn timer(number: i32) -> String {
    done(PosixTimer::new(Clock::Monotonic, signal(number), SigVal::default()))
}

fn die_by(number: i32) -> String {
    exit::die_by(signal(number))
}

fn signal_of(number: i32) -> String {
    let named =
        |state: ChildState| state.signal().map_or("none".to_owned(), |signal| signal.to_string());
    let states = [ChildState::Killed, ChildState::Dumped, ChildState::Stopped];
    let [killed, dumped, stopped] = states.map(|state| named(state(signal(number))));
    assert_eq!(named(ChildState::KilledByReserved(number)), "none");
    assert!(killed == dumped && dumped == stopped);
    killed
}

fn exit_as_killed(number: i32) -> String {
    let reserved = ChildState::KilledByReserved(number);
    exit::exit_as(Signal::from_raw(number).map_or(reserved, ChildState::Killed))
}

fn exit_as_stopped(number: i32) -> String {
    exit::exit_as(ChildState::Stopped(signal(number)))
}

fn sys_pdeathsig(number: i32) -> String {
    // SAFETY: the parent stays.
    let set = unsafe { sys::prctl_set_pdeathsig(number) };
    if set.is_ok() {
        // One of a C library's has no name here.
        assert_eq!(child::parent_death_signal(), Ok(Signal::from_raw(number).ok()));
    }
    done(set)
}

fn sys_tgkill(number: i32) -> String {
    // SAFETY: what the signal does, is what is asked.
    done(unsafe { sys::tgkill(sys::getpid(), sys::gettid(), number) })
}
