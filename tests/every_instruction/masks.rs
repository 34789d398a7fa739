//! Blocking and unblocking: a blocked signal waits, and comes when it is unblocked.

use super::common::{EIGHT, LATCH, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::mask::{self, MaskGuard};
use siglatch::stack::{self, StackGuard};
use siglatch::{Errno, SigSet, Signal};
use support::{oracle::bit, state};

operations! {
    block until End on Signal::USR1 => During, After;
    block_another until End on Signal::USR1 => During;
    block_all until End on Signal::USR1 => During, After;
    unblock until End on Signal::USR1 => During;
    set_mask until End on Signal::USR1 => During, After;
    query_mask until End on Signal::USR1 => During;
    refused_mask until End on Signal::USR1 => During;
    guard_that_blocks until End on Signal::USR1 => During;
    guard_that_blocks_all until End on Signal::USR1 => During;
    guard_that_unblocks until End on Signal::USR1 => During;
    guard_that_sets until End on Signal::USR1 => During;
    guards_in_guards until End on Signal::USR1 => During;
    alternate_stack_comes_and_goes until End on Signal::USR1 => During;
    alternate_stack_is_asked_for until End on Signal::USR1 => During;
}

/// The flag was set in the operation, or is set once nothing is blocked.
fn delivered(sent: &Sent) -> Verdict {
    let during = LATCH.take_signal(sent.signal);
    mask::unblock(EIGHT)?;
    nothing_is_blocked()?;
    let after = LATCH.take_signal(sent.signal);
    ensure!(during != after, "during: {during}, after: {after}");
    Ok(if during { Seen::During } else { Seen::After })
}

fn mask_is(wanted: u64) -> Result<(), Wrong> {
    let mask = state::raw_mask();
    ensure!(mask == wanted, "the mask is {mask:#x}, not {wanted:#x}");
    Ok(())
}

fn block(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let before = window(|| mask::block(sent.signal))?;
    ensure!(before.is_empty(), "{before:?} was blocked");
    mask_is(bit(sent.signal.as_raw()))?;
    delivered(sent)
}

fn block_another(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| mask::block(Signal::USR2))?;
    mask_is(bit(libc::SIGUSR2))?;
    delivered(sent)
}

fn block_all(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| mask::block(SigSet::full()))?;
    let during = LATCH.take_signal(sent.signal);
    mask::set(SigSet::empty())?;
    nothing_is_blocked()?;
    let after = LATCH.take_signal(sent.signal);
    ensure!(during != after, "during: {during}, after: {after}");
    Ok(if during { Seen::During } else { Seen::After })
}

fn unblock(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block([sent.signal, Signal::USR2])?;
    window(|| mask::unblock(sent.signal))?;
    mask_is(bit(libc::SIGUSR2))?;
    delivered(sent)
}

fn set_mask(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(Signal::USR2)?;
    let before = window(|| mask::set(sent.signal))?;
    ensure!(before == SigSet::from(Signal::USR2), "{before:?} was blocked");
    mask_is(bit(sent.signal.as_raw()))?;
    delivered(sent)
}

fn query_mask(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(Signal::USR2)?;
    let mask = window(mask::query)?;
    ensure!(mask == SigSet::from(Signal::USR2), "{mask:?} is told");
    mask_is(bit(libc::SIGUSR2))?;
    delivered(sent)
}

fn refused_mask(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let refused = window(|| mask::block([sent.signal, Signal::KILL]));
    ensure!(refused == Err(Errno::INVAL), "{refused:?}");
    mask_is(0)?;
    delivered(sent)
}

/// A guard that has come and gone leaves the mask as it was, and nothing undelivered.
fn guarded(sent: &Sent, guard: impl FnOnce() -> Result<(), Errno>) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(Signal::USR2)?;
    window(guard)?;
    mask_is(bit(libc::SIGUSR2))?;
    delivered(sent)
}

fn guard_that_blocks(sent: &Sent) -> Verdict {
    guarded(sent, || MaskGuard::block(sent.signal).map(drop))
}

fn guard_that_blocks_all(sent: &Sent) -> Verdict {
    guarded(sent, || MaskGuard::block(SigSet::full()).map(drop))
}

fn guard_that_unblocks(sent: &Sent) -> Verdict {
    guarded(sent, || MaskGuard::unblock(Signal::USR2).map(drop))
}

fn guard_that_sets(sent: &Sent) -> Verdict {
    guarded(sent, || MaskGuard::set([sent.signal, Signal::HUP]).map(drop))
}

fn guards_in_guards(sent: &Sent) -> Verdict {
    guarded(sent, || {
        let _all = MaskGuard::block(SigSet::full())?;
        let _ours = MaskGuard::unblock(sent.signal)?;
        MaskGuard::block(Signal::HUP).map(drop)
    })
}

fn alternate_stack_comes_and_goes(sent: &Sent) -> Verdict {
    guarded(sent, || StackGuard::map(stack::usual_size())?.remove())
}

fn alternate_stack_is_asked_for(sent: &Sent) -> Verdict {
    guarded(sent, || stack::query().map(drop))
}
