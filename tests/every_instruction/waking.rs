//! Descriptors that are written to: a flag that is set is never without its wake-up.

use super::common::{LATCH, QUEUE, RT, nothing_is_blocked, operations, queue_has};
use super::theirs::{note, noted};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::fd::EventFd;
use siglatch::{Dispatcher, Latch, Signal, send};
use std::io::Read as _;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;

operations! {
    set_wake_fd until End on Signal::USR1 => After;
    set_wake_fd_with_a_flag_set until End on Signal::USR1 => After;
    exchange_wake_fd until End on Signal::USR1 => During, After;
    unset_wake_fd until End on Signal::USR1 => During, After;
    refused_wake_fd until End on Signal::USR1 => After;
    full_wake_fd until End on Signal::USR1 => After;
    wake_through until End on Signal::USR1 => After;
    wake_through_another until End on Signal::USR1 => During, After;
    clear_and_take until End on Signal::USR1 => During, After;
    read_and_pop until End on RT => During, After;
    clear_and_dispatch until End on RT => During, After;
}

/// Descriptors of a process of its own; what is written to the second can be read from the first.
fn pair() -> Result<(UnixStream, UnixStream), Wrong> {
    let pair = UnixStream::pair().map_err(|error| error.to_string())?;
    for end in [&pair.0, &pair.1] {
        end.set_nonblocking(true).map_err(|error| error.to_string())?;
    }
    Ok(pair)
}

/// The signals whose bytes have come.
fn bytes(reader: &UnixStream) -> Vec<u8> {
    let mut bytes = [0; 64];
    let mut reader = reader;
    let length = reader.read(&mut bytes).unwrap_or(0);
    bytes.into_iter().take(length).collect()
}

fn set(latch: &Latch, fd: Option<&UnixStream>) -> Result<Option<i32>, siglatch::Errno> {
    // SAFETY: the descriptors stay open until the process ends.
    unsafe { latch.set_wake_fd(fd.map(AsRawFd::as_raw_fd)) }
}

/// The flag is set, and the descriptor told so, by the signal's number and nothing else.
fn told(sent: &Sent, reader: &UnixStream) -> Verdict {
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    let bytes = bytes(reader);
    let number = sent.signal.as_raw() as u8;
    ensure!(!bytes.is_empty(), "the flag is set, and nothing is written");
    ensure!(bytes.iter().all(|byte| *byte == number), "{bytes:?} is written");
    // One for the flag that was found set, one of the handler.
    ensure!(bytes.len() <= 2, "{bytes:?} is written");
    Ok(Seen::After)
}

fn set_wake_fd(sent: &Sent) -> Verdict {
    let (reader, writer) = pair()?;
    LATCH.catch(sent.signal)?;
    let before = window(|| set(&LATCH, Some(&writer)))?;
    ensure!(before.is_none(), "{before:?} was there");
    told(sent, &reader)
}

fn set_wake_fd_with_a_flag_set(sent: &Sent) -> Verdict {
    let (reader, writer) = pair()?;
    LATCH.catch(sent.signal)?;
    send::raise(sent.signal)?;
    window(|| set(&LATCH, Some(&writer)))?;
    told(sent, &reader)
}

/// The old one is told of what came before, the new one of what is set.
fn exchange_wake_fd(sent: &Sent) -> Verdict {
    let ((old, old_writer), (new, new_writer)) = (pair()?, pair()?);
    LATCH.catch(sent.signal)?;
    set(&LATCH, Some(&old_writer))?;
    let before = window(|| set(&LATCH, Some(&new_writer)))?;
    ensure!(before == Some(old_writer.as_raw_fd()), "{before:?} was there");
    told(sent, &new)?;
    let seen = if bytes(&old).is_empty() { Seen::After } else { Seen::During };
    send::raise(sent.signal)?;
    ensure!(bytes(&old).is_empty(), "the old one is still written to");
    Ok(seen)
}

fn unset_wake_fd(sent: &Sent) -> Verdict {
    let (reader, writer) = pair()?;
    LATCH.catch(sent.signal)?;
    set(&LATCH, Some(&writer))?;
    window(|| set(&LATCH, None))?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    let seen = if bytes(&reader).is_empty() { Seen::After } else { Seen::During };
    send::raise(sent.signal)?;
    ensure!(bytes(&reader).is_empty(), "it is still written to");
    nothing_is_blocked()?;
    Ok(seen)
}

/// A descriptor that blocks is refused, and the one before stays.
fn refused_wake_fd(sent: &Sent) -> Verdict {
    let ((reader, writer), (_, blocking)) = (pair()?, pair()?);
    blocking.set_nonblocking(false).map_err(|error| error.to_string())?;
    LATCH.catch(sent.signal)?;
    set(&LATCH, Some(&writer))?;
    ensure!(window(|| set(&LATCH, Some(&blocking))).is_err(), "it is not refused");
    told(sent, &reader)
}

/// What finds no room is counted, and the flag is set.
fn full_wake_fd(sent: &Sent) -> Verdict {
    let (_reader, writer) = pair()?;
    let mut full = &writer;
    while std::io::Write::write(&mut full, &[0; 4096]).is_ok() {}
    while std::io::Write::write(&mut full, &[0]).is_ok() {}
    LATCH.catch(sent.signal)?;
    window(|| set(&LATCH, Some(&writer)))?;
    let missed = LATCH.missed_wakes();
    ensure!(missed == 1 || missed == 2, "{missed} missed");
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    Ok(Seen::After)
}

static EVENT: LazyLock<Option<EventFd>> = LazyLock::new(|| EventFd::new().ok());
static OTHER_EVENT: LazyLock<Option<EventFd>> = LazyLock::new(|| EventFd::new().ok());

fn event(which: &'static LazyLock<Option<EventFd>>) -> Result<&'static EventFd, Wrong> {
    which.as_ref().ok_or_else(|| "no eventfd".into())
}

fn wake_through(sent: &Sent) -> Verdict {
    let event = event(&EVENT)?;
    LATCH.catch(sent.signal)?;
    window(|| LATCH.wake_through(event))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    ensure!(event.clear(), "the flag is set, and nothing is written");
    Ok(Seen::After)
}

fn wake_through_another(sent: &Sent) -> Verdict {
    let (old, new) = (event(&EVENT)?, event(&OTHER_EVENT)?);
    LATCH.catch(sent.signal)?;
    LATCH.wake_through(old)?;
    window(|| LATCH.wake_through(new))?;
    nothing_is_blocked()?;
    ensure!(LATCH.take_signal(sent.signal), "the flag is not set");
    ensure!(new.clear(), "the flag is set, and nothing is written");
    Ok(if old.clear() { Seen::During } else { Seen::After })
}

/// A poll loop clears first and looks second: what it does not see then, wakes it again.
fn clear_and_take(sent: &Sent) -> Verdict {
    let event = event(&EVENT)?;
    LATCH.catch(sent.signal)?;
    LATCH.wake_through(event)?;
    let taken = window(|| {
        event.clear();
        LATCH.take()
    });
    nothing_is_blocked()?;
    let left = LATCH.is_set();
    ensure!(taken.contains(sent.signal) != left, "taken: {taken:?}, left: {left}");
    ensure!(!left || event.clear(), "a flag is left, and nothing is written");
    Ok(if left { Seen::After } else { Seen::During })
}

fn read_and_pop(sent: &Sent) -> Verdict {
    let (reader, writer) = pair()?;
    QUEUE.catch(sent.signal)?;
    // SAFETY: the descriptor stays open until the process ends.
    unsafe { QUEUE.set_wake_fd(Some(writer.as_raw_fd())) }?;
    let mut taken = heapless::Vec::<_, 4>::new();
    window(|| {
        let mut bytes = [0; 4];
        let _read = (&reader).read(&mut bytes);
        taken.extend(QUEUE.drain());
    });
    nothing_is_blocked()?;
    if let [info] = taken.as_slice() {
        ensure!(super::common::same(info, sent), "torn: {info:?}");
    }
    let left = queue_has(&QUEUE, sent)?;
    ensure!(taken.is_empty() == left, "taken: {taken:?}, left: {left}");
    ensure!(!left || !bytes(&reader).is_empty(), "one is left, and nothing is written");
    Ok(if left { Seen::After } else { Seen::During })
}

static TABLE: Dispatcher<4> = Dispatcher::new();

fn clear_and_dispatch(sent: &Sent) -> Verdict {
    let event = event(&EVENT)?;
    TABLE.catch(sent.signal, note)?;
    TABLE.wake_through(event)?;
    let called = window(|| {
        event.clear();
        TABLE.dispatch()
    });
    nothing_is_blocked()?;
    ensure!(called == 1 || event.clear(), "it is left, and nothing is written");
    let noted = noted(&TABLE, sent)?;
    ensure!(noted == 1, "the function was called {noted} times");
    Ok(if called == 1 { Seen::During } else { Seen::After })
}
