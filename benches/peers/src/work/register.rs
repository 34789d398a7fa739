//! (h) Catch and release: of a signal that nobody else has caught, and (`h-kept`) of one that the
//! process goes on to catch, for which the kernel's action stays as it is.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal as NixSignal, sigaction};
use siglatch::{Latch, Signal};

use super::Part;
use crate::measure::{Contender, Effort, compare};
use crate::outcome::Outcome;
use crate::signals;

pub(super) const PARTS: &[(&str, Part)] = &[("h-register", register)];

const BLOCK: u32 = 100;

static LATCH: Latch = Latch::new();
/// Has caught the signal of `h-kept` all the time.
static KEEPER: Latch = Latch::new();

extern "C" fn nothing(_: i32) {}

fn register(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let ours = Contender::calls("latch", BLOCK, || {
        LATCH.catch(Signal::USR1)?;
        LATCH.release(Signal::USR1)?;
        Ok(())
    });
    let bare =
        Contender::calls("sigaction", BLOCK, || signals::install_bare_and_back(libc::SIGUSR2));
    let nix = Contender::calls("nix-sigaction", BLOCK, || {
        let handler = SigHandler::Handler(nothing);
        let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::all());
        #[expect(unsafe_code, reason = "a handler")]
        // SAFETY: it does nothing.
        let before = unsafe { sigaction(NixSignal::SIGHUP, &action) }?;
        #[expect(unsafe_code, reason = "a handler")]
        // SAFETY: it was in force before.
        unsafe { sigaction(NixSignal::SIGHUP, &before) }?;
        Ok(())
    });
    compare(effort, &mut outcome, "h", ours, vec![bare, nix, signal_hook()])?;
    KEEPER.catch(Signal::URG)?;
    let kept = Contender::calls("latch", BLOCK, || {
        LATCH.catch(Signal::URG)?;
        LATCH.release(Signal::URG)?;
        Ok(())
    });
    compare(effort, &mut outcome, "h-kept", kept, vec![signal_hook()])?;
    Ok(outcome)
}

/// It leaves its handler where it is for good: from the second time on, there is no system call.
fn signal_hook() -> Contender<'static> {
    let flag = Arc::new(AtomicBool::new(false));
    Contender::calls("signal-hook-flag", BLOCK, move || {
        let id = signal_hook::flag::register(libc::SIGTERM, Arc::clone(&flag))?;
        signal_hook::low_level::unregister(id);
        Ok(())
    })
}
