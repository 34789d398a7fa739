//! Catch and release: which receivers want which signals, and the kernel's action that follows.
//!
//! A catch links the receiver, sets its interest, waits a grace period, then installs. A release
//! clears the interest, waits a grace period, then restores. So a signal always finds a receiver or
//! the previous action:
//!
//! - interest before action: the first signal that our handler gets has a receiver;
//! - the grace period of a catch: a handler that found no receiver has restored the previous action
//!   (`handler::uninstall_and_reraise`) before the installed one is read;
//! - the grace period of a release: when it returns, no handler that began before sets a flag.
#![expect(unsafe_code, reason = "installs the handler by system calls")]

use core::ffi::c_int;
use core::{mem, ptr};

use super::error::CatchError;
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

/// The process that registered last; 0 before the first. Only used under the lock.
static PROCESS: AtomicI32 = AtomicI32::new(0);

pub(crate) fn catch(receiver: Registered, signals: SigSet) -> Result<(), CatchError> {
    check(receiver, signals)?;
    let _lock = lock()?;
    catch_locked(receiver, signals)
}

pub(crate) fn catch_unless_ignored(
    receiver: Registered,
    mut signals: SigSet,
) -> Result<SigSet, CatchError> {
    check(receiver, signals)?;
    let _lock = lock()?;
    for signal in signals {
        if is_ignored(signal).map_err(|errno| CatchError::of(signal, errno))? {
            signals.remove(signal);
        }
    }
    catch_locked(receiver, signals).map(|()| signals)
}

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

fn wanted_of(signals: SigSet) -> SigSet {
    let mut wanted = SigSet::empty();
    RECEIVERS.each(|receiver| wanted |= receiver.link().wanted());
    signals & wanted
}

/// Waits a grace period, the kernel's `synchronize_srcu`: when it returns, no [`Hook`](crate::Hook)
/// that began before still runs or uses what it has read. Previous handlers are not waited for,
/// nor, in a child of fork(2), handlers of its parent.
///
/// # Errors
///
/// `EDEADLK`: as [`Latch::catch`](crate::Latch::catch).
///
/// # Async-signal-safety
///
/// Not async-signal-safe: it waits for handlers in flight, and would wait for its caller.
pub fn synchronize() -> Result<(), Errno> {
    let _lock = lock()?;
    GATE.wait_until_empty();
    Ok(())
}

/// # Safety
///
/// The descriptor is the caller's to write to, and stays open until it is replaced.
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

/// Takes the lock. In another process than last time, a child of fork(2), resets the gate.
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

/// In a child of fork(2): clears what came to the parent, and abandons what its threads were in the
/// middle of. What is caught stays caught.
///
/// # Safety
///
/// The calling thread is the only one, is in no handler, catch or release, and blocks all signals
/// that can be delivered asynchronously.
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

fn check(receiver: Registered, signals: SigSet) -> Result<(), CatchError> {
    let mut refused = (signals & SigSet::UNCHANGEABLE, Errno::INVAL);
    if refused.0.is_empty() && !receiver.takes_synchronous() {
        refused = (signals & SigSet::SYNCHRONOUS, Errno::OPNOTSUPP);
    }
    let (refused, errno) = refused;
    refused.first().map_or(Ok(()), |signal| Err(CatchError::of(signal, errno)))
}

/// Returns `true` if the previous action, or the installed one before a catch, is "ignore".
fn is_ignored(signal: Signal) -> Result<bool, Errno> {
    let mut current = KernelSigaction::default();
    action::read(signal, &mut current)?;
    let before = if is_ours(&current) { PreviousAction::of(signal).saved() } else { current };
    Ok(before.handler == SIG_IGN)
}

fn catch_locked(receiver: Registered, signals: SigSet) -> Result<(), CatchError> {
    RECEIVERS.link(receiver);
    let new = signals.difference(receiver.link().wanted());
    // ORDERING: SeqCst pairs with the handler's look, through the gate.
    receiver.link().want(signals);
    GATE.wait_until_empty();
    let result = for_each(signals, install);
    if result.is_err() {
        // The first error is returned; one while restoring is not.
        receiver.link().unwant(new);
        GATE.wait_until_empty();
        // ORDERING: Relaxed: under the lock.
        //
        // SAFETY: it is null, which is no function, or was a `UpdateKernelAction`.
        let update_kernel_action = unsafe {
            mem::transmute::<*mut (), Option<UpdateKernelAction>>(
                UPDATE_KERNEL_ACTION.load(Ordering::Relaxed),
            )
        };
        if let Some(update_kernel_action) = update_kernel_action {
            let _restored = for_each(new, update_kernel_action);
        }
    }
    result
}

fn for_each(signals: SigSet, f: fn(Signal) -> Result<(), Errno>) -> Result<(), CatchError> {
    let mut result = Ok(());
    for signal in signals {
        result = result.and(f(signal).map_err(|errno| CatchError::of(signal, errno)));
    }
    result
}

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
                // One that may chain to ours stays over it, or the two would call each other
                // endlessly. The previous handler does not, or they would already.
                if IN_CHAIN.contains(Bit::of(signal)) && !previous.is(&current) {
                    return Ok(());
                }
            }
            // Saved before ours is installed, so that the first signal finds it.
            previous.save(&current, &GATE);
        } else if !ALONE {
            // It may have been restored by the code that had replaced it.
            IN_CHAIN.insert(Bit::of(signal));
        }
        let result = replace(signal, &current, &merged_action(signal, &previous.saved()));
        if result != Err(Errno::AGAIN) {
            return result;
        }
    }
}

/// Updates the kernel's action for the receivers that are left, or restores the saved one.
type UpdateKernelAction = fn(Signal) -> Result<(), Errno>;

/// [`update_kernel_action`] from the first release on: a program that never releases does not link
/// it. If a catch fails in such a one, the next signal finds no receiver, and restores the action.
static UPDATE_KERNEL_ACTION: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

fn update_kernel_action(signal: Signal) -> Result<(), Errno> {
    let bit = Bit::of(signal);
    let previous = PreviousAction::of(signal);
    let is_wanted = RECEIVERS.next_wanting(None, bit).is_some();
    let mut current = KernelSigaction::default();
    loop {
        action::read(signal, &mut current)?;
        if !is_ours(&current) {
            // Other code's, which is left alone. The default and "ignore" chain to no handler.
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

fn replace(signal: Signal, current: &KernelSigaction, new: &KernelSigaction) -> Result<(), Errno> {
    if !ALONE && new == current {
        return Ok(());
    }
    // SAFETY: our handler may run at any instruction of any thread, and the action it replaces is
    // saved, chained to and restored. A restored one was installed until ours replaced it.
    unsafe { exchange(signal, current, new) }
}

/// Sets the action if it is still `current`, and records whether ours is in the chain. In a child
/// forked in between the record may be wrong: a catch over a handler then leaves that installed,
/// the safe side.
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
    // ORDERING: more than is needed, here and below: under the lock, or in a handler that the grace
    // period of a catch waits for.
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

/// After `restored` is installed: if it has `SA_RESETHAND`, and one of our handlers made its one
/// call meanwhile, resets the signal to the default.
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
    // SAFETY: it is the default.
    match unsafe { action::compare_exchange(signal, restored, &left) } {
        // Other code has set its own, or the kernel has reset it.
        Err(Errno::AGAIN) => Ok(()),
        result => result,
    }
}

/// Our action over a saved one, as the receivers want it. A previous handler counts as a receiver,
/// and decides on the stack and about children.
fn merged_action(signal: Signal, saved: &KernelSigaction) -> KernelSigaction {
    const ABOUT_CHILDREN: SaFlags = SaFlags::NOCLDSTOP.union(SaFlags::NOCLDWAIT);
    let (mut choices, mut last) = (Choices::NONE, None);
    while let Some(receiver) = RECEIVERS.next_wanting(last, Bit::of(signal)) {
        choices.add(&receiver);
        last = Some(receiver);
    }
    let mut flags = choices.flags().union(SaFlags::SIGINFO);
    if SigSet::TERMINAL_ACCESS.contains(signal) {
        // The kernel would send the signal again with each restart, endlessly.
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
    /// Returns `true` if its handler is the one that this crate installs for its receivers.
    #[must_use]
    pub fn is_own(&self) -> bool {
        is_ours(self.as_kernel())
    }
}
