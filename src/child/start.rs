//! [`StartState`]: what a program was started with, for the programs that it starts.
#![expect(unsafe_code, reason = "sets actions and the mask through the kernel's door")]

use core::ffi::c_int;
use core::fmt;

use crate::bits::AtomicSet;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sys::{self, KernelSigaction, KernelSigset, SIG_DFL, SIG_IGN};
use crate::{Errno, SigSet, signal};

/// The signals that the program was started with ignored and blocked: all of the signal state that
/// execve(2) hands on.
///
/// A program that is executed inherits which signals are ignored, and the mask. What it should get
/// is neither what this program has made of them, nor the default of everything (`nohup` would be
/// undone), but what this program was started with itself.
///
/// That has to be noted before anybody changes it, and Rust's runtime ignores `SIGPIPE` before
/// `main`. So [`start_state!`](crate::start_state) makes a static that notes it before the runtime
/// starts:
///
/// ```no_run
/// use std::os::unix::process::CommandExt as _;
/// use std::process::Command;
///
/// siglatch::start_state!(static START);
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
pub struct StartState {
    ignored: AtomicSet,
    mask: AtomicSet,
    captured: AtomicBool,
}

impl StartState {
    /// Nothing is noted yet.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub const fn new() -> Self {
        Self { ignored: AtomicSet::new(), mask: AtomicSet::new(), captured: AtomicBool::new(false) }
    }

    /// Notes which signals are ignored, and which this thread blocks.
    ///
    /// # Errors
    ///
    /// None that Linux documents; a seccomp(2) filter may make one, and then nothing is noted.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe. It makes 65 system calls.
    pub fn capture(&self) -> Result<(), Errno> {
        let mut ignored = 0;
        for signo in numbers() {
            if read(signo)?.handler == SIG_IGN {
                ignored |= bit(signo);
            }
        }
        // SAFETY: nothing is changed.
        let mask = unsafe { sys::rt_sigprocmask(libc::SIG_BLOCK, None) }?;
        // ORDERING: Relaxed, both: before the Release.
        self.ignored.store(ignored);
        self.mask.store(mask.bits());
        // ORDERING: Release pairs with the Acquire in `noted`.
        self.captured.store(true, Ordering::Release);
        Ok(())
    }

    /// The signals that were ignored; `None` if nothing was noted.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn ignored(&self) -> Option<SigSet> {
        self.noted().map(|(ignored, _)| SigSet::from_bits(ignored))
    }

    /// The signals that were blocked; `None` if nothing was noted.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn mask(&self) -> Option<SigSet> {
        self.noted().map(|(_, mask)| SigSet::from_bits(mask))
    }

    /// Puts all signals to what was noted, in a child that is about to execute another program:
    /// those that were ignored are ignored, all others have their default action, and the mask is
    /// the one of then.
    ///
    /// No handler runs in the child after this. A signal that came while it was blocked, in a
    /// [`ForkWindow`](crate::child::ForkWindow), takes its default action now, which is what it
    /// would do to the other program a moment later.
    ///
    /// # Errors
    ///
    /// `EINVAL`: nothing was noted; nothing is changed. Otherwise none that Linux documents; a
    /// seccomp(2) filter may make one, and then all signals may be blocked still.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, and so fit for the `pre_exec` of `std::process::Command`.
    #[doc(alias = "pre_exec")]
    #[doc(alias = "restore_signals")]
    pub fn restore_for_exec(&self) -> Result<(), Errno> {
        let (ignored, mask) = self.noted().ok_or(Errno::INVAL)?;
        // Those of a C library as well, since no handler of its own is left afterwards either.
        let all = KernelSigset::from_bits(u64::MAX);
        // SAFETY: until the mask is put back below, nothing runs here but system calls.
        unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(all)) }?;
        for signo in numbers() {
            let handler = if ignored & bit(signo) == 0 { SIG_DFL } else { SIG_IGN };
            if read(signo)?.handler != handler {
                let action = KernelSigaction { handler, ..KernelSigaction::default() };
                // SAFETY: neither of the two runs code of this process.
                unsafe { sys::rt_sigaction(signo, Some(&action), None) }?;
            }
        }
        // SAFETY: it is the mask that the process was started with, and no signal has a handler.
        unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(KernelSigset::from_bits(mask))) }
            .map(drop)
    }

    /// The kernel's bits of both sets, those of a C library's signals included.
    fn noted(&self) -> Option<(u64, u64)> {
        // ORDERING: Acquire pairs with the Release in `capture`.
        let captured = self.captured.load(Ordering::Acquire);
        captured.then(|| (self.ignored.bits(), self.mask.bits()))
    }
}

impl Default for StartState {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StartState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartState")
            .field("ignored", &self.ignored())
            .field("mask", &self.mask())
            .finish()
    }
}

/// Makes a [`StartState`] that notes what the program was started with,
/// before its `main` and before Rust's runtime changes anything.
///
/// ```
/// siglatch::start_state! {
///     /// What we were started with.
///     pub static START
/// }
/// assert!(START.mask().is_some());
/// ```
///
/// It is in the list of functions that a C library calls before `main` (`.init_array`). A program
/// without one calls [`StartState::capture`](crate::child::StartState::capture) itself.
#[macro_export]
macro_rules! start_state {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident) => {
        $(#[$attribute])*
        $visibility static $name: $crate::child::StartState = {
            extern "C" fn capture() {
                // Whoever asks for what was not noted is told so.
                let _noted = $name.capture();
            }
            #[used]
            #[unsafe(link_section = ".init_array")]
            static CAPTURE: extern "C" fn() = capture;
            $crate::child::StartState::new()
        };
    };
}

fn numbers() -> impl Iterator<Item = c_int> {
    1..=signal::MAX
}

fn bit(signo: c_int) -> u64 {
    1_u64.rotate_left(signo.cast_unsigned().wrapping_sub(1))
}

/// The action of a number, of those as well that are not a program's signals.
fn read(signo: c_int) -> Result<KernelSigaction, Errno> {
    let mut current = KernelSigaction::default();
    // SAFETY: nothing is changed.
    unsafe { sys::rt_sigaction(signo, None, Some(&mut current)) }.map(|()| current)
}
