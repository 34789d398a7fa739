//! [`Receiver`]: the first field of every type that receives signals, all that the handler and the
//! registry know of it.
//!
//! A receiver is a `static`, a `repr(C)` struct whose first field is a [`Receiver`]: linked into
//! the process-wide list by its first catch, and never unlinked, moved or dropped. A plain one is a
//! flag per signal. One with a function of its own has it called in the handler, with its address.
#![expect(unsafe_code, reason = "follows the address of a registered receiver")]

use core::ffi::{c_int, c_ulong, c_void};
use core::mem::offset_of;
use core::ops::Deref;
use core::ptr::{self, NonNull};
use core::time::Duration;
use static_assertions::{assert_impl_all, const_assert_eq};

use super::gate::GATE;
use super::list::Link;
use super::wake::Wake;
use crate::action::SaFlags;
use crate::bits::{AtomicSet, Bit};
use crate::sys::{KernelSiginfo, KernelTimespec};
use crate::{ALONE, Errno, SigInfo, SigSet, Signal, time};

/// What a [`Hook`](crate::Hook), or another receiver, has done with a signal in the handler.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HookVerdict {
    /// Handled. For a [synchronous](Signal::is_synchronous) signal, even one sent, nothing else is
    /// called; any other is still delivered to the other receivers and chained to the previous
    /// handler.
    Taken,
    /// Handled, and delivered to the others and chained in any case.
    TakenAndChained,
    /// Not handled: delivered to the others, and chained.
    Declined,
}

/// What a receiver does in the handler instead of setting a flag, given the address of the
/// registered struct. `extern "C"`: nothing unwinds into the handler.
pub(crate) type Deliver = unsafe extern "C" fn(NonNull<Receiver>, &Arrival) -> HookVerdict;

/// What a receiver resets in a child of fork(2) besides its flags, given the same address.
pub(crate) type Reset = unsafe extern "C" fn(NonNull<Receiver>);

#[repr(C)]
pub(crate) struct Receiver {
    /// First: the list finds the rest by its address.
    link: Link,
    /// The flags. Set by the handler, taken by normal code.
    pending: AtomicSet,
    wake: Wake,
    /// Its mask, XOR the default: a `static` that is all zero takes no room in the file.
    mask_difference: u64,
    /// `SA_RESTART`, `SA_ONSTACK`, `SA_NOCLDWAIT`: unwanted. `SA_NOCLDSTOP`: stops are unwanted.
    unwanted_flags: c_ulong,
    /// The stack was chosen, and does not follow from the mask.
    has_stack: bool,
    deliver: Option<Deliver>,
    reset: Option<Reset>,
    /// It may catch what the kernel raises synchronously.
    takes_synchronous: bool,
}

assert_impl_all!(Receiver: Send, Sync, Unpin);
const_assert_eq!(offset_of!(Receiver, link), 0);

/// What the receivers of a signal want of its action, merged.
#[derive(Clone, Copy)]
pub(super) struct Choices {
    /// Blocked by any of them.
    pub(super) mask: u64,
    /// Unwanted by any of them.
    unwanted: c_ulong,
    /// Unwanted by all of them.
    refused: c_ulong,
}

impl Choices {
    pub(super) const NONE: Self = Self { mask: 0, unwanted: 0, refused: c_ulong::MAX };

    pub(super) fn add(&mut self, receiver: &Receiver) {
        self.mask |= DEFAULT_MASK ^ receiver.mask_difference;
        self.unwanted |= receiver.unwanted_flags;
        self.refused &= receiver.unwanted_flags;
    }

    /// `SA_RESTART` if all of them want it, `SA_ONSTACK` if any does.
    pub(super) const fn flags(self) -> SaFlags {
        let lost = self.unwanted & SaFlags::RESTART.bits() | self.refused & SaFlags::ONSTACK.bits();
        SaFlags::RESTART.union(SaFlags::ONSTACK).difference(SaFlags::from_bits(lost))
    }

    /// For `SIGCHLD` over an action that is no handler: `SA_NOCLDSTOP` if none wants stops; and if
    /// the kernel reaps children with it (`reaps`), `SA_NOCLDWAIT` unless one waits for them.
    pub(super) const fn about_children(self, reaps: bool) -> SaFlags {
        let kept = if reaps { !self.unwanted & SaFlags::NOCLDWAIT.bits() } else { 0 };
        SaFlags::from_bits(kept | self.refused & SaFlags::NOCLDSTOP.bits())
    }
}

/// With the signal by which a C library cancels threads.
const DEFAULT_MASK: u64 = SigSet::ASYNCHRONOUS.bits() | Signal::CANCELLATION_BIT;

impl Receiver {
    pub(crate) const fn new() -> Self {
        Self {
            link: Link::new(),
            pending: AtomicSet::new(),
            wake: Wake::new(),
            mask_difference: 0,
            unwanted_flags: 0,
            has_stack: false,
            deliver: None,
            reset: None,
            takes_synchronous: false,
        }
    }

    pub(crate) const fn with(deliver: Deliver) -> Self {
        Self::new().delivering(deliver)
    }

    pub(super) const fn delivering(mut self, deliver: Deliver) -> Self {
        self.deliver = Some(deliver);
        self
    }

    pub(crate) const fn resetting(mut self, reset: Reset) -> Self {
        self.reset = Some(reset);
        self
    }

    /// For a type that can answer a signal before the handler returns.
    pub(super) const fn taking_synchronous(mut self) -> Self {
        self.takes_synchronous = true;
        self
    }

    pub(crate) const fn restart(self, restart: bool) -> Self {
        self.with_flag(SaFlags::RESTART, restart)
    }

    pub(crate) const fn mask(mut self, mask: SigSet) -> Self {
        let mask = mask.difference(SigSet::UNCHANGEABLE);
        self.mask_difference = mask.bits() ^ SigSet::ASYNCHRONOUS.bits();
        if self.has_stack {
            return self;
        }
        // Handlers that nest do so on the alternate stack only if that was chosen.
        self.with_flag(SaFlags::ONSTACK, SigSet::ASYNCHRONOUS.difference(mask).is_empty())
    }

    pub(crate) const fn alternate_stack(mut self, alternate: bool) -> Self {
        self.has_stack = true;
        self.with_flag(SaFlags::ONSTACK, alternate)
    }

    /// For a type that waits for children, and may want their stops.
    pub(crate) const fn waiting_for_children(self, stops: bool) -> Self {
        self.with_flag(SaFlags::NOCLDWAIT, false).with_flag(SaFlags::NOCLDSTOP, stops)
    }

    const fn with_flag(mut self, flag: SaFlags, wanted: bool) -> Self {
        let others = self.unwanted_flags & !flag.bits();
        self.unwanted_flags = if wanted { others } else { others | flag.bits() };
        self
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // ORDERING: Acquire pairs with the handler's insert in `flag`.
        !self.pending.is_empty()
    }

    #[inline]
    pub(super) fn contains(&self, signal: Signal) -> bool {
        // ORDERING: Acquire pairs with the handler's insert in `flag`.
        self.pending.contains(Bit::of(signal))
    }

    #[inline]
    pub(crate) fn pending(&self) -> SigSet {
        // ORDERING: Acquire pairs with the handler's insert in `flag`.
        self.pending.load()
    }

    #[inline]
    pub(crate) fn take(&self) -> SigSet {
        // ORDERING: Acquire pairs with the handler's insert in `flag`.
        self.pending.take()
    }

    #[inline]
    pub(crate) fn take_signal(&self, signal: Signal) -> bool {
        // ORDERING: as in `take`.
        self.pending.remove(Bit::of(signal))
    }

    /// Sets a flag and wakes threads and descriptor, in normal code or in a handler.
    pub(crate) fn set(&self, signal: Signal) {
        if !self.flag(Bit::of(signal)) {
            return;
        }
        if !self.wake.is_watched() {
            return self.wake.wake_threads();
        }
        // As a handler, so that nothing is written to a descriptor that was replaced.
        let epoch = GATE.enter();
        self.wake.wake(signal);
        GATE.leave(epoch);
    }

    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        if self.is_set() {
            return Ok(true);
        }
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Ok(false);
        }
        let deadline = timeout.map(time::deadline).transpose()?;
        self.sleep(deadline.as_ref())
    }

    pub(crate) fn wait_until(&self, end: Duration) -> Result<bool, Errno> {
        if self.is_set() { Ok(true) } else { self.sleep(Some(&time::timespec(end))) }
    }

    fn sleep(&self, deadline: Option<&KernelTimespec>) -> Result<bool, Errno> {
        // ORDERING: SeqCst pairs with the SeqCst insert in `flag`, as `Wake` demands.
        match self.wake.wait(deadline, || !self.pending.is_empty()) {
            Ok(()) => Ok(true),
            Err(Errno::TIMEDOUT) => Ok(self.is_set()),
            Err(errno) => Err(errno),
        }
    }

    pub(crate) fn caught(&self) -> SigSet {
        if self.link.is_end() { SigSet::empty() } else { self.link.wanted() }
    }

    /// Flag first, wake second. It runs in the handler.
    #[inline]
    pub(crate) fn flag_and_wake(&self, signal: Signal, bit: Bit) {
        if self.flag(bit) {
            self.wake.wake(signal);
        }
    }

    /// The flag alone. Returns `true` if [`wake`](Wake::wake) has to follow.
    #[inline]
    pub(super) fn flag(&self, bit: Bit) -> bool {
        // ORDERING: SeqCst. Its Release half pairs with the Acquire of the looks and takes; as a
        // whole it is ordered before the load of the listeners, as `Wake` demands.
        self.pending.insert(bit);
        self.wake.has_listeners()
    }

    pub(super) const fn wake(&self) -> &Wake {
        &self.wake
    }

    pub(crate) fn wake_fd(&self) -> Option<c_int> {
        self.wake.watched()
    }

    pub(crate) fn missed_wakes(&self) -> u32 {
        self.wake.missed()
    }

    pub(super) const fn link(&self) -> &Link {
        &self.link
    }

    #[inline]
    pub(super) const fn is_plain(&self) -> bool {
        self.deliver.is_none()
    }

    pub(super) const fn takes_synchronous(&self) -> bool {
        self.takes_synchronous
    }
}

/// One instance of a signal, while its handler runs.
pub(crate) struct Arrival {
    pub(crate) signal: Signal,
    /// The second argument of the handler.
    pub(super) info: *mut KernelSiginfo,
    /// The third: what was interrupted.
    pub(super) context: *mut c_void,
}

impl Arrival {
    /// The kernel's details, if they are known to belong to this signal. Code over ours may chain
    /// to it with one argument, the others then being garbage. So they are read only where the
    /// kernel's frame is, above the handler's on the same stack, and must name this signal.
    #[inline]
    pub(crate) fn details(&self) -> Option<&KernelSiginfo> {
        if !ALONE && !self.is_above(self.info.addr()) {
            return None;
        }
        // SAFETY: it is aligned, and on the handler's stack, between the frame that this struct is
        // in and that of the interrupted code or above; alone in the process, it is the kernel's.
        let info = unsafe { &*self.info };
        (info.signo() == self.signal.as_raw()).then_some(info)
    }

    /// Returns `false` if a process is known to have sent it, or not to be a signal of a fault.
    pub(super) fn is_fault(&self) -> bool {
        let is_sent = || self.details().is_some_and(|info| info.code() <= 0);
        self.signal.is_synchronous() && !is_sent()
    }

    /// The interrupted context, if the arguments are the kernel's.
    #[inline]
    pub(super) fn trusted_context(&self) -> Option<*mut c_void> {
        self.details()?;
        self.context_above()
    }

    /// The same, where the kernel is known to be the caller.
    #[inline]
    pub(super) fn context_above(&self) -> Option<*mut c_void> {
        self.is_above(self.context.addr()).then_some(self.context)
    }

    #[inline]
    pub(crate) fn info(&self) -> SigInfo {
        match self.details() {
            Some(info) => SigInfo::copied(info),
            None => SigInfo::without_details(self.signal),
        }
    }

    #[inline]
    fn is_above(&self, address: usize) -> bool {
        is_above(ptr::from_ref(self).addr(), address)
    }
}

/// Returns `true` if an address is above a frame, aligned as the kernel's structs are (to 4 bytes on
/// 32 bits). The kernel's largest frame has some 11 KiB; the rest is for code that chains to ours.
#[inline]
const fn is_above(frame: usize, address: usize) -> bool {
    const REACH: usize = 1 << 20;
    const ALIGNED: usize = REACH.wrapping_sub(align_of::<KernelSiginfo>());
    // A stack of 32 bits may end at the last page of all; address 0 is not above it.
    let (distance, is_below) = address.overflowing_sub(frame);
    !is_below && distance & !ALIGNED == 0
}

/// A registered receiver: the address of the whole struct.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Registered(NonNull<Receiver>);

impl Registered {
    /// # Safety
    ///
    /// The struct with this first field is never dropped, moved or borrowed mutably, and the
    /// address was taken from a reference to all of it.
    pub(crate) const unsafe fn new(receiver: NonNull<Receiver>) -> Self {
        Self(receiver)
    }

    pub(super) const fn address(self) -> NonNull<Receiver> {
        self.0
    }

    /// Takes the signal. It runs in the handler.
    pub(super) fn deliver(self, bit: Bit, arrival: &Arrival) -> HookVerdict {
        let Some(deliver) = self.deliver else {
            self.flag_and_wake(arrival.signal, bit);
            return HookVerdict::TakenAndChained;
        };
        // SAFETY: the function belongs to the type that this was registered as.
        unsafe { deliver(self.0, arrival) }
    }

    /// In a child of fork(2): clears what came to the parent.
    ///
    /// # Safety
    ///
    /// Nothing else uses the receiver, a handler included.
    pub(super) unsafe fn reset_after_fork(self) {
        let _flags = self.take();
        let _descriptor = self.wake.unwatch();
        if let Some(reset) = self.reset {
            // SAFETY: the function belongs to the type that this was registered as; the rest is the
            // caller's promise.
            unsafe { reset(self.0) }
        }
    }
}

impl Deref for Registered {
    type Target = Receiver;

    fn deref(&self) -> &Receiver {
        // SAFETY: as promised to `new`; a receiver is only ever shared.
        unsafe { self.0.as_ref() }
    }
}

/// How a `repr(C)` struct whose first field `receiver` is a [`Receiver`] is registered.
macro_rules! registered {
    () => {
        pub(crate) fn registered(&'static self) -> $crate::delivery::receiver::Registered {
            const { assert!(core::mem::offset_of!(Self, receiver) == 0, "the receiver is in front") };
            // SAFETY: the receiver is the first field, as the line above makes sure; the reference
            // is shared, for ever, and to all of the struct.
            unsafe {
                $crate::delivery::receiver::Registered::new(core::ptr::NonNull::from(self).cast())
            }
        }

        pub(crate) const fn receiver(&self) -> &$crate::delivery::receiver::Receiver {
            &self.receiver
        }
    };
}
pub(crate) use registered;

/// The choices of every type with a receiver: a field that is a [`Receiver`], or has its methods.
macro_rules! receiver_choices {
    ($receiver:ident) => {
        /// Sets whether a system call that the signal interrupts is restarted (`SA_RESTART`, the
        /// default) or fails with `EINTR`; signal(7) lists those that always fail. `SIGTTIN` and
        /// `SIGTTOU` never restart: the kernel would send them again with each restart.
        ///
        /// `std` returns `EINTR`, as `ErrorKind::Interrupted`, from `read`, `fill_buf`, `write` and
        /// `recv`. It retries in `read_line`, `lines`, `read_to_end`, `read_exact`, `write_all`,
        /// `accept`, `Child::wait` and `thread::sleep`: call [`wait::poll`](crate::wait::poll())
        /// before those, and look at the flag.
        #[doc(alias = "siginterrupt")]
        #[doc(alias = "SA_RESTART")]
        #[must_use]
        pub const fn restart(mut self, restart: bool) -> Self {
            self.$receiver = self.$receiver.restart(restart);
            self
        }

        /// Sets what is blocked while the handler runs, besides the signal itself (`sa_mask`). The
        /// default is all but the [synchronous](crate::Signal::is_synchronous) signals: raised
        /// while blocked, they kill the process.
        ///
        /// With a narrower mask other signals may interrupt the handler. It then runs on the
        /// alternate stack only if [`alternate_stack`](Self::alternate_stack) chose it, and code
        /// that interrupts it must return: after a siglongjmp(3) out of it, a later catch or
        /// release may never return.
        #[doc(alias = "sa_mask")]
        #[must_use]
        pub const fn mask(mut self, mask: $crate::SigSet) -> Self {
            self.$receiver = self.$receiver.mask(mask);
            self
        }

        /// Sets whether the handler runs on the thread's alternate stack, if any (`SA_ONSTACK`).
        /// A previous handler's action decides instead.
        ///
        /// The default is yes: another language's runtime may give threads a stack that is too
        /// small for a signal frame. With a [`mask`](Self::mask) that lets handlers nest it is no:
        /// each takes a frame of [`stack::min_size`](crate::stack::min_size) bytes or more, some
        /// kilobytes, and an alternate stack often has room for two. One without room for a frame,
        /// as of 2,048 bytes on a processor with large registers, ends the process by `SIGSEGV`.
        #[doc(alias = "SA_ONSTACK")]
        #[must_use]
        pub const fn alternate_stack(mut self, alternate: bool) -> Self {
            self.$receiver = self.$receiver.alternate_stack(alternate);
            self
        }
    };
}
pub(crate) use receiver_choices;

/// How every type with a receiver waits, and wakes a poll loop. It has a method `receiver`.
macro_rules! receiver_waits {
    () => {
        /// Sleeps until a signal is pending here, delivered and not yet taken, or for `timeout` at
        /// most (`None`: no limit; zero: only a look). Takes none; returns `true` if one is
        /// pending.
        ///
        /// The timeout is of `CLOCK_MONOTONIC`, which runs while the process is stopped and not
        /// while the machine is suspended. It never ends early, and signals do not prolong it. All
        /// waiting threads are woken. Nothing needs to be blocked: a signal between a look at the
        /// flags and the sleep ends the sleep.
        pub fn wait(&self, timeout: Option<core::time::Duration>) -> Result<bool, $crate::Errno> {
            self.receiver().wait(timeout)
        }

        /// As [`wait`](Self::wait), until `end` of `CLOCK_MONOTONIC`: one deadline for several
        /// waits, counted from [`wait::now`](crate::wait::now). One that has passed only looks.
        pub fn wait_until(&self, end: core::time::Duration) -> Result<bool, $crate::Errno> {
            self.receiver().wait_until(end)
        }

        /// The signals that it has caught and not released.
        #[must_use]
        pub fn caught(&self) -> $crate::SigSet {
            self.receiver().caught()
        }

        /// Writes a byte to `fd` with each signal that is delivered, after its flag; `None` ends
        /// it. Returns the previous descriptor, to which no handler writes from then on.
        ///
        /// As in Python, the byte is the signal's number; but it carries nothing that the flags do
        /// not: drain the descriptor first, then look at the flags. If flags are set already, a
        /// byte is written at once.
        ///
        /// What cannot be written, to a full or closed pipe, is counted in
        /// [`missed_wakes`](Self::missed_wakes). A pipe or socket without a reader raises `SIGPIPE`
        /// in the thread that took the signal; if this receiver has caught that too, nothing is
        /// written for it.
        ///
        /// # Errors
        ///
        /// `EBADF`: `fd` is not open. `EINVAL`: it is not non-blocking; a handler must not block.
        /// `EDEADLK`: as [`catch`](Self::catch). On an error the previous descriptor stays.
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe, as [`catch`](Self::catch).
        ///
        /// # Safety
        ///
        /// The descriptor must be the caller's to write to, and stay open until it is replaced: the
        /// number of a closed one may become another file's.
        #[doc(alias = "set_wakeup_fd")]
        pub unsafe fn set_wake_fd(
            &self,
            fd: Option<core::ffi::c_int>,
        ) -> Result<Option<core::ffi::c_int>, $crate::Errno> {
            // SAFETY: the caller's promise.
            unsafe { $crate::delivery::registry::set_wake_fd(self.receiver(), fd) }
        }

        /// Makes `event` readable with each signal that is delivered, after its flag, unless it is
        /// readable already: a burst of signals is one write. If flags are set, it is made readable
        /// at once. After poll(2), clear it first, then look at the flags.
        /// [`set_wake_fd`](Self::set_wake_fd) or another call replaces it.
        ///
        /// # Errors and async-signal-safety
        ///
        /// `EDEADLK`: as [`catch`](Self::catch). Not async-signal-safe.
        pub fn wake_through(
            &self,
            event: &'static $crate::fd::EventFd,
        ) -> Result<(), $crate::Errno> {
            $crate::delivery::registry::wake_through(self.receiver(), event)
        }

        /// The descriptor that is written to: Python's missing `get_wakeup_fd`.
        #[must_use]
        pub fn wake_fd(&self) -> Option<core::ffi::c_int> {
            self.receiver().wake_fd()
        }

        /// The number of wake-ups that could not be written, modulo 2³²; their flags are set.
        #[doc(alias = "warn_on_full_buffer")]
        #[must_use]
        pub fn missed_wakes(&self) -> u32 {
            self.receiver().missed_wakes()
        }
    };
}
pub(crate) use receiver_waits;

/// The methods of every type of receiver: a `repr(C)` struct whose first field `receiver` is a
/// [`Receiver`]. A catch calls the method `$prepare` first.
macro_rules! receiver_methods {
    ($($prepare:ident)?) => {
        $crate::delivery::receiver::receiver_choices!(receiver);
        $crate::delivery::receiver::receiver_waits!();

        /// Catches `signals`: from now on each is received here. On an error, none is caught that
        /// was not before.
        ///
        /// This crate's handler is installed for them. The previous action is saved: a handler is
        /// chained to, after the receivers, and the last [`release`](Self::release) of all
        /// receivers restores the action. Catching again makes sure that the handler is still
        /// installed. Its code must stay in memory: see `release`.
        ///
        /// # A handler of other code
        ///
        /// The previous handler is called as the kernel would have called it: on the stack that its
        /// flags request, with its mask and arguments, and as often.
        ///
        /// **Where other code's handler is installed over ours, a catch registers the receiver and
        /// leaves the kernel's action alone; the signal reaches ours only if that handler chains,
        /// as well-behaved ones do.** [`Action::is_own`](crate::action::Action::is_own) of
        /// [`action::query`](crate::action::query) shows. To take a signal back from code that does
        /// not chain, set the [default action](crate::action::default), then catch. Over the
        /// default and "ignore" ours is installed, and the last release restores that action.
        ///
        /// Code that chains to ours should have `SA_SIGINFO` and pass on its three arguments. With
        /// the number alone, the signal comes without details. (Details of an earlier instance of
        /// the same signal, left on the stack and in the registers, cannot be told from its own.)
        ///
        /// # SIGCHLD that is ignored
        ///
        /// In a program that is started with `SIGCHLD` ignored the kernel reaps children. A catch
        /// leaves it so (`SA_NOCLDWAIT`): the signal comes, no zombie is left, and a wait for a
        /// child fails with `ECHILD`. A program that waits for children sets the
        /// [default action](crate::action::default) first, or catches the signal by
        /// [`Children`](crate::child::Children).
        ///
        /// # Errors
        ///
        /// [`CatchError::signal`](crate::CatchError::signal) tells which signal. `EINVAL`:
        /// `SIGKILL` or `SIGSTOP`. `EOPNOTSUPP`: a [synchronous](crate::Signal::is_synchronous)
        /// signal, and this is not a [`Hook`](crate::Hook): without an answer before the handler
        /// returns, the instruction faults again, and a trapped system call returns its own number
        /// as if it had succeeded. `EBUSY`: there is a handler, and the program was built with
        /// `--cfg siglatch_alone`. `EDEADLK`: called in a handler that interrupted a catch or
        /// release of the same thread. After an error of a seccomp(2) filter, in a program that has
        /// released nothing yet, ours may stay installed; the next signal restores the action.
        ///
        /// # Async-signal-safety
        ///
        /// Not async-signal-safe: it waits for handlers in flight, and would wait for its caller.
        #[doc(alias = "signal")]
        #[doc(alias = "sigaction")]
        #[doc(alias = "register")]
        pub fn catch(
            &'static self,
            signals: impl Into<$crate::SigSet>,
        ) -> Result<(), $crate::CatchError> {
            let signals = signals.into();
            $(self.$prepare(signals)?;)?
            $crate::delivery::registry::catch(self.registered(), signals)
        }

        /// Catches those of `signals` whose previous action is not "ignore", and returns them.
        /// nohup(1) starts a program with `SIGHUP` ignored, a shell without job control one in the
        /// background with `SIGINT` and `SIGQUIT`, and both expect it to leave them so.
        ///
        /// # Errors and async-signal-safety
        ///
        /// As [`catch`](Self::catch), for those that are not ignored. Not async-signal-safe.
        #[doc(alias = "nohup")]
        pub fn catch_unless_ignored(
            &'static self,
            signals: impl Into<$crate::SigSet>,
        ) -> Result<$crate::SigSet, $crate::CatchError> {
            let signals = signals.into();
            $(self.$prepare(signals)?;)?
            $crate::delivery::registry::catch_unless_ignored(self.registered(), signals)
        }

        /// [Catches](Self::catch) `signals`, and unblocks them in the calling thread: a launcher
        /// may have left them blocked.
        ///
        /// # Errors and async-signal-safety
        ///
        /// As [`catch`](Self::catch). Not async-signal-safe.
        pub fn catch_unblocked(
            &'static self,
            signals: impl Into<$crate::SigSet>,
        ) -> Result<(), $crate::CatchError> {
            let signals = signals.into();
            self.catch(signals)?;
            $crate::mask::unblock(signals)?;
            Ok(())
        }

        /// Releases `signals`: when this returns, no handler delivers them to this receiver. What
        /// was delivered stays. A signal that it has not caught is left alone.
        ///
        /// The last release of a signal restores the saved action, byte for byte, if ours is still
        /// installed. If other code's handler is, that stays, and may chain to ours, which chains
        /// to the saved one. When that code restores ours, the next signal restores the saved
        /// action and has its effect: a signal whose default is to end the process ends it.
        ///
        /// Returns those of `signals` for which this crate's handler may still be called: another
        /// receiver has caught them, or other code's handler is installed over ours. Until there
        /// are none, the code must stay in memory: a shared library is linked with
        /// `-Wl,-z,nodelete`.
        ///
        /// In a child of fork(2) outside a [`ForkWindow`](crate::child::ForkWindow), the first
        /// catch or release waits for no handler that began before it: those of the child's threads
        /// cannot be told from those of its parent's, which never end.
        ///
        /// # Errors and async-signal-safety
        ///
        /// `EDEADLK`: as [`catch`](Self::catch); nothing is changed. After an error of a seccomp(2)
        /// filter, the signals are released, but the handler may still be installed, and chains.
        /// Not async-signal-safe.
        #[doc(alias = "unregister")]
        pub fn release(
            &'static self,
            signals: impl Into<$crate::SigSet>,
        ) -> Result<$crate::SigSet, $crate::Errno> {
            $crate::delivery::registry::release(self.registered(), signals.into())
        }

        $crate::delivery::receiver::registered!();
    };
}
pub(crate) use receiver_methods;

#[cfg(test)]
mod tests {
    use super::is_above;

    #[test]
    fn what_is_above_a_frame() {
        for frame in [0x7fff_0000, usize::MAX & !0xfff] {
            for address in [frame, frame + 8, frame + 0xff8] {
                assert!(is_above(frame, address), "{address:#x} is above {frame:#x}");
            }
            for address in [0, 8, 1 << 16, frame - 8, frame + 1, frame.wrapping_add(1 << 20)] {
                assert!(!is_above(frame, address), "{address:#x} is not above {frame:#x}");
            }
        }
    }
}
