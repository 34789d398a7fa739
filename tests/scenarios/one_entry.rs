//! One entry in the chain, however often something is caught: every instance comes once, on many
//! threads at once too, and no catch is refused for what came and went before.

#![expect(unsafe_code, reason = "chains to what was installed, as other code does")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::ffi::{c_int, c_void};
use core::mem;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use siglatch::{InfoQueue, Latch, Signal};
use std::thread::scope;
use support::oracle::{RawAction, raw_action, set_default, set_ignored};
use support::{Scenario, foreign, in_child, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        twenty_threads_at_once_have_twenty_instances,
        rounds_of_default_and_another_handler_are_not_refused,
        rounds_of_ignored_and_another_handler_are_not_refused,
        as_many_signals_as_there_are_may_have_other_code_over_ours,
    ]
}

static LATCH: Latch = Latch::new();
static QUEUE: InfoQueue<64> = InfoQueue::new();

/// Threads that are in the other code's handler at once.
const THREADS: u32 = 20;

static UNDER: AtomicUsize = AtomicUsize::new(0);
static INSIDE: AtomicU32 = AtomicU32::new(0);

/// Chains to ours when all the others are here as well.
extern "C" fn meets_the_others(signo: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
    INSIDE.fetch_add(1, SeqCst);
    while INSIDE.load(SeqCst) < THREADS {
        std::thread::yield_now();
    }
    // SAFETY: the address of the handler that was installed, with SA_SIGINFO.
    let under = unsafe { mem::transmute::<usize, Handler>(UNDER.load(SeqCst)) };
    under(signo, info, context);
}

fn twenty_threads_at_once_have_twenty_instances() {
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        let handler = meets_the_others as *const () as usize;
        // Its flags: it is called on the stack of its thread.
        let over = foreign::action(handler, libc::SA_SIGINFO);
        UNDER.store(raw_action(libc::SIGUSR1).handler, SeqCst);
        foreign::set(libc::SIGUSR1, &over);
        // A catch while it stands over ours.
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(raw_action(libc::SIGUSR1).handler, handler);
        scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| thread::raise(libc::SIGUSR1));
            }
        });
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!((QUEUE.drain().count(), QUEUE.lost(Signal::USR1)), (20, 0));
    });
}

/// Code that sets the default or "ignore" over ours takes the signal away; after a release, and with
/// another handler there, we come over that one, as for the first time.
#[track_caller]
fn come_and_go(take_away: fn(i32) -> RawAction) {
    for round in 0..10 {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()), "round {round}");
        let _ours = take_away(libc::SIGUSR1);
        assert!(LATCH.release(Signal::USR1).is_ok());
        foreign::first().come_alone(libc::SIGUSR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()), "round {round}, over the handler");
        assert!(!foreign::first().is_installed(libc::SIGUSR1), "round {round}");
        thread::raise(libc::SIGUSR1);
        assert_eq!(foreign::first().take_calls(), 1, "round {round}");
        assert!(LATCH.take_signal(Signal::USR1), "round {round}");
        assert!(LATCH.release(Signal::USR1).is_ok());
        assert!(foreign::first().is_installed(libc::SIGUSR1), "round {round}");
    }
}

fn rounds_of_default_and_another_handler_are_not_refused() {
    in_child(|| come_and_go(set_default));
}

fn rounds_of_ignored_and_another_handler_are_not_refused() {
    in_child(|| come_and_go(set_ignored));
}

fn as_many_signals_as_there_are_may_have_other_code_over_ours() {
    in_child(|| {
        let signals: Vec<Signal> = (0..Signal::rt_count())
            .map(|n| Signal::rt(n).expect("a signal"))
            .chain([Signal::HUP, Signal::USR1, Signal::USR2, Signal::TERM])
            .collect();
        for signal in &signals {
            assert_eq!(QUEUE.catch(*signal), Ok(()));
            foreign::first().come(signal.as_raw());
            assert_eq!(LATCH.catch(*signal), Ok(()), "{signal}");
        }
        for signal in &signals {
            thread::raise(signal.as_raw());
        }
        assert_eq!(QUEUE.drain().count(), signals.len());
        assert_eq!(LATCH.take().len(), signals.len());
    });
}
