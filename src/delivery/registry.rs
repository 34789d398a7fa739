//! Catch and release: which receivers want which signals, and the kernel's action that follows.
//!
//! A catch links the receiver, sets its interest, waits for handlers that have not seen it, then
//! installs. A release clears the interest, waits for handlers that have not seen that, then puts
//! back. In either order a signal on its way finds receivers, or the action before ours:
//!
//! - interest before action: the first signal that our handler gets has somebody to go to;
//! - the wait in a catch: a handler that saw nobody and is putting the old action back
//!   (`handler::depart`) has done so before this looks at what is in force;
//! - the wait in a release: when it returns, no handler of before will set a flag any more.
#![expect(unsafe_code, reason = "installs the handler through the kernel's door")]

use super::bits::Bit;
use super::gate::GATE;
use super::handler::{Place, RECEIVERS, is_handler};
use super::latch::Latch;
use super::lock::{Lock, LockGuard};
use super::previous::PreviousAction;
use super::receiver::Receiver;
use crate::action::{self, SaFlags};
use crate::sync::atomic::{AtomicI32, Ordering};
use crate::sys::{self, KernelSigaction, KernelSigset, SIG_IGN};
use crate::{ALONE, Errno, SigSet, Signal};

static LOCK: Lock = Lock::new();

/// The process that registered last; 0 before the first. Only read and written under the lock.
static PROCESS: AtomicI32 = AtomicI32::new(0);

impl Latch {
    /// Catches `signals`: from now on each of them that comes sets its flag.
    ///
    /// The handler of this crate is installed for those that it is not installed for yet. An action
    /// that was there before is kept: a handler is called after the flag is set, and the last
    /// [`release`](Self::release) of all receivers puts it back. Catching what this latch has
    /// caught already makes sure that the handler is still in force, and changes nothing else.
    ///
    /// Either all are caught or, on an error, none that was not before.
    ///
    /// A signal that every thread blocks does not come: it stays pending. A program starts with what
    /// its launcher has blocked (runuser and container runtimes did so), and a catch does not change
    /// that: [`mask::unblock`](crate::mask::unblock). Where other code has given a thread an alternate
    /// stack, the handler runs there; one of `MINSIGSTKSZ`, 2,048 bytes, is too small for the frame
    /// of a processor with wide registers ([`stack::min_size`](crate::stack::min_size)), and the kernel
    /// then ends the process by `SIGSEGV`.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `SIGKILL` or `SIGSTOP`, which nobody can catch.
    /// - `EOPNOTSUPP`: `SIGSEGV`, `SIGBUS`, `SIGFPE` or `SIGILL`. The faulting instruction would run
    ///   again when the handler returns, and fault again, for ever. [`action::install`] is the
    ///   `unsafe` way.
    /// - `EBUSY`: other code has put its handler over ours, and again over the one that was then
    ///   put over that; see DESIGN.md. Or there is a handler and the program was built with
    ///   `--cfg siglatch_alone`.
    /// - `EDEADLK`: called in signal context, in the middle of a catch or release of this thread.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight, and would wait for the one
    /// it is called from.
    #[doc(alias = "signal")]
    #[doc(alias = "sigaction")]
    pub fn catch(&'static self, signals: impl Into<SigSet>) -> Result<(), Errno> {
        catch(Receiver::of(self), signals.into())
    }

    /// Catches those of `signals` that were not ignored when nobody had caught them yet, and
    /// returns which.
    ///
    /// A program that nohup(1) or a shell without job control starts finds `SIGHUP`, or `SIGINT` and
    /// `SIGQUIT`, ignored, and is expected to leave it so.
    ///
    /// # Errors
    ///
    /// As [`catch`](Self::catch), for those that are not ignored.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
    #[doc(alias = "nohup")]
    pub fn catch_unless_ignored(
        &'static self,
        signals: impl Into<SigSet>,
    ) -> Result<SigSet, Errno> {
        catch_unless_ignored(Receiver::of(self), signals.into())
    }

    /// Releases `signals`: when this returns, no handler sets their flags in this latch any more.
    /// Flags that are set stay set. A signal that it has not caught is left alone.
    ///
    /// In a child of fork(2) that was not forked in a [`ForkWindow`](crate::child::ForkWindow), the first
    /// catch or release of all waits for no handler that began before it: nobody can tell those of the
    /// child's threads from those of its parent's, which never end.
    ///
    /// The last receiver of a signal to leave puts back the action that was there before the first,
    /// byte for byte, if ours is still the one in force. If other code's is, it stays, and may go
    /// on to chain to ours, which then hands on to the handler that was there before, if there was
    /// one. When that code puts ours back, the next signal puts back what was there before ours, and
    /// has its effect: a signal whose default is to end the process ends it.
    ///
    /// # Errors
    ///
    /// `EDEADLK`: called in signal context, in the middle of a catch or release of this thread;
    /// nothing is changed. Otherwise none that Linux documents; a seccomp(2) filter may make one,
    /// and then the signals are released but the action may be the handler still, which hands on.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight, and would wait for the one
    /// it is called from.
    pub fn release(&'static self, signals: impl Into<SigSet>) -> Result<(), Errno> {
        release(Receiver::of(self), signals.into())
    }
}

/// [`Latch::catch`] for any receiver.
pub(crate) fn catch(receiver: Receiver, signals: SigSet) -> Result<(), Errno> {
    check(receiver, signals)?;
    let _lock = lock()?;
    catch_locked(receiver, signals)
}

/// [`Latch::catch_unless_ignored`] for any receiver.
pub(crate) fn catch_unless_ignored(
    receiver: Receiver,
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

/// [`Latch::release`] for any receiver.
pub(crate) fn release(receiver: Receiver, signals: SigSet) -> Result<(), Errno> {
    let _lock = lock()?;
    make(Change::Release, receiver, signals & receiver.caught())
}

/// Takes the lock, and notes if this is another process than last time.
pub(super) fn lock() -> Result<LockGuard<'static>, Errno> {
    let guard = LOCK.acquire()?;
    if ALONE {
        return Ok(guard);
    }
    let process = sys::getpid();
    // ORDERING: Relaxed: under the lock.
    if PROCESS.swap(process, Ordering::Relaxed) != process {
        GATE.start_over();
    }
    Ok(guard)
}

/// In a child of fork(2): nothing that came to the parent is there any more, and nobody is waited
/// for who is in the parent. What is caught stays caught.
///
/// # Safety
///
/// Nobody else is in the process but the calling thread, which is in no handler and blocks all
/// signals.
pub(crate) unsafe fn start_over() {
    GATE.start_over();
    // ORDERING: Relaxed: nobody else is here.
    PROCESS.store(sys::getpid(), Ordering::Relaxed);
    RECEIVERS.each(|receiver| {
        // SAFETY: the caller's promise.
        unsafe { receiver.start_over() }
    });
}

fn check(receiver: Receiver, signals: SigSet) -> Result<(), Errno> {
    if !(signals & SigSet::UNCHANGEABLE).is_empty() {
        Err(Errno::INVAL)
    } else if !(signals & SigSet::FAULTS).is_empty() && !receiver.takes_faults() {
        Err(Errno::OPNOTSUPP)
    } else {
        Ok(())
    }
}

/// Whether the action that the process had before us is to ignore the signal.
fn is_ignored(signal: Signal) -> Result<bool, Errno> {
    let mut current = KernelSigaction::default();
    action::read(signal, &mut current)?;
    let before = match Place::of(&current) {
        Some(place) => place.under(signal).map(PreviousAction::kept),
        None => Some(current),
    };
    Ok(before.is_some_and(|action| action.handler == SIG_IGN))
}

/// What a receiver asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Catch,
    Release,
}

fn catch_locked(receiver: Receiver, signals: SigSet) -> Result<(), Errno> {
    RECEIVERS.link(receiver);
    let new = signals.difference(receiver.link().wanted());
    let result = make(Change::Catch, receiver, signals);
    if result.is_err() {
        // The first error is told; putting back is as good as it can be.
        let _released = make(Change::Release, receiver, new);
    }
    result
}

/// Makes a change for each of `signals`, and returns the first error.
fn make(change: Change, receiver: Receiver, signals: SigSet) -> Result<(), Errno> {
    // ORDERING: SeqCst, both, pairs with the handler's look, through the gate.
    match change {
        Change::Catch => receiver.link().want(signals),
        Change::Release => receiver.link().want_no_more(signals),
    }
    GATE.wait_until_empty();
    let mut result = Ok(());
    for signal in signals {
        result = result.and(settle(change, signal));
    }
    result
}

/// Brings the kernel's action in line with the receivers: ours, with the flags and the mask that
/// they ask for, or what was under ours if there are none left.
fn settle(change: Change, signal: Signal) -> Result<(), Errno> {
    let mut current = KernelSigaction::default();
    loop {
        action::read(signal, &mut current)?;
        let ours = Place::of(&current);
        if ours.is_none() && change == Change::Release {
            // It is its owner's affair.
            return Ok(());
        }
        let place = ours.or_else(|| free_place(signal, &current)).ok_or(Errno::BUSY)?;
        let under = place.claim(signal).ok_or(Errno::BUSY)?;
        if ours.is_none() {
            // Kept before ours is in force, so that the first signal finds it.
            under.keep(&current, &GATE);
            if !ALONE {
                place.enter_chain(Bit::of(signal));
            }
        }
        let mut new = under.kept();
        go_over(signal, place, &mut new);
        // SAFETY: our handler may run at any instruction of any thread; what it replaces is kept,
        // chained to and put back. What is put back was in force until ours replaced it.
        let result = unsafe { action::compare_exchange(signal, &current, &new) };
        if result != Err(Errno::AGAIN) {
            let installed = new.handler == place.entry();
            note(signal, place, installed);
            return if installed { result } else { result.and(settle_spent(signal, under, &new)) };
        }
    }
}

/// After `put_back` is in force again: if it was good for one call (`SA_RESETHAND`), and one of our
/// handlers had that call while it was put back, the default is what is left of it.
fn settle_spent(
    signal: Signal,
    under: &PreviousAction,
    put_back: &KernelSigaction,
) -> Result<(), Errno> {
    if ALONE || !SaFlags::from_bits(put_back.flags).contains(SaFlags::RESETHAND) {
        return Ok(());
    }
    GATE.wait_until_empty();
    let left = under.kept();
    if left == *put_back {
        return Ok(());
    }
    // SAFETY: what is put in force is the default.
    match unsafe { action::compare_exchange(signal, put_back, &left) } {
        // Other code was faster, and has set its own, or the kernel has spent it, too.
        Err(Errno::AGAIN) => Ok(()),
        result => result,
    }
}

/// Notes that our handler has, or has no longer, a place in the chain of a signal.
fn note(signal: Signal, place: Place, installed: bool) {
    if ALONE {
        return;
    }
    let bit = Bit::of(signal);
    if place == Place::First {
        // Whoever put the lower place in force took the upper one away.
        Place::Over.installed().remove(bit);
    }
    if installed {
        // ORDERING: more than is needed: under the lock, as above.
        place.installed().insert(bit);
    } else {
        place.leave_chain(bit);
    }
}

/// The place to take over `current`, which is not ours.
///
/// Over a handler it has to be a free one. `SIG_DFL` and `SIG_IGN` chain to nobody, but whoever set
/// them may put back what was there, ours with it: what is kept under ours must still be there then,
/// so a place whose record stays as it is comes first.
fn free_place(signal: Signal, current: &KernelSigaction) -> Option<Place> {
    let free = |place: Place| !place.installed().contains(Bit::of(signal));
    if ALONE {
        return (!is_handler(current)).then_some(Place::First);
    }
    let mut places = [Place::First, Place::Over].into_iter();
    if is_handler(current) {
        return places.find(|place| free(*place));
    }
    let same = |under: &PreviousAction| under.kept() == *current;
    let keeps =
        |place: &Place| place.claim(signal).is_some_and(|under| free(*place) || same(under));
    places.find(keeps).or(Some(Place::First))
}

/// Changes `action`, which is under our handler, to what the kernel is to do for the receivers that
/// want the signal, if there are any.
///
/// Always `SA_ONSTACK`: a thread of another language's runtime may have a stack that is too small
/// for a signal frame. No restart wins over restart, and the masks add up. What the previous
/// handler chose about its children stays so.
fn go_over(signal: Signal, place: Place, action: &mut KernelSigaction) {
    const ALWAYS: SaFlags = SaFlags::SIGINFO.union(SaFlags::ONSTACK);
    const ABOUT_CHILDREN: SaFlags = SaFlags::NOCLDSTOP.union(SaFlags::NOCLDWAIT);
    let bit = Bit::of(signal);
    let mut flags = ALWAYS.union(SaFlags::RESTART);
    let mut unblocked = SigSet::full();
    let mut next = RECEIVERS.next_wanting(None, bit);
    if next.is_none() {
        return;
    }
    while let Some(receiver) = next {
        unblocked = unblocked & receiver.unblocked();
        if !receiver.restarts() {
            flags = flags.difference(SaFlags::RESTART);
        }
        next = RECEIVERS.next_wanting(next, bit);
    }
    let mut mask = SigSet::full().difference(unblocked).bits();
    if !ALONE && is_handler(action) {
        let theirs = SaFlags::from_bits(action.flags);
        mask |= action.mask.bits();
        flags = flags.intersection(theirs.union(ALWAYS)).union(theirs.intersection(ABOUT_CHILDREN));
    }
    action.handler = place.entry();
    action.flags = flags.bits() | sys::SIGACTION_FLAGS;
    action.restorer = sys::sigaction_restorer();
    action.mask = KernelSigset::from_bits(mask);
}
