//! Keeping another action against handlers that are about to call the one before.

use super::{Model, join, spawn};
use crate::action::SaFlags;
use crate::delivery::gate::Gate;
use crate::delivery::previous::PreviousAction;
use crate::sync::share;
use crate::sys::{KernelRestorer, KernelSigaction, KernelSigset, SIG_DFL};

pub(super) const MODELS: &[Model] = &[
    Model::new("previous: an address goes with its flags and mask", || keep(&[PLAIN, INFORMED])),
    Model::new("previous: nor with those of one that was kept before", || {
        keep(&[INFORMED, PLAIN]);
    }),
    Model::bounded("previous: nor of one before that", 3, || keep(&[PLAIN, INFORMED, PLAIN_TOO])),
    Model::new("previous: of two handlers at once, one calls what is to be called once", once),
];

/// Each with a mask of its own.
const fn action(handler: usize, flags: SaFlags) -> KernelSigaction {
    let mask = KernelSigset::from_bits(handler as u64);
    KernelSigaction { handler, flags: flags.bits(), restorer: KernelRestorer::new(0), mask }
}

const PLAIN: KernelSigaction = action(0x1000, SaFlags::empty());
const INFORMED: KernelSigaction = action(0x2000, SaFlags::SIGINFO);
const PLAIN_TOO: KernelSigaction = action(0x3000, SaFlags::empty());
const ONCE: KernelSigaction = action(0x4000, SaFlags::RESETHAND);

/// The first is there before.
fn keep(actions: &'static [KernelSigaction]) {
    let gate = share(Gate::new());
    let previous = share(PreviousAction::new());
    let (first, others) = actions.split_first().expect("there is one");
    previous.save(first, gate);
    let handler = spawn(|| {
        let ticket = gate.enter();
        let chained = previous.chained();
        gate.leave(ticket);
        chained
    });
    for action in others {
        previous.save(action, gate);
    }
    if let Some(chained) = join(handler) {
        let known = actions.iter().any(|action| {
            action.handler == chained.address
                && SaFlags::from_bits(action.flags) == chained.flags
                && action.mask == chained.mask
        });
        assert!(known, "an address with another's flags or mask");
    }
}

fn once() {
    let gate = share(Gate::new());
    let previous = share(PreviousAction::new());
    previous.save(&ONCE, gate);
    let other = spawn(|| previous.chained().is_some());
    let mine = previous.chained().is_some();
    assert!(mine != join(other), "exactly one calls it");
    assert_eq!(previous.saved().handler, SIG_DFL);
}
