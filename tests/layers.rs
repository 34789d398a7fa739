//! Layers in one process that share a signal and know nothing of each other: this crate, another
//! version of it, signal-hook, and C code. In every order of coming and going, over every kind of
//! action that can be there first, each gets every signal exactly once while it is there, and what
//! is installed is to the byte what it has to be after each step.
//!
//! What that is:
//!
//! - A party that comes puts its handler over what is installed, and chains to that.
//! - A version of this crate has one handler for all its receivers. Where it may be under a handler of
//!   other code, it stays there. When the last receiver leaves, it restores what it replaced, if its
//!   handler is installed. Otherwise the handler stays where it is and chains, until what is over it
//!   restores it; the next signal then restores what it replaced.
//! - C code leaves in the same way, but not before its handler is installed. `Rude` code doesn't care:
//!   what came over it is gone with it, until its owners catch the signal once more; a version of this
//!   crate cannot know, and stays away while there is another handler than the one it replaced. `Deaf`
//!   code chains to nothing.
//! - signal-hook's handler stays for ever, by its own design. Then all that is over it goes, and
//!   what is under it stays and chains: C code can't leave from there, and if the first action was
//!   the default it has no effect any more.

#![expect(unsafe_code, reason = "signal-hook has functions called in signal context")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

#[path = "layers/process.rs"]
mod process;

use process::Party::{self, C, Deaf, OtherVersion, Rude, SecondC, SignalHook, We, WeToo};
use process::{OTHERS, OURS, Process, party_saw, raise};
use siglatch::Signal;
use std::process::ExitCode;
use support::{Child, foreign, in_child, oracle, recorder, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![
        with_signal_hook_over_a_handler,
        with_signal_hook_over_ignored,
        with_signal_hook_over_the_default,
        with_two_in_c_over_a_handler,
        with_two_in_c_over_ignored,
        with_two_in_c_over_the_default,
        with_two_of_ours_over_a_handler,
        with_two_of_ours_over_ignored,
        with_two_of_ours_over_the_default,
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
const WITH_TWO_OF_OURS: [Party; 4] = [We, WeToo, OtherVersion, C];
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

fn with_two_of_ours_over_a_handler() {
    all_come_and_go(WITH_TWO_OF_OURS, libc::SIGUSR1, recorder::install);
}

fn with_two_of_ours_over_ignored() {
    all_come_and_go(WITH_TWO_OF_OURS, libc::SIGUSR1, ignore);
}

fn with_two_of_ours_over_the_default() {
    all_come_and_go(WITH_TWO_OF_OURS, HARMLESS, default);
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
