//! Signals read from a descriptor: each instance is read once, and whole.

use super::common::{LATCH, RT, nothing_is_blocked, operations};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::fd::{EventFd, PidFd, SignalFd, SignalFdInfo};
use siglatch::{Cause, Errno, Pid, SigVal, Signal, Tid, mask, send};

operations! {
    signalfd_new until End on RT => After;
    signalfd_read_of_none until End on RT => During, After;
    signalfd_read_of_one until End on RT => During, After;
    signalfd_read_in_a_small_buffer until End on RT => After;
    signalfd_read_that_waits until Asleep on RT => During;
    signalfd_read_beside_a_handler until End on Signal::USR1 => Ours;
    signalfd_set until End on RT => After;
    signalfd_drop until End on RT => After;
    eventfd_clear until End on Signal::USR1 => Ours;
    eventfd_new until End on Signal::USR1 => Ours;
    pidfd_open until End on Signal::USR1 => Ours;
}

type Records = heapless::Vec<SignalFdInfo, 8>;

/// A descriptor for the signal, which is blocked from here on and caught besides.
fn listen(sent: &Sent, nonblocking: bool) -> Result<SignalFd, Wrong> {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let open =
        if nonblocking { SignalFd::nonblocking(sent.signal) } else { SignalFd::new(sent.signal) };
    Ok(open?)
}

/// One read; nothing is no error.
fn read(fd: &SignalFd, room: usize) -> Result<Records, Errno> {
    let mut buffer = [SignalFdInfo::new(); 4];
    match fd.read(buffer.get_mut(..room).unwrap_or_default()) {
        Ok(records) => Ok(records.iter().copied().collect()),
        Err(Errno::AGAIN) => Ok(Records::new()),
        Err(errno) => Err(errno),
    }
}

/// The values of what was read.
fn values(records: &Records) -> Vec<Option<i32>> {
    records.iter().map(|record| record.value().map(SigVal::as_int)).collect()
}

/// What was read and what is left is what was sent before, then the instance of the tracer; and
/// the handler got none of it.
fn read_once(sent: &Sent, fd: &SignalFd, before: &[i32], taken: &Records) -> Verdict {
    let left = read(fd, 4)?;
    let Sent { pid, uid, value, .. } = *sent;
    let mut found = values(taken);
    found.extend(values(&left));
    let wanted: Vec<Option<i32>> = before.iter().chain([&value]).map(|one| Some(*one)).collect();
    ensure!(found == wanted, "{found:?} was read, and {wanted:?} was sent");
    let last = left.last().or(taken.last());
    let cause = last.map(SignalFdInfo::cause);
    let whole = Cause::Queue { pid, uid, value: SigVal::from_int(value) };
    ensure!(cause == Some(whole), "torn: {cause:?}");
    mask::unblock(sent.signal)?;
    nothing_is_blocked()?;
    ensure!(!LATCH.is_set(), "it came to the handler as well");
    Ok(if left.is_empty() { Seen::During } else { Seen::After })
}

fn signalfd_new(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let fd = window(|| SignalFd::nonblocking(sent.signal))?;
    read_once(sent, &fd, &[], &Records::new())
}

fn signalfd_read_of_none(sent: &Sent) -> Verdict {
    let fd = listen(sent, true)?;
    let taken = window(|| read(&fd, 4))?;
    read_once(sent, &fd, &[], &taken)
}

fn signalfd_read_of_one(sent: &Sent) -> Verdict {
    let fd = listen(sent, true)?;
    send::queue_thread(Pid::this(), Tid::this(), sent.signal, SigVal::from_int(1))?;
    let taken = window(|| read(&fd, 4))?;
    read_once(sent, &fd, &[1], &taken)
}

fn signalfd_read_in_a_small_buffer(sent: &Sent) -> Verdict {
    let fd = listen(sent, true)?;
    send::queue_thread(Pid::this(), Tid::this(), sent.signal, SigVal::from_int(1))?;
    let taken = window(|| read(&fd, 1))?;
    read_once(sent, &fd, &[1], &taken)
}

fn signalfd_read_that_waits(sent: &Sent) -> Verdict {
    let fd = listen(sent, false)?;
    let taken = window(|| read(&fd, 4))?;
    mask::block(sent.signal)?;
    // It would wait for another one.
    let nonblocking = SignalFd::nonblocking(sent.signal)?;
    read_once(sent, &nonblocking, &[], &taken)
}

/// A signal that the descriptor is not for is the handler's.
fn signalfd_read_beside_a_handler(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(RT)?;
    let fd = SignalFd::nonblocking(RT)?;
    send::queue(Pid::this(), RT, SigVal::from_int(1))?;
    let taken = window(|| read(&fd, 4))?;
    ensure!(values(&taken) == [Some(1)], "{taken:?} was read");
    mask::unblock(RT)?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the handler did not get it");
    Ok(Seen::Ours)
}

fn signalfd_set(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let fd = SignalFd::nonblocking(Signal::USR2)?;
    window(|| fd.set(sent.signal))?;
    read_once(sent, &fd, &[], &Records::new())
}

/// The signal stays pending when the descriptor goes.
fn signalfd_drop(sent: &Sent) -> Verdict {
    let fd = listen(sent, true)?;
    window(|| drop(fd));
    let fd = SignalFd::nonblocking(sent.signal)?;
    read_once(sent, &fd, &[], &Records::new())
}

fn caught_once(sent: &Sent) -> Verdict {
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    Ok(Seen::Ours)
}

fn eventfd_clear(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let event = EventFd::new()?;
    ensure!(!window(|| event.clear()), "it was readable");
    caught_once(sent)
}

fn eventfd_new(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let event = window(EventFd::new)?;
    ensure!(!event.clear(), "it is readable");
    caught_once(sent)
}

fn pidfd_open(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let _fd = window(|| PidFd::open(Pid::this()))?;
    caught_once(sent)
}
