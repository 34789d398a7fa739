//! Bad input to every public function that takes a signal, a set or a process: the exact errno, and
//! not a bit of the process's signal state changed.

#![expect(unsafe_code, reason = "the unsafe functions get bad input too")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::ffi::{c_int, c_void};
use siglatch::action::{self, Action, SaFlags};
use siglatch::mask::{self, MaskGuard};
use siglatch::sys::{self, KernelSigaction, KernelSiginfo, KernelSigset};
use siglatch::{CatchError, Errno, Latch, Pid, SigSet, Signal, send};
use support::c_functions;
use support::state::{self, SignalState};
use support::{Child, Scenario, in_child, oracle, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        numbers_that_are_no_signal,
        names_that_are_no_signal,
        real_time_signals_past_the_last,
        sets_leave_out_what_is_no_signal,
        unchangeable_signals,
        unchangeable_signals_among_others,
        faults_for_a_latch,
        faults_among_others,
        what_a_filter_refuses_among_others,
        what_a_filter_refuses_is_restored_by_the_next_signal,
        processes_that_cannot_be,
        process_that_is_gone,
        numbers_for_the_bare_calls,
        release_of_what_is_not_caught,
        numbers_that_are_no_errno,
        all_works_after_all_that,
    ]
}

c_functions! {
    C, "../c/refused.c":
    refuse_action(i32) -> i32;
}

/// The latch that gets the bad input.
static LATCH: Latch = Latch::new();

/// One that has caught something already, so that the handler is installed.
static OTHER: Latch = Latch::new();

/// Numbers that are no signal for anybody, and those that a C library keeps for itself.
const NUMBERS: [i32; 12] =
    [i32::MIN, -64, -15, -1, 0, 32, 33, RESERVED_BY_MUSL, 65, 128, 256 + 15, i32::MAX];

/// 34 with musl; with others that is a signal, and 0 stands in its place.
const RESERVED_BY_MUSL: i32 = if cfg!(target_env = "musl") { 34 } else { 0 };

const UNCHANGEABLE: [Signal; 2] = [Signal::KILL, Signal::STOP];
const FAULTS: [Signal; 4] = [Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL];

type Take = fn(SigSet) -> Result<(), Errno>;
type TakeOne = fn(Signal) -> Result<(), Errno>;

/// Every function that changes something for the signals of a set.
const TAKE_SETS: [(&str, Take); 8] = [
    ("Latch::catch", |set| Ok(LATCH.catch(set)?)),
    ("Latch::catch_unless_ignored", |set| Ok(LATCH.catch_unless_ignored(set).map(drop_set)?)),
    ("mask::block", |set| mask::block(set).map(drop_set)),
    ("mask::unblock", |set| mask::unblock(set).map(drop_set)),
    ("mask::set", |set| mask::set(set).map(drop_set)),
    ("MaskGuard::block", |set| MaskGuard::block(set).map(drop)),
    ("MaskGuard::unblock", |set| MaskGuard::unblock(set).map(drop)),
    ("MaskGuard::set", |set| MaskGuard::set(set).map(drop)),
];

/// Every function that changes something for one signal.
const TAKE_SIGNALS: [(&str, TakeOne); 3] = [
    ("action::ignore", |signal| action::ignore(signal).map(drop)),
    ("action::default", |signal| action::default(signal).map(drop)),
    ("action::install", |signal| {
        let action = Action::handler(nothing, SaFlags::RESTART, SigSet::full());
        // SAFETY: the handler does nothing.
        unsafe { action::install(signal, &action) }.map(drop)
    }),
];

const fn drop_set(_set: SigSet) {}

unsafe extern "C" fn nothing(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {}

/// Runs `body` in a fresh process, and in one where every kind of state is there: a C handler, a
/// caught, an ignored, a blocked and a pending signal.
#[track_caller]
fn in_children(body: impl Fn()) {
    in_child(&body);
    in_child(|| {
        recorder::install(libc::SIGHUP);
        oracle::set_ignored(libc::SIGQUIT);
        OTHER.catch([Signal::HUP, Signal::USR1]).expect("catch");
        state::set_raw_mask(oracle::bit(libc::SIGALRM) | oracle::bit(33) | oracle::bit(64));
        send::raise(Signal::ALRM).expect("raise");
        send::raise(Signal::from_raw(64).expect("a signal")).expect("raise");
        body();
        assert_eq!(OTHER.caught(), SigSet::from([Signal::HUP, Signal::USR1]));
        assert!(!OTHER.is_set());
    });
}

/// `call` fails with `errno`, and all is as it was.
#[track_caller]
fn refused<T: core::fmt::Debug, E: core::fmt::Debug + Into<Errno>>(
    what: &str,
    errno: Errno,
    call: impl FnOnce() -> Result<T, E>,
) {
    let before = SignalState::now();
    let error = call().expect_err(what);
    assert_eq!(error.into(), errno, "{what}");
    before.assert_unchanged(what);
    assert_eq!(LATCH.caught(), SigSet::empty(), "{what}");
    assert!(!LATCH.is_set(), "{what}");
}

/// Why a catch failed, and for which signal.
fn failed(result: Result<(), CatchError>) -> (Errno, Option<Signal>) {
    let error = result.expect_err("it is refused");
    (error.errno(), error.signal())
}

fn numbers_that_are_no_signal() {
    in_children(|| {
        for raw in NUMBERS {
            refused(&format!("from_raw({raw})"), Errno::INVAL, || Signal::from_raw(raw));
            refused(&format!("try_from({raw})"), Errno::INVAL, || Signal::try_from(raw));
            refused(&format!("{raw}, parsed"), Errno::INVAL, || raw.to_string().parse::<Signal>());
        }
    });
}

fn names_that_are_no_signal() {
    in_children(|| {
        let past = Signal::rt_count();
        let made = [format!("RTMIN+{past}"), format!("RTMAX-{past}"), "9".repeat(5000)];
        let fixed = [
            "",
            " ",
            "SIG",
            "SIGSIGINT",
            "INT ",
            " INT",
            "SIG INT",
            "INTT",
            "IN",
            "+15",
            "-15",
            "15.0",
            "0x0f",
            "015x",
            "18446744073709551631",
            "4294967311",
            "RTMIN-1",
            "RTMAX+1",
            "RTMIN+",
            "RTMIN+256",
            "RTMIN+4294967296",
            "SIGRTMIN++1",
            "SIGRTMIN+-1",
            "rtmin 1",
            "SIGNULL",
            "EXIT",
            "SIGTERM\0",
            "ſIGINT",
            "１５",
        ];
        for text in fixed.into_iter().chain(made.iter().map(String::as_str)) {
            refused(&format!("{text:?}"), Errno::INVAL, || text.parse::<Signal>());
        }
    });
}

fn real_time_signals_past_the_last() {
    in_children(|| {
        let past = Signal::rt_count();
        assert!(past.checked_sub(1).is_some_and(|last| Signal::rt(last).is_ok()));
        for n in past..=u8::MAX {
            refused(&format!("rt({n})"), Errno::INVAL, || Signal::rt(n));
        }
    });
}

/// A set has no way to hold such a number, so no function that takes a set can get one.
fn sets_leave_out_what_is_no_signal() {
    let signals: SigSet = Signal::all().collect();
    assert_eq!(SigSet::from_bits(u64::MAX), signals);
    for raw in NUMBERS.into_iter().filter(|raw| (1..=64).contains(raw)) {
        assert_eq!(SigSet::from_bits(oracle::bit(raw)), SigSet::empty(), "{raw}");
    }
}

fn unchangeable_signals() {
    in_children(|| {
        for signal in UNCHANGEABLE {
            for (name, take) in TAKE_SIGNALS {
                refused(&format!("{name}({signal})"), Errno::INVAL, || take(signal));
            }
            for (name, take) in TAKE_SETS {
                refused(&format!("{name}({signal})"), Errno::INVAL, || take(signal.into()));
            }
        }
    });
}

fn unchangeable_signals_among_others() {
    in_children(|| {
        let faults = FAULTS.into_iter().collect::<SigSet>();
        for signal in UNCHANGEABLE {
            for others in [SigSet::from([Signal::HUP, Signal::WINCH]), faults, SigSet::full()] {
                for (name, take) in TAKE_SETS {
                    let set = others.with(signal);
                    refused(&format!("{name}({set:?})"), Errno::INVAL, || take(set));
                }
            }
        }
    });
}

fn faults_for_a_latch() {
    in_children(|| {
        for signal in FAULTS {
            refused(&format!("catch({signal})"), Errno::OPNOTSUPP, || LATCH.catch(signal));
            refused(&format!("catch_unless_ignored({signal})"), Errno::OPNOTSUPP, || {
                LATCH.catch_unless_ignored(signal)
            });
            // Ignored or not, it is the same.
            let _left_so = action::ignore(signal).expect("ignore");
            refused(&format!("catch_unless_ignored({signal}), ignored"), Errno::OPNOTSUPP, || {
                LATCH.catch_unless_ignored(signal)
            });
        }
    });
}

fn faults_among_others() {
    in_children(|| {
        for signal in FAULTS {
            for set in [SigSet::from([Signal::HUP, signal, Signal::WINCH]), SigSet::full()] {
                refused(&format!("catch({set:?})"), Errno::OPNOTSUPP, || LATCH.catch(set));
                refused(&format!("catch_unless_ignored({set:?})"), Errno::OPNOTSUPP, || {
                    LATCH.catch_unless_ignored(set)
                });
            }
        }
    });
}

fn what_a_filter_refuses_among_others() {
    let Some(c) = C::load() else { return };
    in_children(|| {
        assert_eq!((c.refuse_action)(libc::SIGTERM), 0);
        // From the first release on, what is caught can be restored.
        assert_eq!(LATCH.release(SigSet::empty()), Ok(SigSet::empty()));
        let set = SigSet::from([Signal::HUP, Signal::USR2, Signal::TERM, Signal::CHLD]);
        refused("seccomp(2)", Errno::PERM, || LATCH.catch(set));
    });
}

/// In a program that has released nothing yet, the next signal restores the action.
fn what_a_filter_refuses_is_restored_by_the_next_signal() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.refuse_action)(libc::SIGTERM), 0);
        recorder::install(libc::SIGUSR2);
        let before = oracle::raw_action(libc::SIGUSR2);
        assert_eq!(
            failed(LATCH.catch([Signal::USR2, Signal::TERM])),
            (Errno::PERM, Some(Signal::TERM))
        );
        assert_eq!(LATCH.caught(), SigSet::empty());
        assert_eq!(send::raise(Signal::USR2), Ok(()));
        assert_eq!((LATCH.is_set(), recorder::count()), (false, 1));
        assert_eq!(oracle::raw_action(libc::SIGUSR2), before);
    });
}

fn processes_that_cannot_be() {
    in_children(|| {
        for raw in [0, -1, -2, i32::MIN, i32::MIN + 1] {
            refused(&format!("Pid({raw})"), Errno::SRCH, || Pid::from_raw(raw));
        }
        for raw in [0, 0x8000_0000, u32::MAX] {
            refused(&format!("Pid({raw})"), Errno::SRCH, || Pid::try_from(raw));
        }
    });
}

fn process_that_is_gone() {
    let child = Child::start(|_| {});
    let gone = child.pid();
    child.wait().assert_exited(0);
    in_child(|| {
        for raw in [gone, i32::MAX] {
            let pid = Pid::from_raw(raw).expect("a process id");
            for signal in Signal::all() {
                refused(&format!("kill({raw})"), Errno::SRCH, || send::kill(pid, signal));
            }
            refused(&format!("probe({raw})"), Errno::SRCH, || send::probe(pid));
        }
    });
}

/// The kernel itself knows 32 and 33, and refuses the rest.
fn numbers_for_the_bare_calls() {
    in_children(|| {
        let (pid, tid) = (sys::getpid(), sys::gettid());
        let ignore = KernelSigaction { handler: sys::SIG_IGN, ..KernelSigaction::default() };
        for raw in NUMBERS.into_iter().filter(|raw| !(32..=34).contains(raw)) {
            let name = |call: &str| format!("{call} of {raw}");
            refused(&name("rt_sigaction"), Errno::INVAL, || {
                // SAFETY: no such signal, so nothing is changed.
                unsafe { sys::rt_sigaction(raw, Some(&ignore), None) }
            });
            if raw != 0 {
                // SAFETY: no such signal, so nothing is sent.
                refused(&name("kill"), Errno::INVAL, || unsafe { sys::kill(pid, raw) });
                refused(&name("tgkill"), Errno::INVAL, || {
                    // SAFETY: the same.
                    unsafe { sys::tgkill(pid, tid, raw) }
                });
            }
            if !(0..=2).contains(&raw) {
                refused(&name("rt_sigprocmask"), Errno::INVAL, || {
                    // SAFETY: there is no such change, so nothing is changed.
                    unsafe { sys::rt_sigprocmask(raw, Some(KernelSigset::from_bits(!0))) }
                });
            }
        }
        for signal in UNCHANGEABLE {
            refused("rt_sigaction of an unchangeable signal", Errno::INVAL, || {
                // SAFETY: the kernel refuses it.
                unsafe { sys::rt_sigaction(signal.as_raw(), Some(&ignore), None) }
            });
        }
        for (pid, tid) in [(0, tid), (pid, 0), (-1, tid), (pid, -1), (i32::MIN, i32::MIN)] {
            refused(&format!("tgkill({pid}, {tid})"), Errno::INVAL, || {
                // SAFETY: the kernel refuses it.
                unsafe { sys::tgkill(pid, tid, libc::SIGTERM) }
            });
        }
        refused("tgkill of another process's thread", Errno::SRCH, || {
            // SAFETY: there is no such pair.
            unsafe { sys::tgkill(i32::MAX, tid, libc::SIGTERM) }
        });
    });
}

fn release_of_what_is_not_caught() {
    in_children(|| {
        let before = SignalState::now();
        let all = SigSet::full().with(Signal::KILL).with(Signal::STOP);
        for set in [SigSet::empty(), all, Signal::KILL.into(), Signal::SEGV.into()] {
            assert_eq!(LATCH.release(set).map(drop), Ok(()), "{set:?}");
            before.assert_unchanged(&format!("release({set:?})"));
        }
        // "No others" is a change where something is blocked.
        for (name, take) in TAKE_SETS.into_iter().filter(|(name, _)| !name.ends_with("::set")) {
            assert_eq!(take(SigSet::empty()), Ok(()), "{name}");
            before.assert_unchanged(&format!("{name} of nothing"));
        }
        assert_eq!(LATCH.caught(), SigSet::empty());
    });
}

fn numbers_that_are_no_errno() {
    for raw in [i32::MIN, -1, 0, 4096, i32::MAX] {
        assert_eq!(Errno::from_raw(raw), None, "{raw}");
    }
    assert_eq!(Errno::check(-4096), Ok(usize::MAX - 4095));
    assert_eq!(Errno::check(-4095).map_err(Errno::as_raw), Err(4095));
}

fn all_works_after_all_that() {
    in_children(|| {
        let bad = SigSet::full().with(Signal::KILL);
        for (name, take) in TAKE_SETS {
            refused(name, Errno::INVAL, || take(bad));
        }
        LATCH.catch(Signal::USR2).expect("catch");
        send::raise(Signal::USR2).expect("raise");
        assert!(LATCH.take_signal(Signal::USR2));
        // A refused catch takes nothing away from what is caught.
        let before = SignalState::now();
        let refused = LATCH.catch([Signal::USR2, Signal::KILL]);
        assert_eq!(failed(refused), (Errno::INVAL, Some(Signal::KILL)));
        let refused = LATCH.catch([Signal::USR2, Signal::SEGV, Signal::BUS]);
        assert_eq!(failed(refused), (Errno::OPNOTSUPP, Some(Signal::BUS)));
        before.assert_unchanged("a refused catch");
        assert_eq!(LATCH.caught(), SigSet::from(Signal::USR2));
        send::raise(Signal::USR2).expect("raise");
        assert!(LATCH.take_signal(Signal::USR2));
        LATCH.release(Signal::USR2).expect("release");
    });
}
