//! What a hook is told, and what may be done about it afterwards: which hook it runs for, the
//! kernel's own details, a fault that the previous handler sees too, and a barrier for what hooks
//! read.

#![expect(unsafe_code, reason = "hooks are unsafe to make, and C code is loaded")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU32, Ordering::SeqCst};
use siglatch::sys::KernelSiginfo;
use siglatch::{Hook, HookContext, HookVerdict, SigSet, Signal, synchronize};
use std::thread::{scope, yield_now};
use support::c_functions;
use support::names::pid;
use support::siginfo::{self, RawInfo, SIZE};
use support::window::{assert_fine, fork, run};
use support::{self, Scenario, foreign, in_child, recorder, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        hooks_of_one_function_are_told_apart,
        kernels_details_are_lent,
        details_of_another_signal_are_not_lent,
        fault_is_taken_and_chained,
        fault_is_taken_and_chained_where_there_is_no_handler,
        fault_that_is_taken_is_not_chained,
        signal_is_taken_and_chained,
        barrier_waits_for_handlers_of_before,
        barrier_waits_for_no_handler_of_later,
        barrier_in_a_child_waits_for_no_handler_of_the_parents,
    ]
}

c_functions! {
    C, "../c/chained.c":
    over_handler(i32, i32, i32, i32) -> i32;
    chain_from_now_on(i32);
    calls_of_over_handler() -> i32;
}

/// How the handler over ours chains, by the C code's numbers.
const WITH_ITS_ARGUMENTS: i32 = 0;
const WITH_STALE_DETAILS: i32 = 1;
const WITH_NO_ADDRESS: i32 = 2;

fn hooks_of_one_function_are_told_apart() {
    static CALLS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
    fn count(signal: HookContext<'_>) -> HookVerdict {
        for (hook, calls) in [&FIRST, &SECOND, &THIRD].into_iter().zip(&CALLS) {
            if ptr::eq(signal.hook(), hook) {
                calls.fetch_add(1, SeqCst);
            }
        }
        HookVerdict::Taken
    }
    // SAFETY: `count` stores to atomics.
    static FIRST: Hook = unsafe { Hook::new(count) };
    // SAFETY: as above.
    static SECOND: Hook = unsafe { Hook::new(count) };
    // SAFETY: as above.
    static THIRD: Hook = unsafe { Hook::new(count) };
    in_child(|| {
        assert_eq!(FIRST.catch([Signal::USR1, Signal::USR2]), Ok(()));
        assert_eq!(SECOND.catch(Signal::USR2), Ok(()));
        assert_eq!(THIRD.catch(Signal::HUP), Ok(()));
        let calls = || CALLS.each_ref().map(|calls| calls.load(SeqCst));
        thread::raise(libc::SIGUSR1);
        assert_eq!(calls(), [1, 0, 0]);
        thread::raise(libc::SIGUSR2);
        assert_eq!(calls(), [2, 1, 0]);
        thread::raise(libc::SIGHUP);
        assert_eq!(calls(), [2, 1, 1]);
    });
}

/// What a hook was lent: the address, and a copy of what is there.
static LENT: AtomicPtr<KernelSiginfo> = AtomicPtr::new(ptr::null_mut());
static BYTES: [AtomicU8; SIZE] = [const { AtomicU8::new(0) }; SIZE];
static DECODED_CODE: AtomicI32 = AtomicI32::new(0);
static TOLD: AtomicU32 = AtomicU32::new(0);

fn keep_details(signal: HookContext<'_>) -> HookVerdict {
    let info = signal.raw_info();
    if !info.is_null() {
        // SAFETY: it is lent until the hook returns.
        let bytes = unsafe { (*info).bytes };
        for (to, from) in BYTES.iter().zip(bytes) {
            to.store(from, SeqCst);
        }
    }
    LENT.store(info.cast_mut(), SeqCst);
    DECODED_CODE.store(signal.info().code(), SeqCst);
    TOLD.fetch_add(1, SeqCst);
    HookVerdict::Taken
}

// SAFETY: `keep_details` stores to atomics.
static DETAILS: Hook = unsafe { Hook::new(keep_details) };

fn lent() -> RawInfo {
    RawInfo::from_bytes(BYTES.each_ref().map(|byte| byte.load(SeqCst)))
}

fn kernels_details_are_lent() {
    in_child(|| {
        let signo = libc::SIGRTMIN();
        // A handler of C's, which ours chains to, keeps what it sees.
        recorder::install(signo);
        assert_eq!(DETAILS.catch(Signal::from_raw(signo).expect("a signal")), Ok(()));
        siginfo::queue_to_self(signo, 0x1234_5678_9abc_u64 as usize);
        assert_eq!((TOLD.load(SeqCst), recorder::count()), (1, 1));
        assert_eq!(lent().bytes(), recorder::info().bytes());
        assert_eq!((lent().signo(), lent().code()), (signo, libc::SI_QUEUE));
        assert_eq!(lent().value_ptr(), 0x1234_5678_9abc_u64 as usize);
        assert_eq!(DECODED_CODE.load(SeqCst), libc::SI_QUEUE);
    });
}

fn details_of_another_signal_are_not_lent() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(DETAILS.catch(Signal::TERM), Ok(()));
        assert_eq!((c.over_handler)(libc::SIGTERM, libc::SA_SIGINFO, WITH_ITS_ARGUMENTS, 0), 0);
        thread::raise(libc::SIGTERM);
        assert_eq!((TOLD.load(SeqCst), (c.calls_of_over_handler)()), (1, 1));
        assert!(!LENT.load(SeqCst).is_null(), "what it has, it passed on");
        assert_eq!(lent().signo(), libc::SIGTERM);
        for how in [WITH_NO_ADDRESS, WITH_STALE_DETAILS] {
            (c.chain_from_now_on)(how);
            thread::raise(libc::SIGTERM);
            assert!(LENT.load(SeqCst).is_null(), "way {how}");
        }
        assert_eq!((TOLD.load(SeqCst), (c.calls_of_over_handler)()), (3, 3));
    });
}

/// A page that nobody can access until a fault there is mended.
static PAGE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

fn mend() -> bool {
    TOLD.fetch_add(1, SeqCst);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a page of its own, which this process has mapped for the faults of these tests.
    unsafe { libc::mprotect(PAGE.load(SeqCst), 4096, access) == 0 }
}

fn mend_and_chain(_: HookContext<'_>) -> HookVerdict {
    if mend() { HookVerdict::TakenAndChained } else { HookVerdict::Declined }
}

fn mend_and_end(_: HookContext<'_>) -> HookVerdict {
    if mend() { HookVerdict::Taken } else { HookVerdict::Declined }
}

// SAFETY: one system call; after it, the instruction finds memory.
static MEND_AND_CHAIN: Hook = unsafe { Hook::new(mend_and_chain) };
// SAFETY: as above.
static MEND_AND_END: Hook = unsafe { Hook::new(mend_and_end) };

/// Writes to a page that the hook makes accessible.
#[track_caller]
fn fault() {
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, at a place that the kernel chooses.
    let page = unsafe { libc::mmap(ptr::null_mut(), 4096, libc::PROT_NONE, kind, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    PAGE.store(page, SeqCst);
    // SAFETY: the page is mapped, and accessible when the fault has been mended.
    unsafe { page.cast::<u8>().write_volatile(1) };
}

fn fault_is_taken_and_chained() {
    in_child(|| {
        foreign::first().come_alone(libc::SIGSEGV);
        assert_eq!(MEND_AND_CHAIN.catch(Signal::SEGV), Ok(()));
        for n in 1..=2 {
            fault();
            assert_eq!((TOLD.load(SeqCst), foreign::first().take_calls()), (n, 1));
        }
        assert!(MEND_AND_CHAIN.caught().contains(Signal::SEGV));
    });
}

fn fault_is_taken_and_chained_where_there_is_no_handler() {
    in_child(|| {
        support::oracle::set_default(libc::SIGSEGV);
        assert_eq!(MEND_AND_CHAIN.catch(Signal::SEGV), Ok(()));
        for n in 1..=2 {
            fault();
            assert_eq!(TOLD.load(SeqCst), n);
        }
    });
}

fn fault_that_is_taken_is_not_chained() {
    in_child(|| {
        foreign::first().come_alone(libc::SIGSEGV);
        assert_eq!(MEND_AND_END.catch(Signal::SEGV), Ok(()));
        fault();
        assert_eq!((TOLD.load(SeqCst), foreign::first().take_calls()), (1, 0));
    });
}

fn signal_is_taken_and_chained() {
    fn both(_: HookContext<'_>) -> HookVerdict {
        TOLD.fetch_add(1, SeqCst);
        HookVerdict::TakenAndChained
    }
    // SAFETY: it stores to an atomic.
    static BOTH: Hook = unsafe { Hook::new(both) };
    in_child(|| {
        assert_eq!(BOTH.catch([Signal::TERM, Signal::HUP]), Ok(()));
        // No handler is there, and the default does not happen.
        thread::raise(libc::SIGTERM);
        assert_eq!(TOLD.load(SeqCst), 1);
        foreign::first().come_alone(libc::SIGUSR1);
        assert_eq!(BOTH.catch(Signal::USR1), Ok(()));
        thread::raise(libc::SIGUSR1);
        assert_eq!((TOLD.load(SeqCst), foreign::first().take_calls()), (2, 1));
    });
}

static INSIDE: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);
static LEFT: AtomicBool = AtomicBool::new(false);

fn stay(_: HookContext<'_>) -> HookVerdict {
    INSIDE.store(true, SeqCst);
    while !GO_ON.load(SeqCst) {
        core::hint::spin_loop();
    }
    LEFT.store(true, SeqCst);
    HookVerdict::Taken
}

// SAFETY: it waits, which the tests are about, for a thread that does not wait for it.
static STAYS: Hook = unsafe { Hook::new(stay) };

/// Runs `body` while another thread is in the hook.
#[track_caller]
fn with_one_inside(body: impl FnOnce()) {
    assert_eq!(STAYS.catch(Signal::USR1), Ok(()));
    scope(|scope| {
        scope.spawn(|| thread::raise(libc::SIGUSR1));
        while !INSIDE.load(SeqCst) {
            yield_now();
        }
        body();
        GO_ON.store(true, SeqCst);
    });
}

fn barrier_waits_for_handlers_of_before() {
    static TID: AtomicI32 = AtomicI32::new(0);
    static PASSED: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        with_one_inside(|| {
            scope(|scope| {
                let barrier = scope.spawn(|| {
                    TID.store(recorder::gettid(), SeqCst);
                    assert_eq!(synchronize(), Ok(()));
                    PASSED.store(true, SeqCst);
                    LEFT.load(SeqCst)
                });
                // It has looked, and sleeps; or it has not waited.
                let sleeps = || {
                    let tid = TID.load(SeqCst);
                    tid != 0 && thread::sleeps(tid, libc::SYS_clock_nanosleep)
                };
                while !PASSED.load(SeqCst) && !sleeps() {
                    yield_now();
                }
                GO_ON.store(true, SeqCst);
                assert!(barrier.join().expect("a thread that ends"), "the handler had not ended");
            });
        });
    });
}

fn barrier_waits_for_no_handler_of_later() {
    fn count(_: HookContext<'_>) -> HookVerdict {
        TOLD.fetch_add(1, SeqCst);
        HookVerdict::Taken
    }
    // SAFETY: it stores to an atomic.
    static COUNT: Hook = unsafe { Hook::new(count) };
    in_child(|| {
        assert_eq!(COUNT.catch(Signal::USR1), Ok(()));
        thread::beside(
            2,
            |_| thread::raise(libc::SIGUSR1),
            || {
                for _ in 0..200 {
                    let before = TOLD.load(SeqCst);
                    assert_eq!(synchronize(), Ok(()));
                    while TOLD.load(SeqCst) == before {
                        yield_now();
                    }
                }
            },
        );
    });
}

fn barrier_in_a_child_waits_for_no_handler_of_the_parents() {
    in_child(|| {
        with_one_inside(|| {
            assert_fine(fork(|| assert_eq!(synchronize(), Ok(()))));
            // SAFETY: the other thread is in a handler, and holds no lock.
            let child = unsafe { libc::fork() };
            if child == 0 {
                run(|| {
                    assert_eq!(synchronize(), Ok(()));
                    assert_eq!(STAYS.caught(), SigSet::from(Signal::USR1));
                });
            }
            assert_fine(pid(child));
        });
    });
}
