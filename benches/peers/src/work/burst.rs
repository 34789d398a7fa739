//! (b) A burst of 1,000 signals to a program that is busy and does not look, then its consumer, which
//! watches a descriptor, catches up.
//!
//! All coalesce: a thousand of one standard signal make one flag. Only async-signal sends each
//! through its socket, and so has each to read. That everybody sees the signal after every burst is
//! checked.

use std::cell::RefCell;
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
use crate::signals::Raiser;

pub(super) const PARTS: &[(&str, Part)] =
    &[("b-iterator", iterator), ("b-tokio", tokio), ("b-async-signal", async_signal)];

const BURST: u32 = 1000;

static BY_EVENT: Latch = Latch::new();
static BY_SOCKET: Latch = Latch::new();

/// A burst of `signal`, then what `catch_up` does.
fn burst<'a>(
    name: &str,
    signal: i32,
    mut catch_up: impl FnMut() -> Result<()> + 'a,
) -> Contender<'a> {
    let raiser = Raiser::new();
    Contender::new(name, move || {
        let start = processor_time()?;
        for _ in 0..BURST {
            raiser.raise(signal)?;
        }
        catch_up()?;
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

/// Ours, on an eventfd.
fn on_eventfd() -> Result<Contender<'static>> {
    let event: &EventFd = Box::leak(Box::new(EventFd::new()?));
    BY_EVENT.wake_through(event)?;
    BY_EVENT.catch(Signal::USR1)?;
    #[expect(unsafe_code, reason = "a descriptor by its number")]
    // SAFETY: it is never closed.
    let fd = unsafe { BorrowedFd::borrow_raw(event.as_raw()) };
    Ok(burst("latch-eventfd", libc::SIGUSR1, move || {
        wait_readable(fd)?;
        ensure!(event.clear(), "the eventfd was not readable");
        ensure!(BY_EVENT.take().contains(Signal::USR1), "the latch saw no signal");
        Ok(())
    }))
}

/// Ours, on the descriptor that signal-hook has: a socket.
fn on_socket() -> Result<Contender<'static>> {
    let (mut reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    let writer = Box::leak(Box::new(writer));
    #[expect(unsafe_code, reason = "a descriptor for the handler")]
    // SAFETY: it is ours and never closed.
    unsafe { BY_SOCKET.set_wake_fd(Some(writer.as_raw_fd())) }?;
    BY_SOCKET.catch(Signal::USR2)?;
    Ok(burst("latch-socket", libc::SIGUSR2, move || {
        use std::os::fd::AsFd as _;
        wait_readable(reader.as_fd())?;
        let mut bytes = [0; 1024];
        while reader.read(&mut bytes).is_ok() {}
        ensure!(BY_SOCKET.take().contains(Signal::USR2), "the latch saw no signal");
        Ok(())
    }))
}

fn iterator(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let signals = RefCell::new(Signals::new([libc::SIGTERM])?);
    let theirs = || {
        burst("signal-hook-iterator", libc::SIGTERM, || {
            let mut signals = signals.borrow_mut();
            let mut seen = signals.wait();
            ensure!(seen.next() == Some(libc::SIGTERM), "signal-hook saw no signal");
            Ok(())
        })
    };
    compare(effort, &mut outcome, "b", on_eventfd()?, vec![theirs()])?;
    compare(effort, &mut outcome, "b", on_socket()?, vec![theirs()])?;
    outcome.figure("b/missed wake-ups of latch-eventfd", f64::from(BY_EVENT.missed_wakes()), "");
    outcome.figure("b/missed wake-ups of latch-socket", f64::from(BY_SOCKET.missed_wakes()), "");
    Ok(outcome)
}

fn tokio(effort: Effort) -> Result<Outcome> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut outcome = Outcome::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut stream = {
        let _inside = runtime.enter();
        signal(SignalKind::terminate())?
    };
    let theirs = burst("tokio", libc::SIGTERM, || {
        ensure!(runtime.block_on(stream.recv()).is_some(), "tokio saw no signal");
        Ok(())
    });
    compare(effort, &mut outcome, "b", on_eventfd()?, vec![theirs])?;
    Ok(outcome)
}

fn async_signal(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut stream = async_signal::Signals::new([async_signal::Signal::Term])?;
    let mut seen = 0_u32;
    let mut bursts = 0_u32;
    let theirs = burst("async-signal", libc::SIGTERM, || {
        bursts += 1;
        async_io::block_on(stream.next());
        seen += 1;
        while async_io::block_on(futures_lite::future::poll_once(stream.next())).is_some() {
            seen += 1;
        }
        Ok(())
    });
    compare(effort, &mut outcome, "b", on_eventfd()?, vec![theirs])?;
    ensure!(seen >= bursts, "async-signal saw no signal");
    let lost = f64::from(bursts * BURST) - f64::from(seen);
    outcome.figure("b/lost by async-signal, uncounted by it", lost, "signals");
    Ok(outcome)
}
