//! Code that shares a signal with ours and is not written for it: C handlers under ours that are
//! particular about their stack and that jump out, and C handlers over ours that do not pass on all
//! of their arguments.

#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{Dispatcher, InfoQueue, Latch, Shutdown, SigInfoTrust, SigSet, Signal, send};
use std::thread::spawn;
use support::c_functions;
use support::oracle::{self, raw_action};
use support::state::{assert_mask, raw_mask};
use support::{Scenario, in_child, recorder, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        alternate_stack_is_what_the_handler_under_ours_has,
        handler_without_onstack_keeps_off_a_small_alternate_stack,
        handler_of_the_main_thread_has_the_main_threads_stack,
        handler_that_jumps_out_leaves_nothing_blocked,
        handler_that_jumps_out_is_called_again_under_an_empty_mask,
        handler_over_ours_that_jumps_out_doubles_nothing,
        handler_over_ours_that_jumps_out_asks_a_shutdown_once,
        jumps_out_of_set_hold_up_no_release,
        jumps_beside_our_handler_hold_up_no_release,
        stale_details_run_the_signals_own_function,
        stale_details_are_not_told,
        addresses_that_are_none_are_not_followed,
    ]
}

c_functions! {
    C, "../c/chained.c":
    alternate_stack(usize) -> i32;
    alternate_stack_with_neighbour(usize) -> i32;
    changed_below() -> i32;
    deep_handler(i32, i32, usize) -> i32;
    calls_of_deep_handler() -> i32;
    noting_handler(i32, i32, u64, i32) -> i32;
    send_to_this_thread(i32, i32) -> i32;
    calls_so_far() -> i32;
    jumping_handler(i32, i32) -> i32;
    send_next(i32, i32);
    repeat(i32, extern "C" fn());
    over_handler(i32, i32, i32, i32) -> i32;
    chain_from_now_on(i32);
    calls_of_over_handler() -> i32;
}

/// How a handler ends, by the C code's numbers.
const LONGJMP: i32 = 2;

/// How the handler over ours chains, by the C code's numbers.
const WITH_ITS_ARGUMENTS: i32 = 0;
const WITH_STALE_DETAILS: i32 = 1;
const WITH_NO_ADDRESS: i32 = 2;
const NOT_BUT_JUMP: i32 = 3;

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();
static EMPTY_MASK: Latch = Latch::new().mask(SigSet::empty());
static QUEUE: InfoQueue<256> = InfoQueue::new();

#[track_caller]
fn raise(signal: Signal) {
    assert_eq!(send::raise(signal), Ok(()));
}

fn alternate_stack_is_what_the_handler_under_ours_has() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        let is_on = |what: &str| {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            let flags = raw_action(libc::SIGUSR1).flags;
            assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            println!("over {what}: {flags:#x}");
            flags & u64::from(libc::SA_ONSTACK as u32) != 0
        };
        assert!(is_on("the default"), "there is nobody's choice to keep");
        oracle::set_ignored(libc::SIGUSR1);
        assert!(is_on("ignored"), "there is nobody's choice to keep");
        assert_eq!((c.deep_handler)(libc::SIGUSR1, libc::SA_ONSTACK, 0), 0);
        assert!(is_on("a handler with it"));
        assert_eq!((c.deep_handler)(libc::SIGUSR1, 0, 0), 0);
        assert!(!is_on("a handler without it"), "the handler before ours is on its thread's stack");
    });
}

fn handler_without_onstack_keeps_off_a_small_alternate_stack() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.alternate_stack_with_neighbour)(16 * 1024), 0);
        assert_eq!((c.deep_handler)(libc::SIGUSR1, 0, 32 * 1024), 0);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(Signal::USR1);
        assert!(LATCH.is_set());
        assert_eq!((c.calls_of_deep_handler)(), 1);
        assert_eq!((c.changed_below)(), 0, "bytes below the alternate stack were written over");
    });
}

fn handler_of_the_main_thread_has_the_main_threads_stack() {
    let Some(c) = C::load() else { return };
    // This process's main thread has the alternate stack that Rust's runtime has given it.
    in_child(|| {
        assert_eq!((c.deep_handler)(libc::SIGUSR1, 0, 16 * 1024), 0);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(Signal::USR1);
        assert_eq!((c.calls_of_deep_handler)(), 1);
    });
}

fn handler_that_jumps_out_leaves_nothing_blocked() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.noting_handler)(libc::SIGUSR1, libc::SA_NODEFER, 0, LONGJMP), 0);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!((c.send_to_this_thread)(libc::SIGUSR1, 3), 0);
        assert_eq!((c.calls_so_far)(), 3);
        assert_mask(raw_mask(), 0);
        // The gate is not held up either.
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
    });
}

fn handler_that_jumps_out_is_called_again_under_an_empty_mask() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.noting_handler)(libc::SIGUSR1, libc::SA_NODEFER, 0, LONGJMP), 0);
        assert_eq!(EMPTY_MASK.catch(Signal::USR1), Ok(()));
        assert_eq!((c.send_to_this_thread)(libc::SIGUSR1, 3), 0);
        assert_eq!((c.calls_so_far)(), 3, "the signal stays blocked after the first");
        assert_mask(raw_mask(), 0);
    });
}

/// Puts the C code's handler over ours, has it jump out on one thread after another while `OTHER`
/// has caught the signal over it, and has it chain from then on.
#[track_caller]
fn jump_out_over_ours(c: C) {
    extern "C" fn raise_term() {
        raise(Signal::TERM);
    }
    assert_eq!((c.over_handler)(libc::SIGTERM, libc::SA_SIGINFO, NOT_BUT_JUMP, 0), 0);
    assert_eq!(OTHER.catch(Signal::TERM), Ok(()));
    for times in 1..=20 {
        let jumps = spawn(move || (c.repeat)(times, raise_term));
        jumps.join().expect("a thread that ends");
    }
    (c.chain_from_now_on)(WITH_ITS_ARGUMENTS);
}

fn handler_over_ours_that_jumps_out_doubles_nothing() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::TERM), Ok(()));
        jump_out_over_ours(c);
        // What is seen of those that did not come by is not told here.
        let _earlier = QUEUE.drain().count();
        for n in 0..20 {
            raise(Signal::TERM);
            assert_eq!(QUEUE.drain().count(), 1, "signal {n}");
        }
    });
}

fn handler_over_ours_that_jumps_out_asks_a_shutdown_once() {
    static SHUTDOWN: Shutdown = Shutdown::new();
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        jump_out_over_ours(c);
        assert_eq!(SHUTDOWN.catch(Signal::TERM), Ok(()));
        raise(Signal::TERM);
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
    });
}

/// Runs `body` while another thread sends SIGUSR2 to this one, whose handler jumps out of it.
#[track_caller]
fn storm_of_jumps(c: C, times: i32, body: extern "C" fn()) {
    let me = recorder::gettid();
    assert_eq!((c.jumping_handler)(libc::SIGUSR2, 0), 0);
    thread::beside(1, |_| (c.send_next)(me, libc::SIGUSR2), || (c.repeat)(times, body));
}

fn jumps_out_of_set_hold_up_no_release() {
    extern "C" fn set() {
        for _ in 0..100 {
            LATCH.set(Signal::USR1);
        }
    }
    let Some(c) = C::load() else { return };
    in_child(|| {
        // The first one of a process forgets who is in flight.
        assert_eq!(OTHER.catch(Signal::HUP), Ok(()));
        storm_of_jumps(c, 500, set);
        assert_eq!(OTHER.catch(Signal::TERM), Ok(()));
        assert_eq!(OTHER.release(Signal::TERM).map(drop), Ok(()));
    });
}

/// With the default mask no handler that is called asynchronously interrupts ours.
fn jumps_beside_our_handler_hold_up_no_release() {
    extern "C" fn raise_many() {
        for _ in 0..10 {
            thread::raise(libc::SIGUSR1);
        }
    }
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!((c.alternate_stack)(0), 0);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        storm_of_jumps(c, 500, raise_many);
        assert_eq!(OTHER.catch(Signal::TERM), Ok(()));
        assert_eq!(OTHER.release(Signal::TERM).map(drop), Ok(()));
    });
}

/// Puts a handler of one argument over ours, which chains by `old(signo)`.
#[track_caller]
fn come_over_ours(c: C, how: i32) {
    assert_eq!((c.over_handler)(libc::SIGTERM, 0, how, libc::SIGHUP), 0);
}

fn stale_details_run_the_signals_own_function() {
    static DISPATCHER: Dispatcher = Dispatcher::new();
    static HUP: AtomicU32 = AtomicU32::new(0);
    static TERM: AtomicU32 = AtomicU32::new(0);
    let Some(c) = C::load() else { return };
    in_child(|| {
        DISPATCHER.catch(Signal::HUP, |_| HUP.store(1, SeqCst)).expect("catch");
        DISPATCHER.catch(Signal::TERM, |_| TERM.store(1, SeqCst)).expect("catch");
        come_over_ours(c, WITH_STALE_DETAILS);
        raise(Signal::TERM);
        assert_eq!((c.calls_of_over_handler)(), 1);
        assert_eq!(DISPATCHER.pending(), Signal::TERM.into());
        DISPATCHER.dispatch();
        assert_eq!((HUP.load(SeqCst), TERM.load(SeqCst)), (0, 1), "runs of SIGHUP's and SIGTERM's");
    });
}

fn stale_details_are_not_told() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::TERM), Ok(()));
        come_over_ours(c, WITH_STALE_DETAILS);
        raise(Signal::TERM);
        let info = QUEUE.pop().expect("an instance");
        assert_eq!(info.signal(), Signal::TERM);
        assert_ne!(
            info.sender().map(siglatch::Pid::as_raw),
            Some(4321),
            "the sender of another signal"
        );
        assert_ne!(info.trust(), SigInfoTrust::Kernel);
        assert_eq!(QUEUE.pop(), None);
    });
}

fn addresses_that_are_none_are_not_followed() {
    let Some(c) = C::load() else { return };
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::TERM), Ok(()));
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        come_over_ours(c, WITH_NO_ADDRESS);
        raise(Signal::TERM);
        assert!(LATCH.is_set());
        let info = QUEUE.pop().expect("an instance");
        assert_eq!((info.signal(), info.sender()), (Signal::TERM, None));
    });
}
