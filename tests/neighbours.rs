//! Three that share a signal: we, another crate with a latch of its own, and C code with a handler,
//! in every order of coming and going, over every kind of action that can be there first.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::cell::Cell;
use siglatch::{Latch, Signal, send};
use std::process::ExitCode;
use support::{foreign, in_child, oracle, recorder, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![
        over_a_handler,
        over_ignored,
        over_the_default,
        each_has_flags_of_its_own,
    ])
}

static OURS: Latch = Latch::new();

/// Who shares the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    We,
    Neighbour,
    C,
}

const ORDERS: [[Party; 3]; 6] = [
    [Party::We, Party::Neighbour, Party::C],
    [Party::We, Party::C, Party::Neighbour],
    [Party::Neighbour, Party::We, Party::C],
    [Party::Neighbour, Party::C, Party::We],
    [Party::C, Party::We, Party::Neighbour],
    [Party::C, Party::Neighbour, Party::We],
];

/// What the C code does. It can only leave while its handler is installed: before, it stays
/// in the chain and chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InC {
    Away,
    Here,
    WouldLeave,
}

/// The signal, and who is to see it.
struct Shared {
    signal: Signal,
    we: Cell<bool>,
    neighbour: Cell<bool>,
    c: Cell<InC>,
}

impl Shared {
    #[track_caller]
    fn come(&self, party: Party) {
        match party {
            Party::We => {
                assert_eq!(OURS.catch(self.signal), Ok(()));
                self.we.set(true);
            }
            Party::Neighbour => {
                assert_eq!(neighbour::come(self.signal), Ok(()));
                self.neighbour.set(true);
            }
            Party::C => {
                foreign::first().come(self.signal.as_raw());
                self.c.set(InC::Here);
            }
        }
    }

    #[track_caller]
    fn go(&self, party: Party) {
        match party {
            Party::We => {
                assert_eq!(OURS.release(self.signal).map(drop), Ok(()));
                self.we.set(false);
            }
            Party::Neighbour => {
                assert_eq!(neighbour::leave(self.signal), Ok(()));
                self.neighbour.set(false);
            }
            Party::C => self.c.set(InC::WouldLeave),
        }
        if self.c.get() == InC::WouldLeave && foreign::first().is_installed(self.signal.as_raw()) {
            foreign::first().leave(self.signal.as_raw());
            self.c.set(InC::Away);
        }
    }

    /// The signal comes: all who are there see it once, and nobody else does.
    #[track_caller]
    fn send(&self) {
        let recorded = recorder::count();
        assert_eq!(send::raise(self.signal), Ok(()));
        assert_eq!(OURS.take_signal(self.signal), self.we.get(), "we");
        assert_eq!(neighbour::saw(self.signal), self.neighbour.get(), "the neighbour");
        let calls = u32::from(self.c.get() != InC::Away);
        assert_eq!(foreign::first().take_calls(), calls, "the C code");
        let first = u32::from(recorder::count() != recorded);
        assert_eq!(recorder::count(), recorded.wrapping_add(first), "the first one, once at most");
    }
}

/// Every order, on a signal whose action `first` sets before anybody comes.
fn all_orders(signal: Signal, first: fn(i32)) {
    in_child(|| {
        for (coming, going) in ORDERS.iter().flat_map(|one| ORDERS.map(|other| (*one, other))) {
            println!("coming {coming:?}, going {going:?}");
            first(signal.as_raw());
            let before = oracle::raw_action(signal.as_raw());
            let shared = Shared {
                signal,
                we: Cell::new(false),
                neighbour: Cell::new(false),
                c: Cell::new(InC::Away),
            };
            for party in coming {
                shared.come(party);
                shared.send();
            }
            for party in going {
                shared.go(party);
                shared.send();
            }
            assert_eq!(shared.c.get(), InC::Away, "the C code could leave at last");
            // If that was after us, what it has restored is ours, which the next signal tells.
            let recorded = recorder::count();
            shared.send();
            let first = u32::from(before.handler == recorder::address());
            assert_eq!(recorder::count(), recorded.wrapping_add(first), "the first one is called");
            assert_eq!(oracle::raw_action(signal.as_raw()), before, "the last out restores");
        }
    });
}

fn over_a_handler() {
    all_orders(Signal::USR1, recorder::install);
}

fn over_ignored() {
    all_orders(Signal::USR1, |signo| {
        foreign::set(signo, &foreign::action(libc::SIG_IGN, 0));
    });
}

fn over_the_default() {
    // One that does nothing by default: the process is to go on.
    all_orders(Signal::WINCH, |signo| {
        foreign::set(signo, &foreign::action(libc::SIG_DFL, 0));
    });
}

fn each_has_flags_of_its_own() {
    in_child(|| {
        let rt = Signal::rt(2).expect("a real-time signal");
        assert_eq!(neighbour::come(rt), Ok(()));
        assert_eq!(neighbour::come(Signal::USR2), Ok(()));
        assert_eq!(OURS.catch([Signal::USR1, Signal::USR2]), Ok(()));
        for signal in [Signal::USR1, Signal::USR2, rt] {
            assert_eq!(send::raise(signal), Ok(()));
        }
        assert_eq!(OURS.take(), [Signal::USR1, Signal::USR2].into());
        let saw = [Signal::USR1, Signal::USR2, rt].map(neighbour::saw);
        assert_eq!(saw, [false, true, true]);
    });
}
