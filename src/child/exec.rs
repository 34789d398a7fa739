//! [`ExecSignals`]: the signal state that another program starts with.
#![expect(unsafe_code, reason = "sets actions and the mask through the kernel's door")]

use core::ffi::{CStr, c_char, c_int};
use core::fmt;

use crate::sys::{self, KernelSigaction, KernelSigset, SIG_DFL, SIG_IGN};
use crate::{Errno, SigSet, signal};

/// Which signals the next program starts with ignored and blocked: all of the signal state that
/// execve(2) hands on, as a value.
///
/// It is what this program was [started with](super::InheritedSignals::exec_signals), or what the caller
/// makes, changed as wanted, and [applied](Self::apply) in the child. So a utility like env(1) runs
/// a command with signals ignored that this program itself may have caught meanwhile:
///
/// ```
/// use siglatch::Signal;
/// use siglatch::child::ExecSignals;
/// use std::io;
/// use std::os::unix::process::CommandExt as _;
/// use std::process::Command;
///
/// siglatch::inherited_signals!(static START);
///
/// let signals = START.exec_signals().expect("noted before main").ignore(Signal::INT);
/// let mut command = Command::new("sh");
/// // SAFETY: the closure makes system calls and nothing else.
/// unsafe {
///     command.pre_exec(move || {
///         signals.apply().map_err(|errno| io::Error::from_raw_os_error(errno.as_raw()))
///     });
/// }
/// let status = command.args(["-c", "kill -INT $$; exit 7"]).status()?;
/// assert_eq!(status.code(), Some(7));
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExecSignals {
    /// The kernel's bits, those of a C library's signals included.
    pub(super) ignored: u64,
    pub(super) mask: u64,
}

impl ExecSignals {
    /// No signal is ignored, and none is blocked.
    #[must_use]
    pub const fn new() -> Self {
        Self { ignored: 0, mask: 0 }
    }

    /// What a program would start with that this thread executed now: the signals that are ignored,
    /// and those that the thread blocks.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe. It makes 65 system calls.
    #[inline]
    pub fn current() -> Result<Self, Errno> {
        let mut ignored = 0;
        for signo in numbers() {
            if read(signo)?.handler == SIG_IGN {
                ignored |= bit(signo);
            }
        }
        // SAFETY: nothing is changed.
        let mask = unsafe { sys::rt_sigprocmask(libc::SIG_BLOCK, None) }?;
        Ok(Self { ignored, mask: mask.bits() })
    }

    /// The signals that are ignored.
    #[must_use]
    pub const fn ignored(&self) -> SigSet {
        SigSet::from_bits(self.ignored)
    }

    /// The signals that are blocked.
    #[must_use]
    pub const fn mask(&self) -> SigSet {
        SigSet::from_bits(self.mask)
    }

    /// The same, with `signals` ignored, too. With `SIGKILL` or `SIGSTOP` it cannot be applied.
    #[must_use]
    pub fn ignore(self, signals: impl Into<SigSet>) -> Self {
        Self { ignored: self.ignored | signals.into().bits(), ..self }
    }

    /// The same, with the default action for `signals`.
    #[must_use]
    pub fn default_action(self, signals: impl Into<SigSet>) -> Self {
        Self { ignored: self.ignored & !signals.into().bits(), ..self }
    }

    /// The same, with `signals` blocked, too. With `SIGKILL` or `SIGSTOP` it cannot be applied.
    #[must_use]
    pub fn block(self, signals: impl Into<SigSet>) -> Self {
        Self { mask: self.mask | signals.into().bits(), ..self }
    }

    /// The same, with `signals` not blocked.
    #[must_use]
    pub fn unblock(self, signals: impl Into<SigSet>) -> Self {
        Self { mask: self.mask & !signals.into().bits(), ..self }
    }

    /// Makes this the signal state of the process, in a child that is about to execute another
    /// program: the signals that are to be ignored are, all others have their default action, and
    /// the mask is set last.
    ///
    /// No handler runs in the child after this. A signal that came while it was blocked, in a
    /// [`ForkWindow`](super::ForkWindow), takes its default action now, which is what it would do
    /// to the other program a moment later.
    ///
    /// # Errors
    ///
    /// `EINVAL`: `SIGKILL` or `SIGSTOP` is to be ignored or blocked; nothing is changed. After
    /// another error all signals may be blocked still.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, and so fit for the `pre_exec` of `std::process::Command`.
    #[doc(alias = "pre_exec")]
    #[inline]
    pub fn apply(&self) -> Result<(), Errno> {
        if (self.ignored | self.mask) & SigSet::UNCHANGEABLE.bits() != 0 {
            return Err(Errno::INVAL);
        }
        // Those of a C library as well, since no handler of its own is left afterwards either.
        let all = KernelSigset::from_bits(u64::MAX);
        // SAFETY: until the mask is set below, nothing runs here but system calls.
        unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(all)) }?;
        for signo in numbers() {
            let handler = if self.ignored & bit(signo) == 0 { SIG_DFL } else { SIG_IGN };
            if read(signo)?.handler != handler {
                let action = KernelSigaction { handler, ..KernelSigaction::default() };
                // SAFETY: neither of the two runs code of this process.
                unsafe { sys::rt_sigaction(signo, Some(&action), None) }?;
            }
        }
        let mask = KernelSigset::from_bits(self.mask);
        // SAFETY: no signal has a handler, and what the mask is to be is for the caller to say.
        unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(mask)) }.map(drop)
    }

    /// [Applies](Self::apply) this and executes a program: execve(2). Returns only if that fails, and
    /// then the state is applied: try another path, or exit, by 127 if there is no such program
    /// and by 126 for other errors, as shells do.
    ///
    /// `path` is not searched for in `PATH`. The arguments that a program without libc was itself
    /// started with, from the second on, are as they are needed here, and so is its environment.
    ///
    /// ```
    /// use siglatch::child::{self, ExecSignals};
    /// use siglatch::{ChildState, Errno, sys};
    /// use std::ptr;
    ///
    /// // SAFETY: the child executes a program or exits.
    /// let Some(child) = (unsafe { child::fork() })? else {
    ///     let arguments = [c"sh".as_ptr(), c"-c".as_ptr(), c"exit 7".as_ptr(), ptr::null()];
    ///     let environment = [c"PATH=/usr/bin:/bin".as_ptr(), ptr::null()];
    ///     // SAFETY: both end by a null pointer, and this process is for the shell.
    ///     let errno = unsafe {
    ///         ExecSignals::new().exec(c"/bin/sh", arguments.as_ptr(), environment.as_ptr())
    ///     };
    ///     sys::exit_group(if errno == Errno::NOENT { 127 } else { 126 });
    /// };
    /// assert_eq!(child::wait(child)?, ChildState::Exited(7));
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    ///
    /// The error is one of [`apply`](Self::apply), or of execve(2): `E2BIG`: arguments and
    /// environment are too large. `EACCES`: not allowed, or not executable. `EAGAIN`: the process has
    /// changed its user, who has `RLIMIT_NPROC` processes already. `ENOENT`: there is no
    /// such file, or not the interpreter that it names. `ENOEXEC`: not a program. `ENOTDIR`: a part
    /// of the path is no directory. `ETXTBSY`: it is open for writing. Others are rare.
    ///
    /// # Safety
    ///
    /// As [`sys::execve`].
    #[doc(alias = "execve")]
    #[inline]
    #[must_use = "it has failed"]
    pub unsafe fn exec(
        &self,
        path: &CStr,
        arguments: *const *const c_char,
        environment: *const *const c_char,
    ) -> Errno {
        if let Err(errno) = self.apply() {
            return errno;
        }
        // SAFETY: the caller's promise.
        unsafe { sys::execve(path, arguments, environment) }
    }
}

impl Default for ExecSignals {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ExecSignals {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecSignals")
            .field("ignored", &self.ignored())
            .field("mask", &self.mask())
            .finish()
    }
}

fn numbers() -> impl Iterator<Item = c_int> {
    1..=signal::MAX
}

fn bit(signo: c_int) -> u64 {
    1_u64.rotate_left((signo as u32).wrapping_sub(1))
}

/// The action of a number, of those as well that are not a program's signals.
fn read(signo: c_int) -> Result<KernelSigaction, Errno> {
    let mut current = KernelSigaction::default();
    // SAFETY: nothing is changed.
    unsafe { sys::rt_sigaction(signo, None, Some(&mut current)) }.map(|()| current)
}
