//! Layers in one process that share a signal and know nothing of each other: this crate, another
//! version of it, signal-hook, and C code. In every order of coming and going, over every kind of
//! action that can be there first, each gets every signal exactly once while it is there, and what
//! is in force is to the byte what it has to be after each step.
//!
//! What that is:
//!
//! - A party that comes puts its handler over what is in force, and hands on to that.
//! - A version of this crate that leaves puts back what it replaced, if its handler is in force.
//!   Otherwise the handler stays where it is and hands on, until what is over it puts it back; the
//!   next signal then puts back what it replaced.
//! - C code leaves in the same way, but not before its handler is in force. `Rude` code doesn't care:
//!   what came over it is gone with it, until its owners catch the signal once more. `Deaf` code
//!   hands on to nobody.
//! - signal-hook's handler stays for ever, by its own design. Then all that is over it goes, and
//!   what is under it stays and hands on: C code can't leave from there, and if the first action was
//!   the default it has no effect any more.

#![expect(unsafe_code, reason = "signal-hook has functions called in signal context")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

mod support;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{InfoQueue, Signal, send};
use signal_hook::SigId;
use signal_hook::low_level::{register, unregister};
use std::process::ExitCode;
use support::foreign::{self, Foreign};
use support::oracle::{self, RawAction};
use support::{Child, in_child, recorder, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![
        with_signal_hook_over_a_handler,
        with_signal_hook_over_ignored,
        with_signal_hook_over_the_default,
        with_two_in_c_over_a_handler,
        with_two_in_c_over_ignored,
        with_two_in_c_over_the_default,
        with_deaf_c_over_a_handler,
        with_deaf_c_over_ignored,
        with_deaf_c_over_the_default,
        with_rude_c_over_a_handler,
        with_rude_c_over_ignored,
        with_rude_c_over_the_default,
        default_ends_the_process_at_last,
        each_version_has_a_handler_of_its_own,
    ])
}

static OURS: InfoQueue<4> = InfoQueue::new();
static OTHERS: siglatch_other::InfoQueue<4> = siglatch_other::InfoQueue::new();
static HOOKED: AtomicU32 = AtomicU32::new(0);

/// Who shares the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    We,
    OtherVersion,
    SignalHook,
    C,
    SecondC,
    Deaf,
    Rude,
}

use Party::{C, Deaf, OtherVersion, Rude, SecondC, SignalHook, We};

const ALL: [Party; 7] = [We, OtherVersion, SignalHook, C, SecondC, Deaf, Rude];

impl Party {
    /// The handler of a party that is C code.
    fn in_c(self) -> Option<&'static Foreign> {
        match self {
            C | Deaf | Rude => Some(foreign::first()),
            SecondC => Some(foreign::second()),
            We | OtherVersion | SignalHook => None,
        }
    }

    fn is_siglatch(self) -> bool {
        matches!(self, We | OtherVersion)
    }
}

/// Who has come, where each stands, and who has left.
struct Process {
    signo: i32,
    /// The action that was there first.
    first: RawAction,
    /// Whose handlers are in the chain, the lowest first, and the action of each.
    chain: Vec<(Party, RawAction)>,
    /// Who gets the signal. The handler of who does not may still be in the chain.
    here: Vec<Party>,
    hook: Option<SigId>,
}

impl Process {
    fn new(signo: i32) -> Self {
        let first = oracle::raw_action(signo);
        Self { signo, first, chain: Vec::new(), here: Vec::new(), hook: None }
    }

    #[track_caller]
    fn come(&mut self, party: Party) {
        match party {
            We => assert_eq!(OURS.catch(ours(self.signo)), Ok(())),
            OtherVersion => assert_eq!(OTHERS.catch(others(self.signo)), Ok(())),
            SignalHook => {
                let count = || _ = HOOKED.fetch_add(1, SeqCst);
                // SAFETY: an atomic addition may be made in signal context.
                self.hook = Some(unsafe { register(self.signo, count) }.expect("register"));
            }
            C | SecondC | Rude => party.in_c().expect("C code").come(self.signo),
            Deaf => drop(foreign::first().come_alone(self.signo)),
        }
        self.here.retain(|other| *other != party);
        self.here.push(party);
        self.chain.push((party, oracle::raw_action(self.signo)));
    }

    #[track_caller]
    fn go(&mut self, party: Party) {
        self.here.retain(|other| *other != party);
        match party {
            We => assert_eq!(OURS.release(ours(self.signo)), Ok(())),
            OtherVersion => assert_eq!(OTHERS.release(others(self.signo)), Ok(())),
            SignalHook => assert!(unregister(self.hook.take().expect("it has come"))),
            C | SecondC | Deaf | Rude => {}
        }
        if party == Rude {
            return self.go_rudely();
        }
        if party.is_siglatch() && self.top() == Some(party) {
            self.chain.pop();
        }
        self.c_goes();
        self.assert_in_force();
    }

    fn top(&self) -> Option<Party> {
        self.chain.last().map(|(party, _)| *party)
    }

    /// C code that wants to leave does so once its handler is the one in force.
    #[track_caller]
    fn c_goes(&mut self) {
        while let Some(party) = self.top().filter(|top| !self.here.contains(top)) {
            let Some(code) = party.in_c() else { return };
            assert!(code.is_in_force(self.signo));
            code.leave(self.signo);
            self.chain.pop();
        }
    }

    /// Puts back what it replaced, and who came over it notices nothing, until he looks again.
    #[track_caller]
    fn go_rudely(&mut self) {
        foreign::first().leave(self.signo);
        let stands = self.chain.iter().position(|(party, _)| *party == Rude);
        let over = self.chain.split_off(stands.expect("it has come"));
        self.assert_in_force();
        for (party, _) in over {
            if self.here.contains(&party) {
                self.come(party);
            }
        }
    }

    /// The action in force is that of the highest in the chain, or the first one.
    #[track_caller]
    fn assert_in_force(&self) {
        let now = oracle::raw_action(self.signo);
        let wanted = self.chain.last().map_or(self.first, |(_, action)| *action);
        if self.chain.is_empty() {
            assert_eq!(now, wanted, "the last out puts back what was first");
        } else {
            // What C code puts back goes through the C library, which has a restorer of its own.
            let restorer = now.restorer;
            assert_eq!(now, RawAction { restorer, ..wanted }, "in force, of {:x?}", self.chain);
        }
    }

    /// The signal comes: all who are there see it once, and nobody else does.
    #[track_caller]
    fn send(&mut self) {
        let recorded = recorder::count();
        raise(self.signo);
        let deaf = self.chain.iter().rposition(|(party, _)| *party == Deaf);
        let heard = self.chain.split_at(deaf.unwrap_or_default()).1;
        for party in ALL {
            let handler_is_called = heard.iter().any(|(other, _)| *other == party);
            // C code that could not leave yet is still called.
            let is_here = self.here.contains(&party) || party.in_c().is_some();
            if party.in_c().is_none() || handler_is_called {
                let wanted = usize::from(handler_is_called && is_here);
                assert_eq!(party_saw(party), wanted, "{party:?} in {:x?}", self.chain);
            }
        }
        for code in [foreign::first(), foreign::second()] {
            assert_eq!(code.take_calls(), 0, "C code that is not there");
        }
        let first = deaf.is_none() && self.first.handler == recorder::address();
        let calls = recorder::count().wrapping_sub(recorded);
        assert_eq!(calls, u32::from(first), "the first handler");
        // Versions of this crate that nobody is over any more step aside, C code after them.
        while self.top().is_some_and(|top| top.is_siglatch() && !self.here.contains(&top)) {
            self.chain.pop();
        }
        self.assert_in_force();
        self.c_goes();
    }

    /// Signals come until nobody can leave any more.
    #[track_caller]
    fn settle(&mut self) {
        assert_eq!(self.here, [], "all have left");
        let mut left = usize::MAX;
        while self.chain.len() < left {
            left = self.chain.len();
            self.send();
        }
        self.assert_in_force();
        let stays = self.chain.iter().any(|(party, _)| *party == SignalHook);
        assert_eq!(self.top(), stays.then_some(SignalHook), "only signal-hook stays in force");
    }
}

/// How often it has seen the signal since this was asked last.
fn party_saw(party: Party) -> usize {
    match party {
        We => OURS.drain().count(),
        OtherVersion => OTHERS.drain().count(),
        SignalHook => HOOKED.swap(0, SeqCst) as usize,
        C | SecondC | Deaf | Rude => party.in_c().expect("C code").take_calls() as usize,
    }
}

fn ours(signo: i32) -> Signal {
    Signal::from_raw(signo).expect("a signal")
}

fn others(signo: i32) -> siglatch_other::Signal {
    siglatch_other::Signal::from_raw(signo).expect("a signal")
}

#[track_caller]
fn raise(signo: i32) {
    assert_eq!(send::raise(ours(signo)), Ok(()));
}

/// Every order of `parties`.
fn orders<const N: usize>(parties: [Party; N]) -> Vec<Vec<Party>> {
    let put = |orders: Vec<Vec<Party>>, party| {
        let places = orders.iter().flat_map(|order| (0..=order.len()).map(|at| order.split_at(at)));
        places.map(|(low, high)| [low, &[party], high].concat()).collect()
    };
    parties.into_iter().fold(vec![Vec::new()], put)
}

/// Runs `body` for every order of coming and every order of going.
#[track_caller]
fn all_orders<const N: usize>(parties: [Party; N], mut body: impl FnMut(&[Party], &[Party])) {
    for coming in orders(parties) {
        for going in orders(parties) {
            body(&coming, &going);
        }
    }
}

/// All come and all go, in every order, each in a process of its own, on a signal whose action
/// `first` sets before.
#[track_caller]
fn all_come_and_go<const N: usize>(parties: [Party; N], signo: i32, first: fn(i32)) {
    all_orders(parties, |coming, going| {
        in_child(|| {
            println!("coming {coming:?}, going {going:?}");
            first(signo);
            let mut process = Process::new(signo);
            process.send();
            for party in coming {
                process.come(*party);
                process.send();
            }
            for party in going {
                process.go(*party);
                process.send();
            }
            process.settle();
        });
    });
}

fn ignore(signo: i32) {
    foreign::set(signo, &foreign::action(libc::SIG_IGN, 0));
}

fn default(signo: i32) {
    foreign::set(signo, &foreign::action(libc::SIG_DFL, 0));
}

/// One that does nothing by default: the process is to go on.
const HARMLESS: i32 = libc::SIGWINCH;

const WITH_SIGNAL_HOOK: [Party; 4] = [We, OtherVersion, SignalHook, C];
const WITH_TWO_IN_C: [Party; 4] = [We, OtherVersion, C, SecondC];
const WITH_DEAF_C: [Party; 3] = [We, OtherVersion, Deaf];
const WITH_RUDE_C: [Party; 3] = [We, OtherVersion, Rude];

fn with_signal_hook_over_a_handler() {
    all_come_and_go(WITH_SIGNAL_HOOK, libc::SIGUSR1, recorder::install);
}

fn with_signal_hook_over_ignored() {
    all_come_and_go(WITH_SIGNAL_HOOK, libc::SIGUSR1, ignore);
}

fn with_signal_hook_over_the_default() {
    all_come_and_go(WITH_SIGNAL_HOOK, HARMLESS, default);
}

fn with_two_in_c_over_a_handler() {
    all_come_and_go(WITH_TWO_IN_C, libc::SIGUSR1, recorder::install);
}

fn with_two_in_c_over_ignored() {
    all_come_and_go(WITH_TWO_IN_C, libc::SIGUSR1, ignore);
}

fn with_two_in_c_over_the_default() {
    all_come_and_go(WITH_TWO_IN_C, HARMLESS, default);
}

fn with_deaf_c_over_a_handler() {
    all_come_and_go(WITH_DEAF_C, libc::SIGUSR1, recorder::install);
}

fn with_deaf_c_over_ignored() {
    all_come_and_go(WITH_DEAF_C, libc::SIGUSR1, ignore);
}

fn with_deaf_c_over_the_default() {
    all_come_and_go(WITH_DEAF_C, HARMLESS, default);
}

fn with_rude_c_over_a_handler() {
    all_come_and_go(WITH_RUDE_C, libc::SIGUSR1, recorder::install);
}

fn with_rude_c_over_ignored() {
    all_come_and_go(WITH_RUDE_C, libc::SIGUSR1, ignore);
}

fn with_rude_c_over_the_default() {
    all_come_and_go(WITH_RUDE_C, HARMLESS, default);
}

fn default_ends_the_process_at_last() {
    all_orders([We, OtherVersion, C], |coming, going| {
        let mut child = Child::start(|link| {
            println!("coming {coming:?}, going {going:?}");
            default(libc::SIGTERM);
            let mut process = Process::new(libc::SIGTERM);
            for party in coming {
                process.come(*party);
            }
            process.send();
            for party in going {
                process.go(*party);
            }
            // C code that could not leave gets it still.
            while process.chain.iter().any(|(party, _)| party.in_c().is_some()) {
                process.send();
            }
            link.ready();
            raise(libc::SIGTERM);
        });
        child.await_ready();
        child.wait().assert_died_by(libc::SIGTERM);
    });
}

fn each_version_has_a_handler_of_its_own() {
    in_child(|| {
        let handler = |signo| oracle::raw_action(signo).handler;
        assert_eq!(OURS.catch(Signal::USR1), Ok(()));
        assert_eq!(OTHERS.catch(siglatch_other::Signal::USR2), Ok(()));
        assert_ne!(handler(libc::SIGUSR1), handler(libc::SIGUSR2));
        raise(libc::SIGUSR2);
        assert_eq!((party_saw(We), party_saw(OtherVersion)), (0, 1));
    });
}
