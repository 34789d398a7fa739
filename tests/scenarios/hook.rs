//! Hooks: functions of the program's own in signal context, and what they leave to others.

#![expect(unsafe_code, reason = "hooks and faults are unsafe to make")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::ffi::c_void;
use core::hint::black_box;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use siglatch::{Cause, Hook, HookContext, HookVerdict, Latch, Pid, SigVal, Signal, action, send};
use std::io;
use std::process::Command;
use std::thread;
use support::first_process::{as_first_process, first_process};
use support::siginfo::told_address;
use support::state::SignalState;
use support::{
    self, Child, Scenario, assert_contains, example, in_child, oracle, recorder, scenarios, spawn,
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        hooks_run_in_order_of_registration,
        details_and_context_are_given,
        declined_by_all_ends_the_process,
        taken_by_one_is_enough,
        declined_child_changes_nothing,
        declined_over_ignore_changes_nothing,
        declined_in_process_1_changes_nothing,
        declined_fault_ends_process_1,
        handler_before_gets_what_is_sent,
        fault_is_fixed_and_the_instruction_runs_again,
        declined_fault_ends_the_process,
        next_hook_gets_what_the_first_declined,
        taken_fault_goes_no_further,
        handler_before_gets_a_declined_fault,
        runs_on_the_alternate_stack,
        overflown_stack_is_caught,
        release_leaves_what_was_there,
        latches_beside_hooks_get_theirs,
        example_tells_the_address_and_dies,
        declined_fault_over_ignore_ends_the_process,
    ]
}

/// What ran, as decimal digits.
static RAN: AtomicU32 = AtomicU32::new(0);

fn ran(digit: u32) {
    RAN.store(RAN.load(SeqCst).wrapping_mul(10).wrapping_add(digit), SeqCst);
}

fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

/// A hook that notes a digit and has this verdict.
macro_rules! hook {
    ($name:ident, $digit:literal, $verdict:ident) => {
        // SAFETY: the function does atomic operations; no fault is taken before it is fixed.
        static $name: Hook = unsafe {
            Hook::new(|_| {
                ran($digit);
                HookVerdict::$verdict
            })
        };
    };
}

hook!(FIRST, 1, Taken);
hook!(SECOND, 2, Taken);
hook!(THIRD, 3, Taken);
hook!(DECLINES, 8, Declined);
hook!(DECLINES_TOO, 9, Declined);

fn hooks_run_in_order_of_registration() {
    in_child(|| {
        for hook in [&SECOND, &FIRST, &THIRD] {
            hook.catch(Signal::USR1).expect("catch");
        }
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 213);
        SECOND.release(Signal::USR1).expect("release");
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 13);
        // It has its place for good.
        SECOND.catch([Signal::USR1, Signal::USR2]).expect("catch");
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 213);
        raise(Signal::USR2);
        assert_eq!(RAN.swap(0, SeqCst), 2);
    });
}

fn details_and_context_are_given() {
    static VALUE: AtomicUsize = AtomicUsize::new(0);
    static SENDER: AtomicI32 = AtomicI32::new(0);
    fn block_usr2(signal: HookContext<'_>) -> HookVerdict {
        if let Cause::Queue { pid, value, .. } = signal.info().cause() {
            SENDER.store(pid, SeqCst);
            VALUE.store(value.as_addr(), SeqCst);
        }
        ran(u32::from(signal.signal() == signal.info().signal()));
        let context = signal.ucontext().cast::<libc::ucontext_t>();
        // SAFETY: the kernel's context, which is good until the handler returns.
        let mask = unsafe { &raw mut (*context).uc_sigmask };
        // SAFETY: the kernel has filled the first word of the set, which is all that is changed.
        unsafe { libc::sigaddset(mask, libc::SIGUSR2) };
        HookVerdict::Taken
    }
    // SAFETY: it does atomic stores, and changes the mask that is restored.
    static HOOK: Hook = unsafe { Hook::new(block_usr2) };
    in_child(|| {
        HOOK.catch(Signal::USR1).expect("catch");
        let us = siglatch::Pid::this();
        send::queue(us, Signal::USR1, SigVal::from_addr(0x1234_5678_9abc_u64 as usize))
            .expect("queue");
        assert_eq!(RAN.load(SeqCst), 1);
        assert_eq!(
            (SENDER.load(SeqCst), VALUE.load(SeqCst)),
            (us.as_raw(), 0x1234_5678_9abc_u64 as usize)
        );
        // What was changed in the context has taken effect.
        assert_eq!(oracle::own_status().blocked, oracle::bit(libc::SIGUSR2));
    });
}

fn declined_by_all_ends_the_process() {
    for signal in [Signal::TERM, Signal::USR1, Signal::QUIT, Signal::SYS, Signal::TRAP] {
        let child = Child::start(|_| {
            DECLINES.catch(signal).expect("catch");
            DECLINES_TOO.catch(signal).expect("catch");
            raise(signal);
        });
        child.wait().assert_died_by(signal.as_raw());
    }
}

fn taken_by_one_is_enough() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        DECLINES.catch([Signal::TERM, Signal::INT]).expect("catch");
        FIRST.catch(Signal::TERM).expect("catch");
        DECLINES_TOO.catch(Signal::TERM).expect("catch");
        raise(Signal::TERM);
        // Each gets it, whichever has taken it.
        assert_eq!(RAN.swap(0, SeqCst), 819);
        LATCH.catch(Signal::INT).expect("catch");
        raise(Signal::INT);
        assert_eq!(RAN.swap(0, SeqCst), 8);
        assert!(LATCH.take_signal(Signal::INT));
    });
}

fn declined_child_changes_nothing() {
    in_child(|| {
        let signals = [Signal::CHLD, Signal::WINCH, Signal::URG, Signal::TSTP];
        DECLINES.catch(signals).expect("catch");
        for signal in signals {
            let before = SignalState::now();
            for _ in 0..2 {
                raise(signal);
                assert_eq!(RAN.swap(0, SeqCst), 8);
            }
            before.assert_unchanged("a signal that was declined");
        }
    });
}

/// What is declined is left to "ignore", which does nothing, and is still asked for the next time.
fn declined_over_ignore_changes_nothing() {
    in_child(|| {
        let rt = Signal::rt(0).expect("a real-time signal");
        for signal in [Signal::TERM, Signal::USR1, rt, Signal::SEGV, Signal::SYS] {
            let ignored = action::ignore(signal).expect("ignore");
            DECLINES.catch(signal).expect("catch");
            let before = SignalState::now();
            for _ in 0..3 {
                raise(signal);
                assert_eq!(RAN.swap(0, SeqCst), 8);
            }
            before.assert_unchanged("a signal that was declined");
            DECLINES.release(signal).expect("release");
            assert_eq!(ignored.restore(), Ok(true));
        }
    });
}

/// The kernel drops what process 1 of a namespace has not caught, but for faults.
fn declined_in_process_1_changes_nothing() {
    as_first_process(|| {
        for signal in [Signal::TERM, Signal::USR1, Signal::SEGV, Signal::SYS] {
            oracle::set_default(signal.as_raw());
            DECLINES.catch(signal).expect("catch");
            let before = SignalState::now();
            for _ in 0..3 {
                send::kill(Pid::this(), signal).expect("kill");
                assert_eq!(RAN.swap(0, SeqCst), 8);
            }
            before.assert_unchanged("a signal that was declined");
        }
    });
}

fn declined_fault_ends_process_1() {
    let outcome = first_process(|| {
        oracle::set_default(libc::SIGSEGV);
        DECLINES.catch(Signal::SEGV).expect("catch");
        touch();
    });
    match outcome {
        Some(outcome) => outcome.assert_exited(128 + libc::SIGSEGV),
        None => support::skip("no pid namespace may be made here"),
    }
}

fn handler_before_gets_what_is_sent() {
    in_child(|| {
        recorder::install(libc::SIGTERM);
        DECLINES.catch(Signal::TERM).expect("catch");
        // What is declined is still asked for the next time.
        for calls in 1..4 {
            raise(Signal::TERM);
            assert_eq!((RAN.swap(0, SeqCst), recorder::count()), (8, calls));
        }
        FIRST.catch(Signal::TERM).expect("catch");
        raise(Signal::TERM);
        assert_eq!((RAN.swap(0, SeqCst), recorder::count()), (81, 4));
    });
}

/// A page that may not be touched, until it is opened.
static PAGE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
const LENGTH: usize = 4096;

/// Makes the page and touches it.
fn touch() -> u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel chooses an address that nobody uses.
    let page = unsafe { libc::mmap(ptr::null_mut(), LENGTH, libc::PROT_NONE, flags, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    PAGE.store(page.cast(), SeqCst);
    let place = page.cast::<u8>().wrapping_add(77);
    // SAFETY: a handler makes it readable, or ends the process.
    unsafe { place.read_volatile() }
}

fn open_page(signal: HookContext<'_>) -> HookVerdict {
    ran(5);
    let page = PAGE.load(SeqCst);
    match signal.info().cause() {
        Cause::Fault { address, .. } if address == told_address(page.addr().wrapping_add(77)) => {}
        _ => return HookVerdict::Declined,
    }
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the page is the test's.
    let opened = unsafe { libc::mprotect(page.cast(), LENGTH, protection) };
    if opened == 0 { HookVerdict::Taken } else { HookVerdict::Declined }
}

// SAFETY: it makes one system call, after which the instruction can run.
static OPENS: Hook = unsafe { Hook::new(open_page) };

fn fault_is_fixed_and_the_instruction_runs_again() {
    in_child(|| {
        OPENS.catch(Signal::SEGV).expect("catch");
        assert_eq!((touch(), RAN.swap(0, SeqCst)), (0, 5));
        thread::spawn(|| assert_eq!(touch(), 0)).join().expect("a thread that ends");
        assert_eq!(touch(), 0);
        assert_eq!(RAN.swap(0, SeqCst), 55);
    });
}

fn declined_fault_ends_the_process() {
    // With the runtime's handler under it, and with none.
    for with_runtime in [true, false] {
        let child = Child::start(|_| {
            if !with_runtime {
                oracle::set_default(libc::SIGSEGV);
            }
            DECLINES.catch(Signal::SEGV).expect("catch");
            touch();
        });
        child.wait().assert_died_by(libc::SIGSEGV);
    }
}

fn next_hook_gets_what_the_first_declined() {
    in_child(|| {
        DECLINES.catch(Signal::SEGV).expect("catch");
        OPENS.catch(Signal::SEGV).expect("catch");
        assert_eq!((touch(), RAN.swap(0, SeqCst)), (0, 85));
    });
}

fn taken_fault_goes_no_further() {
    in_child(|| {
        set_exiting_handler(libc::SIGSEGV);
        OPENS.catch(Signal::SEGV).expect("catch");
        DECLINES.catch(Signal::SEGV).expect("catch");
        assert_eq!((touch(), RAN.swap(0, SeqCst)), (0, 5));
    });
}

extern "C" fn exit_with_what_ran(_signo: i32, _info: *mut c_void, _context: *mut c_void) {
    // SAFETY: it ends the process and does nothing else.
    unsafe { libc::_exit(RAN.load(SeqCst) as i32) }
}

fn set_exiting_handler(signo: i32) {
    // SAFETY: zero is a value of this plain C struct.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = exit_with_what_ran as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler fits `SA_SIGINFO`, makes one system call and never returns.
    assert_eq!(unsafe { libc::sigaction(signo, &raw const action, ptr::null_mut()) }, 0);
}

fn handler_before_gets_a_declined_fault() {
    let child = Child::start(|_| {
        set_exiting_handler(libc::SIGSEGV);
        DECLINES.catch(Signal::SEGV).expect("catch");
        DECLINES_TOO.catch(Signal::SEGV).expect("catch");
        touch();
    });
    child.wait().assert_exited(89);
}

/// Where the handler's stack was.
static STACK: AtomicUsize = AtomicUsize::new(0);

fn note_stack(_: HookContext<'_>) -> HookVerdict {
    let here = 0_u8;
    STACK.store(black_box(&raw const here).addr(), SeqCst);
    HookVerdict::Taken
}

// SAFETY: it does one atomic store.
static NOTES_STACK: Hook = unsafe { Hook::new(note_stack) };

fn runs_on_the_alternate_stack() {
    fn check() {
        // SAFETY: zero is a value of this plain C struct.
        let mut stack: libc::stack_t = unsafe { core::mem::zeroed() };
        // SAFETY: it only asks.
        assert_eq!(unsafe { libc::sigaltstack(ptr::null(), &raw mut stack) }, 0);
        assert_eq!(stack.ss_flags & libc::SS_DISABLE, 0, "the runtime gives each thread one");
        raise(Signal::USR1);
        let offset = STACK.load(SeqCst).checked_sub(stack.ss_sp.addr());
        assert!(offset.is_some_and(|offset| offset < stack.ss_size), "{offset:?}");
    }
    in_child(|| {
        NOTES_STACK.catch(Signal::USR1).expect("catch");
        check();
        thread::spawn(check).join().expect("a thread that ends");
    });
}

fn sink(depth: usize) -> usize {
    let room = black_box([depth; 64]);
    let below = if depth == usize::MAX { 0 } else { sink(depth.wrapping_add(1)) };
    below.wrapping_add(room.iter().sum::<usize>())
}

fn overflown_stack_is_caught() {
    fn leave(signal: HookContext<'_>) -> HookVerdict {
        if let Cause::Fault { .. } = signal.info().cause() {
            // SAFETY: it ends the process and does nothing else.
            unsafe { libc::_exit(33) }
        }
        HookVerdict::Declined
    }
    // SAFETY: it makes one system call, and never says that a fault is fixed.
    static LEAVES: Hook = unsafe { Hook::new(leave) };
    for on_thread in [false, true] {
        let child = Child::start(|_| {
            LEAVES.catch(Signal::SEGV).expect("catch");
            if on_thread {
                drop(thread::spawn(|| sink(0)).join());
            } else {
                sink(0);
            }
        });
        child.wait().assert_exited(33);
    }
}

fn release_leaves_what_was_there() {
    in_child(|| {
        let signals = [Signal::TERM, Signal::SEGV, Signal::BUS, Signal::ILL, Signal::CHLD];
        let before = SignalState::now();
        for _ in 0..3 {
            FIRST.catch(signals).expect("catch");
            DECLINES.catch(signals).expect("catch");
            assert_eq!(FIRST.caught(), signals.into());
            assert_ne!(action::query(Signal::TERM).expect("an action"), before_term());
            FIRST.release(signals).expect("release");
            DECLINES.release(signals).expect("release");
            before.assert_unchanged("hooks that were released");
        }
        // After a release, the hook does not run any more on any thread.
        FIRST.catch(Signal::USR1).expect("catch");
        SECOND.catch(Signal::USR1).expect("catch");
        FIRST.release(Signal::USR1).expect("release");
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 2);
    });
}

/// The action of a signal that nobody has caught.
fn before_term() -> action::Action {
    action::query(Signal::PWR).expect("an action")
}

fn latches_beside_hooks_get_theirs() {
    static BEFORE: Latch = Latch::new();
    static AFTER: Latch = Latch::new();
    in_child(|| {
        BEFORE.catch(Signal::USR1).expect("catch");
        DECLINES.catch(Signal::USR1).expect("catch");
        FIRST.catch(Signal::USR1).expect("catch");
        AFTER.catch(Signal::USR1).expect("catch");
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 81);
        assert!(BEFORE.take_signal(Signal::USR1) && AFTER.take_signal(Signal::USR1));
        BEFORE.release(Signal::USR1).expect("release");
        FIRST.release(Signal::USR1).expect("release");
        raise(Signal::USR1);
        assert_eq!(RAN.swap(0, SeqCst), 8);
        assert!(AFTER.take_signal(Signal::USR1) && !BEFORE.is_set());
    });
}

fn example_tells_the_address_and_dies() {
    let outcome = spawn(&mut Command::new(example("fault_address"))).wait();
    outcome.assert_died_by(libc::SIGSEGV);
    let told = format!("fault at {:#018x}\n", told_address(0x1234));
    assert_contains(&outcome.output, &told);
    assert_eq!(outcome.output.matches("fault at").count(), 1);
}

/// That a fault is ignored does not make the instruction go through: it would be run for ever.
fn declined_fault_over_ignore_ends_the_process() {
    // SAFETY: it does nothing.
    static DECLINES: Hook = unsafe { Hook::new(|_| HookVerdict::Declined) };
    let child = Child::start(|_| {
        oracle::set_ignored(libc::SIGSEGV);
        DECLINES.catch(Signal::SEGV).expect("catch");
        // SAFETY: there is no memory: the process ends here.
        unsafe { ptr::without_provenance::<u8>(16).read_volatile() };
    });
    child.wait().assert_died_by(libc::SIGSEGV);
}
