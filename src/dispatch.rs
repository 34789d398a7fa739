//! [`Dispatcher`]: callbacks that are called for signals in normal code, as in Python.
#![expect(unsafe_code, reason = "keeps callbacks in atomics")]

use core::fmt;
use core::mem;
use core::ops::ControlFlow;
use core::ptr;

use crate::delivery::receiver::{Receiver, receiver_choices, receiver_waits};
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::{CatchError, Errno, InfoQueue, SigInfo, SigSet, Signal, signal};

/// A function called for a signal in normal code: it may allocate, log, block, catch and release.
pub type Callback = fn(&SigInfo);

/// A table of callbacks for signals, called in normal code: Python's `signal.signal`.
///
/// The handler only records a signal and its details. [`dispatch`](Self::dispatch) calls the
/// callbacks, on the thread that calls it.
///
/// ```
/// use siglatch::{Dispatcher, Signal, send};
///
/// static SIGNALS: Dispatcher = Dispatcher::new();
///
/// SIGNALS.catch(Signal::HUP, |info| println!("reload, says {:?}", info.sender()))?;
/// send::raise(Signal::HUP)?;
/// SIGNALS.wait(None)?; // in a loop, in a program
/// assert_eq!(SIGNALS.dispatch(), 1);
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// The rules are Python's:
///
/// - Callbacks are called in ascending order of the signals' numbers.
/// - A callback is called once, however often its signal came since the last call, with the details
///   of the newest instance. An [`InfoQueue`] keeps each instance that it has room for.
/// - The signal's flag is cleared before the call, so what comes during the call is for the next.
/// - A callback that unwinds leaves the other signals for the next dispatch.
/// - A callback that was replaced between arrival and dispatch is not called; its successor is.
/// - A callback may catch, release and dispatch, itself included.
///
/// A table has room for the details of `N` different signals at a time. Callbacks of more are
/// called without details ([`Cause::Other`](crate::Cause::Other)), and so is one whose signal comes
/// again just while its details are taken. Several tables may have callbacks for the same signal,
/// and several threads may use a table: each table dispatches each signal that came once.
pub struct Dispatcher<const N: usize = 16> {
    arrived: InfoQueue<N>,
    /// By number; null where there is no callback.
    callbacks: [AtomicPtr<()>; signal::MAX as usize],
}

impl<const N: usize> Dispatcher<N> {
    /// A table without callbacks.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            arrived: InfoQueue::new().keep_newest(),
            callbacks: [const { AtomicPtr::new(ptr::null_mut()) }; signal::MAX as usize],
        }
    }

    receiver_choices!(arrived);
    receiver_waits!();

    /// [Catches](crate::Latch::catch) `signals`, and has `callback`, and no previous one, called
    /// for each.
    ///
    /// # Errors and async-signal-safety
    ///
    /// As [`Latch::catch`](crate::Latch::catch); callbacks are unchanged. Not async-signal-safe.
    #[doc(alias = "signal")]
    #[doc(alias = "set_handler")]
    pub fn catch(
        &'static self,
        signals: impl Into<SigSet>,
        callback: Callback,
    ) -> Result<(), CatchError> {
        let catch = |signals| self.arrived.catch(signals).map(|()| signals);
        self.catch_by(signals.into(), callback, catch).map(drop)
    }

    /// As [`catch`](Self::catch), but [unless ignored](crate::Latch::catch_unless_ignored).
    ///
    /// # Errors and async-signal-safety
    ///
    /// As [`catch`](Self::catch). Not async-signal-safe.
    pub fn catch_unless_ignored(
        &'static self,
        signals: impl Into<SigSet>,
        callback: Callback,
    ) -> Result<SigSet, CatchError> {
        let catch = |signals| self.arrived.catch_unless_ignored(signals);
        self.catch_by(signals.into(), callback, catch)
    }

    /// As [`catch`](Self::catch), by [`Latch::catch_unblocked`](crate::Latch::catch_unblocked).
    ///
    /// # Errors and async-signal-safety
    ///
    /// As [`catch`](Self::catch). Not async-signal-safe.
    pub fn catch_unblocked(
        &'static self,
        signals: impl Into<SigSet>,
        callback: Callback,
    ) -> Result<(), CatchError> {
        let catch = |signals| self.arrived.catch_unblocked(signals).map(|()| signals);
        self.catch_by(signals.into(), callback, catch).map(drop)
    }

    fn catch_by(
        &'static self,
        signals: SigSet,
        callback: Callback,
        catch: impl FnOnce(SigSet) -> Result<SigSet, CatchError>,
    ) -> Result<SigSet, CatchError> {
        let mut previous = [None; signal::MAX as usize];
        // In this order, the first signal finds a callback. A refused signal must not have one.
        for (signal, previous) in signals.into_iter().zip(&mut previous) {
            *previous = self.exchange(signal, Some(callback));
        }
        let result = catch(signals);
        let caught = result.unwrap_or(SigSet::empty());
        for (signal, previous) in signals.into_iter().zip(previous) {
            if !caught.contains(signal) {
                self.exchange(signal, previous);
            }
        }
        result
    }

    /// As [`Latch::release`](crate::Latch::release); also drops callbacks and what was not
    /// dispatched.
    ///
    /// # Errors and async-signal-safety
    ///
    /// As [`Latch::release`](crate::Latch::release). Not async-signal-safe.
    pub fn release(&'static self, signals: impl Into<SigSet>) -> Result<SigSet, Errno> {
        let signals = signals.into();
        let in_use = self.arrived.release(signals)?;
        for signal in signals {
            self.exchange(signal, None);
            let _dropped = self.take(signal);
        }
        Ok(in_use)
    }

    /// The callback of `signal`.
    #[doc(alias = "getsignal")]
    #[must_use]
    pub fn callback(&self, signal: Signal) -> Option<Callback> {
        // ORDERING: Acquire pairs with the Release in `exchange`.
        let address = self.entry(signal)?.load(Ordering::Acquire);
        // SAFETY: it was stored by `exchange`.
        unsafe { callback_at(address) }
    }

    /// The signals that came and were not dispatched yet. A dispatch takes later ones, too.
    #[must_use]
    pub fn pending(&self) -> SigSet {
        self.receiver().pending()
    }

    /// Calls the callbacks of the signals that came. Returns how many it called.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: the callbacks are not.
    #[doc(alias = "PyErr_CheckSignals")]
    pub fn dispatch(&self) -> usize {
        let mut calls: usize = 0;
        let _all = self.dispatch_each(|signal, info| {
            if let Some(callback) = self.callback(signal) {
                callback(info);
                calls = calls.saturating_add(1);
            }
            ControlFlow::<()>::Continue(())
        });
        calls
    }

    /// Calls `f` instead of the callbacks for each signal that came, in the same order: `f` may
    /// use local state, without an allocation. Breaking off leaves the rest for the next dispatch.
    ///
    /// ```
    /// use siglatch::{Dispatcher, Signal};
    /// use std::ops::ControlFlow;
    ///
    /// static SIGNALS: Dispatcher = Dispatcher::new();
    /// let mut seen = Vec::new();
    /// let stop = SIGNALS.dispatch_with(|info| {
    ///     seen.push(info.signal());
    ///     match info.signal() {
    ///         Signal::TERM => ControlFlow::Break(()),
    ///         _ => ControlFlow::Continue(()),
    ///     }
    /// });
    /// assert!(stop.is_continue());
    /// ```
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: `f` is not.
    pub fn dispatch_with<B>(
        &self,
        mut f: impl FnMut(&SigInfo) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.dispatch_each(|_, info| f(info))
    }

    fn dispatch_each<B>(
        &self,
        mut f: impl FnMut(Signal, &SigInfo) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut above = SigSet::from_known_bits(u64::MAX);
        while let Some(signal) = (self.pending() & above).first() {
            let up_to = signal.as_raw().unsigned_abs();
            above = SigSet::from_known_bits(u64::MAX.checked_shl(up_to).unwrap_or(0));
            if let Some(info) = self.take(signal) {
                f(signal, &info)?;
            }
        }
        ControlFlow::Continue(())
    }

    const fn receiver(&self) -> &Receiver {
        self.arrived.receiver()
    }

    /// Takes the flag of a signal and the newest details, if it came.
    fn take(&self, signal: Signal) -> Option<SigInfo> {
        if !self.receiver().take_signal(signal) {
            return None;
        }
        let mut newest = SigInfo::without_details(signal);
        while let Some(info) = self.arrived.take(signal) {
            newest = info;
        }
        Some(newest)
    }

    fn exchange(&self, signal: Signal, callback: Option<Callback>) -> Option<Callback> {
        let callback = callback.map_or(ptr::null_mut(), |callback| callback as *mut ());
        // ORDERING: Release pairs with the Acquire in `callback`: what was done before a callback
        // was set is seen when it is called, also where it is set again.
        let before = self.entry(signal)?.swap(callback, Ordering::Release);
        // SAFETY: it was stored by this callback.
        unsafe { callback_at(before) }
    }

    fn entry(&self, signal: Signal) -> Option<&AtomicPtr<()>> {
        self.callbacks.get(signal.as_raw().wrapping_sub(1) as usize)
    }
}

/// # Safety
///
/// `address` is null or that of a [`Callback`].
unsafe fn callback_at(address: *mut ()) -> Option<Callback> {
    // SAFETY: null is no callback, and the rest is the caller's promise.
    unsafe { mem::transmute::<*mut (), Option<Callback>>(address) }
}

impl<const N: usize> Default for Dispatcher<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Dispatcher<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("caught", &self.caught())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}
