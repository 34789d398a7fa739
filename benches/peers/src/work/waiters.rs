//! The processes of work (c): each waits for SIGINT in its way, for ever, and says when it came.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use anyhow::{Context as _, Result, bail};
use futures_lite::StreamExt as _;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use siglatch::fd::{EventFd, SignalFd, SignalFdInfo};
use siglatch::{Latch, Signal, wait};
use signal_hook::iterator::Signals;

use super::wake::now;
use crate::signals;

static LATCH: Latch = Latch::new();

/// Says when the signal came.
fn tell(time: u64) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&time.to_ne_bytes())?;
    Ok(stdout.flush()?)
}

/// Says that everything is set up; then waits by `wait`, again and again.
fn serve(mut wait: impl FnMut() -> Result<()>) -> Result<()> {
    tell(0)?;
    loop {
        wait()?;
        tell(now()?)?;
    }
}

pub(crate) fn run(who: &str) -> Result<()> {
    match who {
        "futex" => futex(),
        "siglatch-eventfd" => eventfd(),
        "siglatch-signalfd" => siglatch_signalfd(),
        "siglatch-wait_info" => siglatch_wait_info(),
        "signalfd" => signalfd(),
        "sigwaitinfo" => sigwaitinfo(),
        "sigsuspend" => sigsuspend(),
        "nix-SignalFd" => nix_signalfd(),
        "signal-hook-wait" => signal_hook_wait(),
        "tokio" => tokio(),
        "async-signal" => async_signal(),
        "ctrlc" => ctrlc(),
        _ => bail!("nobody waits as '{who}'"),
    }
}

fn futex() -> Result<()> {
    LATCH.catch(Signal::INT)?;
    serve(|| {
        LATCH.wait(None)?;
        let _flags = LATCH.take();
        Ok(())
    })
}

fn eventfd() -> Result<()> {
    let event: &EventFd = Box::leak(Box::new(EventFd::new()?));
    LATCH.wake_through(event)?;
    LATCH.catch(Signal::INT)?;
    #[expect(unsafe_code, reason = "a descriptor by its number")]
    // SAFETY: it is never closed.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(event.as_raw()) };
    serve(|| {
        // The handler has run when it is interrupted, and has written before.
        while poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], PollTimeout::NONE)
            == Err(Errno::EINTR)
        {}
        event.clear();
        let _flags = LATCH.take();
        Ok(())
    })
}

fn siglatch_signalfd() -> Result<()> {
    signals::block(libc::SIGINT);
    let fd = SignalFd::new(Signal::INT)?;
    let mut buffer = [SignalFdInfo::new(); 8];
    serve(|| {
        fd.read(&mut buffer)?;
        Ok(())
    })
}

fn siglatch_wait_info() -> Result<()> {
    signals::block(libc::SIGINT);
    serve(|| {
        wait::wait_info(Signal::INT)?;
        Ok(())
    })
}

fn signalfd() -> Result<()> {
    signals::block(libc::SIGINT);
    let fd = signals::signalfd(libc::SIGINT)?;
    serve(|| {
        signals::read_signalfd(fd)?;
        Ok(())
    })
}

fn sigwaitinfo() -> Result<()> {
    signals::block(libc::SIGINT);
    let set = signals::set_of(libc::SIGINT);
    serve(|| {
        signals::sigwaitinfo(&set)?;
        Ok(())
    })
}

/// What a C program does that has a handler: the limit of waiting for one.
fn sigsuspend() -> Result<()> {
    signals::install_bare(libc::SIGINT)?;
    signals::block(libc::SIGINT);
    serve(|| {
        while !signals::FLAG.swap(false, Ordering::SeqCst) {
            signals::sigsuspend_with_none_blocked();
        }
        Ok(())
    })
}

fn nix_signalfd() -> Result<()> {
    let set = nix::sys::signal::SigSet::from(nix::sys::signal::SIGINT);
    set.thread_block()?;
    let fd = nix::sys::signalfd::SignalFd::new(&set)?;
    serve(|| {
        fd.read_signal()?;
        Ok(())
    })
}

fn signal_hook_wait() -> Result<()> {
    let mut signals = Signals::new([libc::SIGINT])?;
    serve(|| {
        signals.wait().next().context("it woke for nothing")?;
        Ok(())
    })
}

fn tokio() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stream = signal(SignalKind::interrupt())?;
        tell(0)?;
        loop {
            stream.recv().await.context("its stream has ended")?;
            tell(now()?)?;
        }
    })
}

fn async_signal() -> Result<()> {
    let mut stream = async_signal::Signals::new([async_signal::Signal::Int])?;
    async_io::block_on(async {
        tell(0)?;
        loop {
            stream.next().await.context("its stream has ended")??;
            tell(now()?)?;
        }
    })
}

/// Its handler runs on a thread of its own, which is what is woken.
fn ctrlc() -> Result<()> {
    let (failed, failure) = mpsc::channel();
    ctrlc::set_handler(move || {
        if let Err(error) = now().and_then(tell) {
            // The receiver lives as long as the process.
            let _sent = failed.send(error);
        }
    })?;
    tell(0)?;
    Err(failure.recv()?)
}
