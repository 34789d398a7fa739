//! (a) raise → handler → back: what a signal costs the code that it interrupts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use futures_lite::StreamExt as _;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal as NixSignal, sigaction};
use siglatch::{Hook, HookContext, HookVerdict, InfoQueue, Latch, Signal};
use signal_hook::iterator::Signals;

use super::Part;
use crate::measure::{Contender, Effort, compare};
use crate::outcome::Outcome;
use crate::signals::{self, Raiser};

pub(super) const PARTS: &[(&str, Part)] = &[
    ("a-handlers", handlers),
    ("a-iterator", iterator),
    ("a-ctrlc", ctrlc),
    ("a-tokio", tokio),
    ("a-async-signal", async_signal),
];

const BLOCK: u32 = 100;

static LATCH: Latch = Latch::new();
static QUEUE: InfoQueue<128> = InfoQueue::new();
#[expect(unsafe_code, reason = "a function in signal context")]
// SAFETY: the function does nothing.
static HOOK: Hook = unsafe { Hook::new(hooked) };

fn hooked(_: HookContext<'_>) -> HookVerdict {
    HookVerdict::Taken
}

extern "C" fn nix_handler(_: i32) {
    signals::FLAG.store(true, Ordering::SeqCst);
}

/// Those that only run a function in the handler: all in one process, a signal each.
fn handlers(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let raiser = Raiser::new();
    LATCH.catch(Signal::USR1)?;
    QUEUE.catch(Signal::USR2)?;
    HOOK.catch(Signal::HUP)?;
    signals::install_bare(libc::SIGWINCH)?;
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(libc::SIGTERM, Arc::clone(&flag))?;
    let action =
        SigAction::new(SigHandler::Handler(nix_handler), SaFlags::SA_RESTART, SigSet::all());
    #[expect(unsafe_code, reason = "a handler")]
    // SAFETY: it stores a flag.
    unsafe { sigaction(NixSignal::SIGALRM, &action) }?;

    let raise = |signal| move || raiser.raise(signal);
    let bare = || Contender::calls("bare", BLOCK, raise(libc::SIGWINCH));
    compare(
        effort,
        &mut outcome,
        "a",
        Contender::calls("latch", BLOCK, raise(libc::SIGUSR1)),
        vec![
            bare(),
            Contender::calls("nix-sigaction", BLOCK, raise(libc::SIGALRM)),
            Contender::calls("signal-hook-flag", BLOCK, raise(libc::SIGTERM)),
        ],
    )?;
    let mut drained = 0;
    let queue = Contender::calls_then("queue", BLOCK, raise(libc::SIGUSR2), || {
        drained += QUEUE.drain().count();
        Ok(())
    });
    compare(effort, &mut outcome, "a", queue, vec![bare()])?;
    ensure!(QUEUE.lost(Signal::USR2) == 0 && drained > 0, "the queue lost signals");
    let hook = Contender::calls("hook", BLOCK, raise(libc::SIGHUP));
    compare(effort, &mut outcome, "a", hook, vec![bare()])?;
    ensure!(LATCH.take_signal(Signal::USR1), "the latch saw no signal");
    ensure!(flag.load(Ordering::SeqCst), "signal-hook's flag saw no signal");
    ensure!(signals::FLAG.load(Ordering::SeqCst), "the bare handler saw no signal");
    Ok(outcome)
}

/// One peer against the latch, in a process of its own.
fn against(effort: Effort, theirs: Contender<'_>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let raiser = Raiser::new();
    LATCH.catch(Signal::USR1)?;
    let ours = Contender::calls("latch", BLOCK, move || raiser.raise(libc::SIGUSR1));
    compare(effort, &mut outcome, "a", ours, vec![theirs])?;
    Ok(outcome)
}

fn iterator(effort: Effort) -> Result<Outcome> {
    let raiser = Raiser::new();
    let mut signals = Signals::new([libc::SIGTERM])?;
    let theirs = Contender::calls_then(
        "signal-hook-iterator",
        BLOCK,
        move || raiser.raise(libc::SIGTERM),
        || {
            ensure!(signals.pending().count() == 1, "signal-hook's iterator saw no signal");
            Ok(())
        },
    );
    against(effort, theirs)
}

fn ctrlc(effort: Effort) -> Result<Outcome> {
    let raiser = Raiser::new();
    ctrlc::set_handler(|| signals::FLAG.store(true, Ordering::SeqCst))?;
    let raise = move || raiser.raise(libc::SIGINT);
    let outcome = against(effort, Contender::calls("ctrlc", BLOCK, raise))?;
    ensure!(signals::FLAG.load(Ordering::SeqCst), "ctrlc saw no signal");
    Ok(outcome)
}

fn tokio(effort: Effort) -> Result<Outcome> {
    use tokio::signal::unix::{SignalKind, signal};
    let raiser = Raiser::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut stream = {
        let _inside = runtime.enter();
        signal(SignalKind::terminate())?
    };
    let theirs = Contender::calls_then(
        "tokio",
        BLOCK,
        move || raiser.raise(libc::SIGTERM),
        || {
            ensure!(runtime.block_on(stream.recv()).is_some(), "tokio saw no signal");
            Ok(())
        },
    );
    against(effort, theirs)
}

fn async_signal(effort: Effort) -> Result<Outcome> {
    let raiser = Raiser::new();
    let mut stream = async_signal::Signals::new([async_signal::Signal::Term])?;
    let theirs = Contender::calls_then(
        "async-signal",
        BLOCK,
        move || raiser.raise(libc::SIGTERM),
        move || {
            for _ in 0..BLOCK {
                let signal = async_io::block_on(stream.next());
                ensure!(matches!(signal, Some(Ok(_))), "async-signal saw no signal");
            }
            Ok(())
        },
    );
    against(effort, theirs)
}
