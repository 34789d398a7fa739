//! (b) A burst of 1,000 signals to a program that is busy and does not look, then its consumer, which
//! watches a descriptor, catches up.
//!
//! The burst is queued first, unmeasured, while the signal is blocked: a real-time signal, so that
//! each of the thousand has its handler. With the sending, which is the same for both and takes a
//! third of the time, it is measured besides; that has to be so for async-signal, which takes no
//! real-time signals.
//!
//! A thousand make one flag. Only async-signal sends each through its socket, and so has each to
//! read. That everybody sees the signal after every burst is checked.

use std::io::Read as _;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures_lite::StreamExt as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};
use siglatch::fd::EventFd;
use siglatch::{Latch, Signal};
use signal_hook::iterator::Signals;

use super::Part;
use crate::measure::{Contender, Effort, compare, each};
use crate::outcome::Outcome;
use crate::signals::{self, Raiser};

pub(super) const PARTS: &[(&str, Part)] = &[
    ("b-iterator", iterator),
    ("b-iterator-raised", iterator_raised),
    ("b-tokio", tokio),
    ("b-async-signal", async_signal),
];

const BURST: u32 = 1000;

static BY_EVENT: Latch = Latch::new();
static BY_SOCKET: Latch = Latch::new();

/// A burst of `signal`, a real-time one, that was queued before; then what `catch_up` does.
fn queued<'a>(
    name: &str,
    signal: i32,
    mut catch_up: impl FnMut() -> Result<()> + 'a,
) -> Contender<'a> {
    let raiser = Raiser::new();
    let queue = move || {
        signals::block(signal);
        (0..BURST).try_for_each(|_| raiser.queue(signal, 0))
    };
    burst(name, queue, move || {
        signals::unblock(signal);
        catch_up()
    })
}

/// A burst of `signal`, sent one by one; then what `catch_up` does.
fn raised<'a>(
    name: &str,
    signal: i32,
    mut catch_up: impl FnMut() -> Result<()> + 'a,
) -> Contender<'a> {
    let raiser = Raiser::new();
    burst(
        name,
        || Ok(()),
        move || {
            (0..BURST).try_for_each(|_| raiser.raise(signal))?;
            catch_up()
        },
    )
}

/// What `work` takes, for each signal, after what `prepare` does.
fn burst<'a>(
    name: &str,
    mut prepare: impl FnMut() -> Result<()> + 'a,
    mut work: impl FnMut() -> Result<()> + 'a,
) -> Contender<'a> {
    Contender::new(name, move || {
        prepare()?;
        let start = processor_time()?;
        work()?;
        Ok(each(processor_time()?.saturating_sub(start), BURST))
    })
}

/// What this process has used of a processor, all threads together. A burst takes milliseconds, in
/// which other processes may have had their turn.
fn processor_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

fn wait_readable(fd: BorrowedFd<'_>) -> Result<()> {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    ensure!(poll(&mut fds, PollTimeout::NONE)? == 1, "the descriptor is not readable");
    Ok(())
}

/// Catches `signal` in a latch that wakes an eventfd, and returns how its consumer catches up.
fn on_eventfd(signal: i32) -> Result<impl FnMut() -> Result<()>> {
    let event: &EventFd = Box::leak(Box::new(EventFd::new()?));
    let signal = Signal::from_raw(signal)?;
    BY_EVENT.wake_through(event)?;
    BY_EVENT.catch(signal)?;
    #[expect(unsafe_code, reason = "a descriptor by its number")]
    // SAFETY: it is never closed.
    let fd = unsafe { BorrowedFd::borrow_raw(event.as_raw()) };
    Ok(move || {
        wait_readable(fd)?;
        ensure!(event.clear(), "the eventfd was not readable");
        ensure!(BY_EVENT.take().contains(signal), "the latch saw no signal");
        Ok(())
    })
}

/// The same on the descriptor that signal-hook has: a socket.
fn on_socket(signal: i32) -> Result<impl FnMut() -> Result<()>> {
    let (mut reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    let writer = Box::leak(Box::new(writer));
    let signal = Signal::from_raw(signal)?;
    #[expect(unsafe_code, reason = "a descriptor for the handler")]
    // SAFETY: it is ours and never closed.
    unsafe { BY_SOCKET.set_wake_fd(Some(writer.as_raw_fd())) }?;
    BY_SOCKET.catch(signal)?;
    Ok(move || {
        use std::os::fd::AsFd as _;
        wait_readable(reader.as_fd())?;
        let mut bytes = [0; 1024];
        while reader.read(&mut bytes).is_ok() {}
        ensure!(BY_SOCKET.take().contains(signal), "the latch saw no signal");
        Ok(())
    })
}

/// signal-hook's iterator over `signal`.
fn by_iterator(signal: i32) -> Result<impl FnMut() -> Result<()>> {
    let mut signals = Signals::new([signal])?;
    Ok(move || {
        ensure!(signals.wait().next() == Some(signal), "signal-hook saw no signal");
        Ok(())
    })
}

fn missed_wakes(outcome: &mut Outcome) {
    outcome.figure("b/missed wake-ups of latch-eventfd", f64::from(BY_EVENT.missed_wakes()), "");
    outcome.figure("b/missed wake-ups of latch-socket", f64::from(BY_SOCKET.missed_wakes()), "");
}

fn iterator(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let [event, socket, first, second] = [0, 1, 2, 3].map(|n| libc::SIGRTMIN() + n);
    let ours = queued("latch-eventfd", event, on_eventfd(event)?);
    let theirs = queued("signal-hook-iterator", first, by_iterator(first)?);
    compare(effort, &mut outcome, "b", ours, vec![theirs])?;
    let ours = queued("latch-socket", socket, on_socket(socket)?);
    let theirs = queued("signal-hook-iterator", second, by_iterator(second)?);
    compare(effort, &mut outcome, "b", ours, vec![theirs])?;
    missed_wakes(&mut outcome);
    Ok(outcome)
}

fn iterator_raised(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let ours = raised("latch-eventfd-raised", libc::SIGUSR1, on_eventfd(libc::SIGUSR1)?);
    let theirs = raised("signal-hook-iterator", libc::SIGTERM, by_iterator(libc::SIGTERM)?);
    compare(effort, &mut outcome, "b", ours, vec![theirs])?;
    Ok(outcome)
}

fn tokio(effort: Effort) -> Result<Outcome> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut outcome = Outcome::default();
    let [event, number] = [0, 1].map(|n| libc::SIGRTMIN() + n);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut stream = {
        let _inside = runtime.enter();
        signal(SignalKind::from_raw(number))?
    };
    let theirs = queued("tokio", number, || {
        ensure!(runtime.block_on(stream.recv()).is_some(), "tokio saw no signal");
        Ok(())
    });
    let ours = queued("latch-eventfd", event, on_eventfd(event)?);
    compare(effort, &mut outcome, "b", ours, vec![theirs])?;
    Ok(outcome)
}

fn async_signal(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut stream = async_signal::Signals::new([async_signal::Signal::Term])?;
    let mut seen = 0_u32;
    let mut bursts = 0_u32;
    let theirs = raised("async-signal", libc::SIGTERM, || {
        bursts += 1;
        async_io::block_on(stream.next());
        seen += 1;
        while async_io::block_on(futures_lite::future::poll_once(stream.next())).is_some() {
            seen += 1;
        }
        Ok(())
    });
    let ours = raised("latch-eventfd-raised", libc::SIGUSR1, on_eventfd(libc::SIGUSR1)?);
    compare(effort, &mut outcome, "b", ours, vec![theirs])?;
    ensure!(seen >= bursts, "async-signal saw no signal");
    let lost = f64::from(bursts * BURST) - f64::from(seen);
    outcome.figure("b/lost by async-signal, uncounted by it", lost, "signals");
    Ok(outcome)
}
