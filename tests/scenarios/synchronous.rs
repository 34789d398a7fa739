//! What the kernel raises by what a thread does: a blocked one kills, so our handler does not block
//! it, and one that needs an answer before the handler returns is for hooks only.

#![expect(unsafe_code, reason = "loads C code, and hooks are unsafe to make")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::SeqCst};
use siglatch::child::ForkWindow;
use siglatch::mask::{self, MaskGuard};
use siglatch::stack::StackGuard;
use siglatch::{
    CatchError, Dispatcher, Errno, Hook, HookContext, HookVerdict, InfoQueue, Latch, Shutdown,
    SigSet, Signal, send,
};
use support::c_functions;
use support::names::rt;
use support::oracle::raw_action;
use support::state::{SignalState, assert_mask, raw_mask};
use support::window::event;
use support::{Child, Scenario, in_child, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        default_mask_leaves_them_out,
        mask_that_names_them_has_them,
        chained_handler_may_probe_memory,
        hook_may_fault_and_have_it_mended,
        trapped_call_of_our_handler_is_answered,
        hook_answers_a_trapped_call,
        hook_answers_a_trapped_call_of_our_handler,
        sys_and_trap_are_for_hooks,
        fork_window_leaves_them_unblocked,
        fault_in_a_fork_window_is_mended,
        thirty_at_once_with_an_empty_mask,
        thirty_at_once_for_a_queue_with_an_empty_mask,
        thirty_at_once_of_two_minds,
        three_at_once_of_a_mask_that_leaves_out_two,
    ]
}

c_functions! {
    C, "../c/synchronous.c":
    trap_call(i32) -> i32;
    write_result(*mut c_void, libc::c_long) -> i32;
    answer_trapped_calls(libc::c_long) -> i32;
    answered_calls() -> i32;
    closed_page() -> *mut c_void;
    probing_handler(i32) -> i32;
    found_unreadable() -> i32;
}

/// Those that the kernel raises by what a thread does.
const SYNCHRONOUS: [Signal; 6] =
    [Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL, Signal::TRAP, Signal::SYS];

/// Those of them that need an answer before the handler returns, and that are no fault.
const ANSWERED: [Signal; 2] = [Signal::SYS, Signal::TRAP];

static LATCH: Latch = Latch::new();
static EMPTY_MASK: Latch = Latch::new().mask(SigSet::empty());
static FULL_MASK: Latch = Latch::new().mask(SigSet::full());
static QUEUE: InfoQueue<64> = InfoQueue::new();
static DISPATCHER: Dispatcher = Dispatcher::new();
static SHUTDOWN: Shutdown = Shutdown::new();

#[track_caller]
fn raise(signal: Signal) {
    assert_eq!(send::raise(signal), Ok(()));
}

/// A mask as the kernel has it leaves out what is synchronous, and has all else in it.
#[track_caller]
fn assert_all_but_synchronous(mask: u64) {
    let wanted = SigSet::full().difference(SYNCHRONOUS.into_iter().collect());
    // What a C library keeps for itself is not looked at.
    assert_mask(mask & SigSet::full().bits(), wanted.bits());
}

fn default_mask_leaves_them_out() {
    fn declines(_: HookContext<'_>) -> HookVerdict {
        HookVerdict::Taken
    }
    // SAFETY: it does nothing.
    static HOOK: Hook = unsafe { Hook::new(declines) };
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(QUEUE.catch(Signal::USR2), Ok(()));
        assert_eq!(DISPATCHER.catch(Signal::HUP, |_| ()), Ok(()));
        assert_eq!(SHUTDOWN.catch(Signal::TERM), Ok(()));
        assert_eq!(HOOK.catch([Signal::WINCH, Signal::SEGV]), Ok(()));
        for signo in [libc::SIGUSR1, libc::SIGUSR2, libc::SIGHUP, libc::SIGTERM, libc::SIGWINCH] {
            assert_all_but_synchronous(raw_action(signo).mask);
        }
        assert_all_but_synchronous(raw_action(libc::SIGSEGV).mask);
    });
}

fn mask_that_names_them_has_them() {
    in_child(|| {
        assert_eq!(FULL_MASK.catch(Signal::USR1), Ok(()));
        let mask = raw_action(libc::SIGUSR1).mask;
        assert_mask(mask & SigSet::full().bits(), SigSet::full().bits());
        let guard = MaskGuard::block(SigSet::full()).expect("block");
        assert_mask(raw_mask(), SigSet::full().bits());
        drop(guard);
    });
}

fn chained_handler_may_probe_memory() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.probing_handler)(libc::SIGUSR1), 0);
        raise(Signal::USR1);
        assert_eq!((c.found_unreadable)(), 1, "alone");
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(Signal::USR1);
        assert_eq!((c.found_unreadable)(), 2, "under ours");
    });
}

/// An alternate stack on which a handler may be interrupted by another, in a debug build and with the
/// widest registers.
#[track_caller]
fn room_for_two() -> StackGuard {
    StackGuard::map(64 * 1024).expect("a stack")
}

/// A page that nobody can access until a fault there is mended.
static PAGE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static MENDED: AtomicU32 = AtomicU32::new(0);

fn mend(_: HookContext<'_>) -> HookVerdict {
    MENDED.fetch_add(1, SeqCst);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a page of its own, which this process has mapped for the faults of these tests.
    match unsafe { libc::mprotect(PAGE.load(SeqCst), 4096, access) } {
        0 => HookVerdict::Taken,
        _ => HookVerdict::Declined,
    }
}

// SAFETY: `mend` makes one system call; after it, the instruction finds memory.
static MEND: Hook = unsafe { Hook::new(mend) };

fn touch_page() {
    // SAFETY: the page is mapped, and accessible when the fault has been mended.
    unsafe { PAGE.load(SeqCst).cast::<u8>().write_volatile(1) };
}

fn hook_may_fault_and_have_it_mended() {
    fn touch(_: HookContext<'_>) -> HookVerdict {
        touch_page();
        HookVerdict::Taken
    }
    // SAFETY: it writes to memory that is there when the fault has been mended.
    static TOUCH: Hook = unsafe { Hook::new(touch) };
    let Some(c) = C::load() else { return };
    in_child(|| {
        PAGE.store((c.closed_page)(), SeqCst);
        assert_eq!(MEND.catch(Signal::SEGV), Ok(()));
        assert_eq!(TOUCH.catch(Signal::USR1), Ok(()));
        let _stack = room_for_two();
        raise(Signal::USR1);
        assert_eq!(MENDED.load(SeqCst), 1);
    });
}

fn trapped_call_of_our_handler_is_answered() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        let _stack = room_for_two();
        assert_eq!(LATCH.wake_through(event()), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!((c.answer_trapped_calls)(std::process::id() as usize as libc::c_long), 0);
        assert_eq!((c.trap_call)(libc::SYS_getpid as i32), 0);
        let before = (c.answered_calls)();
        thread::raise(libc::SIGUSR1);
        assert!(LATCH.is_set());
        assert!((c.answered_calls)() > before, "the handler asked for the process");
    });
}

/// What the hook answers, and by which C function it writes that.
static RESULT: AtomicU32 = AtomicU32::new(0);
static WRITE_RESULT: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static ANSWERS: AtomicU32 = AtomicU32::new(0);

fn answer(signal: HookContext<'_>) -> HookVerdict {
    type Write = extern "C" fn(*mut c_void, libc::c_long) -> i32;
    /// What seccomp(2) has for `si_code`.
    const SYS_SECCOMP: i32 = 1;
    if signal.info().code() != SYS_SECCOMP {
        return HookVerdict::Declined;
    }
    // SAFETY: the address of a C function of this type, stored before the hook was registered.
    let write = unsafe { core::mem::transmute::<*mut (), Write>(WRITE_RESULT.load(SeqCst)) };
    ANSWERS.fetch_add(1, SeqCst);
    match write(signal.ucontext(), RESULT.load(SeqCst) as usize as libc::c_long) {
        0 => HookVerdict::Taken,
        _ => HookVerdict::Declined,
    }
}

// SAFETY: `answer` stores to atomics, and to the context.
static ANSWER: Hook = unsafe { Hook::new(answer) };

/// Has the hook answer the system call of this number from now on.
#[track_caller]
fn answer_by_a_hook(c: C, call: libc::c_long, result: u32) {
    RESULT.store(result, SeqCst);
    WRITE_RESULT.store(c.write_result as *mut (), SeqCst);
    assert_eq!(ANSWER.catch(Signal::SYS), Ok(()));
    assert_eq!((c.trap_call)(call as i32), 0);
}

fn hook_answers_a_trapped_call() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        answer_by_a_hook(c, libc::SYS_geteuid, 4242);
        // SAFETY: no argument, no effect.
        let result = unsafe { libc::syscall(libc::SYS_geteuid) };
        assert_eq!((result, ANSWERS.load(SeqCst)), (4242, 1));
        // Any other SIGSYS has its effect, as if nobody were there.
        let other = Child::start(|_| raise(Signal::SYS)).wait();
        other.assert_died_by(libc::SIGSYS);
    });
}

fn hook_answers_a_trapped_call_of_our_handler() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        let _stack = room_for_two();
        assert_eq!(LATCH.wake_through(event()), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        answer_by_a_hook(c, libc::SYS_getpid, std::process::id());
        let before = ANSWERS.load(SeqCst);
        thread::raise(libc::SIGUSR1);
        assert!(LATCH.is_set());
        assert!(ANSWERS.load(SeqCst) > before, "the handler asked for the process");
    });
}

/// The call is refused, and changes nothing of the process.
#[track_caller]
fn refused<T: core::fmt::Debug>(what: &str, call: impl FnOnce() -> Result<T, CatchError>) {
    let before = SignalState::now();
    let error = call().expect_err(what);
    assert_eq!(error.errno(), Errno::OPNOTSUPP, "{what}");
    assert!(error.signal().is_some_and(|signal| ANSWERED.contains(&signal)), "{what}");
    before.assert_unchanged(what);
}

fn sys_and_trap_are_for_hooks() {
    in_child(|| {
        for signal in ANSWERED {
            for set in [SigSet::from(signal), SigSet::from([Signal::HUP, signal, Signal::WINCH])] {
                refused(&format!("latch, {set:?}"), || LATCH.catch(set));
                refused(&format!("unless ignored, {set:?}"), || LATCH.catch_unless_ignored(set));
                refused(&format!("queue, {set:?}"), || QUEUE.catch(set));
                refused(&format!("shutdown, {set:?}"), || SHUTDOWN.catch(set));
            }
            refused(&format!("deferred, {signal}"), || DISPATCHER.catch(signal, |_| ()));
            assert!(DISPATCHER.callback(signal).is_none());
            assert_eq!(ANSWER.catch(signal), Ok(()));
            assert_eq!(ANSWER.release(signal).map(drop), Ok(()));
        }
    });
}

fn fork_window_leaves_them_unblocked() {
    in_child(|| {
        let before = raw_mask();
        let window = ForkWindow::open().expect("window");
        assert_all_but_synchronous(raw_mask());
        drop(window);
        assert_mask(raw_mask(), before);
    });
}

fn fault_in_a_fork_window_is_mended() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        PAGE.store((c.closed_page)(), SeqCst);
        assert_eq!(MEND.catch(Signal::SEGV), Ok(()));
        let window = ForkWindow::open().expect("window");
        touch_page();
        drop(window);
        assert_eq!(MENDED.load(SeqCst), 1);
    });
}

/// Signals that a program may make up its own mind about, as many as this.
fn some(count: usize) -> Vec<Signal> {
    let standard = [Signal::HUP, Signal::INT, Signal::USR1, Signal::USR2, Signal::TERM];
    (0..Signal::rt_count()).map(rt).chain(standard).take(count).collect()
}

/// Sends them all to this thread, which takes them at the same moment.
#[track_caller]
fn raise_at_once(signals: &[Signal]) {
    let guard = MaskGuard::block(signals.iter().copied().collect::<SigSet>()).expect("block");
    for signal in signals {
        raise(*signal);
    }
    drop(guard);
    assert_eq!(mask::query(), Ok(SigSet::empty()));
}

// The main thread of this process has the alternate stack that Rust's runtime gave it, of some 8 KiB.

fn thirty_at_once_with_an_empty_mask() {
    in_child(|| {
        let signals = some(30);
        let set: SigSet = signals.iter().copied().collect();
        assert_eq!((signals.len(), EMPTY_MASK.catch(set)), (30, Ok(())));
        raise_at_once(&signals);
        assert_eq!(EMPTY_MASK.take(), set);
    });
}

fn thirty_at_once_for_a_queue_with_an_empty_mask() {
    static QUEUE: InfoQueue<64> = InfoQueue::new().mask(SigSet::empty());
    in_child(|| {
        let signals = some(30);
        assert_eq!(QUEUE.catch(signals.iter().copied().collect::<SigSet>()), Ok(()));
        raise_at_once(&signals);
        assert_eq!(QUEUE.drain().count(), 30);
    });
}

fn thirty_at_once_of_two_minds() {
    in_child(|| {
        let signals = some(30);
        let (some, others) = signals.split_at(15);
        assert_eq!(EMPTY_MASK.catch(some.iter().copied().collect::<SigSet>()), Ok(()));
        assert_eq!(LATCH.catch(others.iter().copied().collect::<SigSet>()), Ok(()));
        raise_at_once(&signals);
        assert_eq!((EMPTY_MASK.take().len(), LATCH.take().len()), (15, 15));
    });
}

fn three_at_once_of_a_mask_that_leaves_out_two() {
    const TWO: SigSet = SigSet::empty().with(Signal::USR1).with(Signal::USR2);
    static NESTS: Latch = Latch::new().mask(SigSet::full().difference(TWO));
    in_child(|| {
        // In the order in which the kernel gives them: each on top of the one before.
        let signals = [Signal::HUP, Signal::USR1, Signal::USR2];
        assert_eq!(NESTS.catch(signals), Ok(()));
        raise_at_once(&signals);
        assert_eq!(NESTS.take().len(), 3);
    });
}
