//! [`Dispatcher`]: callbacks that are called for signals in normal code, as in Python.
#![expect(unsafe_code, reason = "keeps callbacks in atomics")]

use core::fmt;
use core::mem;
use core::ops::ControlFlow;
use core::ptr;

use crate::delivery::receiver::{Receiver, receiver_choices, receiver_waits};
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::{CatchError, Errno, InfoQueue, SigInfo, SigSet, Signal, signal};

/// A function that is called for a signal in normal code. It may do what it likes: allocate, log,
/// block, catch and release.
pub type Callback = fn(&SigInfo);

/// A table of callbacks for signals, called by [`dispatch`](Self::dispatch) in normal code: what
/// `signal.signal` is in Python.
///
/// When a signal comes, the handler only takes note of it and its details. The callbacks run when
/// the program calls [`dispatch`](Self::dispatch), on the thread that calls it.
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
/// - Functions are called in ascending order of the signals' numbers.
/// - A callback is called once however often its signal came since the last call, with the details
///   of the newest instance. An [`InfoQueue`] keeps each instance.
/// - The signal's flag is cleared before the call, so what comes during the call is for the next.
/// - A callback that unwinds leaves the other signals for the next dispatch.
/// - A callback that was replaced or taken away between arrival and dispatch is not called; its
///   successor is.
/// - A callback may set, take away and dispatch, itself included.
///
/// A table has room for the details of `N` different signals at a time; of more, the callbacks are
/// called without details ([`Cause::Other`](crate::Cause::Other)), and so is one whose signal came
/// again just while its details were taken for the call before. Several tables may have callbacks
/// for the same signal, and a table may be used from several threads: each signal that came is
/// dispatched once in each table.
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

    /// [Catches](crate::Latch::catch) `signals`, and has `callback` called for each that comes, in the
    /// place of the callback before it, if there was one.
    ///
    /// # Errors
    ///
    /// As [`Latch::catch`](crate::Latch::catch); the callbacks are as before then.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
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

    /// As [`catch`](Self::catch), for those of `signals` that are not ignored; returns which. See
    /// [`Latch::catch_unless_ignored`](crate::Latch::catch_unless_ignored).
    ///
    /// # Errors
    ///
    /// As [`catch`](Self::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
    pub fn catch_unless_ignored(
        &'static self,
        signals: impl Into<SigSet>,
        callback: Callback,
    ) -> Result<SigSet, CatchError> {
        let catch = |signals| self.arrived.catch_unless_ignored(signals);
        self.catch_by(signals.into(), callback, catch)
    }

    /// As [`catch`](Self::catch), and unblocks `signals` in the calling thread; see
    /// [`Latch::catch_unblocked`](crate::Latch::catch_unblocked).
    ///
    /// # Errors
    ///
    /// As [`catch`](Self::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
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

    /// [Releases](crate::Latch::release) `signals`, and removes their callbacks. What came and was not
    /// dispatched is dropped. Returns those for which this crate's handler may still be called.
    ///
    /// # Errors
    ///
    /// As [`Latch::release`](crate::Latch::release).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
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

    /// The signals that came and were not dispatched yet. One that comes after the look is
    /// dispatched as well: what a callback is to tell its caller, it should set itself.
    #[must_use]
    pub fn pending(&self) -> SigSet {
        self.receiver().pending()
    }

    /// Calls the callbacks of the signals that came. Returns how many it called.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: that of the callbacks.
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

    /// Calls `f` for each signal that came, in the order of [`dispatch`](Self::dispatch) but whatever
    /// callback it has in the table: a way into local state without an allocation. Breaking off
    /// leaves the signals after for the next dispatch.
    ///
    /// ```
    /// use siglatch::{Dispatcher, Signal, send};
    /// use std::ops::ControlFlow;
    ///
    /// static SIGNALS: Dispatcher = Dispatcher::new();
    /// # SIGNALS.catch(Signal::USR1, |_| ())?;
    /// # send::raise(Signal::USR1)?;
    /// let mut seen = Vec::new();
    /// let stop = SIGNALS.dispatch_with(|info| {
    ///     seen.push(info.signal());
    ///     match info.signal() {
    ///         Signal::TERM => ControlFlow::Break(()),
    ///         _ => ControlFlow::Continue(()),
    ///     }
    /// });
    /// assert!(stop.is_continue());
    /// assert_eq!(seen, [Signal::USR1]);
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: that of `f`.
    pub fn dispatch_with<B>(
        &self,
        mut f: impl FnMut(&SigInfo) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.dispatch_each(|_, info| f(info))
    }

    /// The same with the signal whose flag was set.
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
        // ORDERING: Release pairs with the Acquire in `callback`: what was done before a callback was set
        // is seen when it is called, also where it is set again.
        let before = self.entry(signal)?.swap(callback, Ordering::Release);
        // SAFETY: it was stored by this callback.
        unsafe { callback_at(before) }
    }

    fn entry(&self, signal: Signal) -> Option<&AtomicPtr<()>> {
        self.callbacks.get(signal.as_raw().wrapping_sub(1) as usize)
    }
}

/// The callback whose address was stored.
///
/// # Safety
///
/// It is null or the address of a [`Callback`].
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
