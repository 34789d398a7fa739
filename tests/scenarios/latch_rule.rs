//! Flags and mask of an action, where receivers choose and where they differ: held against the
//! kernel's own view after each step.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use crate::support::oracle::{bit, raw_action, set_default};
use crate::support::{Scenario, in_child, recorder, scenarios, thread};
use siglatch::action::{self, SaFlags};
use siglatch::{Latch, SigSet, Signal};
use std::io::ErrorKind;
use std::thread::yield_now;

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        default_is_restart_and_a_full_mask,
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
fn flags(restart: bool) -> u64 {
    let always = libc::SA_SIGINFO | libc::SA_ONSTACK;
    let all = if restart { always | libc::SA_RESTART } else { always };
    // The kernel's SA_RESTORER, on the architecture that has one.
    let restorer = if cfg!(target_arch = "x86_64") { 0x0400_0000 } else { 0 };
    u64::from(all.cast_unsigned()) | restorer
}

/// The kernel's action of a signal has these flags and this mask.
#[track_caller]
fn assert_action(signal: Signal, restart: bool, mask: u64) {
    let raw = raw_action(signal.as_raw());
    assert!(raw.handler > libc::SIG_IGN, "{signal} is not caught");
    assert_eq!(raw.flags, flags(restart), "the flags of {signal}");
    assert_eq!(raw.mask, mask, "the mask of {signal}");
}

/// Nothing is caught.
#[track_caller]
fn assert_default(signal: Signal) {
    assert_eq!(raw_action(signal.as_raw()).handler, libc::SIG_DFL, "{signal}");
}

/// The full mask, put together without the crate: all but what nobody can block, and what C
/// libraries keep for themselves.
fn everything() -> u64 {
    let reserved = (32..libc::SIGRTMIN()).fold(0, |mask, signo| mask | bit(signo));
    !(bit(libc::SIGKILL) | bit(libc::SIGSTOP) | reserved)
}

fn default_is_restart_and_a_full_mask() {
    in_child(|| {
        let last = Signal::from_raw(64).expect("a signal");
        assert_eq!(USUAL.catch([Signal::TERM, last]), Ok(()));
        assert_action(Signal::TERM, true, everything());
        assert_action(last, true, everything());
    });
}

fn choices_hold_for_every_signal() {
    static CHOOSY: Latch = Latch::new().restart(false).mask(SigSet::empty());
    in_child(|| {
        let signals: SigSet = SigSet::full().into_iter().filter(|s| !s.is_fault()).collect();
        assert_eq!(CHOOSY.catch(signals), Ok(()));
        for signal in signals {
            assert_action(signal, false, 0);
        }
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
            assert_eq!(latch.release(Signal::USR1), Ok(()));
        }
    });
}

fn no_restart_wins() {
    static INTERRUPTS: Latch = Latch::new().restart(false);
    in_child(|| {
        let caught = Signal::USR1;
        assert_eq!(USUAL.catch(caught), Ok(()));
        assert_action(caught, true, everything());
        assert_eq!(INTERRUPTS.catch(caught), Ok(()));
        assert_action(caught, false, everything());
        let result = thread::interrupted_read(|reader| {
            thread::kill(reader, libc::SIGUSR1);
            while !USUAL.is_set() {
                yield_now();
            }
        });
        assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::Interrupted));
        assert_eq!(INTERRUPTS.release(caught), Ok(()));
        assert_action(caught, true, everything());
        assert_eq!(INTERRUPTS.catch(caught), Ok(()));
        assert_eq!(USUAL.release(caught), Ok(()));
        assert_action(caught, false, everything());
        assert_eq!(INTERRUPTS.release(caught), Ok(()));
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
        assert_eq!(NARROW.release(caught), Ok(()));
        assert_action(caught, true, int | term);
        assert_eq!(INT.release(caught), Ok(()));
        assert_action(caught, true, term);
        assert_eq!(USUAL.catch(caught), Ok(()));
        assert_action(caught, true, everything());
        assert_eq!(USUAL.release(caught), Ok(()));
        assert_action(caught, true, term);
        assert_eq!(TERM.release(caught), Ok(()));
        assert_default(caught);
    });
}

fn rule_is_for_each_signal() {
    static NARROW: Latch = Latch::new().restart(false).mask(SigSet::empty());
    in_child(|| {
        assert_eq!(USUAL.catch([Signal::USR1, Signal::HUP]), Ok(()));
        assert_eq!(NARROW.catch([Signal::USR2, Signal::HUP]), Ok(()));
        assert_action(Signal::USR1, true, everything());
        assert_action(Signal::USR2, false, 0);
        assert_action(Signal::HUP, false, everything());
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
            let done = if *here { latch.release(Signal::USR1) } else { latch.catch(Signal::USR1) };
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
        assert_action(Signal::USR1, true, everything());
        thread::raise(libc::SIGUSR1);
        assert!(USUAL.take_signal(Signal::USR1));
        assert_eq!(USUAL.release(Signal::USR1), Ok(()));
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
            assert!(told.flags().contains(SaFlags::SIGINFO | SaFlags::ONSTACK));
            assert!(!told.flags().contains(SaFlags::RESTART));
        }
    });
}
