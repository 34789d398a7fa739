//! Actions against the kernel's own view: ask, ignore, take the default, restore to the byte.

#![expect(unsafe_code, reason = "installs actions that other code would install")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "sets have no overflow")]

use core::ffi::c_int;
use siglatch::action::{self, Action, Disposition, Previous, SaFlags};
use siglatch::sys::KernelSiginfo;
use siglatch::{Errno, SigSet, Signal, mask, send, sys};
use support::oracle::{self, RawAction};
use support::state::SignalState;
use support::{self, Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        query_tells_what_the_kernel_has,
        ignore_and_default_are_what_the_kernel_gets,
        restore_is_byte_for_byte,
        restored_handlers_work,
        restore_leaves_what_others_have_put_there,
        restore_knows_its_own_action_with_stripped_bits,
        restore_knows_its_own_action_with_flags_that_the_kernel_drops,
        restore_knows_its_own_action_that_a_library_has_restored,
        changes_in_a_row_go_back_in_reverse,
        dropping_the_previous_leaves_the_change,
        queried_action_can_be_installed,
        ignored_signal_does_nothing,
        ignoring_discards_what_is_pending,
        ignored_children_leave_nothing_to_wait_for,
        default_ends_the_process,
        unchangeable_signals_are_refused,
        flags_are_contained_all_together,
        flags_without_a_name_print_as_a_number,
        handlers_are_known_by_their_address,
        default_with_flags_about_children,
    ]
}

/// Every bit that the kernel keeps in an action's flags, `SA_EXPOSE_TAGBITS` (Linux 5.11) included.
const ODD_FLAGS: u64 = bits_of(
    libc::SA_NODEFER
        | libc::SA_RESETHAND
        | libc::SA_ONSTACK
        | libc::SA_RESTART
        | libc::SA_NOCLDSTOP
        | SA_EXPOSE_TAGBITS,
);

const SA_EXPOSE_TAGBITS: c_int = 0x800;
const SA_RESTORER: c_int = 0x0400_0000;

/// Signals of every kind, the two that a C library keeps for itself as well.
const ODD_MASK: u64 = 0x8421_0003_a5a0_0041;

const fn bits_of(flags: c_int) -> u64 {
    flags as u32 as u64
}

extern "C" fn with_one_argument(_signo: c_int) {}

unsafe extern "C" fn never_called(
    _signo: c_int,
    _info: *mut KernelSiginfo,
    _context: *mut core::ffi::c_void,
) {
}

/// What the C library makes the kernel's action of, restorer included, with a handler that records.
fn c_action() -> RawAction {
    let before = oracle::raw_action(libc::SIGURG);
    recorder::install(libc::SIGURG);
    let action = oracle::raw_action(libc::SIGURG);
    // SAFETY: it was installed until a moment ago.
    unsafe { oracle::set_raw_action(libc::SIGURG, &before) };
    action
}

/// Actions as other code may have left them.
fn odd_actions() -> Vec<(&'static str, RawAction)> {
    let c = c_action();
    let one_argument = RawAction {
        handler: with_one_argument as *const () as usize,
        flags: c.flags & !bits_of(libc::SA_SIGINFO),
        ..c
    };
    // Where there is one: by itself, without its flag, it is nothing.
    let has_restorer = c.flags & oracle::SA_RESTORER != 0;
    let restorer = if has_restorer { recorder::address() } else { 0 };
    let odd =
        |action: RawAction| RawAction { flags: action.flags | ODD_FLAGS, mask: ODD_MASK, ..action };
    vec![
        ("a C handler", c),
        ("a C handler of one argument", one_argument),
        ("an odd C handler", odd(c)),
        ("an odd C handler of one argument", odd(one_argument)),
        ("a handler with another restorer", RawAction { restorer, ..odd(c) }),
        ("an odd way to ignore", RawAction { handler: libc::SIG_IGN, ..odd(c) }),
        ("what SA_RESETHAND leaves", RawAction { handler: libc::SIG_DFL, ..odd(c) }),
    ]
}

/// Installs `action` for `signal`.
fn put(signal: Signal, action: &RawAction) {
    // SAFETY: each of `odd_actions` fits its flags and has a restorer. Where the restorer is none,
    // the signal is not sent.
    unsafe { oracle::set_raw_action(signal.as_raw(), action) };
    // What has no place there is forgotten.
    let kept = if oracle::HAS_RESTORER { *action } else { action.without_restorer() };
    assert_eq!(oracle::raw_action(signal.as_raw()), kept, "the kernel keeps it as it is");
}

type Change = fn(Signal) -> Result<Previous, Errno>;

/// The changes that this crate can make.
const CHANGES: [(&str, Change); 3] =
    [("ignore", action::ignore), ("default", action::default), ("install", install_own)];

fn install_own(signal: Signal) -> Result<Previous, Errno> {
    let action = Action::handler(never_called, SaFlags::RESTART, SigSet::full());
    // SAFETY: the handler does nothing.
    unsafe { action::install(signal, &action) }
}

fn query_tells_what_the_kernel_has() {
    in_child(|| {
        let odd = odd_actions();
        let changeable = Signal::all().filter(|signal| !signal.is_unchangeable());
        for (signal, (_, action)) in changeable.zip(odd.iter().cycle()) {
            put(signal, action);
        }
        for signal in Signal::all() {
            let action = action::query(signal).expect("query");
            let raw = oracle::raw_action(signal.as_raw());
            let disposition = match raw.handler {
                libc::SIG_DFL => Disposition::Default,
                libc::SIG_IGN => Disposition::Ignore,
                _ => Disposition::Handler,
            };
            assert_eq!(action.disposition(), disposition, "{signal}");
            assert_eq!(action.flags().bits() as usize as u64, raw.flags, "{signal}");
            assert_eq!(action.mask(), SigSet::from_bits(raw.mask), "{signal}");
        }
    });
}

fn ignore_and_default_are_what_the_kernel_gets() {
    in_child(|| {
        for signal in SigSet::full() {
            let signo = signal.as_raw();
            let before = action::query(signal).expect("query");
            let previous = action::ignore(signal).expect("ignore");
            let wanted = RawAction { handler: libc::SIG_IGN, ..RawAction::default() };
            assert_eq!(oracle::raw_action(signo), wanted, "{signal}");
            assert!(oracle::has(oracle::own_status().ignored, signo), "{signal}");
            assert_eq!((previous.signal(), previous.action()), (signal, before));

            let previous = action::default(signal).expect("default");
            assert_eq!(oracle::raw_action(signo), RawAction::default(), "{signal}");
            assert!(!oracle::has(oracle::own_status().ignored, signo), "{signal}");
            assert_eq!(previous.action().disposition(), Disposition::Ignore);
        }
    });
}

fn restore_is_byte_for_byte() {
    in_child(|| {
        for signal in [Signal::USR1, Signal::CHLD, Signal::SEGV, Signal::rt(20).expect("rt")] {
            for (name, action) in odd_actions() {
                put(signal, &action);
                let before = SignalState::now();
                for (change, make) in CHANGES {
                    let previous = make(signal).expect("change");
                    assert_ne!(oracle::raw_action(signal.as_raw()), action, "{name}, {change}");
                    assert_eq!(previous.restore(), Ok(true), "{signal}, {name}, {change}");
                    before.assert_unchanged(&format!("{change} over {name} is undone"));
                }
            }
        }
    });
}

fn restored_handlers_work() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        for (runs, (_, make)) in (1..).zip(CHANGES) {
            let previous = make(Signal::USR1).expect("change");
            assert_eq!(previous.restore(), Ok(true));
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(recorder::count(), runs);
        }
    });
}

fn restore_leaves_what_others_have_put_there() {
    in_child(|| {
        let signal = Signal::USR2;
        for (name, before) in odd_actions() {
            for (change, make) in CHANGES {
                // One that differs in every field, and those that differ in a single one.
                let overridden = |by: fn(&mut RawAction)| {
                    put(signal, &before);
                    let previous = make(signal).expect("change");
                    let mut theirs = oracle::raw_action(signal.as_raw());
                    by(&mut theirs);
                    put(signal, &theirs);
                    let state = SignalState::now();
                    assert_eq!(previous.restore(), Ok(false), "{change} over {name}");
                    state.assert_unchanged(&format!("{change} over {name} is not undone"));
                };
                overridden(|theirs| {
                    let action = RawAction { mask: 1, ..c_action() };
                    *theirs = action;
                });
                overridden(|theirs| theirs.flags ^= bits_of(libc::SA_NODEFER));
                overridden(|theirs| theirs.mask ^= oracle::bit(libc::SIGQUIT));
                overridden(|theirs| theirs.mask ^= oracle::bit(64));
                overridden(|theirs| theirs.handler = with_one_argument as *const () as usize);
            }
        }
    });
}

fn restore_knows_its_own_action_with_stripped_bits() {
    in_child(|| {
        // The kernel does not keep these two in a mask.
        let mask = SigSet::full().with(Signal::KILL).with(Signal::STOP);
        let action = Action::handler(never_called, SaFlags::empty(), mask);
        let before = SignalState::now();
        // SAFETY: the handler does nothing.
        let previous = unsafe { action::install(Signal::HUP, &action) }.expect("install");
        assert_eq!(oracle::raw_action(libc::SIGHUP).mask, SigSet::full().bits());
        assert_eq!(previous.restore(), Ok(true));
        before.assert_unchanged("install and restore");
    });
}

/// `SA_UNSUPPORTED`, by which sigaction(2) has a program find out whether a kernel drops what it does
/// not know (since Linux 5.11), and one that no kernel knows.
fn restore_knows_its_own_action_with_flags_that_the_kernel_drops() {
    in_child(|| {
        let flags = SaFlags::from_bits(0x400 | 0x4000) | SaFlags::RESTART;
        let action = Action::handler(never_called, flags, SigSet::empty());
        let before = SignalState::now();
        // SAFETY: the handler does nothing.
        let install = || unsafe { action::install(Signal::HUP, &action) }.expect("install");
        assert_eq!(install().restore(), Ok(true));
        before.assert_unchanged("install and restore");
        // One that it keeps makes it another's.
        let previous = install();
        assert_eq!(action::set_restart(Signal::HUP, false), Ok(true));
        assert_eq!(previous.restore(), Ok(false));
    });
}

/// As musl does, it names a restorer.
fn restore_knows_its_own_action_that_a_library_has_restored() {
    in_child(|| {
        let before = SignalState::now();
        let previous = install_own(Signal::TERM).expect("install");
        let now = oracle::raw_action(libc::SIGTERM);
        if oracle::HAS_RESTORER {
            let restorer = if now.restorer == 0 { 0x1230 } else { now.restorer };
            put(
                Signal::TERM,
                &RawAction { flags: now.flags | oracle::SA_RESTORER, restorer, ..now },
            );
        }
        assert_eq!(previous.restore(), Ok(true));
        before.assert_unchanged("restored by a library, and by us");
    });
}

fn changes_in_a_row_go_back_in_reverse() {
    in_child(|| {
        recorder::install(libc::SIGTERM);
        let before = SignalState::now();
        let first = action::ignore(Signal::TERM).expect("ignore");
        let second = action::default(Signal::TERM).expect("default");
        let third = install_own(Signal::TERM).expect("install");
        assert_eq!(third.restore(), Ok(true));
        assert_eq!(oracle::raw_action(libc::SIGTERM), RawAction::default());
        assert_eq!(second.restore(), Ok(true));
        assert_eq!(oracle::raw_action(libc::SIGTERM).handler, libc::SIG_IGN);
        assert_eq!(first.restore(), Ok(true));
        before.assert_unchanged("three changes");

        // In the other order, only the last change can be taken back.
        let first = action::ignore(Signal::TERM).expect("ignore");
        let second = action::default(Signal::TERM).expect("default");
        assert_eq!(first.restore(), Ok(false));
        assert_eq!(oracle::raw_action(libc::SIGTERM), RawAction::default());
        assert_eq!(second.restore(), Ok(true));
        assert_eq!(oracle::raw_action(libc::SIGTERM).handler, libc::SIG_IGN);
    });
}

fn dropping_the_previous_leaves_the_change() {
    in_child(|| {
        let _left_so = action::ignore(Signal::HUP).expect("ignore");
        assert_eq!(oracle::raw_action(libc::SIGHUP).handler, libc::SIG_IGN);
    });
}

fn queried_action_can_be_installed() {
    in_child(|| {
        for (name, odd) in odd_actions() {
            put(Signal::USR1, &odd);
            let queried = action::query(Signal::USR1).expect("query");
            let _left_so = action::default(Signal::USR1).expect("default");
            // SAFETY: it was installed for this signal, which is not sent.
            let previous = unsafe { action::install(Signal::USR1, &queried) }.expect("install");
            assert_eq!(oracle::raw_action(libc::SIGUSR1), odd, "{name}");
            assert_eq!(previous.restore(), Ok(true), "{name}");
            assert_eq!(oracle::raw_action(libc::SIGUSR1), RawAction::default(), "{name}");
        }
    });
}

fn ignored_signal_does_nothing() {
    let signals = SigSet::full() - SigSet::from(Signal::CONT);
    let mut child = Child::start(|link| {
        for signal in signals {
            let _left_so = action::ignore(signal).expect("ignore");
        }
        link.ready();
        assert_eq!(link.hear(), "all sent");
        let status = oracle::own_status();
        assert_eq!((status.pending, status.shared_pending), (0, 0));
    });
    child.await_ready();
    for signal in signals {
        child.kill(signal.as_raw());
    }
    child.tell("all sent");
    child.wait().assert_exited(0);
}

fn ignoring_discards_what_is_pending() {
    in_child(|| {
        recorder::install(libc::SIGTERM);
        let blocked = SigSet::from([Signal::TERM, Signal::HUP]);
        mask::block(blocked).expect("block");
        for signal in blocked {
            send::raise(signal).expect("raise");
        }
        assert_eq!(oracle::own_status().pending, blocked.bits());
        let previous = action::ignore(Signal::TERM).expect("ignore");
        assert_eq!(oracle::own_status().pending, oracle::bit(libc::SIGHUP));
        assert_eq!(previous.restore(), Ok(true));
        mask::unblock(Signal::TERM).expect("unblock");
        assert_eq!(recorder::count(), 0);
    });
}

fn ignored_children_leave_nothing_to_wait_for() {
    in_child(|| {
        let previous = action::ignore(Signal::CHLD).expect("ignore");
        assert_eq!(fork_and_wait(), -1, "wait finds no child when it is reaped already");
        assert_eq!(previous.restore(), Ok(true));
        assert!(fork_and_wait() > 0, "and finds it with the default");
    });
}

/// Forks a child that ends at once, and gives what waitpid(2) says when it is gone.
fn fork_and_wait() -> i32 {
    // SAFETY: this process has one thread, and the child calls nothing but `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        support::exit_now(0);
    }
    // SAFETY: the status is not asked for.
    unsafe { libc::waitpid(child, core::ptr::null_mut(), 0) }
}

fn default_ends_the_process() {
    for signal in [Signal::TERM, Signal::PIPE, Signal::SEGV, Signal::IO] {
        let mut child = Child::start(|link| {
            recorder::install(signal.as_raw());
            let _left_so = action::default(signal).expect("default");
            link.ready();
            link.hear();
        });
        child.await_ready();
        child.kill(signal.as_raw());
        child.wait().assert_died_by(signal.as_raw());
    }
}

fn unchangeable_signals_are_refused() {
    in_child(|| {
        let before = SignalState::now();
        for signal in [Signal::KILL, Signal::STOP] {
            for (change, make) in CHANGES {
                assert_eq!(make(signal).map(drop), Err(Errno::INVAL), "{change} {signal}");
                before.assert_unchanged(&format!("{change} {signal}"));
            }
            let action = action::query(signal).expect("query");
            assert_eq!(action.disposition(), Disposition::Default);
        }
    });
}

fn flags_are_contained_all_together() {
    let both = SaFlags::RESTART | SaFlags::ONSTACK;
    assert!(both.contains(SaFlags::RESTART) && both.contains(both));
    assert!(!SaFlags::RESTART.contains(both), "one of the two");
    assert!(SaFlags::RESTART.contains(SaFlags::empty()));
}

fn flags_without_a_name_print_as_a_number() {
    in_child(|| {
        let print = |flags: c_int| {
            put(Signal::USR1, &RawAction { flags: bits_of(flags), ..RawAction::default() });
            format!("{:?}", action::query(Signal::USR1).expect("query").flags())
        };
        let unknown = SA_EXPOSE_TAGBITS | SA_RESTORER;
        // A kernel that brings its own restorer forgets the flag.
        let kept = if oracle::HAS_RESTORER { "0x4000800" } else { "0x800" };
        assert_eq!(print(0), "0x0");
        assert_eq!(print(libc::SA_RESTART), "SA_RESTART");
        assert_eq!(print(libc::SA_SIGINFO | libc::SA_RESETHAND), "SA_SIGINFO | SA_RESETHAND");
        assert_eq!(print(unknown), kept);
        assert_eq!(print(libc::SA_NODEFER | unknown), format!("SA_NODEFER | {kept}"));
        let action = action::query(Signal::USR1).expect("query");
        let wanted =
            format!("Action {{ disposition: Default, flags: SA_NODEFER | {kept}, mask: {{}} }}");
        assert_eq!(format!("{action:?}"), wanted);
    });
}

fn handlers_are_known_by_their_address() {
    in_child(|| {
        let plain = action::query(Signal::USR1).expect("query");
        assert_eq!((plain.address(), plain.restorer()), (None, None));
        action::ignore(Signal::USR1).expect("ignore");
        assert_eq!(action::query(Signal::USR1).expect("query").address(), None);
        recorder::install(libc::SIGUSR1);
        let installed = action::query(Signal::USR1).expect("query");
        let raw = oracle::raw_action(libc::SIGUSR1);
        assert_eq!(installed.address(), Some(raw.handler));
        let restorer = (raw.restorer != 0).then_some(raw.restorer);
        assert_eq!(installed.restorer(), restorer);
        // Of a signal that does not come.
        let named = RawAction { restorer: 0x1230, flags: oracle::SA_RESTORER, ..raw };
        put(Signal::USR2, &named);
        let restorer = oracle::HAS_RESTORER.then_some(0x1230);
        assert_eq!(action::query(Signal::USR2).expect("query").restorer(), restorer);
    });
}

fn default_with_flags_about_children() {
    in_child(|| {
        let before = action::default_with(Signal::CHLD, SaFlags::NOCLDWAIT).expect("default");
        // SAFETY: this process has one thread, and the child calls nothing but `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            support::exit_now(0);
        }
        // The kernel waits for it, and tells when there is none left.
        // SAFETY: the status is not asked for.
        assert_eq!(unsafe { libc::waitpid(child, core::ptr::null_mut(), 0) }, -1);
        let now = action::query(Signal::CHLD).expect("query");
        assert_eq!(now.disposition(), Disposition::Default);
        assert!(now.flags().contains(SaFlags::NOCLDWAIT));
        assert_eq!(before.restore(), Ok(true));
        let flags = SaFlags::NOCLDSTOP | SaFlags::from_bits(sys::SIGACTION_FLAGS);
        action::default_with(Signal::CHLD, flags).expect("default");
        assert_eq!(action::query(Signal::CHLD).expect("query").flags(), SaFlags::NOCLDSTOP);
        for signal in [Signal::KILL, Signal::STOP] {
            let refused = action::default_with(signal, SaFlags::NOCLDWAIT);
            assert_eq!(refused.map(drop), Err(Errno::INVAL));
        }
    });
}
