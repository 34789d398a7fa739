//! A receiver, as the handler sees it: a latch, and what there may be behind it.
//!
//! Every type that receives signals has a latch as its first field and is never moved or dropped
//! once it is registered. A plain latch is tripped; one that was made with a function of its own has
//! that called instead, with its own address, from which it finds the rest of its struct.
#![expect(unsafe_code, reason = "follows the address of a registered receiver")]

use core::ffi::c_void;
use core::ops::Deref;
use core::ptr::NonNull;

use super::bits::Bit;
use super::latch::Latch;
use crate::sys::KernelSiginfo;
use crate::{SigInfo, Signal};

/// One instance of a signal, while its handler runs.
pub(crate) struct Arrival {
    pub(crate) signal: Signal,
    /// The kernel's details; null if other code that chains to us has none.
    pub(crate) info: *mut KernelSiginfo,
    /// What was interrupted.
    pub(crate) context: *mut c_void,
}

impl Arrival {
    /// The details, if there are any.
    #[inline]
    pub(super) fn details(&self) -> Option<&KernelSiginfo> {
        // SAFETY: it is null or what the kernel handed to our handler, which still runs.
        unsafe { self.info.as_ref() }
    }

    /// The details, as far as there are any.
    #[inline]
    pub(crate) fn info(&self) -> SigInfo {
        match self.details() {
            Some(info) => SigInfo::from_kernel(info),
            None => SigInfo::without_details(self.signal),
        }
    }
}

/// What a receiver did about a signal.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It does not want it after all.
    Declined = 0,
    /// It has it. Others get it as well.
    Taken = 1,
    /// It has dealt with it: nobody else is to get it.
    Ended = 2,
}

/// What a receiver does in the handler, instead of only being tripped.
///
/// The address is that of the struct it was registered as, good for ever, with a latch in front.
/// `extern "C"`, so that nothing unwinds into the handler.
pub(crate) type Deliver = unsafe extern "C" fn(NonNull<Latch>, &Arrival) -> Outcome;

/// What a receiver forgets in a child of fork(2), besides what a plain latch does. The address as
/// above.
pub(crate) type StartOver = unsafe extern "C" fn(NonNull<Latch>);

/// A registered receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Receiver(NonNull<Latch>);

impl Receiver {
    /// # Safety
    ///
    /// The struct that the latch is the first field of is never dropped, moved or borrowed
    /// mutably, and the address was taken from a reference to all of it.
    pub(crate) const unsafe fn new(latch: NonNull<Latch>) -> Self {
        Self(latch)
    }

    /// A plain latch.
    pub(crate) fn of(latch: &'static Latch) -> Self {
        // SAFETY: a shared reference for ever, to all of it.
        unsafe { Self::new(NonNull::from(latch)) }
    }

    pub(crate) const fn address(self) -> NonNull<Latch> {
        self.0
    }

    /// Takes the signal. It runs in the handler.
    pub(super) fn deliver(self, bit: Bit, arrival: &Arrival) -> Outcome {
        let Some(deliver) = self.own_delivery() else {
            self.trip(arrival.signal, bit);
            return Outcome::Taken;
        };
        // SAFETY: the function belongs to the type that this was registered as.
        unsafe { deliver(self.0, arrival) }
    }

    /// In a child of fork(2): what came to the parent is the parent's.
    ///
    /// # Safety
    ///
    /// Nobody else uses the receiver, a handler included.
    pub(super) unsafe fn start_over(self) {
        self.forget();
        if let Some(start_over) = self.own_start() {
            // SAFETY: the function belongs to the type that this was registered as; the rest is the
            // caller's promise.
            unsafe { start_over(self.0) }
        }
    }
}

impl Deref for Receiver {
    type Target = Latch;

    fn deref(&self) -> &Latch {
        // SAFETY: as promised to `new`; a latch is only ever shared.
        unsafe { self.0.as_ref() }
    }
}
