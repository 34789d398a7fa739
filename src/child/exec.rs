//! [`ExecSignals`]: the dispositions and the mask that execve(2) passes on.
#![expect(unsafe_code, reason = "sets actions and the mask by system calls")]

use core::ffi::{CStr, c_char, c_int};
use core::fmt;

use crate::sys::{self, KernelSigaction, KernelSigset, SIG_DFL, SIG_IGN};
use crate::{Errno, SigSet, signal};

/// The signals ignored and blocked: the dispositions and the mask that execve(2) passes on.
///
/// (It keeps pending signals and the interval timers, too, which are no part of this.)
///
/// Take what this program was [started with](super::InheritedSignals::exec_signals),
/// [`new`](Self::new) or [`current`](Self::current), change it, and [apply](Self::apply) it in the
/// child. So a utility like env(1) can run a command with a signal ignored that it catches itself:
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

    /// What a program would start with if this thread executed it now. It makes 65 system calls.
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

    /// Adds `signals` to those ignored. With `SIGKILL` or `SIGSTOP` it cannot be applied.
    #[must_use]
    pub fn ignore(self, signals: impl Into<SigSet>) -> Self {
        Self { ignored: self.ignored | signals.into().bits(), ..self }
    }

    /// Gives `signals` the default action: they are not ignored.
    #[must_use]
    pub fn default_action(self, signals: impl Into<SigSet>) -> Self {
        Self { ignored: self.ignored & !signals.into().bits(), ..self }
    }

    /// Adds `signals` to those blocked. With `SIGKILL` or `SIGSTOP` it cannot be applied.
    #[must_use]
    pub fn block(self, signals: impl Into<SigSet>) -> Self {
        Self { mask: self.mask | signals.into().bits(), ..self }
    }

    /// Removes `signals` from those blocked.
    #[must_use]
    pub fn unblock(self, signals: impl Into<SigSet>) -> Self {
        Self { mask: self.mask & !signals.into().bits(), ..self }
    }

    /// Installs this state in a child that is about to execute another program, as by the
    /// `pre_exec` of `std::process::Command`: signals are ignored or set to default, and then the
    /// mask is set.
    ///
    /// No handler runs in the child after this. A signal that is pending, from a
    /// [`ForkWindow`](super::ForkWindow), takes its default action, as it would after execve(2).
    ///
    /// # Errors
    ///
    /// `EINVAL`: `SIGKILL` or `SIGSTOP` is to be ignored or blocked; nothing is changed. After
    /// another error all signals may still be blocked.
    #[doc(alias = "pre_exec")]
    #[inline]
    pub fn apply(&self) -> Result<(), Errno> {
        if (self.ignored | self.mask) & SigSet::UNCHANGEABLE.bits() != 0 {
            return Err(Errno::INVAL);
        }
        // A C library's reserved signals as well: none of its handlers is left afterwards either.
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
        // SAFETY: no signal has a handler, and the mask is the caller's choice.
        unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(mask)) }.map(drop)
    }

    /// [Applies](Self::apply) this and executes a program: execve(2). Returns only if that fails,
    /// with the state applied: try another path, or exit as shells do, with 127 if there is no such
    /// program and with 126 after other errors.
    ///
    /// `PATH` is not searched. A program without libc may pass its own environment, and its own
    /// arguments from the second on, as the kernel laid them out.
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
    /// environment too large. `EACCES`: not allowed, or not executable. `EAGAIN`: the process has
    /// changed its user, and the new one has `RLIMIT_NPROC` processes. `ENOENT`: no such file or
    /// interpreter. `ENOEXEC`: not a program. `ENOTDIR`: a part of the path is no directory.
    /// `ETXTBSY`: open for writing. Others are rare.
    ///
    /// # Safety
    ///
    /// As for [`sys::execve`].
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

/// The action of a signal, also of one reserved by a C library.
fn read(signo: c_int) -> Result<KernelSigaction, Errno> {
    let mut current = KernelSigaction::default();
    // SAFETY: nothing is changed.
    unsafe { sys::rt_sigaction(signo, None, Some(&mut current)) }.map(|()| current)
}
