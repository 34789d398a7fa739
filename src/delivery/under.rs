//! The actions under our handler: those that were in force until it replaced them.

use super::previous::PreviousAction;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{Signal, signal};

/// Those under its first place, by number.
static FIRST: [PreviousAction; signal::MAX as usize] =
    [const { PreviousAction::new() }; signal::MAX as usize];

/// Those under its place over other code's handler, for as many signals as were ever caught anew
/// there.
static OVER: [OverSlot; 4] = [const { OverSlot::new() }; 4];

/// A record that belongs to one signal from its first use on.
struct OverSlot {
    /// The signal's number; 0 while it belongs to none.
    owner: AtomicU32,
    under: PreviousAction,
}

impl OverSlot {
    const fn new() -> Self {
        Self { owner: AtomicU32::new(0), under: PreviousAction::new() }
    }
}

pub(super) fn first(signal: Signal) -> &'static PreviousAction {
    const LAST: usize = signal::MAX as usize - 1;
    let index = number(signal).wrapping_sub(1) as usize;
    #[expect(clippy::indexing_slicing, reason = "a power of two, masked: no panic is left")]
    &FIRST[index & LAST]
}

/// `None` if no record belongs to the signal.
pub(super) fn over(signal: Signal) -> Option<&'static PreviousAction> {
    // ORDERING: Relaxed: what is in a record is written after it is claimed, with an order of its
    // own.
    let slot = OVER.iter().find(|slot| slot.owner.load(Ordering::Relaxed) == number(signal));
    slot.map(|slot| &slot.under)
}

/// As [`over`], and takes a free record for the signal if it has none. One caller at a time.
pub(super) fn claim_over(signal: Signal) -> Option<&'static PreviousAction> {
    over(signal).or_else(|| {
        let free = OVER.iter().find(|slot| slot.owner.load(Ordering::Relaxed) == 0)?;
        free.owner.store(number(signal), Ordering::Relaxed);
        Some(&free.under)
    })
}

fn number(signal: Signal) -> u32 {
    signal.as_raw().unsigned_abs()
}
