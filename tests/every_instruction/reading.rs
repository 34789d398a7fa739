//! Looking at flags and taking them: each flag is taken once, by the operation or after it.

use super::common::{AT_ONCE, EIGHT, LATCH, nothing_is_blocked, once, operations};
use crate::tracer::op::{Seen, Verdict, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::{SigSet, Signal, send};

operations! {
    is_set until End on Signal::USR1 => After;
    contains until End on Signal::USR1 => After;
    pending until End on Signal::USR1 => After;
    caught until End on Signal::USR1 => After;
    take until End on Signal::USR1 => During, After;
    take_beside_another_flag until End on Signal::USR1 => During, After;
    take_what_is_set until End on Signal::USR1 => During, After;
    take_signal until End on Signal::USR1 => During, After;
    take_another_signal until End on Signal::USR1 => After;
    take_in_a_loop until End on Signal::USR1 => During, After;
    drain until End on Signal::USR1 => During, After;
    drain_eight until End on Signal::USR1 => During, After;
    set_another until End on Signal::USR1 => After;
    set_the_same until End on Signal::USR1 => After;
    wait_that_only_looks until End on Signal::USR1 => After;
    debug_text until End on Signal::USR1 => After;
}

/// What was looked at is the flag before the signal or after it, and never is wrong about others.
fn looked(sent: &Sent, set: impl Into<SigSet>) -> Verdict {
    let others = set.into().difference(SigSet::from(sent.signal));
    ensure!(others.is_empty(), "flags that nobody has set: {others:?}");
    once(sent, false)
}

fn is_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let _set = window(|| LATCH.is_set());
    once(sent, false)
}

fn contains(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let other = window(|| (LATCH.contains(sent.signal), LATCH.contains(Signal::USR2)).1);
    ensure!(!other, "a flag that nobody has set");
    once(sent, false)
}

fn pending(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let set = window(|| LATCH.pending());
    looked(sent, set)
}

fn caught(sent: &Sent) -> Verdict {
    LATCH.catch([sent.signal, Signal::USR2])?;
    let set = window(|| LATCH.caught());
    ensure!(set == SigSet::from([sent.signal, Signal::USR2]), "{set:?}");
    once(sent, false)
}

fn take(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let taken = window(|| LATCH.take());
    once(sent, taken.contains(sent.signal))
}

fn take_beside_another_flag(sent: &Sent) -> Verdict {
    LATCH.catch([sent.signal, Signal::USR2])?;
    send::raise(Signal::USR2)?;
    let taken = window(|| LATCH.take());
    ensure!(taken.contains(Signal::USR2), "{taken:?} taken, without the flag that was set");
    once(sent, taken.contains(sent.signal))
}

/// The flag is set before: a signal that comes before the flag is taken adds nothing.
fn take_what_is_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    send::raise(sent.signal)?;
    let taken = window(|| LATCH.take());
    ensure!(taken == SigSet::from(sent.signal), "{taken:?}");
    nothing_is_blocked()?;
    Ok(if LATCH.take_signal(sent.signal) { Seen::After } else { Seen::During })
}

fn take_signal(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let taken = window(|| LATCH.take_signal(sent.signal));
    once(sent, taken)
}

fn take_another_signal(sent: &Sent) -> Verdict {
    LATCH.catch([sent.signal, Signal::USR2])?;
    send::raise(Signal::USR2)?;
    ensure!(window(|| LATCH.take_signal(Signal::USR2)), "the flag was lost");
    once(sent, false)
}

/// A main loop: it looks, and takes what there is.
fn take_in_a_loop(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let taken = window(|| {
        let mut taken = SigSet::empty();
        for _ in 0..8 {
            if LATCH.is_set() {
                taken |= LATCH.take();
            }
        }
        taken
    });
    once(sent, taken.contains(sent.signal))
}

fn drain(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let taken = window(|| LATCH.drain().count());
    ensure!(taken <= 1, "{taken} taken");
    once(sent, taken == 1)
}

/// Seven flags are set before, and each is taken once and in order.
fn drain_eight(sent: &Sent) -> Verdict {
    LATCH.catch(EIGHT)?;
    for signal in EIGHT.into_iter().filter(|signal| *signal != sent.signal) {
        send::raise(signal)?;
    }
    let taken = window(|| LATCH.drain().collect::<heapless::Vec<Signal, 16>>());
    for signal in EIGHT.into_iter().filter(|signal| *signal != sent.signal) {
        let times = taken.iter().filter(|one| **one == signal).count();
        ensure!(times == 1, "{signal} was taken {times} times");
    }
    let times = taken.iter().filter(|one| **one == sent.signal).count();
    ensure!(times <= 1, "taken {times} times");
    once(sent, times == 1)
}

fn set_another(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| LATCH.set(Signal::USR2));
    ensure!(LATCH.take_signal(Signal::USR2), "the flag is not set");
    once(sent, false)
}

fn set_the_same(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| LATCH.set(sent.signal));
    once(sent, false)
}

fn wait_that_only_looks(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let _set = window(|| LATCH.wait(AT_ONCE))?;
    once(sent, false)
}

fn debug_text(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let text = window(|| {
        let mut text = heapless::String::<256>::new();
        core::fmt::Write::write_fmt(&mut text, format_args!("{LATCH:?}")).map(|()| text)
    });
    ensure!(text.is_ok_and(|text| text.contains("USR1")), "it does not say what is caught");
    once(sent, false)
}
