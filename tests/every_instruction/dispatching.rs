//! Dispatching callbacks: each signal that came is dispatched once.

use super::common::{RT, nothing_is_blocked, operations, same};
use super::theirs::{note, noted};
use crate::tracer::op::{Seen, Verdict, ensure, window};
use crate::tracer::ptrace::Sent;
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicUsize, Ordering};
use siglatch::{Dispatcher, SigInfo, Signal, send};

operations! {
    dispatch_of_none until End on RT => During, After;
    dispatch_beside_another until End on RT => During, After;
    dispatch_before_another until End on Signal::USR1 => During, After;
    dispatch_what_has_come until End on RT => During, After;
    dispatch_with until End on RT => During, After;
    dispatch_that_breaks_off until End on RT => After;
    on_in_the_place_of_another until End on RT => Theirs, Ours;
    off_of_another until End on RT => Ours;
    function until End on RT => Ours;
    pending_of_a_table until End on RT => Ours;
}

static TABLE: Dispatcher<4> = Dispatcher::new();

/// Calls of [`another`].
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn another(_: &SigInfo) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// Dispatches once more: the operation has called the function, or that does.
fn during_or_after(sent: &Sent, called: usize) -> Verdict {
    nothing_is_blocked()?;
    let noted = noted(&TABLE, sent)?;
    ensure!(noted == 1, "the function was called {noted} times");
    ensure!(TABLE.dispatch() == 0, "it is dispatched again");
    Ok(if called == 0 { Seen::After } else { Seen::During })
}

fn dispatch_of_none(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    let called = window(|| TABLE.dispatch());
    during_or_after(sent, called)
}

fn with_another(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    TABLE.catch(Signal::USR2, another)?;
    send::raise(Signal::USR2)?;
    let called = window(|| TABLE.dispatch());
    let calls = CALLS.load(Ordering::Relaxed);
    ensure!(called >= 1 && calls == 1, "the other function was called {calls} times");
    during_or_after(sent, called - 1)
}

fn dispatch_beside_another(sent: &Sent) -> Verdict {
    with_another(sent)
}

/// Its number is lower: the dispatch does not go back to it.
fn dispatch_before_another(sent: &Sent) -> Verdict {
    with_another(sent)
}

/// It has come before: the function gets the newest details, or is called a second time.
fn dispatch_what_has_come(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, another)?;
    send::raise(sent.signal)?;
    let mut last = None;
    let mut dispatch = || {
        let mut called = 0_usize;
        let _all = TABLE.dispatch_with(|info| {
            called += 1;
            last = Some(*info);
            ControlFlow::<()>::Continue(())
        });
        called
    };
    let during = window(&mut dispatch);
    ensure!(during == 1, "{during} calls for what has come");
    let after = dispatch();
    ensure!(after <= 1 && dispatch() == 0, "it is dispatched again");
    let Some(last) = last else { return Err("it was lost".into()) };
    // Details are dropped if the signal came just while those of the call before were taken.
    ensure!(same(&last, sent) || after == 1, "the newest details are not there: {last:?}");
    Ok(if after == 1 { Seen::After } else { Seen::During })
}

fn dispatch_with(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    let mut called = 0;
    let broken_off = window(|| {
        TABLE.dispatch_with(|info| {
            called += 1;
            note(info);
            ControlFlow::<()>::Continue(())
        })
    });
    ensure!(broken_off.is_continue(), "it says that it was broken off");
    during_or_after(sent, called)
}

/// What comes while a function breaks off is for the next dispatch.
fn dispatch_that_breaks_off(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    TABLE.catch(Signal::USR2, another)?;
    send::raise(Signal::USR2)?;
    let broken_off = window(|| TABLE.dispatch_with(|info| ControlFlow::Break(*info)));
    let ControlFlow::Break(info) = broken_off else { return Err("not broken off".into()) };
    ensure!(info.signal() == Signal::USR2, "broken off by {info:?}");
    during_or_after(sent, 0)
}

/// The table has one function or the other, and one of them is called.
fn on_in_the_place_of_another(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, another)?;
    window(|| {
        let caught = TABLE.catch(sent.signal, note);
        TABLE.dispatch();
        caught
    })?;
    let (calls, noted) = (CALLS.load(Ordering::Relaxed), noted(&TABLE, sent)?);
    ensure!(calls + noted == 1, "{calls} and {noted} calls");
    nothing_is_blocked()?;
    Ok(if noted == 1 { Seen::Ours } else { Seen::Theirs })
}

/// The signal stays as it is when another one's function goes.
fn off_of_another(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    TABLE.catch(Signal::USR2, another)?;
    window(|| TABLE.release(Signal::USR2))?;
    during_or_after(sent, 0).map(|_| Seen::Ours)
}

fn function(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    ensure!(window(|| TABLE.callback(sent.signal)).is_some(), "there is no function");
    during_or_after(sent, 0).map(|_| Seen::Ours)
}

fn pending_of_a_table(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, note)?;
    let others = window(|| TABLE.pending()).into_iter().any(|one| one != sent.signal);
    ensure!(!others, "flags that nobody has set");
    during_or_after(sent, 0).map(|_| Seen::Ours)
}
