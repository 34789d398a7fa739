//! The action that was in force before ours: chained to by the handler, put back by the last
//! release.
//!
//! The handler reads an address and flags that belong together, while a registration may be about
//! to change them. The address says which: it is taken away first, and no handler starts on the
//! record until the new one is there; the handlers that have seen the old one are waited for. So
//! the handler needs no lock and no second look.
#![expect(unsafe_code, reason = "calls handlers that other code installed")]

use core::ffi::{c_int, c_ulong, c_void};
use core::mem;

use super::bits::AtomicSet;
use super::gate::Gate;
use crate::ALONE;
use crate::action::{Handler, SaFlags};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sys::{KernelSigaction, KernelSiginfo, KernelSigset, SIG_DFL, SIG_IGN};

pub(super) struct PreviousAction {
    /// `SIG_DFL` while the rest is being written, too.
    handler: AtomicUsize,
    flags: AtomicUsize,
    /// Only read and written under the lock of `registry`.
    restorer: AtomicUsize,
    /// Only read and written under the lock of `registry`.
    mask: AtomicSet,
}

/// A handler that was there before, to be called after ours.
#[derive(Clone, Copy)]
pub(super) struct Chained {
    pub(super) address: usize,
    pub(super) takes_info: bool,
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

    /// Keeps `action`. One caller at a time: `registry` holds its lock.
    pub(super) fn keep(&self, action: &KernelSigaction, handlers: &Gate) {
        if !ALONE && self.kept() == *action {
            return;
        }
        if ALONE {
            // The kernel starts a program with the default or "ignore" and nothing else set.
            return self.handler.store(action.handler, Ordering::Relaxed);
        }
        // ORDERING: SeqCst pairs with the load in `chained`, through the gate: a handler that is
        // not waited for sees no address here.
        self.handler.store(SIG_DFL, Ordering::SeqCst);
        handlers.wait_until_empty();
        self.flags.store(action.flags as usize, Ordering::Relaxed);
        self.restorer.store(action.restorer, Ordering::Relaxed);
        self.mask.store(action.mask.bits());
        // ORDERING: Release pairs with the load in `chained`: who sees the address sees the flags.
        self.handler.store(action.handler, Ordering::Release);
    }

    /// What was kept, as the kernel would have it by now.
    pub(super) fn kept(&self) -> KernelSigaction {
        // ORDERING: Relaxed, all: under the lock of `registry`; or in a handler that finds ours in
        // force, which `registry` installs after `keep`, by a system call.
        let handler = self.handler.load(Ordering::Relaxed);
        if ALONE {
            return KernelSigaction { handler, ..KernelSigaction::default() };
        }
        KernelSigaction {
            handler,
            flags: self.flags.load(Ordering::Relaxed) as c_ulong,
            restorer: self.restorer.load(Ordering::Relaxed),
            mask: KernelSigset::from_bits(self.mask.bits()),
        }
    }

    /// Whether there is a handler to call. It runs in the handler, inside the gate.
    #[inline]
    pub(super) fn is_handler(&self) -> bool {
        // ORDERING: Relaxed: `chained` looks again before it calls, and a signal that comes once ours
        // is in force finds what `keep` stored before that system call.
        !ALONE && !matches!(self.handler.load(Ordering::Relaxed), SIG_DFL | SIG_IGN)
    }

    /// The handler to call now, if there is one. It runs in the handler, inside the gate.
    pub(super) fn chained(&self) -> Option<Chained> {
        // ORDERING: SeqCst pairs with the stores in `keep`.
        let address = self.handler.load(Ordering::SeqCst);
        if ALONE || matches!(address, SIG_DFL | SIG_IGN) {
            return None;
        }
        let flags = SaFlags::from_bits(self.flags.load(Ordering::Relaxed) as c_ulong);
        // The kernel would have put the default in its place when it called it. Of several handlers
        // that come at once, one has the call.
        //
        // ORDERING: Relaxed: the address is all that is exchanged.
        let spend = || {
            self.handler.compare_exchange(address, SIG_DFL, Ordering::Relaxed, Ordering::Relaxed)
        };
        if flags.contains(SaFlags::RESETHAND) && spend().is_err() {
            return None;
        }
        Some(Chained { address, takes_info: flags.contains(SaFlags::SIGINFO) })
    }
}

impl Chained {
    /// Calls it as the kernel would have. It runs in signal context, and may not come back.
    ///
    /// # Safety
    ///
    /// `info` and `context` must be what the kernel handed to our handler for `signo`, which the
    /// chained one was installed for.
    pub(super) unsafe fn call(self, signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
        if self.takes_info {
            // SAFETY: an address that was in force as a handler with SA_SIGINFO is that of such a
            // function.
            let handler = unsafe { mem::transmute::<usize, Handler>(self.address) };
            // SAFETY: whoever installed it answers for it to run whenever the signal comes; the
            // arguments are the kernel's, as the caller promises.
            unsafe { handler(signo, info, context) };
        } else {
            // SAFETY: an address that was in force as a handler without SA_SIGINFO is that of a
            // function of one argument.
            let handler =
                unsafe { mem::transmute::<usize, unsafe extern "C" fn(c_int)>(self.address) };
            // SAFETY: as above.
            unsafe { handler(signo) };
        }
    }
}
