//! Flags and mask of an action, where receivers choose and where they differ: held against the
//! kernel's own view after each step.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::action::{self, SaFlags};
use siglatch::{Errno, Latch, SigSet, Signal};
use std::io::ErrorKind;
use std::thread::yield_now;
use support::oracle::{self, bit, cancellation, raw_action, set_default};
use support::{Scenario, in_child, recorder, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        default_is_restart_and_what_can_be_blocked,
        stack_is_a_choice,
        terminal_access_never_restarts,
        choices_hold_for_every_signal,
        restart_is_a_choice,
        no_restart_wins,
        masks_add_up,
        rule_is_for_each_signal,
        rule_holds_for_any_three,
        rule_is_brought_back_by_a_catch,
        query_tells_what_is_in_force,
    ]
}

static USUAL: Latch = Latch::new();

/// What `Latch` promises in every case, as the kernel's bits.
fn flags(restart: bool, alternate: bool) -> u64 {
    let flag = |wanted, flag| if wanted { flag } else { 0 };
    let all =
        libc::SA_SIGINFO | flag(restart, libc::SA_RESTART) | flag(alternate, libc::SA_ONSTACK);
    let restorer = if oracle::NAMES_RESTORER { oracle::SA_RESTORER } else { 0 };
    u64::from(all as u32) | restorer
}

/// The kernel's action of a signal has these flags and this mask, and the stack that goes with it.
#[track_caller]
fn assert_action(signal: Signal, restart: bool, mask: u64) {
    assert_stack(signal, restart, mask, mask == asynchronous());
}

/// The same with a stack that was chosen.
#[track_caller]
fn assert_stack(signal: Signal, restart: bool, mask: u64, alternate: bool) {
    let raw = raw_action(signal.as_raw());
    assert!(raw.handler > libc::SIG_IGN, "{signal} is not caught");
    assert_eq!(raw.flags, flags(restart, alternate), "the flags of {signal}");
    assert_eq!(raw.mask, mask | cancellation(), "the mask of {signal}");
}

/// Nothing is caught.
#[track_caller]
fn assert_default(signal: Signal) {
    assert_eq!(raw_action(signal.as_raw()).handler, libc::SIG_DFL, "{signal}");
}

/// The default mask, put together without the crate: all but what cannot be blocked, what the kernel
/// raises synchronously, and what C libraries keep for themselves.
fn asynchronous() -> u64 {
    let reserved = (32..libc::SIGRTMIN()).fold(0, |mask, signo| mask | bit(signo));
    let synchronous =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];
    let synchronous = synchronous.into_iter().fold(0, |mask, signo| mask | bit(signo));
    !(bit(libc::SIGKILL) | bit(libc::SIGSTOP) | reserved | synchronous)
}

fn default_is_restart_and_what_can_be_blocked() {
    in_child(|| {
        let last = Signal::from_raw(64).expect("a signal");
        assert_eq!(USUAL.catch([Signal::TERM, last]), Ok(()));
        assert_action(Signal::TERM, true, asynchronous());
        assert_action(last, true, asynchronous());
    });
}

fn choices_hold_for_every_signal() {
    static CHOOSY: Latch = Latch::new().restart(false).mask(SigSet::empty());
    in_child(|| {
        let signals: SigSet = SigSet::full().into_iter().filter(|s| !s.is_synchronous()).collect();
        assert_eq!(CHOOSY.catch(signals), Ok(()));
        for signal in signals {
            assert_action(signal, false, 0);
        }
    });
}

fn stack_is_a_choice() {
    const INT: SigSet = SigSet::empty().with(Signal::INT);
    static INTERRUPTED: Latch = Latch::new().alternate_stack(false);
    static ALTERNATE: Latch = Latch::new().alternate_stack(true).mask(INT);
    static BY_MASK: Latch = Latch::new().mask(SigSet::empty());
    static FULL: Latch = Latch::new().mask(SigSet::full());
    in_child(|| {
        let caught = Signal::USR1;
        let step = |latch: &'static Latch, mask, alternate| {
            assert_eq!(latch.catch(caught), Ok(()));
            assert_stack(caught, true, mask, alternate);
        };
        step(&BY_MASK, 0, false);
        step(&ALTERNATE, bit(libc::SIGINT), true);
        step(&INTERRUPTED, asynchronous(), true);
        assert_eq!(ALTERNATE.release(caught).map(drop), Ok(()));
        assert_stack(caught, true, asynchronous(), false);
        step(&USUAL, asynchronous(), true);
        for latch in [&USUAL, &BY_MASK, &INTERRUPTED] {
            assert_eq!(latch.release(caught).map(drop), Ok(()));
        }
        step(&FULL, SigSet::full().bits(), true);
    });
}

fn terminal_access_never_restarts() {
    in_child(|| {
        assert_eq!(USUAL.catch([Signal::TTIN, Signal::TTOU, Signal::TSTP]), Ok(()));
        assert_action(Signal::TTIN, false, asynchronous());
        assert_action(Signal::TTOU, false, asynchronous());
        assert_action(Signal::TSTP, true, asynchronous());
    });
}

fn restart_is_a_choice() {
    static INTERRUPTS: Latch = Latch::new().restart(false);
    static RESTARTS: Latch = Latch::new().restart(true);
    in_child(|| {
        for (latch, wanted) in
            [(&USUAL, Ok(1)), (&INTERRUPTS, Err(ErrorKind::Interrupted)), (&RESTARTS, Ok(1))]
        {
            assert_eq!(latch.catch(Signal::USR1), Ok(()));
            let result = thread::interrupted_read(|reader| {
                thread::kill(reader, libc::SIGUSR1);
                while !latch.is_set() {
                    yield_now();
                }
            });
            assert_eq!(result.map_err(|error| error.kind()), wanted);
            assert!(latch.take_signal(Signal::USR1));
            assert_eq!(latch.release(Signal::USR1).map(drop), Ok(()));
        }
    });
}

fn no_restart_wins() {
    static INTERRUPTS: Latch = Latch::new().restart(false);
    in_child(|| {
        let caught = Signal::USR1;
        assert_eq!(USUAL.catch(caught), Ok(()));
        assert_action(caught, true, asynchronous());
        assert_eq!(INTERRUPTS.catch(caught), Ok(()));
        assert_action(caught, false, asynchronous());
        let result = thread::interrupted_read(|reader| {
            thread::kill(reader, libc::SIGUSR1);
            while !USUAL.is_set() {
                yield_now();
            }
        });
        assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::Interrupted));
        assert_eq!(INTERRUPTS.release(caught).map(drop), Ok(()));
        assert_action(caught, true, asynchronous());
        assert_eq!(INTERRUPTS.catch(caught), Ok(()));
        assert_eq!(USUAL.release(caught).map(drop), Ok(()));
        assert_action(caught, false, asynchronous());
        assert_eq!(INTERRUPTS.release(caught).map(drop), Ok(()));
        assert_default(caught);
    });
}

fn masks_add_up() {
    static NARROW: Latch = Latch::new().mask(SigSet::empty());
    static INT: Latch = Latch::new().mask(SigSet::empty().with(Signal::INT));
    static TERM: Latch = Latch::new().mask(SigSet::empty().with(Signal::TERM));
    in_child(|| {
        let (int, term, caught) = (bit(libc::SIGINT), bit(libc::SIGTERM), Signal::USR1);
        assert_eq!(NARROW.catch(caught), Ok(()));
        assert_action(caught, true, 0);
        assert_eq!(INT.catch(caught), Ok(()));
        assert_action(caught, true, int);
        assert_eq!(TERM.catch(caught), Ok(()));
        assert_action(caught, true, int | term);
        assert_eq!(NARROW.release(caught).map(drop), Ok(()));
        assert_action(caught, true, int | term);
        assert_eq!(INT.release(caught).map(drop), Ok(()));
        assert_action(caught, true, term);
        assert_eq!(USUAL.catch(caught), Ok(()));
        assert_action(caught, true, asynchronous());
        assert_eq!(USUAL.release(caught).map(drop), Ok(()));
        assert_action(caught, true, term);
        assert_eq!(TERM.release(caught).map(drop), Ok(()));
        assert_default(caught);
    });
}

fn rule_is_for_each_signal() {
    static NARROW: Latch = Latch::new().restart(false).mask(SigSet::empty());
    in_child(|| {
        assert_eq!(USUAL.catch([Signal::USR1, Signal::HUP]), Ok(()));
        assert_eq!(NARROW.catch([Signal::USR2, Signal::HUP]), Ok(()));
        assert_action(Signal::USR1, true, asynchronous());
        assert_action(Signal::USR2, false, 0);
        assert_action(Signal::HUP, false, asynchronous());
    });
}

fn rule_holds_for_any_three() {
    const HUP: SigSet = SigSet::empty().with(Signal::HUP);
    const INT: SigSet = SigSet::empty().with(Signal::INT);
    static LATCHES: [Latch; 3] = [
        Latch::new().mask(HUP),
        Latch::new().mask(INT).restart(false),
        Latch::new().mask(SigSet::empty()),
    ];
    in_child(|| {
        // Each step is one latch: it comes if it is not there, and goes if it is.
        let mut present = [false; 3];
        for step in [0, 1, 2, 0, 2, 1, 1, 0, 1, 2, 1, 0, 2, 1, 0, 2, 0, 1, 2, 0] {
            let latch = LATCHES.get(step).expect("one of three");
            let here = present.get_mut(step).expect("one of three");
            let done = if *here {
                latch.release(Signal::USR1).map(drop)
            } else {
                latch.catch(Signal::USR1).map_err(Errno::from)
            };
            assert_eq!(done, Ok(()));
            *here = !*here;
            let [hup, int, none] = present;
            let mask = if hup { bit(libc::SIGHUP) } else { 0 } | if int { bit(2) } else { 0 };
            if hup || int || none {
                assert_action(Signal::USR1, !int, mask);
            } else {
                assert_default(Signal::USR1);
            }
        }
    });
}

fn rule_is_brought_back_by_a_catch() {
    in_child(|| {
        assert_eq!(USUAL.catch(Signal::USR1), Ok(()));
        // Other code takes it away, which knows nothing of a latch.
        set_default(libc::SIGUSR1);
        assert_eq!(USUAL.catch(Signal::USR1), Ok(()));
        assert_action(Signal::USR1, true, asynchronous());
        thread::raise(libc::SIGUSR1);
        assert!(USUAL.take_signal(Signal::USR1));
        assert_eq!(USUAL.release(Signal::USR1).map(drop), Ok(()));
        assert_default(Signal::USR1);
    });
}

fn query_tells_what_is_in_force() {
    static NARROW: Latch = Latch::new().restart(false).mask(SigSet::empty().with(Signal::INT));
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        assert_eq!(NARROW.catch([Signal::USR1, Signal::USR2]), Ok(()));
        for signal in [Signal::USR1, Signal::USR2] {
            let told = action::query(signal).expect("query");
            assert_eq!(told.mask(), Signal::INT.into());
            assert!(told.flags().contains(SaFlags::SIGINFO));
            assert!(told.is_own());
            assert!(!told.flags().contains(SaFlags::RESTART));
        }
    });
}
