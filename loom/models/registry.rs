//! Catch and release against signals, down to the kernel's action.

extern crate std;

use core::ffi::{c_int, c_void};
use core::{iter, mem};
use std::vec::Vec;

use super::{Model, ONE, join, spawn};
use crate::action::{self, Handler, SaFlags};
use crate::delivery::latch::Latch;
use crate::delivery::queue::InfoQueue;
use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use crate::sync::share;
use crate::sys::{self, Effect, KernelSigaction, KernelSiginfo, SIG_DFL};

pub(super) const MODELS: &[Model] = &[
    Model::bounded("registry: a signal meets a release", 3, || meets_release(1)),
    Model::bounded("registry: two signals meet a release", 2, || meets_release(2)),
    Model::bounded("registry: a signal meets a catch", 3, meets_catch),
    Model::bounded("registry: a signal meets one who leaves and one who comes", 2, meets_both),
    Model::bounded("registry: a handler of before is called once, while one comes", 3, || {
        with_theirs(SaFlags::empty(), |_| (), catch);
    }),
    Model::bounded("registry: and while the last one leaves", 3, || {
        with_theirs(SaFlags::empty(), catch, release);
    }),
    Model::bounded("registry: one for a single call, while one comes", 3, || {
        with_theirs(SaFlags::RESETHAND, |_| (), catch);
    }),
    Model::bounded("registry: a signal meets one who leaves and comes back", 3, comes_back),
    Model::bounded("registry: a receiver comes while their handler is over ours", 3, || {
        under_theirs(|_| (), |_, latch| catch(latch), 1);
    }),
    Model::bounded("registry: and one leaves", 3, || {
        under_theirs(catch, |_, latch| release(latch), 1);
    }),
    Model::bounded("registry: and all leave and one comes back", 2, || {
        let leave_and_come = |queue: Queue, latch| {
            release(latch);
            queue.release(ONE).expect("release");
            queue.catch(ONE).expect("catch");
        };
        under_theirs(catch, leave_and_come, 0);
    }),
    Model::bounded(
        "registry: after a signal that found no receiver, a catch is not deaf",
        3,
        not_deaf,
    ),
];

fn latch() -> &'static Latch {
    share(Latch::new())
}

fn caught() -> &'static Latch {
    let latch = latch();
    catch(latch);
    latch
}

fn current() -> KernelSigaction {
    let mut action = KernelSigaction::default();
    action::read(ONE, &mut action).expect("read");
    action
}

fn catch(latch: &'static Latch) {
    latch.catch(ONE).expect("catch");
}

fn release(latch: &'static Latch) {
    latch.release(ONE).expect("release");
}

/// A signal is seen, or else has its default effect.
fn check(latches: &[&Latch], effects: &[Effect]) {
    let seen = latches.iter().any(|latch| latch.contains(ONE));
    assert_eq!(effects.contains(&Effect::Handled), seen, "a signal is gone, or seen and not there");
    assert!(!effects.contains(&Effect::Ignored));
}

fn meets_release(signals: usize) {
    let latch = caught();
    let leaves = spawn(|| release(latch));
    let other = (signals == 2).then(|| spawn(sys::come));
    let mut effects = Vec::from([sys::come()]);
    effects.extend(other.map(join));
    join(leaves);
    check(&[latch], &effects);
    assert_eq!(current(), KernelSigaction::default(), "it is not as it was before");
}

fn meets_catch() {
    let latch = latch();
    let comes = spawn(|| catch(latch));
    let effect = sys::come();
    join(comes);
    check(&[latch], &[effect]);
    works(latch);
}

fn meets_both() {
    let (old, new) = (caught(), latch());
    let leaves = spawn(|| release(old));
    let comes = spawn(|| catch(new));
    let effect = sys::come();
    join(leaves);
    join(comes);
    check(&[old, new], &[effect]);
    works(new);
}

fn comes_back() {
    let latch = caught();
    let other = spawn(|| {
        release(latch);
        catch(latch);
    });
    let effect = sys::come();
    join(other);
    check(&[latch], &[effect]);
    works(latch);
}

/// After all is done, the only receiver sees a signal, and leaves things as they were.
fn works(latch: &'static Latch) {
    let _flags = latch.take();
    check(&[latch], &[sys::come()]);
    assert!(latch.contains(ONE));
    release(latch);
    assert_eq!(current(), KernelSigaction::default(), "it is not as it was before");
}

/// How often other code's handler was called.
static CALLED: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn theirs(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {
    CALLED.fetch_add(1, Ordering::Relaxed);
}

/// Installs a handler of theirs, and returns its action and the one before.
fn install(handler: Handler, flags: SaFlags) -> [KernelSigaction; 2] {
    let mut before = KernelSigaction::default();
    let action = KernelSigaction {
        handler: handler as *const () as usize,
        flags: SaFlags::SIGINFO.union(flags).bits(),
        ..before
    };
    // SAFETY: the handler counts, and calls the one before with what it was called with.
    unsafe { sys::rt_sigaction(ONE.as_raw(), Some(&action), Some(&mut before)) }.expect("install");
    [action, before]
}

fn with_theirs(flags: SaFlags, first: fn(&'static Latch), change: fn(&'static Latch)) {
    let [before, _] = install(theirs, flags);
    let latch = latch();
    first(latch);
    let changes = spawn(move || change(latch));
    assert_eq!(sys::come(), Effect::Handled);
    join(changes);
    assert_eq!(CALLED.load(Ordering::Relaxed), 1, "the handler of before");
    release(latch);
    let spent = flags.contains(SaFlags::RESETHAND);
    let left = KernelSigaction { handler: if spent { SIG_DFL } else { before.handler }, ..before };
    assert_eq!(current(), left, "it is not as it was before");
}

/// The handler that [`theirs_over`] calls.
static OURS: AtomicUsize = AtomicUsize::new(0);

/// Their handler, put over ours, to which it chains.
unsafe extern "C" fn theirs_over(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    CALLED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: it was the address of a handler that was installed.
    let ours = unsafe { mem::transmute::<usize, Handler>(OURS.load(Ordering::Relaxed)) };
    // SAFETY: the arguments are the kernel's.
    unsafe { ours(signo, info, context) };
}

type Queue = &'static InfoQueue<2>;

/// The queue has at least so many of the one signal, and no more than one.
fn under_theirs(first: fn(&'static Latch), change: fn(Queue, &'static Latch), least: usize) {
    let queue: Queue = share(InfoQueue::new());
    queue.catch(ONE).expect("catch");
    let [theirs, ours] = install(theirs_over, SaFlags::empty());
    OURS.store(ours.handler, Ordering::Relaxed);
    let latch = latch();
    first(latch);
    let changes = spawn(move || change(queue, latch));
    assert_eq!(sys::come(), Effect::Handled);
    join(changes);
    assert_eq!(CALLED.load(Ordering::Relaxed), 1, "their handler");
    let taken = iter::from_fn(|| queue.pop()).count();
    assert!(taken >= least && taken <= 1, "the queue has it {taken} times");
    release(latch);
    queue.release(ONE).expect("release");
    assert_eq!(current(), theirs, "it is not as it was before");
}

/// A handler uninstalls ours while the last receiver leaves: over another of theirs, it comes again.
fn not_deaf() {
    install(theirs, SaFlags::empty());
    let latch = latch();
    catch(latch);
    let leaves = spawn(|| release(latch));
    let effect = sys::come();
    join(leaves);
    assert_eq!((effect, CALLED.load(Ordering::Relaxed)), (Effect::Handled, 1));
    let _flags = latch.take();
    install(theirs, SaFlags::NODEFER);
    catch(latch);
    check(&[latch], &[sys::come()]);
    assert!(latch.contains(ONE), "ours is not installed");
}
