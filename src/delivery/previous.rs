//! The previous action of each signal, which ours was installed over: chained to by the handler,
//! restored by the last release.
//!
//! The handler reads an address, flags and a mask that belong together, without a lock or a retry.
//! The owner of `registry`'s lock changes them in these steps:
//!
//! 1. it stores `SIG_DFL` as the address: there is nothing to chain to;
//! 2. a grace period: no handler still uses what was loaded before (see `gate`);
//! 3. it stores flags, restorer and mask, then the address.
//!
//! A handler makes one change: with `SA_RESETHAND` it exchanges the address for `SIG_DFL`.
#![expect(unsafe_code, reason = "calls handlers that other code installed")]

use core::ffi::{c_int, c_ulong, c_void};
use core::{mem, ptr};

use super::gate::Gate;
use crate::action::{Handler, SaFlags};
use crate::bits::AtomicSet;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sys::{KernelRestorer, KernelSigaction, KernelSiginfo, KernelSigset, SIG_DFL, SIG_IGN};
use crate::{ALONE, Signal, signal, sys};

static ACTIONS: [PreviousAction; signal::MAX as usize] =
    [const { PreviousAction::new() }; signal::MAX as usize];

pub(super) struct PreviousAction {
    handler: AtomicUsize,
    flags: AtomicUsize,
    /// Only used under the lock of `registry`.
    restorer: AtomicUsize,
    mask: AtomicSet,
}

#[derive(Clone, Copy)]
pub(super) struct Chained {
    pub(super) address: usize,
    pub(super) flags: SaFlags,
    /// What its action blocks, besides the signal itself.
    pub(super) mask: KernelSigset,
}

impl PreviousAction {
    pub(super) const fn new() -> Self {
        Self {
            handler: AtomicUsize::new(SIG_DFL),
            flags: AtomicUsize::new(0),
            restorer: AtomicUsize::new(0),
            mask: AtomicSet::new(),
        }
    }

    pub(super) fn of(signal: Signal) -> &'static Self {
        const LAST: usize = signal::MAX as usize - 1;
        let index = (signal.as_raw() as u32).wrapping_sub(1) as usize;
        #[expect(clippy::indexing_slicing, reason = "a power of two, masked: no panic is left")]
        &ACTIONS[index & LAST]
    }

    /// Saves `action`. Under the lock of `registry`.
    pub(super) fn save(&self, action: &KernelSigaction, handlers: &Gate) {
        if !ALONE && self.is(action) {
            return;
        }
        if ALONE {
            // At its start a program has the default or "ignore", without flags or mask.
            return self.handler.store(action.handler, Ordering::Relaxed);
        }
        // ORDERING: SeqCst pairs with the load in `chained`, through the gate: a handler that is
        // not waited for sees no address here.
        self.handler.store(SIG_DFL, Ordering::SeqCst);
        handlers.wait_until_empty();
        self.flags.store(action.flags as usize, Ordering::Relaxed);
        self.restorer.store(action.restorer.address(), Ordering::Relaxed);
        self.mask.store(action.mask.bits());
        // ORDERING: Release pairs with the load in `chained`: the flags and the mask are seen with
        // the address.
        self.handler.store(action.handler, Ordering::Release);
    }

    /// The saved action, as the kernel would have it by now.
    pub(super) fn saved(&self) -> KernelSigaction {
        // ORDERING: Relaxed, all: under the lock of `registry`; or in a handler that finds ours
        // installed, which `registry` does after `save`, by a system call.
        let handler = self.handler.load(Ordering::Relaxed);
        if ALONE {
            return KernelSigaction { handler, ..KernelSigaction::default() };
        }
        KernelSigaction {
            handler,
            flags: self.flags.load(Ordering::Relaxed) as c_ulong,
            restorer: KernelRestorer::new(self.restorer.load(Ordering::Relaxed)),
            mask: KernelSigset::from_bits(self.mask.bits()),
        }
    }

    /// Returns `true` if there is a handler to call. In the handler, inside the gate.
    #[inline]
    pub(super) fn is_handler(&self) -> bool {
        // ORDERING: Relaxed: `chained` looks again before it calls, and a signal that comes once
        // ours is installed finds what `save` stored before that system call.
        !ALONE && !matches!(self.handler.load(Ordering::Relaxed), SIG_DFL | SIG_IGN)
    }

    #[cfg_attr(not(siglatch_alone), inline(never))] // small, and several places call it
    pub(super) fn is(&self, action: &KernelSigaction) -> bool {
        self.saved() == *action
    }

    /// Returns `true` if a signal has no effect under this action, unless the kernel forces it on
    /// the process, as it does a fault. Process 1 of a pid namespace has no default action.
    pub(super) fn is_without_effect(&self) -> bool {
        // ORDERING: Relaxed, as in `saved`.
        match self.handler.load(Ordering::Relaxed) {
            SIG_IGN => true,
            SIG_DFL => sys::getpid() == 1,
            _ => false,
        }
    }

    /// The handler to call now, if there is one. In the handler, inside the gate.
    pub(super) fn chained(&self) -> Option<Chained> {
        // ORDERING: SeqCst pairs with the stores in `save`.
        let address = self.handler.load(Ordering::SeqCst);
        if ALONE || matches!(address, SIG_DFL | SIG_IGN) {
            return None;
        }
        let flags = SaFlags::from_bits(self.flags.load(Ordering::Relaxed) as c_ulong);
        // The kernel would have reset the disposition when it called it. Of several handlers at
        // once, one has the call.
        //
        // ORDERING: Relaxed: the address is all that is exchanged.
        let spend = || {
            self.handler.compare_exchange(address, SIG_DFL, Ordering::Relaxed, Ordering::Relaxed)
        };
        if flags.contains(SaFlags::RESETHAND) && spend().is_err() {
            return None;
        }
        Some(Chained { address, flags, mask: KernelSigset::from_bits(self.mask.bits()) })
    }
}

impl Chained {
    /// What the kernel would block while it runs, over code that blocks `interrupted`.
    pub(super) fn blocked(&self, signal: Signal, interrupted: KernelSigset) -> KernelSigset {
        let own = if self.flags.contains(SaFlags::NODEFER) { 0 } else { signal.bit() };
        KernelSigset::from_bits(interrupted.bits() | self.mask.bits() | own)
    }

    /// Calls it, in signal context; it may not return.
    ///
    /// # Safety
    ///
    /// `info` and `context` must be what our handler was called with for `signo`, the signal that
    /// the chained one was installed for.
    pub(super) unsafe fn call(self, signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
        let function = ptr::with_exposed_provenance::<()>(self.address);
        if self.flags.contains(SaFlags::SIGINFO) {
            // SAFETY: an address that was installed as a handler with SA_SIGINFO is that of such a
            // function.
            let handler = unsafe { mem::transmute::<*const (), Handler>(function) };
            // SAFETY: the code that installed it answers for it to run whenever the signal comes;
            // the arguments are those that it would have been called with, as the caller promises.
            unsafe { handler(signo, info, context) };
        } else {
            // SAFETY: an address that was installed as a handler without SA_SIGINFO is that of a
            // function of one argument.
            let handler =
                unsafe { mem::transmute::<*const (), unsafe extern "C" fn(c_int)>(function) };
            // SAFETY: as above.
            unsafe { handler(signo) };
        }
    }
}
