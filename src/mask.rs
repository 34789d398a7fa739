//! The calling thread's signal mask: sigprocmask(2), pthread_sigmask(3).
//!
//! A blocked signal stays pending until it is unblocked. Each thread has its own mask, which new
//! threads, children of fork(2) and programs of execve(2) inherit from the thread that made them.
//! In a handler the mask also has what its action blocks, and a change lasts until the handler
//! returns.
//!
//! ```
//! use siglatch::mask::MaskGuard;
//! use siglatch::{Latch, Signal, send};
//!
//! static USR1: Latch = Latch::new();
//! USR1.catch(Signal::USR1)?;
//! {
//!     let _blocked = MaskGuard::block(Signal::USR1)?;
//!     send::raise(Signal::USR1)?;
//!     assert!(!USR1.is_set()); // pending
//! }
//! assert!(USR1.is_set()); // delivered when the guard restored the mask
//! # Ok::<(), siglatch::Errno>(())
//! ```
#![expect(unsafe_code, reason = "changes the mask by system calls")]

use core::ffi::c_int;
use core::marker::PhantomData;
use static_assertions::assert_not_impl_any;

use crate::sys::{self, KernelSigset};
use crate::{Errno, SigSet};

/// The mask of the calling thread.
pub fn query() -> Result<SigSet, Errno> {
    // SAFETY: nothing is changed.
    unsafe { sys::rt_sigprocmask(libc::SIG_BLOCK, None) }.map(SigSet::from_kernel)
}

/// Blocks `signals` too. Returns the previous mask.
///
/// # Errors
///
/// `EINVAL`: `SIGKILL` or `SIGSTOP` is among them; nothing is changed.
#[doc(alias = "pthread_sigmask")]
#[doc(alias = "sigprocmask")]
#[doc(alias = "SIG_BLOCK")]
pub fn block(signals: impl Into<SigSet>) -> Result<SigSet, Errno> {
    change(libc::SIG_BLOCK, signals.into()).map(SigSet::from_kernel)
}

/// Unblocks `signals`. Returns the previous mask. Those that are pending are delivered before this
/// returns, one instance at least.
///
/// # Errors
///
/// As [`block`].
#[doc(alias = "SIG_UNBLOCK")]
pub fn unblock(signals: impl Into<SigSet>) -> Result<SigSet, Errno> {
    change(libc::SIG_UNBLOCK, signals.into()).map(SigSet::from_kernel)
}

/// Blocks `signals` and no others. Returns the previous mask. What a C library has blocked of its
/// own signals stays as it is.
///
/// # Errors
///
/// As [`block`].
#[doc(alias = "SIG_SETMASK")]
pub fn set(signals: impl Into<SigSet>) -> Result<SigSet, Errno> {
    replace(signals.into()).map(SigSet::from_kernel)
}

fn replace(signals: SigSet) -> Result<KernelSigset, Errno> {
    signals.check_changeable()?;
    // SAFETY: nothing is changed.
    let before = unsafe { sys::rt_sigprocmask(libc::SIG_BLOCK, None) }?;
    let reserved = before.bits() & !SigSet::full().bits();
    let wanted = KernelSigset::from_bits(signals.bits() | reserved);
    // SAFETY: a mask is for the program to choose; the rest of it is as it was. The mask is this
    // thread's own, so it has not changed in between.
    unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(wanted)) }
}

fn change(how: c_int, signals: SigSet) -> Result<KernelSigset, Errno> {
    signals.check_changeable()?;
    // SAFETY: a mask is for the program to choose, and no set of `SigSet` has a signal in it that
    // a C library keeps for itself.
    unsafe { sys::rt_sigprocmask(how, Some(signals.to_kernel())) }
}

/// Restores the calling thread's mask when dropped, to the bit. It cannot leave its thread. Guards
/// that overlap must be dropped in the reverse order of their making, as a block does by itself.
#[derive(Debug)]
#[must_use = "the mask is restored as soon as the guard is dropped"]
pub struct MaskGuard {
    previous: KernelSigset,
    /// A mask belongs to one thread.
    _not_send: PhantomData<*mut ()>,
}

assert_not_impl_any!(MaskGuard: Send, Sync);

impl MaskGuard {
    /// Blocks `signals` too, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`block`].
    pub fn block(signals: impl Into<SigSet>) -> Result<Self, Errno> {
        change(libc::SIG_BLOCK, signals.into()).map(Self::restoring)
    }

    /// Unblocks `signals` until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`unblock`].
    pub fn unblock(signals: impl Into<SigSet>) -> Result<Self, Errno> {
        change(libc::SIG_UNBLOCK, signals.into()).map(Self::restoring)
    }

    /// Blocks `signals` and no others, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`set`].
    pub fn set(signals: impl Into<SigSet>) -> Result<Self, Errno> {
        replace(signals.into()).map(Self::restoring)
    }

    /// The mask that will be restored.
    #[must_use]
    pub const fn previous(&self) -> SigSet {
        SigSet::from_kernel(self.previous)
    }

    const fn restoring(previous: KernelSigset) -> Self {
        Self { previous, _not_send: PhantomData }
    }
}

impl Drop for MaskGuard {
    fn drop(&mut self) {
        // SAFETY: it was this thread's mask before.
        let restored = unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(self.previous)) };
        debug_assert!(restored.is_ok(), "SIG_SETMASK is known and the set's size is right");
    }
}
