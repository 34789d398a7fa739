//! A handler that was there before ours: called after the flag is set, as the kernel would have
//! called it, and installed again after the last release.

#![expect(unsafe_code, reason = "reads what the kernel hands to a handler")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering::SeqCst};
use siglatch::{Latch, SigSet, Signal, mask, send};
use std::process;
use std::thread::yield_now;
use support::oracle::{RawAction, bit, cancellation, raw_action, set_raw_action};
use support::siginfo::{self, RawInfo};
use support::state::raw_mask;
use support::{self, Child, Scenario, foreign, in_child, recorder, rounds, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        handler_is_called_after_the_flag,
        handler_of_one_argument_is_called_so,
        details_and_context_are_the_kernels,
        handler_sees_the_sender,
        several_latches_call_it_once,
        ignored_before_is_not_called,
        resethand_is_called_once,
        resethand_on_many_threads_is_called_once,
        resethand_leaves_the_default_as_the_kernel_would,
        resethand_not_called_is_put_back,
        choices_about_children_are_kept,
        its_mask_and_no_restart_are_in_the_rule,
        every_action_comes_back_to_the_byte,
        it_may_run_on_after_the_release,
    ]
}

static LATCH: Latch = Latch::new();
static NARROW: Latch = Latch::new().mask(SigSet::empty());

/// What the handlers of this file have seen last.
struct Seen {
    calls: AtomicU32,
    signo: AtomicI32,
    flag_was_set: AtomicBool,
    /// The mask that the context says was interrupted.
    interrupted_mask: AtomicU64,
}

static SEEN: Seen = Seen {
    calls: AtomicU32::new(0),
    signo: AtomicI32::new(0),
    flag_was_set: AtomicBool::new(false),
    interrupted_mask: AtomicU64::new(0),
};

extern "C" fn one_argument(signo: i32) {
    SEEN.signo.store(signo, SeqCst);
    SEEN.flag_was_set.store(LATCH.is_set(), SeqCst);
    SEEN.calls.fetch_add(1, SeqCst);
}

extern "C" fn three_arguments(
    signo: i32,
    _info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
) {
    // SAFETY: the kernel passes the context that it will go back to, which nobody else has now.
    let mask = unsafe { &raw const (*context).uc_sigmask };
    // SAFETY: the first word is what the kernel fills of it.
    let mask = unsafe { mask.cast::<u64>().read_unaligned() };
    SEEN.interrupted_mask.store(mask, SeqCst);
    one_argument(signo);
}

/// Installs a handler by the C library: of three arguments if the flags say so.
#[track_caller]
fn install(signo: i32, flags: i32, mask: &[i32]) {
    let with_info = flags & libc::SA_SIGINFO != 0;
    let handler =
        if with_info { three_arguments as *const () } else { one_argument as *const () } as usize;
    let mut action = foreign::action(handler, flags);
    for blocked in mask {
        // SAFETY: the set is initialised, and the number is a signal's.
        unsafe { libc::sigaddset(&raw mut action.sa_mask, *blocked) };
    }
    foreign::set(signo, &action);
}

fn calls() -> u32 {
    SEEN.calls.load(SeqCst)
}

#[track_caller]
fn raise(signal: Signal) {
    assert_eq!(send::raise(signal), Ok(()));
}

fn handler_is_called_after_the_flag() {
    in_child(|| {
        for (calls_before, signal) in (0..).zip([Signal::TERM, Signal::CHLD]) {
            install(signal.as_raw(), libc::SA_SIGINFO, &[]);
            assert_eq!(LATCH.catch(signal), Ok(()));
            assert_eq!(calls(), calls_before);
            raise(signal);
            assert_eq!(calls(), calls_before.wrapping_add(1));
            assert_eq!(SEEN.signo.load(SeqCst), signal.as_raw());
            assert!(SEEN.flag_was_set.load(SeqCst), "flag first");
            assert!(LATCH.take_signal(signal));
        }
    });
}

fn handler_of_one_argument_is_called_so() {
    in_child(|| {
        install(libc::SIGTERM, 0, &[]);
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        raise(Signal::TERM);
        raise(Signal::TERM);
        assert_eq!(calls(), 2);
        assert_eq!(SEEN.signo.load(SeqCst), libc::SIGTERM);
        assert!(SEEN.flag_was_set.load(SeqCst), "flag first");
    });
}

fn details_and_context_are_the_kernels() {
    in_child(|| {
        let signo = libc::SIGRTMIN();
        let signal = Signal::from_raw(signo).expect("a signal");
        recorder::install(signo);
        // The same signal, with the handler installed alone and then chained to.
        let seen_twice = [false, true].map(|chained| {
            if chained {
                assert_eq!(LATCH.catch(signal), Ok(()));
            }
            siginfo::queue_to_self(signo, 0x1234_5678_9abc_u64 as usize);
            recorder::info().bytes()
        });
        let [alone, chained] = seen_twice;
        assert_eq!(chained, alone);
        assert_eq!(recorder::count(), 2);
        let info = RawInfo::from_bytes(chained);
        assert_eq!((info.signo(), info.code()), (signo, libc::SI_QUEUE));
        assert_eq!(info.value_ptr(), 0x1234_5678_9abc_u64 as usize);

        install(libc::SIGUSR1, libc::SA_SIGINFO, &[]);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(mask::block([Signal::PIPE, Signal::TTOU]), Ok(SigSet::empty()));
        raise(Signal::USR1);
        assert_eq!(SEEN.interrupted_mask.load(SeqCst), raw_mask());
    });
}

fn handler_sees_the_sender() {
    let mut child = Child::start(|link| {
        recorder::install(libc::SIGTERM);
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        link.ready();
        assert_eq!(LATCH.wait(None), Ok(true));
        link.say(&recorder::info().pid().to_string());
    });
    child.await_ready();
    child.kill(libc::SIGTERM);
    child.expect(&process::id().to_string());
    child.wait().assert_exited(0);
}

fn several_latches_call_it_once() {
    in_child(|| {
        install(libc::SIGTERM, libc::SA_SIGINFO, &[]);
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        assert_eq!(NARROW.catch(Signal::TERM), Ok(()));
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        raise(Signal::TERM);
        assert_eq!(calls(), 1);
        assert_eq!(LATCH.release(Signal::TERM).map(drop), Ok(()));
        raise(Signal::TERM);
        assert_eq!(calls(), 2);
        assert_eq!(NARROW.release(Signal::TERM).map(drop), Ok(()));
        raise(Signal::TERM);
        assert_eq!(calls(), 3);
    });
}

fn ignored_before_is_not_called() {
    in_child(|| {
        // A call of the address 1 would be the end.
        support::oracle::set_ignored(libc::SIGTERM);
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        raise(Signal::TERM);
        assert!(LATCH.take_signal(Signal::TERM));
        assert_eq!(LATCH.release(Signal::TERM).map(drop), Ok(()));
        raise(Signal::TERM);
        assert!(!LATCH.is_set());
    });
}

fn resethand_is_called_once() {
    let outcome = Child::start(|_| {
        install(libc::SIGTERM, libc::SA_SIGINFO | libc::SA_RESETHAND, &[]);
        assert_eq!(LATCH.catch(Signal::TERM), Ok(()));
        for _ in 0..3 {
            raise(Signal::TERM);
            assert!(LATCH.take_signal(Signal::TERM));
            assert_eq!(calls(), 1);
        }
        assert_eq!(LATCH.release(Signal::TERM).map(drop), Ok(()));
        raise(Signal::TERM);
    })
    .wait();
    outcome.assert_died_by(libc::SIGTERM);
}

fn resethand_on_many_threads_is_called_once() {
    /// In place of a round: there is none any more.
    const DONE: u32 = u32::MAX;
    // How often it was installed. The threads see it at once, and raise at the same moment.
    static STAGE: AtomicU32 = AtomicU32::new(0);
    static RAISED: AtomicU32 = AtomicU32::new(0);
    in_child(|| {
        let mut wrong = 0_u32;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for round in 0.. {
                        while STAGE.load(SeqCst) <= round {
                            yield_now();
                        }
                        if STAGE.load(SeqCst) == DONE {
                            break;
                        }
                        thread::raise(libc::SIGUSR1);
                        RAISED.fetch_add(1, SeqCst);
                    }
                });
            }
            for round in rounds(100, 1_000).skip(1) {
                install(libc::SIGUSR1, libc::SA_RESETHAND, &[]);
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
                STAGE.store(round, SeqCst);
                while RAISED.load(SeqCst) < round.saturating_mul(2) {
                    yield_now();
                }
                wrong = wrong.saturating_add(u32::from(calls() != round));
                assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            }
            STAGE.store(DONE, SeqCst);
        });
        assert_eq!(wrong, 0, "calls too many or too few, while the threads were to go on");
    });
}

fn resethand_leaves_the_default_as_the_kernel_would() {
    let after = [false, true].map(|caught| {
        let mut child = Child::start(|link| {
            let flags = libc::SA_SIGINFO | libc::SA_RESETHAND | libc::SA_NOCLDSTOP;
            install(libc::SIGUSR1, flags, &[libc::SIGINT]);
            if caught {
                assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            }
            raise(Signal::USR1);
            assert_eq!(calls(), 1);
            assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            link.say(&format!("{:?}", raw_action(libc::SIGUSR1)));
        });
        let action = child.hear();
        child.wait().assert_exited(0);
        action
    });
    let [alone, chained] = after;
    assert_eq!(chained, alone);
    support::assert_contains(&chained, "handler: 0,");
}

fn resethand_not_called_is_put_back() {
    in_child(|| {
        install(libc::SIGUSR1, libc::SA_RESETHAND, &[]);
        let before = raw_action(libc::SIGUSR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
        assert_eq!(raw_action(libc::SIGUSR1), before);
        raise(Signal::USR1);
        assert_eq!(calls(), 1);
    });
}

fn choices_about_children_are_kept() {
    in_child(|| {
        let both = libc::SA_NOCLDSTOP | libc::SA_NOCLDWAIT;
        for flags in [0, libc::SA_NOCLDSTOP, libc::SA_NOCLDWAIT, both] {
            install(libc::SIGCHLD, flags, &[]);
            assert_eq!(LATCH.catch(Signal::CHLD), Ok(()));
            let in_force = raw_action(libc::SIGCHLD).flags;
            assert_eq!(in_force & u64::from(both as u32), u64::from(flags as u32));
            assert_eq!(LATCH.release(Signal::CHLD).map(drop), Ok(()));
        }
    });
}

fn its_mask_and_no_restart_are_in_the_rule() {
    static INTERRUPTS: Latch = Latch::new().restart(false).mask(SigSet::empty());
    const RESTART: u64 = libc::SA_RESTART as u64;
    in_child(|| {
        for (flags, latch, restarts) in [
            (0, &NARROW, false),
            (libc::SA_RESTART, &NARROW, true),
            (libc::SA_RESTART, &INTERRUPTS, false),
            (libc::SA_RESTART | libc::SA_ONSTACK, &NARROW, true),
        ] {
            install(libc::SIGUSR1, flags, &[libc::SIGINT, libc::SIGRTMAX()]);
            assert_eq!(latch.catch(Signal::USR1), Ok(()));
            let in_force = raw_action(libc::SIGUSR1);
            let asked = bit(libc::SIGINT) | bit(libc::SIGRTMAX());
            assert_eq!(in_force.mask, asked | cancellation());
            assert_eq!(in_force.flags & RESTART != 0, restarts, "{flags:#x}");
            let kept = u64::from((libc::SA_SIGINFO | libc::SA_ONSTACK) as u32);
            let wanted = u64::from((libc::SA_SIGINFO | flags & libc::SA_ONSTACK) as u32);
            assert_eq!(in_force.flags & kept, wanted, "the stack is the one that it asks for");
            assert_eq!(latch.release(Signal::USR1).map(drop), Ok(()));
        }
    });
}

fn every_action_comes_back_to_the_byte() {
    in_child(|| {
        install(libc::SIGUSR2, 0, &[]);
        let usual = raw_action(libc::SIGUSR2);
        let flags = [
            0,
            libc::SA_SIGINFO,
            libc::SA_ONSTACK | libc::SA_RESTART | libc::SA_NODEFER,
            libc::SA_SIGINFO | libc::SA_NOCLDSTOP | libc::SA_NOCLDWAIT | libc::SA_RESETHAND,
        ];
        let handlers = [
            libc::SIG_DFL,
            libc::SIG_IGN,
            one_argument as *const () as usize,
            three_arguments as *const () as usize,
        ];
        for (flags, handler) in flags.iter().flat_map(|flags| handlers.map(|one| (flags, one))) {
            let action = RawAction {
                handler,
                flags: usual.flags | u64::from(*flags as u32),
                // Whatever it is: other code's own, and no signal comes here.
                restorer: usual.restorer.wrapping_add(handler & 1),
                mask: bit(libc::SIGINT) | bit(33) | bit(64),
            };
            // SAFETY: no such signal comes while this is installed.
            unsafe { set_raw_action(libc::SIGUSR1, &action) };
            let before = raw_action(libc::SIGUSR1);
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            assert_eq!(NARROW.catch(Signal::USR1), Ok(()));
            assert_ne!(raw_action(libc::SIGUSR1).handler, handler);
            assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            assert_ne!(raw_action(libc::SIGUSR1).handler, handler);
            assert_eq!(NARROW.release(Signal::USR1).map(drop), Ok(()));
            assert_eq!(raw_action(libc::SIGUSR1), before);
        }
    });
}

fn it_may_run_on_after_the_release() {
    static GO_ON: AtomicBool = AtomicBool::new(false);
    extern "C" fn stays(_signo: i32) {
        SEEN.calls.fetch_add(1, SeqCst);
        while !GO_ON.load(SeqCst) {
            yield_now();
        }
    }
    in_child(|| {
        foreign::set(libc::SIGUSR1, &foreign::action(stays as *const () as usize, 0));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        std::thread::scope(|scope| {
            scope.spawn(|| thread::raise(libc::SIGUSR1));
            while calls() == 0 {
                yield_now();
            }
            // It may never come back, by siglongjmp(3) for one, so nobody waits for it.
            assert_eq!(LATCH.release(Signal::USR1).map(drop), Ok(()));
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            GO_ON.store(true, SeqCst);
        });
    });
}
