//! Around fork(2): the window without signals, what the child forgets, and the children that are
//! looked after.
//!
//! The child's part is tried in the traced process itself, which was forked and has one thread, as
//! its contract demands.

use super::common::{AT_ONCE, LATCH, QUEUE, latch_gets, nothing_is_blocked, operations, queue_has};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::child::{
    self, Children, ExecSignals, ForkWindow, InheritedSignals, set_parent_death_signal,
};
use siglatch::fd::PidFd;
use siglatch::{ChildState, Pid, Shutdown, Signal, mask, send, sys};
use support::{exit_now, oracle::bit, state};

operations! {
    window_without_a_fork until End on Signal::USR1 => During;
    window_over_a_mask until End on Signal::USR1 => During;
    child_forgets_a_flag until End on Signal::USR1 => Ignored, After;
    child_forgets_a_queue until End on Signal::USR1 => Ignored, After;
    child_forgets_a_shutdown until End on Signal::USR1 => Ignored, After;
    state_is_captured until End on Signal::USR1 => During;
    child_is_added until End on Signal::CHLD => After;
    child_is_removed until End on Signal::CHLD => After;
    child_is_reaped until End on Signal::CHLD => During, After;
    child_is_waited_for until End on Signal::CHLD => After;
    child_is_added_twice until End on Signal::CHLD => After;
    any_child_is_reaped until End on Signal::CHLD => After;
    any_child_is_waited_for until End on Signal::CHLD => After;
    child_is_reaped_by_its_descriptor until End on Signal::CHLD => After;
    end_is_waited_for_by_a_descriptor until End on Signal::CHLD => After;
    state_for_exec_is_applied until End on Signal::USR1 => During, Killed;
    parents_end_is_to_be_told until End on Signal::USR1 => During;
}

static CHILDREN: Children<4> = Children::new();
static SHUTDOWN: Shutdown = Shutdown::new();
static START: InheritedSignals = InheritedSignals::new();

fn window_without_a_fork(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| ForkWindow::open().map(drop))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "it is lost");
    Ok(Seen::During)
}

fn window_over_a_mask(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(Signal::USR2)?;
    window(|| ForkWindow::open().map(drop))?;
    let left = state::raw_mask();
    ensure!(left == bit(libc::SIGUSR2), "the mask left is {left:#x}");
    ensure!(LATCH.take_signal(sent.signal), "it is lost");
    Ok(Seen::During)
}

/// The child's part, with the signal the parent's before it and the child's own after it.
fn in_child() -> Result<(), Wrong> {
    window(|| {
        let fork = ForkWindow::open()?;
        // SAFETY: this process was forked, has one thread, and this is no handler.
        unsafe { fork.in_child() };
        Ok::<_, siglatch::Errno>(())
    })?;
    nothing_is_blocked()
}

fn forgotten(kept: bool) -> Seen {
    if kept { Seen::After } else { Seen::Ignored }
}

fn child_forgets_a_flag(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    LATCH.set(Signal::HUP);
    in_child()?;
    let kept = LATCH.take_signal(sent.signal);
    ensure!(!LATCH.is_set(), "a flag of the parent's is kept");
    latch_gets(sent.signal)?;
    Ok(forgotten(kept))
}

fn child_forgets_a_queue(sent: &Sent) -> Verdict {
    QUEUE.catch([sent.signal, Signal::HUP])?;
    send::raise(Signal::HUP)?;
    in_child()?;
    let kept = queue_has(&QUEUE, sent)?;
    ensure!(QUEUE.is_empty(), "a slot is left");
    Ok(forgotten(kept))
}

fn child_forgets_a_shutdown(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    in_child()?;
    let asked = SHUTDOWN.reset();
    ensure!(asked.is_none_or(|signal| signal == sent.signal), "{asked:?} asked");
    ensure!(SHUTDOWN.wait(AT_ONCE)? == SHUTDOWN.is_requested(), "the flag and the answer differ");
    Ok(forgotten(asked.is_some()))
}

fn state_is_captured(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(Signal::USR2)?;
    window(|| START.capture())?;
    let mask = START.mask();
    ensure!(mask == Some(Signal::USR2.into()), "{mask:?} is noted");
    ensure!(LATCH.take_signal(sent.signal), "it is lost");
    Ok(Seen::During)
}

/// A child that has ended, and waits to be waited for.
fn ended() -> Result<Pid, Wrong> {
    // SAFETY: the child exits.
    let Some(child) = (unsafe { child::fork() })? else { exit_now(7) };
    sys::waitid(libc::P_PID, child.as_raw(), libc::WEXITED | libc::WNOWAIT)?;
    Ok(child)
}

/// Who waits for a child is woken, since its signal came or may have come.
fn woken(expected: usize) -> Result<(), Wrong> {
    nothing_is_blocked()?;
    ensure!(CHILDREN.wait(AT_ONCE)?, "nobody is woken");
    let changes = CHILDREN.reap().count();
    ensure!(changes == expected, "{changes} changes are told, not {expected}");
    Ok(())
}

fn child_is_added(_: &Sent) -> Verdict {
    let child = ended()?;
    CHILDREN.catch()?;
    window(|| CHILDREN.add(child))?;
    woken(1)?;
    Ok(Seen::After)
}

fn child_is_removed(_: &Sent) -> Verdict {
    let child = ended()?;
    CHILDREN.catch()?;
    CHILDREN.add(child)?;
    let removed = window(|| CHILDREN.remove(child));
    ensure!(removed, "it was not there");
    woken(0)?;
    let state = child::try_wait(child)?;
    ensure!(state == Some(ChildState::Exited(7)), "{state:?}");
    Ok(Seen::After)
}

fn child_is_reaped(_: &Sent) -> Verdict {
    let child = ended()?;
    CHILDREN.catch()?;
    CHILDREN.add(child)?;
    let (first, rest) = window(|| {
        let mut changes = CHILDREN.reap();
        (changes.next(), changes.count())
    });
    let told = first.map(|change| (change.pid, change.state));
    ensure!(told == Some((child, Some(ChildState::Exited(7)))), "{told:?}");
    ensure!(rest == 0 && CHILDREN.is_empty(), "{rest} more");
    nothing_is_blocked()?;
    // Before the flag was cleared, it was the one that the walk came for.
    Ok(if CHILDREN.wait(AT_ONCE)? { Seen::After } else { Seen::During })
}

fn child_is_waited_for(sent: &Sent) -> Verdict {
    let child = ended()?;
    LATCH.catch(sent.signal)?;
    let _earlier = LATCH.take();
    let state = window(|| child::wait(child))?;
    ensure!(state == ChildState::Exited(7), "{state:?}");
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "it is lost");
    Ok(Seen::After)
}

fn child_is_added_twice(_: &Sent) -> Verdict {
    let child = ended()?;
    CHILDREN.catch()?;
    CHILDREN.add(child)?;
    window(|| CHILDREN.add(child))?;
    woken(1)?;
    Ok(Seen::After)
}

/// The flag of the latch is set, once, and nothing is blocked.
fn flagged(sent: &Sent) -> Result<(), Wrong> {
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "it is lost");
    Ok(())
}

fn any_child_is_reaped(sent: &Sent) -> Verdict {
    let child = ended()?;
    LATCH.catch(sent.signal)?;
    let _earlier = LATCH.take();
    let told = window(|| {
        let mut any = child::reap_any(|_| false);
        (any.next().map(|change| (change.pid, change.state)), any.count())
    });
    ensure!(told == (Some((child, Some(ChildState::Exited(7)))), 0), "{told:?}");
    flagged(sent)?;
    Ok(Seen::After)
}

fn any_child_is_waited_for(sent: &Sent) -> Verdict {
    let child = ended()?;
    LATCH.catch(sent.signal)?;
    let _earlier = LATCH.take();
    let any = window(child::wait_any)?;
    ensure!(any == child, "{any:?}");
    flagged(sent)?;
    Ok(Seen::After)
}

fn child_is_reaped_by_its_descriptor(sent: &Sent) -> Verdict {
    let process = PidFd::open(ended()?)?;
    LATCH.catch(sent.signal)?;
    let _earlier = LATCH.take();
    let state = window(|| process.try_wait())?;
    ensure!(state == Some(ChildState::Exited(7)), "{state:?}");
    flagged(sent)?;
    Ok(Seen::After)
}

fn end_is_waited_for_by_a_descriptor(sent: &Sent) -> Verdict {
    let process = PidFd::open(ended()?)?;
    LATCH.catch(sent.signal)?;
    let _earlier = LATCH.take();
    ensure!(window(|| process.wait(None))?, "it has not ended");
    flagged(sent)?;
    Ok(Seen::After)
}

/// Caught as long as the mask is open; what comes later takes its default action, as it would in the
/// other program.
fn state_for_exec_is_applied(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    window(|| ExecSignals::new().apply())?;
    flagged(sent)?;
    Ok(Seen::During)
}

fn parents_end_is_to_be_told(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let Some(parent) = Pid::parent() else { return Err("no parent".into()) };
    window(|| set_parent_death_signal(parent, Signal::KILL))?;
    let told = child::parent_death_signal()?;
    ensure!(told == Some(Signal::KILL), "{told:?}");
    flagged(sent)?;
    Ok(Seen::During)
}
