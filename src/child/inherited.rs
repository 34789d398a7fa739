//! [`InheritedSignals`]: the signal state at a program's start, for the programs that it executes.

use core::fmt;

use super::ExecSignals;
use crate::bits::AtomicSet;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::{Errno, SigSet};

/// The signals that were ignored and blocked at the program's start, for programs that it executes.
///
/// An executed program should get neither what this program has made of that state, nor all
/// defaults, which would undo `nohup`, but what this program was itself started with. That has to
/// be noted before any code changes it, and Rust's runtime ignores `SIGPIPE` before `main`. So
/// [`inherited_signals!`](crate::inherited_signals) makes a static that notes it earlier:
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
///         let restored = START.restore_for_exec();
///         restored.map_err(|errno| std::io::Error::from_raw_os_error(errno.as_raw()))
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
    /// A state that is not noted yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { ignored: AtomicSet::new(), mask: AtomicSet::new(), captured: AtomicBool::new(false) }
    }

    /// Notes the [current](ExecSignals::current) state.
    ///
    /// # Errors
    ///
    /// Only a seccomp(2) filter's; nothing is noted then.
    #[inline]
    pub fn capture(&self) -> Result<(), Errno> {
        let ExecSignals { ignored, mask } = ExecSignals::current()?;
        // ORDERING: Relaxed, both: before the Release.
        self.ignored.store(ignored);
        self.mask.store(mask);
        // ORDERING: Release pairs with the Acquire in `exec_signals`.
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

    /// The state, to be changed before it is applied; `None` if nothing was noted.
    #[must_use]
    pub fn exec_signals(&self) -> Option<ExecSignals> {
        // ORDERING: Acquire pairs with the Release in `capture`.
        let captured = self.captured.load(Ordering::Acquire);
        captured.then(|| ExecSignals { ignored: self.ignored.bits(), mask: self.mask.bits() })
    }

    /// [Applies](ExecSignals::apply) the state, in a child about to execute another program.
    ///
    /// # Errors
    ///
    /// `EINVAL`: nothing was noted; nothing is changed. Others as for [`ExecSignals::apply`].
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

/// Makes a static [`InheritedSignals`] that notes the state before
/// `main`, and before Rust's runtime changes it.
///
/// ```
/// siglatch::inherited_signals!(pub static START); // attributes may come first
/// assert!(START.mask().is_some());
/// ```
///
/// A C library calls it before `main` (`.init_array`). A program without one calls
/// [`capture`](crate::child::InheritedSignals::capture) itself. After dlopen(3), it notes the state
/// of then.
#[macro_export]
macro_rules! inherited_signals {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident) => {
        $(#[$attribute])*
        $visibility static $name: $crate::child::InheritedSignals = {
            extern "C" fn capture() {
                // After an error, nothing is noted, which the methods return.
                let _noted = $name.capture();
            }
            #[used]
            #[unsafe(link_section = ".init_array")]
            static CAPTURE: extern "C" fn() = capture;
            $crate::child::InheritedSignals::new()
        };
    };
}
