//! Catch and release: which receivers want which signals, and the kernel's action that follows.
//!
//! A catch links the receiver, sets its interest, waits for handlers that have not seen it, then
//! installs. A release clears the interest, waits for handlers that have not seen that, then restores.
//! In either order a signal on its way finds receivers, or the action before ours:
//!
//! - interest before action: the first signal that our handler gets has a receiver to go to;
//! - the wait in a catch: a handler that found no receiver and is restoring the previous action
//!   (`handler::uninstall_and_reraise`) has done so before this looks at what is installed;
//! - the wait in a release: when it returns, no handler that began before will set a flag any more.
#![expect(unsafe_code, reason = "installs the handler through the kernel's door")]

use core::ffi::c_int;
use core::{mem, ptr};

use super::gate::GATE;
use super::handler::{RECEIVERS, entry, is_ours};
use super::lock::{Lock, LockGuard};
use super::previous::PreviousAction;
use super::receiver::{Choices, Receiver, Registered};
use super::wake::Wake;
use crate::action::{self, Action, IN_CHAIN, SaFlags, is_handler};
use crate::bits::Bit;
use crate::fd::EventFd;
use crate::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use crate::sys::{self, KernelRestorer, KernelSigaction, KernelSigset, SIG_IGN};
use crate::{ALONE, Errno, SigSet, Signal, process};

static LOCK: Lock = Lock::new();

/// The process that registered last; 0 before the first. Only read and written under the lock.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// `catch` of every type of receiver.
pub(crate) fn catch(receiver: Registered, signals: SigSet) -> Result<(), Errno> {
    check(receiver, signals)?;
    let _lock = lock()?;
    catch_locked(receiver, signals)
}

/// `catch_unless_ignored` of every type of receiver.
pub(crate) fn catch_unless_ignored(
    receiver: Registered,
    mut signals: SigSet,
) -> Result<SigSet, Errno> {
    check(receiver, signals)?;
    let _lock = lock()?;
    for signal in signals {
        if is_ignored(signal)? {
            signals.remove(signal);
        }
    }
    catch_locked(receiver, signals).map(|()| signals)
}

/// `release` of every type of receiver.
pub(crate) fn release(receiver: Registered, signals: SigSet) -> Result<SigSet, Errno> {
    let _lock = lock()?;
    let caught = signals & receiver.caught();
    // ORDERING: Relaxed: under the lock.
    UPDATE_KERNEL_ACTION.store(update_kernel_action as *mut (), Ordering::Relaxed);
    // ORDERING: SeqCst pairs with the handler's look, through the gate.
    receiver.link().unwant(caught);
    GATE.wait_until_empty();
    for_each(caught, update_kernel_action)?;
    if ALONE {
        return Ok(wanted_of(signals));
    }
    // ORDERING: more than is needed: under the lock.
    Ok(signals & IN_CHAIN.load())
}

/// Those of `signals` that a receiver wants.
fn wanted_of(signals: SigSet) -> SigSet {
    let mut wanted = SigSet::empty();
    RECEIVERS.each(|receiver| wanted |= receiver.link().wanted());
    signals & wanted
}

/// Waits until no handler of this crate that began before this call is still with its receivers: what
/// a [`Hook`](crate::Hook) may have read before is then no longer in use. It is `synchronize_srcu` of
/// the kernel. The previous handlers that ours chains to are not waited for.
///
/// In a child of fork(2) no handler of its parent's is waited for.
///
/// # Errors
///
/// `EDEADLK`: called in signal context, in the middle of a catch or release of this thread.
///
/// # Async-signal-safety
///
/// Not async-signal-safe: it waits for handlers that are in flight, and would wait for the one it is
/// called from.
pub fn synchronize() -> Result<(), Errno> {
    let _lock = lock()?;
    GATE.wait_until_empty();
    Ok(())
}

/// `set_wake_fd` of every type of receiver.
///
/// # Safety
///
/// The descriptor is the caller's to write to, and stays open until it is taken away.
pub(crate) unsafe fn set_wake_fd(
    receiver: &Receiver,
    fd: Option<c_int>,
) -> Result<Option<c_int>, Errno> {
    if let Some(fd) = fd {
        if sys::fcntl_getfl(fd)? & libc::O_NONBLOCK == 0 {
            return Err(Errno::INVAL);
        }
    }
    exchange_wake_fd(receiver, |wake| fd.into_iter().for_each(|fd| wake.watch(fd)))
}

/// `wake_through` of every type of receiver.
pub(crate) fn wake_through(receiver: &Receiver, event: &'static EventFd) -> Result<(), Errno> {
    exchange_wake_fd(receiver, |wake| wake.watch_event(event)).map(drop)
}

fn exchange_wake_fd(
    receiver: &Receiver,
    watch: impl FnOnce(&Wake),
) -> Result<Option<c_int>, Errno> {
    let _lock = lock()?;
    let wake = receiver.wake();
    let old = wake.unwatch();
    if old.is_some() {
        GATE.wait_until_empty();
    }
    watch(wake);
    if let Some(signal) = receiver.pending().first() {
        wake.notify(signal);
    }
    Ok(old)
}

/// Takes the lock, and notes if this is another process than last time.
fn lock() -> Result<LockGuard<'static>, Errno> {
    let guard = LOCK.acquire()?;
    // ORDERING: Relaxed: under the lock. The first thread of a process has its number.
    if ALONE || PROCESS.load(Ordering::Relaxed) == guard.owner() {
        return Ok(guard);
    }
    let process = sys::getpid();
    // ORDERING: Relaxed: under the lock.
    if PROCESS.swap(process, Ordering::Relaxed) != process {
        GATE.reset_after_fork();
    }
    Ok(guard)
}

/// In a child of fork(2): nothing that came to the parent is there any more, and nothing that the
/// parent's threads were in the middle of is waited for. What is caught stays caught.
///
/// # Safety
///
/// There is no other thread in the process than the calling one, which is in no handler and in no
/// catch or release, and blocks all signals that can be delivered asynchronously.
pub(crate) unsafe fn reset_after_fork() {
    process::forked();
    GATE.reset_after_fork();
    // The owner may have the number of the calling thread, as process 1 of another namespace.
    LOCK.reset_after_fork();
    // ORDERING: Relaxed: there is no other thread.
    PROCESS.store(sys::getpid(), Ordering::Relaxed);
    RECEIVERS.each(|receiver| {
        // SAFETY: the caller's promise.
        unsafe { receiver.reset_after_fork() }
    });
}

fn check(receiver: Registered, signals: SigSet) -> Result<(), Errno> {
    if !(signals & SigSet::UNCHANGEABLE).is_empty() {
        Err(Errno::INVAL)
    } else if !(signals & SigSet::SYNCHRONOUS).is_empty() && !receiver.takes_synchronous() {
        Err(Errno::OPNOTSUPP)
    } else {
        Ok(())
    }
}

/// Whether the action that the process had before us is to ignore the signal.
fn is_ignored(signal: Signal) -> Result<bool, Errno> {
    let mut current = KernelSigaction::default();
    action::read(signal, &mut current)?;
    let before = if is_ours(&current) { PreviousAction::of(signal).saved() } else { current };
    Ok(before.handler == SIG_IGN)
}

fn catch_locked(receiver: Registered, signals: SigSet) -> Result<(), Errno> {
    RECEIVERS.link(receiver);
    let new = signals.difference(receiver.link().wanted());
    // ORDERING: SeqCst pairs with the handler's look, through the gate.
    receiver.link().want(signals);
    GATE.wait_until_empty();
    let result = for_each(signals, install);
    if result.is_err() {
        // The first error is told; restoring is as good as it can be.
        receiver.link().unwant(new);
        GATE.wait_until_empty();
        // ORDERING: Relaxed: under the lock.
        //
        // SAFETY: it is null, which is no function, or was a `UpdateKernelAction`.
        let update_kernel_action = unsafe {
            mem::transmute::<*mut (), Option<UpdateKernelAction>>(UPDATE_KERNEL_ACTION.load(Ordering::Relaxed))
        };
        if let Some(update_kernel_action) = update_kernel_action {
            let _restored = for_each(new, update_kernel_action);
        }
    }
    result
}

/// Calls `f` for each of `signals`, and returns the first error.
fn for_each(signals: SigSet, f: fn(Signal) -> Result<(), Errno>) -> Result<(), Errno> {
    let mut result = Ok(());
    for signal in signals {
        result = result.and(f(signal));
    }
    result
}

/// Installs ours, with the flags and the mask that the receivers ask for.
fn install(signal: Signal) -> Result<(), Errno> {
    let previous = PreviousAction::of(signal);
    let mut current = KernelSigaction::default();
    loop {
        action::read(signal, &mut current)?;
        if !is_ours(&current) {
            if is_handler(&current) {
                if ALONE {
                    return Err(Errno::BUSY);
                }
                // Over one that may chain to ours, the two would call each other for ever. One that ours
                // was over before, and that chains to ours, would do so already.
                if IN_CHAIN.contains(Bit::of(signal)) && !previous.is(&current) {
                    return Ok(());
                }
            }
            // Saved before ours is installed, so that the first signal finds it.
            previous.save(&current, &GATE);
        } else if !ALONE {
            // It may have come back, restored by the code that had replaced it.
            IN_CHAIN.insert(Bit::of(signal));
        }
        let result = replace(signal, &current, &merged_action(signal, &previous.saved()));
        if result != Err(Errno::AGAIN) {
            return result;
        }
    }
}

/// Brings the kernel's action in line with the receivers that are left, or restores the saved one.
type UpdateKernelAction = fn(Signal) -> Result<(), Errno>;

/// [`update_kernel_action`], from the first release on. So a program that never releases has no code for it; where
/// a catch fails in such a one, the next signal finds no receiver, and restores the action.
static UPDATE_KERNEL_ACTION: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

fn update_kernel_action(signal: Signal) -> Result<(), Errno> {
    let bit = Bit::of(signal);
    let previous = PreviousAction::of(signal);
    let is_wanted = RECEIVERS.next_wanting(None, bit).is_some();
    let mut current = KernelSigaction::default();
    loop {
        action::read(signal, &mut current)?;
        if !is_ours(&current) {
            // It is its owner's affair. The default and "ignore" chain to no handler.
            if !ALONE && !is_wanted && !is_handler(&current) {
                IN_CHAIN.remove(bit);
            }
            return Ok(());
        }
        let saved = previous.saved();
        let new = if is_wanted { merged_action(signal, &saved) } else { saved };
        match replace(signal, &current, &new) {
            Err(Errno::AGAIN) => {}
            Ok(()) if !is_wanted => return reset_spent(signal, previous, &new),
            result => return result,
        }
    }
}

/// Sets the action if it is not so already.
fn replace(signal: Signal, current: &KernelSigaction, new: &KernelSigaction) -> Result<(), Errno> {
    if !ALONE && new == current {
        return Ok(());
    }
    // SAFETY: our handler may run at any instruction of any thread; what it replaces is saved, chained
    // to and restored. What is restored was installed until ours replaced it.
    unsafe { exchange(signal, current, new) }
}

/// Sets the action if it is still `current`, and notes whether ours is in the chain. A child that is
/// forked in between may believe that it is when it is not: then a catch over a handler leaves that
/// where it is, which is the safe side.
///
/// # Safety
///
/// As [`action::compare_exchange`].
unsafe fn exchange(
    signal: Signal,
    current: &KernelSigaction,
    new: &KernelSigaction,
) -> Result<(), Errno> {
    let bit = Bit::of(signal);
    // ORDERING: more than is needed, here and below: under the lock, or in a handler that a catch waits
    // for, by the gate, before it looks.
    let noted = ALONE || IN_CHAIN.contains(bit);
    if !noted && is_ours(new) {
        IN_CHAIN.insert(bit);
    }
    // SAFETY: the caller's promise.
    let result = unsafe { action::compare_exchange(signal, current, new) };
    let left = if result.is_ok() { !is_ours(new) } else { !noted };
    if !ALONE && left {
        IN_CHAIN.remove(bit);
    }
    result
}

/// After `restored` is installed again: if it was good for one call (`SA_RESETHAND`), and one of our
/// handlers had that call while it was restored, the default is what is left of it.
fn reset_spent(
    signal: Signal,
    previous: &PreviousAction,
    restored: &KernelSigaction,
) -> Result<(), Errno> {
    if ALONE || !SaFlags::from_bits(restored.flags).contains(SaFlags::RESETHAND) {
        return Ok(());
    }
    GATE.wait_until_empty();
    if previous.is(restored) {
        return Ok(());
    }
    let left = previous.saved();
    // SAFETY: what is installed is the default.
    match unsafe { action::compare_exchange(signal, restored, &left) } {
        // Other code was faster, and has set its own, or the kernel has spent it, too.
        Err(Errno::AGAIN) => Ok(()),
        result => result,
    }
}

/// Our action over a saved one, as the receivers ask for it. A handler counts as one more receiver,
/// decides on the stack that it was made for, and keeps its choices about children.
fn merged_action(signal: Signal, saved: &KernelSigaction) -> KernelSigaction {
    const ABOUT_CHILDREN: SaFlags = SaFlags::NOCLDSTOP.union(SaFlags::NOCLDWAIT);
    let (mut choices, mut last) = (Choices::NONE, None);
    while let Some(receiver) = RECEIVERS.next_wanting(last, Bit::of(signal)) {
        choices.add(&receiver);
        last = Some(receiver);
    }
    let mut flags = choices.flags().union(SaFlags::SIGINFO);
    if SigSet::TERMINAL_ACCESS.contains(signal) {
        // The kernel would send the signal and restart the call for ever.
        flags = flags.difference(SaFlags::RESTART);
    }
    let mut mask = choices.mask;
    let theirs = SaFlags::from_bits(saved.flags);
    if !ALONE && is_handler(saved) {
        const ITS_STACK: SaFlags = ABOUT_CHILDREN.union(SaFlags::ONSTACK);
        mask |= saved.mask.bits();
        flags = flags
            .intersection(theirs.union(SaFlags::SIGINFO))
            .union(theirs.intersection(ITS_STACK));
    } else if signal == Signal::CHLD {
        let reaps = saved.handler == SIG_IGN || theirs.contains(SaFlags::NOCLDWAIT);
        flags = flags.union(choices.about_children(reaps));
    }
    KernelSigaction {
        handler: entry(),
        flags: flags.bits() | sys::SIGACTION_FLAGS,
        restorer: KernelRestorer::new(sys::sigaction_restorer()),
        mask: KernelSigset::from_bits(mask),
    }
}

impl Action {
    /// Returns `true` if it is the handler that this crate installs for its receivers.
    #[must_use]
    pub fn is_own(&self) -> bool {
        is_ours(self.as_kernel())
    }
}
