//! The module `sys` with another kernel behind it, as far as threads wait and are told apart, and
//! have signals, masks, timers and children. All else is the real one.
#![expect(unsafe_code, reason = "has the signatures of the real one")]
#![expect(clippy::unnecessary_wraps, reason = "has the signatures of the real one")]
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a model ends by a panic")]

#[path = "../src/sys/mod.rs"]
#[allow(unused_imports, dead_code, reason = "some of its calls are replaced below")]
mod kernel;

extern crate std;

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_uint, c_void};
use core::{mem, ptr};
use std::rc::Rc;
use std::vec::Vec;

use loom::sync::{Condvar, Mutex};
use loom::thread::{self, ThreadId};

use crate::action::{Handler, SaFlags};
use crate::sync::UnsafeCell;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{Errno, SigSet, Signal};

pub use kernel::*;

/// What the kernel knows in one execution.
struct Kernel {
    /// Held while a word is looked at or sleepers are woken, or an action is looked at or changed.
    lock: Mutex<()>,
    /// Those of all words: who is woken for another's looks again, as after a signal.
    sleepers: Condvar,
    /// A thread's number is its place, from 1 on.
    threads: RefCell<Vec<ThreadId>>,
    /// That of [`COMING`].
    action: Cell<KernelSigaction>,
    /// The threads that have sent [`COMING`] to themselves, which they block just then.
    sent: RefCell<Vec<c_int>>,
    timers: RefCell<Vec<Rc<Timer>>>,
    pauses: Cell<usize>,
    child: Child,
}

impl Kernel {
    /// The action that a signal meets.
    fn taken_action(&self) -> KernelSigaction {
        let _lock = self.lock.lock().expect("nobody panics with it");
        let action = self.action.get();
        let is_handler = !matches!(action.handler, SIG_DFL | SIG_IGN);
        if is_handler && SaFlags::from_bits(action.flags).contains(SaFlags::RESETHAND) {
            self.action.set(KernelSigaction { handler: SIG_DFL, ..action });
        }
        action
    }
}

/// As many pauses are tried in every order.
const PAUSES: usize = 4;

/// The only signal that comes.
pub(crate) const COMING: Signal = Signal::USR1;

/// What a signal did in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Handled,
    Default,
    Ignored,
}

/// What is written as the timer is made. The true kernel has locks for it; but who finds it by an id
/// that has come by another way than this one's memory may come before the lock has.
struct Timer {
    made: UnsafeCell<bool>,
    deleted: Cell<bool>,
    armed: Cell<bool>,
}

/// The only child.
struct Child {
    /// Written by the thread that asks what became of it: by one at a time.
    asked: UnsafeCell<bool>,
    /// What became of it and was not told: the code of a `SIGCHLD`, or 0.
    code: AtomicU32,
}

/// What each thread of a model blocks.
pub(crate) const BLOCKED: Signal = Signal::USR1;

std::thread_local! {
    static KERNEL: RefCell<Option<Rc<Kernel>>> = const { RefCell::new(None) };
}

/// Begins an execution.
pub(crate) fn start() {
    let kernel = Kernel {
        lock: Mutex::new(()),
        sleepers: Condvar::new(),
        threads: RefCell::default(),
        action: Cell::default(),
        sent: RefCell::default(),
        timers: RefCell::default(),
        pauses: Cell::new(0),
        child: Child { asked: UnsafeCell::new(false), code: AtomicU32::new(0) },
    };
    KERNEL.set(Some(Rc::new(kernel)));
}

fn kernel() -> Rc<Kernel> {
    KERNEL.with_borrow(Clone::clone).expect("an execution has begun")
}

/// Sleeps while `*word` is `expected`. The kernel looks and lies down in one step, as seen by who
/// wakes. A deadline has passed at once, unless it is ages away.
///
/// # Errors
///
/// `EAGAIN`: the word held another value. `ETIMEDOUT`: there is a deadline.
pub fn futex_wait(
    word: &AtomicU32,
    expected: u32,
    deadline: Option<&KernelTimespec>,
) -> Result<(), Errno> {
    let kernel = kernel();
    let lock = kernel.lock.lock().expect("nobody panics with it");
    if word.load(Ordering::Relaxed) != expected {
        return Err(Errno::AGAIN);
    }
    if deadline.is_some_and(|deadline| deadline.seconds < i64::from(u32::MAX)) {
        return Err(Errno::TIMEDOUT);
    }
    drop(kernel.sleepers.wait(lock));
    Ok(())
}

/// Wakes all who sleep.
pub fn futex_wake(_word: &AtomicU32) {
    let kernel = kernel();
    let _lock = kernel.lock.lock().expect("nobody panics with it");
    kernel.sleepers.notify_all();
}

/// Lets another thread run. Two who wait for a third could go on so for ever: after some of it, no other
/// way to go on is tried.
///
/// # Errors
///
/// None.
pub fn clock_nanosleep(_time: &KernelTimespec) -> Result<(), Errno> {
    let pauses = &kernel().pauses;
    pauses.set(pauses.get().saturating_add(1));
    if pauses.get() > PAUSES {
        loom::skip_branch();
    }
    thread::yield_now();
    Ok(())
}

/// A clock that stands still.
///
/// # Errors
///
/// None.
pub fn clock_gettime(_clock: c_int) -> Result<KernelTimespec, Errno> {
    Ok(KernelTimespec { seconds: 1, nanoseconds: 0 })
}

/// The number of the calling thread of the model.
#[must_use]
pub fn gettid() -> c_int {
    let kernel = kernel();
    let mut threads = kernel.threads.borrow_mut();
    let me = thread::current().id();
    let known = threads.iter().position(|thread| *thread == me);
    if known.is_none() {
        threads.push(me);
    }
    known.map_or(threads.len(), |place| place.saturating_add(1)) as c_int
}

/// Asks whether a thread is there: each that has a number is. Or sends a signal, to the calling thread.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// None.
pub unsafe fn tgkill(_tgid: c_int, tid: c_int, signo: c_int) -> Result<(), Errno> {
    if signo != 0 {
        assert_eq!((tid, signo), (gettid(), COMING.as_raw()), "this is not sent in a model");
        kernel().sent.borrow_mut().push(tid);
    }
    Ok(())
}

/// Sets an action, and tells which one there was. Those of other signals are the default.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// None.
pub unsafe fn rt_sigaction(
    signo: c_int,
    action: Option<&KernelSigaction>,
    old: Option<&mut KernelSigaction>,
) -> Result<(), Errno> {
    if signo != COMING.as_raw() {
        assert!(action.is_none(), "this signal has no action in a model");
        return Ok(());
    }
    let kernel = kernel();
    let _lock = kernel.lock.lock().expect("nobody panics with it");
    let current = kernel.action.get();
    if let Some(old) = old {
        *old = current;
    }
    kernel.action.set(action.copied().unwrap_or(current));
    Ok(())
}

/// [`COMING`] comes to the calling thread.
pub(crate) fn come() -> Effect {
    let kernel = kernel();
    let me = gettid();
    loop {
        let action = kernel.taken_action();
        match action.handler {
            SIG_DFL => return Effect::Default,
            SIG_IGN => return Effect::Ignored,
            _ => {}
        }
        // SAFETY: a model installs no other handlers.
        let handler = unsafe { mem::transmute::<usize, Handler>(action.handler) };
        let mut info = KernelSiginfo::zeroed();
        // SAFETY: the arguments are a handler's.
        unsafe { handler(COMING.as_raw(), &raw mut info, ptr::null_mut::<c_void>()) };
        let mut sent = kernel.sent.borrow_mut();
        let Some(mine) = sent.iter().position(|tid| *tid == me) else { return Effect::Handled };
        sent.remove(mine);
    }
}

/// The mask of the calling thread.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// None.
pub unsafe fn rt_sigprocmask(
    _how: c_int,
    set: Option<KernelSigset>,
) -> Result<KernelSigset, Errno> {
    assert!(set.is_none(), "nothing is blocked in a model");
    Ok(KernelSigset::from_bits(SigSet::from(BLOCKED).bits()))
}

/// Makes a timer, which will never expire.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// None.
pub unsafe fn timer_create(_clock: c_int, _event: &KernelSigevent) -> Result<c_int, Errno> {
    let made = UnsafeCell::new(false);
    let timer = Rc::new(Timer { made, deleted: Cell::new(false), armed: Cell::new(false) });
    // SAFETY: loom checks that nobody else uses it.
    unsafe { timer.made.get().write(true) };
    let kernel = kernel();
    let mut timers = kernel.timers.borrow_mut();
    let id = timers.len() as c_int;
    timers.push(timer);
    Ok(id)
}

/// How many timers there are.
pub(crate) fn timers() -> usize {
    kernel().timers.borrow().iter().filter(|timer| !timer.deleted.get()).count()
}

/// How many of them are armed.
pub(crate) fn armed_timers() -> usize {
    kernel().timers.borrow().iter().filter(|timer| timer.armed.get()).count()
}

/// Fails if the timer was made in the future, as the caller sees it.
fn timer(id: c_int) -> Result<Rc<Timer>, Errno> {
    let timer = kernel().timers.borrow().get(id as usize).map(Rc::clone);
    let timer = timer.expect("it was made");
    // SAFETY: loom checks that nobody writes it.
    assert!(unsafe { timer.made.get().read() }, "there is no such timer yet");
    if timer.deleted.get() { Err(Errno::INVAL) } else { Ok(timer) }
}

/// Arms or stops a timer, which will never expire.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// `EINVAL`: it was deleted.
pub unsafe fn timer_settime(
    id: c_int,
    _flags: c_int,
    new: &KernelItimerspec,
) -> Result<KernelItimerspec, Errno> {
    let arm = |timer: Rc<Timer>| timer.armed.set(new.value != KernelTimespec::default());
    timer(id).map(arm).map(|()| KernelItimerspec::default())
}

/// What is left of a timer.
///
/// # Errors
///
/// `EINVAL`: it was deleted.
pub fn timer_gettime(id: c_int) -> Result<KernelItimerspec, Errno> {
    let value =
        |timer: Rc<Timer>| KernelTimespec { seconds: timer.armed.get().into(), nanoseconds: 0 };
    timer(id).map(value).map(|value| KernelItimerspec { value, ..KernelItimerspec::default() })
}

/// Deletes a timer.
///
/// # Safety
///
/// None is needed.
///
/// # Errors
///
/// `EINVAL`: it was deleted before.
pub unsafe fn timer_delete(id: c_int) -> Result<(), Errno> {
    timer(id).map(|timer| timer.deleted.set(true))
}

/// Something becomes of the child: a code of `SIGCHLD`.
pub(crate) fn child_becomes(code: c_int) {
    // No store: loom lets an exchange that has not seen it come before.
    kernel().child.code.swap(code as u32, Ordering::Relaxed);
}

/// What became of the child since this was asked last.
///
/// # Errors
///
/// None.
pub fn waitid(_kind: c_uint, id: c_int, _options: c_int) -> Result<KernelSiginfo, Errno> {
    let kernel = kernel();
    // SAFETY: loom checks that nobody else uses it.
    unsafe { kernel.child.asked.get().write(true) };
    let mut info = KernelSiginfo::zeroed();
    let code = kernel.child.code.swap(0, Ordering::Relaxed);
    if code != 0 {
        // The union begins behind the fourth.
        let fields = [libc::SIGCHLD, 0, code as i32, 0, id].map(c_int::to_ne_bytes);
        let filled = info.bytes.iter_mut().zip(fields.as_flattened());
        filled.for_each(|(byte, field)| *byte = *field);
    }
    Ok(info)
}
