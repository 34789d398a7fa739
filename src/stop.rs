//! Stopping as the terminal requests: Ctrl-Z, and `fg` after it.
//!
//! A program that catches `SIGTSTP`, to leave the terminal as it found it, has to stop itself
//! afterwards. [`stop_by`] does it by the signal itself, as the shell expects, and returns when the
//! program is continued:
//!
//! ```no_run
//! use siglatch::{Dispatcher, Signal, stop};
//!
//! static SIGNALS: Dispatcher = Dispatcher::new();
//!
//! SIGNALS.catch(Signal::TSTP, |_| {
//!     println!("terminal as before");
//!     stop::stop_by(Signal::TSTP).expect("a signal that stops");
//!     println!("terminal as we want it"); // after fg
//! })?;
//! loop {
//!     SIGNALS.wait(None)?;
//!     SIGNALS.dispatch();
//! }
//! # #[expect(unreachable_code, reason = "the program has no end")]
//! # Ok::<(), siglatch::Errno>(())
//! ```
//!
//! `SIGCONT` itself takes effect however it is caught or blocked. What has to be done when the
//! program is continued, it does after `stop_by`.
//!
//! # Reading and writing in the background
//!
//! `SIGTTIN` and `SIGTTOU` come from the program's own read(2), write(2) or tcsetattr(3), which
//! then fails with `EINTR`, for the program to stop before it tries again. So the program calls
//! what returns `EINTR`: `fill_buf`, `read` and `write` of `std` do, while `read_line`,
//! `read_to_end`, `lines` and `write_all` retry by themselves, endlessly.
//!
//! ```no_run
//! use siglatch::{Dispatcher, Signal, stop};
//! use std::io::{self, BufRead, ErrorKind};
//!
//! static SIGNALS: Dispatcher = Dispatcher::new();
//!
//! SIGNALS.catch(Signal::TTIN, |_| stop::stop_by(Signal::TTIN).expect("a signal that stops"))?;
//! let mut stdin = io::stdin().lock();
//! loop {
//!     let taken = match stdin.fill_buf() {
//!         Ok(bytes) => bytes.len(), // 0 at the end; else what is typed
//!         Err(error) if error.kind() == ErrorKind::Interrupted => {
//!             SIGNALS.dispatch(); // stops here, until fg
//!             continue;
//!         }
//!         Err(error) => return Err(error.into()), // in an orphaned group, EIO
//!     };
//!     if taken == 0 {
//!         break;
//!     }
//!     stdin.consume(taken);
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

use crate::action::ActionGuard;
use crate::mask::MaskGuard;
use crate::{DefaultAction, Errno, Signal, send};

/// Stops the process by `signal`, as if it had never been caught. Returns when it is continued.
///
/// Sets the default action, sends the signal to this thread and unblocks it: the whole process
/// stops, and its parent sees by which signal. Then action and mask are restored.
///
/// In an orphaned process group `SIGTSTP`, `SIGTTIN` and `SIGTTOU` do not stop (setpgid(2)), and
/// this returns at once. `SIGSTOP` does, with no shell to continue it, and so is no replacement.
///
/// # Errors
///
/// `EINVAL`: the default action of `signal` is not to stop.
#[doc(alias = "SIGTSTP")]
#[inline]
#[doc(alias = "emulate_default_handler")]
pub fn stop_by(signal: Signal) -> Result<(), Errno> {
    if signal.default_action() != DefaultAction::Stop {
        return Err(Errno::INVAL);
    }
    if signal == Signal::STOP {
        return send::raise(signal);
    }
    // Blocked until all is ready: an instance that was pending, or comes meanwhile, must not stop
    // it first, or it would stop twice. `SIGCONT` removes what is pending of all.
    let _mask = MaskGuard::block(signal)?;
    let _action = ActionGuard::default(signal)?;
    send::raise(signal)?;
    let _stops_here = MaskGuard::unblock(signal)?;
    Ok(())
}
