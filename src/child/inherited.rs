//! [`InheritedSignals`]: what a program was started with, for the programs that it starts.

use core::fmt;

use super::ExecSignals;
use crate::bits::AtomicSet;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::{Errno, SigSet};

/// The signals that the program was started with ignored and blocked: all of the signal state that
/// execve(2) hands on.
///
/// A program that is executed inherits which signals are ignored, and the mask. What it should get
/// is neither what this program has made of them, nor the default of everything (`nohup` would be
/// undone), but what this program was started with itself.
///
/// That has to be noted before anybody changes it, and Rust's runtime ignores `SIGPIPE` before
/// `main`. So [`inherited_signals!`](crate::inherited_signals) makes a static that notes it before the runtime
/// starts:
///
/// ```no_run
/// use std::os::unix::process::CommandExt as _;
/// use std::process::Command;
///
/// siglatch::inherited_signals!(static START);
///
/// let mut command = Command::new("sleep");
/// // SAFETY: the closure makes system calls and nothing else.
/// unsafe {
///     command.pre_exec(|| {
///         START.restore_for_exec().map_err(|errno| std::io::Error::from_raw_os_error(errno.as_raw()))
///     });
/// }
/// command.arg("10").spawn()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A program without a C library calls [`capture`](Self::capture) first thing at its entry.
pub struct InheritedSignals {
    ignored: AtomicSet,
    mask: AtomicSet,
    captured: AtomicBool,
}

impl InheritedSignals {
    /// Nothing is noted yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { ignored: AtomicSet::new(), mask: AtomicSet::new(), captured: AtomicBool::new(false) }
    }

    /// Notes which signals are ignored, and which this thread blocks.
    ///
    /// # Errors
    ///
    /// Only what a seccomp(2) filter makes; nothing is captured then.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe. It makes 65 system calls.
    #[inline]
    pub fn capture(&self) -> Result<(), Errno> {
        let ExecSignals { ignored, mask } = ExecSignals::current()?;
        // ORDERING: Relaxed, both: before the Release.
        self.ignored.store(ignored);
        self.mask.store(mask);
        // ORDERING: Release pairs with the Acquire in `noted`.
        self.captured.store(true, Ordering::Release);
        Ok(())
    }

    /// The signals that were ignored; `None` if nothing was noted.
    #[must_use]
    pub fn ignored(&self) -> Option<SigSet> {
        self.exec_signals().map(|signals| signals.ignored())
    }

    /// The signals that were blocked; `None` if nothing was noted.
    #[must_use]
    pub fn mask(&self) -> Option<SigSet> {
        self.exec_signals().map(|signals| signals.mask())
    }

    /// What was noted, as a value that can be changed before it is applied; `None` if nothing was.
    #[must_use]
    pub fn exec_signals(&self) -> Option<ExecSignals> {
        // ORDERING: Acquire pairs with the Release in `capture`.
        let captured = self.captured.load(Ordering::Acquire);
        captured.then(|| ExecSignals { ignored: self.ignored.bits(), mask: self.mask.bits() })
    }

    /// Puts all signals to what was noted, in a child that is about to execute another program:
    /// [`ExecSignals::apply`].
    ///
    /// # Errors
    ///
    /// `EINVAL`: nothing was noted; nothing is changed. Otherwise as [`ExecSignals::apply`].
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, and so fit for the `pre_exec` of `std::process::Command`.
    #[doc(alias = "pre_exec")]
    #[doc(alias = "restore_signals")]
    #[inline]
    pub fn restore_for_exec(&self) -> Result<(), Errno> {
        self.exec_signals().ok_or(Errno::INVAL)?.apply()
    }
}

impl Default for InheritedSignals {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InheritedSignals {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritedSignals")
            .field("ignored", &self.ignored())
            .field("mask", &self.mask())
            .finish()
    }
}

/// Makes a [`InheritedSignals`] that notes what the program was started with,
/// before its `main` and before Rust's runtime changes anything.
///
/// ```
/// siglatch::inherited_signals! {
///     /// What we were started with.
///     pub static START
/// }
/// assert!(START.mask().is_some());
/// ```
///
/// It is in the list of functions that a C library calls before `main` (`.init_array`). A program
/// without one calls [`InheritedSignals::capture`](crate::child::InheritedSignals::capture) itself. In a shared
/// library that is loaded later, by dlopen(3), it notes the state of then, after whatever the
/// program has changed.
#[macro_export]
macro_rules! inherited_signals {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident) => {
        $(#[$attribute])*
        $visibility static $name: $crate::child::InheritedSignals = {
            extern "C" fn capture() {
                // Whoever asks for what was not noted is told so.
                let _noted = $name.capture();
            }
            #[used]
            #[unsafe(link_section = ".init_array")]
            static CAPTURE: extern "C" fn() = capture;
            $crate::child::InheritedSignals::new()
        };
    };
}
