//! Actions: what the process does when a signal comes, sigaction(2).
//!
//! A [`Latch`](crate::Latch) is the safe way to catch a signal. Here is the rest: query, ignore,
//! set the default, restore the previous action; and, `unsafe`, install a handler of one's own.
//!
//! ```
//! use siglatch::action::{self, Disposition};
//! use siglatch::Signal;
//!
//! let before = action::ignore(Signal::INT)?; // Ctrl-C does nothing now
//! assert_eq!(action::query(Signal::INT)?.disposition(), Disposition::Ignore);
//! before.restore()?;
//! # Ok::<(), siglatch::Errno>(())
//! ```
#![expect(unsafe_code, reason = "changes actions by system calls")]

mod guard;
mod restart;

pub use guard::ActionGuard;
pub use restart::set_restart;

use core::ffi::{c_int, c_ulong, c_void};
use core::fmt;

use crate::bits::{AtomicSet, Bit};
use crate::flags::flags;
use crate::sys::{self, KernelRestorer, KernelSigaction, KernelSiginfo, SIG_DFL, SIG_IGN};
use crate::{ALONE, Errno, SigSet, Signal};

/// A handler as the kernel calls it with `SA_SIGINFO`: number, details, interrupted `ucontext_t`.
pub type Handler = unsafe extern "C" fn(c_int, *mut KernelSiginfo, *mut c_void);

/// What happens when a signal comes, without the details.
#[doc(alias = "Handlers")]
#[doc(alias = "sa_handler")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disposition {
    /// The [default action](crate::DefaultAction) (`SIG_DFL`).
    #[doc(alias = "SIG_DFL")]
    Default,
    /// Nothing (`SIG_IGN`).
    #[doc(alias = "SIG_IGN")]
    Ignore,
    /// A handler runs, this crate's or any other.
    Handler,
}

flags! {
    /// Flags of an action, `SA_*` of sigaction(2).
    #[doc(alias = "sa_flags")]
    pub struct SaFlags(c_ulong);

    /// `SIGCHLD` only for children that end, not for those that stop or continue.
    NOCLDSTOP = SA_NOCLDSTOP "SA_NOCLDSTOP";
    /// Children that end leave nothing to wait for.
    NOCLDWAIT = SA_NOCLDWAIT "SA_NOCLDWAIT";
    /// The handler is called with three arguments.
    SIGINFO = SA_SIGINFO "SA_SIGINFO";
    /// The handler runs on the alternate stack, if the thread has one.
    ONSTACK = SA_ONSTACK "SA_ONSTACK";
    /// A system call that the handler interrupted is restarted, where signal(7) lists it.
    RESTART = SA_RESTART "SA_RESTART";
    /// The signal itself is not blocked while its handler runs.
    NODEFER = SA_NODEFER "SA_NODEFER";
    /// The disposition is the default again from the moment the handler starts.
    RESETHAND = SA_RESETHAND "SA_RESETHAND";
}

impl SaFlags {
    const ALL: Self = Self::NOCLDSTOP
        .union(Self::NOCLDWAIT)
        .union(Self::SIGINFO)
        .union(Self::ONSTACK)
        .union(Self::RESTART)
        .union(Self::NODEFER)
        .union(Self::RESETHAND);

    pub(crate) const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The signals for which this crate's own handler is installed, or was and may be chained to by a
/// handler over it. `registry` keeps it, under its lock. A handler that restores the previous
/// action removes the signal, and [`Previous::restore`] inserts one that was in at the change.
pub(crate) static IN_CHAIN: AtomicSet = AtomicSet::new();

/// The action of a signal: disposition, flags, and what its handler blocks.
#[doc(alias = "sigaction")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Action {
    kernel: KernelSigaction,
}

impl Action {
    const fn plain(handler: usize) -> Self {
        Self {
            kernel: KernelSigaction {
                handler,
                flags: 0,
                restorer: KernelRestorer::new(0),
                mask: SigSet::empty().to_kernel(),
            },
        }
    }

    /// A handler of one's own, for [`install`], with `SA_SIGINFO` besides `flags`. Most want
    /// [`SaFlags::ONSTACK`] too: another language's runtime may give a thread a stack that is too
    /// small for a signal frame.
    #[must_use]
    pub fn handler(handler: Handler, flags: SaFlags, mask: impl Into<SigSet>) -> Self {
        Self {
            kernel: KernelSigaction {
                handler: handler as *const () as usize,
                flags: (flags | SaFlags::SIGINFO).bits() | sys::SIGACTION_FLAGS,
                restorer: KernelRestorer::new(sys::sigaction_restorer()),
                mask: mask.into().to_kernel(),
            },
        }
    }

    /// What happens when the signal comes.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.kernel.handler {
            SIG_DFL => Disposition::Default,
            SIG_IGN => Disposition::Ignore,
            _ => Disposition::Handler,
        }
    }

    /// The flags. The kernel's own `SA_RESTORER` is among the bits where the architecture has it.
    #[must_use]
    pub const fn flags(&self) -> SaFlags {
        SaFlags::from_bits(self.kernel.flags)
    }

    /// What is blocked while the handler runs, besides the signal itself.
    #[doc(alias = "sa_mask")]
    #[must_use]
    pub const fn mask(&self) -> SigSet {
        SigSet::from_kernel(self.kernel.mask)
    }

    /// The address of the handler, if there is one, to compare or to print.
    #[doc(alias = "sa_handler")]
    #[doc(alias = "sa_sigaction")]
    #[must_use]
    pub const fn address(&self) -> Option<usize> {
        match self.disposition() {
            Disposition::Handler => Some(self.kernel.handler),
            Disposition::Default | Disposition::Ignore => None,
        }
    }

    /// Where the handler returns to (`SA_RESTORER`); `None` where that is the kernel's own code.
    #[doc(alias = "sa_restorer")]
    #[must_use]
    pub const fn restorer(&self) -> Option<usize> {
        if sys::RESTORER_WORDS == 0 || self.kernel.flags & SA_RESTORER == 0 {
            None
        } else {
            Some(self.kernel.restorer.address())
        }
    }

    pub(crate) const fn as_kernel(&self) -> &KernelSigaction {
        &self.kernel
    }
}

impl fmt::Debug for Action {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("disposition", &self.disposition())
            .field("flags", &self.flags())
            .field("mask", &self.mask())
            .finish()
    }
}

/// The action that a change replaced, for [`restore`](Self::restore). Dropping it changes nothing.
#[derive(Debug)]
pub struct Previous {
    signal: Signal,
    replaced: KernelSigaction,
    installed: KernelSigaction,
    /// This crate's handler may have been in the chain of the one that was replaced.
    had_ours: bool,
}

impl Previous {
    /// The signal whose action was changed.
    #[must_use]
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The action that was replaced.
    #[must_use]
    pub const fn action(&self) -> Action {
        Action { kernel: self.replaced }
    }

    /// Restores the action, byte for byte, if the one that replaced it is still installed. Returns
    /// `true` if it did. What other code has installed since stays.
    pub fn restore(self) -> Result<bool, Errno> {
        self.restore_replaced()
    }

    #[inline]
    fn restore_replaced(&self) -> Result<bool, Errno> {
        let mut current = KernelSigaction::default();
        read(self.signal, &mut current)?;
        if !same(&current, &self.installed) {
            return Ok(false);
        }
        if self.had_ours {
            // Before it is, so that a catch meanwhile finds it.
            IN_CHAIN.insert(Bit::of(self.signal));
        }
        // SAFETY: the action was installed for this very signal, and was not taken back since: the
        // one that replaced it is still there.
        match unsafe { compare_exchange(self.signal, &current, &self.replaced) } {
            Err(Errno::AGAIN) => Ok(false),
            result => result.map(|()| true),
        }
    }
}

/// The action of a signal.
#[doc(alias = "getsignal")]
pub fn query(signal: Signal) -> Result<Action, Errno> {
    let mut action = Action::plain(SIG_DFL);
    read(signal, &mut action.kernel).map(|()| action)
}

/// Ignores a signal: `SIG_IGN`. Programs that this one executes inherit it. With `SIGCHLD` it also
/// has the kernel reap children (wait(2)).
///
/// Pending instances are discarded. That of a timer that repeats comes again when the signal is no
/// longer ignored; since Linux 6.13, one that was pending comes back with it. A latch that has
/// caught the signal receives none until [`Previous::restore`].
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP`.
#[doc(alias = "SIG_IGN")]
#[inline]
pub fn ignore(signal: Signal) -> Result<Previous, Errno> {
    // SAFETY: no handler is installed.
    unsafe { install(signal, &Action::plain(SIG_IGN)) }
}

/// Sets the [default action](Signal::default_action) of a signal: `SIG_DFL`. A latch that has
/// caught the signal receives none until [`Previous::restore`].
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP`.
#[doc(alias = "SIG_DFL")]
#[inline]
pub fn default(signal: Signal) -> Result<Previous, Errno> {
    // SAFETY: no handler is installed.
    unsafe { install(signal, &Action::plain(SIG_DFL)) }
}

/// Sets the default action with flags. For `SIGCHLD`, [`SaFlags::NOCLDWAIT`] has the kernel reap
/// children, and [`SaFlags::NOCLDSTOP`] keeps from a [signalfd](crate::fd::SignalFd) that they stop
/// and continue. Others have no effect without a handler.
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP`.
#[doc(alias = "SA_NOCLDWAIT")]
#[doc(alias = "SA_NOCLDSTOP")]
#[inline]
pub fn default_with(signal: Signal, flags: SaFlags) -> Result<Previous, Errno> {
    let plain = Action::plain(SIG_DFL);
    // A restorer that is announced is one that is given.
    let flags = flags.bits() & !sys::SIGACTION_FLAGS;
    // SAFETY: no handler is installed.
    unsafe { install(signal, &Action { kernel: KernelSigaction { flags, ..plain.kernel } }) }
}

/// Installs an action, a handler of [`Action::handler`] for example.
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP`.
///
/// # Safety
///
/// A handler must be sound to run at any instruction of any thread that does not block the signal
/// (signal-safety(7)), must not unwind, and must stay in memory until no action refers to it and no
/// other handler chains to it.
#[inline]
pub unsafe fn install(signal: Signal, action: &Action) -> Result<Previous, Errno> {
    let had_ours = !ALONE && IN_CHAIN.contains(Bit::of(signal));
    let mut replaced = KernelSigaction::default();
    // SAFETY: the caller answers for the handler; a set of `SigSet` has no signal in it that a C
    // library keeps for itself, and neither is `signal` one.
    unsafe { sys::rt_sigaction(signal.as_raw(), Some(&action.kernel), Some(&mut replaced)) }?;
    let had_ours = had_ours && is_handler(&replaced);
    Ok(Previous { signal, replaced, installed: action.kernel, had_ours })
}

pub(crate) const fn is_handler(action: &KernelSigaction) -> bool {
    !matches!(action.handler, SIG_DFL | SIG_IGN)
}

pub(crate) fn read(signal: Signal, current: &mut KernelSigaction) -> Result<(), Errno> {
    // SAFETY: nothing is changed.
    unsafe { sys::rt_sigaction(signal.as_raw(), None, Some(current)) }
}

/// Sets the action of a signal if the installed one is still `current`. No system call does both at
/// once: what replaced `current` in between is restored.
///
/// # Errors
///
/// `EAGAIN`: it was replaced in between.
///
/// # Safety
///
/// As [`sys::rt_sigaction`], while `current` is installed.
pub(crate) unsafe fn compare_exchange(
    signal: Signal,
    current: &KernelSigaction,
    new: &KernelSigaction,
) -> Result<(), Errno> {
    if ALONE {
        // No other code replaces anything.
        //
        // SAFETY: the caller's promise.
        return unsafe { sys::rt_sigaction(signal.as_raw(), Some(new), None) };
    }
    let mut replaced = KernelSigaction::default();
    // SAFETY: the caller's promise.
    unsafe { sys::rt_sigaction(signal.as_raw(), Some(new), Some(&mut replaced)) }?;
    if replaced == *current {
        return Ok(());
    }
    // SAFETY: it was installed until the call above, and is restored as it was.
    unsafe { sys::rt_sigaction(signal.as_raw(), Some(&replaced), None) }.and(Err(Errno::AGAIN))
}

/// The flag that a restorer is named, which other code may do where the kernel does not demand one.
const SA_RESTORER: c_ulong = 0x0400_0000;

/// Returns `true` if `current` is `installed`, as the kernel has it: without `SIGKILL` and
/// `SIGSTOP` in the mask and, since Linux 5.11, flags that it does not know; and maybe with a restorer,
/// which a C library names when it restores an action (musl).
fn same(current: &KernelSigaction, installed: &KernelSigaction) -> bool {
    const STRIPPED: u64 = Signal::KILL.bit() | Signal::STOP.bit();
    let kept = current.flags | SaFlags::ALL.bits() | sys::SIGACTION_FLAGS;
    current.handler == installed.handler
        && (current.flags ^ (installed.flags & kept)) & !SA_RESTORER == 0
        && current.mask.bits() & !STRIPPED == installed.mask.bits() & !STRIPPED
}

#[cfg(test)]
mod tests {
    use super::{Action, SaFlags, compare_exchange, install, read};
    use crate::sys::{KernelSigaction, SIG_DFL, SIG_IGN};
    use crate::{Errno, Signal};

    #[test]
    fn what_replaced_an_action_in_between_is_restored() {
        // A signal that no other test here is about: they share the process.
        let signal = Signal::WINCH;
        let (theirs, seen) = (Action::plain(SIG_IGN).kernel, Action::plain(SIG_DFL).kernel);
        let new = KernelSigaction { flags: SaFlags::RESTART.bits(), ..seen };
        // SAFETY: none of these has a handler.
        unsafe { install(signal, &Action { kernel: theirs }) }.expect("install");
        // SAFETY: as above.
        let exchanged = unsafe { compare_exchange(signal, &seen, &new) };
        assert_eq!(exchanged, Err(Errno::AGAIN));
        let mut found = KernelSigaction::default();
        read(signal, &mut found).expect("read");
        assert!(found == theirs, "it is as the other code has set it");
    }
}
