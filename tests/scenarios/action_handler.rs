//! Handlers of one's own by `action::install`: what they are told, and that the flags and the mask
//! asked for are in effect while they run.

#![expect(unsafe_code, reason = "installs handlers")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering::SeqCst};
use siglatch::action::{self, Action, Disposition, Previous, SaFlags};
use siglatch::sys::KernelSiginfo;
use siglatch::{Cause, SigInfo, SigSet, Signal, mask, send};
use std::process;
use support::names::uid;
use support::{Child, Scenario, in_child, oracle, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        handler_is_told_who_sent_it,
        handler_is_told_of_a_raise,
        mask_is_in_force_while_it_runs,
        own_signal_waits_for_the_return,
        nodefer_nests,
        resethand_takes_it_away_first,
        resethand_leaves_the_default,
        resethand_leaves_nothing_to_put_back,
        onstack_runs_on_the_other_stack,
        restart_and_its_absence,
        siginfo_and_the_restorer_are_always_there,
    ]
}

/// What the handler has seen, one number each.
struct Seen {
    signo: AtomicI32,
    /// `User` is 1, `Thread` is 2, anything else 0.
    kind: AtomicU32,
    pid: AtomicI32,
    uid: AtomicU32,
    mask: AtomicU64,
    disposition_is_default: AtomicBool,
    on_other_stack: AtomicBool,
    context: AtomicBool,
    calls: AtomicU32,
    depth: AtomicU32,
    deepest: AtomicU32,
    /// Whether the first call raises its signal again.
    raises: AtomicBool,
}

static SEEN: Seen = Seen {
    signo: AtomicI32::new(0),
    kind: AtomicU32::new(0),
    pid: AtomicI32::new(0),
    uid: AtomicU32::new(0),
    mask: AtomicU64::new(0),
    disposition_is_default: AtomicBool::new(false),
    on_other_stack: AtomicBool::new(false),
    context: AtomicBool::new(false),
    calls: AtomicU32::new(0),
    depth: AtomicU32::new(0),
    deepest: AtomicU32::new(0),
    raises: AtomicBool::new(false),
};

unsafe extern "C" fn look(signo: c_int, info: *mut KernelSiginfo, context: *mut c_void) {
    let depth = SEEN.depth.fetch_add(1, SeqCst).saturating_add(1);
    SEEN.deepest.fetch_max(depth, SeqCst);
    SEEN.signo.store(signo, SeqCst);
    SEEN.context.store(!context.is_null(), SeqCst);
    SEEN.on_other_stack.store(on_other_stack(), SeqCst);
    // SAFETY: the kernel passes the address of what it has filled for this call.
    let Ok(info) = SigInfo::from_kernel(unsafe { &*info }) else { return };
    let (kind, pid, uid) = match info.cause() {
        Cause::User { pid, uid } => (1, pid, uid),
        Cause::Thread { pid, uid } => (2, pid, uid),
        _ => (0, 0, 0),
    };
    SEEN.kind.store(kind, SeqCst);
    SEEN.pid.store(pid, SeqCst);
    SEEN.uid.store(uid, SeqCst);
    if let Ok(mask) = mask::query() {
        SEEN.mask.store(mask.bits(), SeqCst);
    }
    if let Ok(action) = action::query(info.signal()) {
        let default = action.disposition() == Disposition::Default;
        SEEN.disposition_is_default.store(default, SeqCst);
    }
    if SEEN.calls.fetch_add(1, SeqCst) == 0 && SEEN.raises.load(SeqCst) {
        let _sent = send::raise(info.signal());
    }
    SEEN.depth.fetch_sub(1, SeqCst);
}

/// Whether this code runs on the alternate signal stack, as the kernel sees it.
fn on_other_stack() -> bool {
    // SAFETY: zero is a value of this plain C struct.
    let mut stack: libc::stack_t = unsafe { mem::zeroed() };
    // SAFETY: the stack is only asked for, and there is a place for the answer.
    let result = unsafe { libc::sigaltstack(ptr::null(), &raw mut stack) };
    result == 0 && stack.ss_flags & libc::SS_ONSTACK != 0
}

#[track_caller]
fn install(signal: Signal, flags: SaFlags, mask: impl Into<SigSet>) -> Previous {
    // SAFETY: the handler does atomic stores and system calls, and has no other state.
    unsafe { action::install(signal, &Action::handler(look, flags, mask)) }.expect("install")
}

fn handler_is_told_who_sent_it() {
    let mut child = Child::start(|link| {
        install(Signal::HUP, SaFlags::RESTART, SigSet::empty());
        link.ready();
        assert_eq!(link.hear(), "sent");
        assert_eq!(SEEN.calls.load(SeqCst), 1);
        assert_eq!(SEEN.signo.load(SeqCst), libc::SIGHUP);
        assert_eq!(SEEN.kind.load(SeqCst), 1, "Cause::User");
        assert_eq!(SEEN.uid.load(SeqCst), uid());
        assert!(SEEN.context.load(SeqCst));
        link.say(&SEEN.pid.load(SeqCst).to_string());
    });
    child.await_ready();
    child.kill(libc::SIGHUP);
    child.tell("sent");
    child.expect(&process::id().to_string());
    child.wait().assert_exited(0);

    let mut child = Child::start(|link| {
        install(Signal::HUP, SaFlags::RESTART, SigSet::empty());
        link.ready();
        assert_eq!(link.hear(), "sent");
        link.say(&SEEN.pid.load(SeqCst).to_string());
    });
    child.await_ready();
    let third = child.kill_from_third(libc::SIGHUP);
    child.tell("sent");
    child.expect(&third.to_string());
    child.wait().assert_exited(0);
}

fn handler_is_told_of_a_raise() {
    in_child(|| {
        for signal in SigSet::full() {
            install(signal, SaFlags::ONSTACK, SigSet::empty());
            SEEN.calls.store(0, SeqCst);
            send::raise(signal).expect("raise");
            assert_eq!(SEEN.calls.load(SeqCst), 1, "{signal}");
            assert_eq!(SEEN.signo.load(SeqCst), signal.as_raw());
            assert_eq!(SEEN.kind.load(SeqCst), 2, "Cause::Thread");
            assert_eq!(SEEN.pid.load(SeqCst), process::id() as i32);
            assert_eq!(SEEN.uid.load(SeqCst), uid());
        }
    });
}

fn mask_is_in_force_while_it_runs() {
    in_child(|| {
        let before = SigSet::from([Signal::PIPE, Signal::rt(7).expect("rt")]);
        mask::set(before).expect("set");
        let masks = [
            SigSet::empty(),
            SigSet::full(),
            SigSet::from([Signal::INT, Signal::rt(30).or(Signal::rt(29)).expect("rt")]),
        ];
        for mask in masks {
            for (flags, own) in [
                (SaFlags::empty(), SigSet::from(Signal::USR1)),
                (SaFlags::NODEFER, SigSet::empty()),
            ] {
                install(Signal::USR1, flags, mask);
                send::raise(Signal::USR1).expect("raise");
                let inside = SigSet::from_bits(SEEN.mask.load(SeqCst));
                assert_eq!(inside, before | mask | own, "{flags:?}, {mask:?}");
                assert_eq!(mask::query(), Ok(before), "{flags:?}, {mask:?}");
            }
        }
    });
}

fn own_signal_waits_for_the_return() {
    in_child(|| {
        SEEN.raises.store(true, SeqCst);
        install(Signal::USR1, SaFlags::empty(), SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(SEEN.calls.load(SeqCst), 2);
        assert_eq!(SEEN.deepest.load(SeqCst), 1);
    });
}

fn nodefer_nests() {
    in_child(|| {
        SEEN.raises.store(true, SeqCst);
        install(Signal::USR1, SaFlags::NODEFER, SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(SEEN.calls.load(SeqCst), 2);
        assert_eq!(SEEN.deepest.load(SeqCst), 2);
    });
}

fn resethand_takes_it_away_first() {
    in_child(|| {
        install(Signal::USR1, SaFlags::empty(), SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert!(!SEEN.disposition_is_default.load(SeqCst));
        install(Signal::USR1, SaFlags::RESETHAND, SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert!(SEEN.disposition_is_default.load(SeqCst));
        assert_eq!(SEEN.calls.load(SeqCst), 2);
    });
}

fn resethand_leaves_the_default() {
    let outcome = Child::start(|link| {
        install(Signal::USR1, SaFlags::RESETHAND, SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        link.say("after the first");
        send::raise(Signal::USR1).expect("raise");
        link.say("after the second");
    })
    .wait();
    outcome.assert_died_by(libc::SIGUSR1);
    assert_eq!(outcome.said, ["after the first"]);
}

fn resethand_leaves_nothing_to_put_back() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let before = oracle::raw_action(libc::SIGUSR1);
        // As long as it has not run, it is taken back as any other.
        let previous = install(Signal::USR1, SaFlags::RESETHAND, SigSet::empty());
        assert_eq!(previous.restore(), Ok(true));
        assert_eq!(oracle::raw_action(libc::SIGUSR1), before);

        let previous = install(Signal::USR1, SaFlags::RESETHAND, SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(previous.restore(), Ok(false));
        assert_eq!(oracle::raw_action(libc::SIGUSR1).handler, libc::SIG_DFL);
    });
}

fn onstack_runs_on_the_other_stack() {
    in_child(|| {
        // The main thread of a Rust program has an alternate stack from the runtime.
        install(Signal::USR1, SaFlags::empty(), SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert!(!SEEN.on_other_stack.load(SeqCst));
        install(Signal::USR1, SaFlags::ONSTACK, SigSet::empty());
        send::raise(Signal::USR1).expect("raise");
        assert!(SEEN.on_other_stack.load(SeqCst));
        assert!(!on_other_stack(), "it is left with the return");
    });
}

fn restart_and_its_absence() {
    for (flags, wanted) in [(SaFlags::RESTART, "1 byte"), (SaFlags::empty(), "EINTR")] {
        let mut child = Child::start(|link| {
            install(Signal::USR1, flags, SigSet::empty());
            let mut ends = [0_i32; 2];
            // SAFETY: there is room for the two descriptors.
            assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
            let [out, into] = ends;
            let me = recorder::gettid();
            let interrupter = std::thread::spawn(move || {
                while !sleeps_in_read(me) {
                    std::thread::yield_now();
                }
                // SAFETY: two process ids and a signal with a handler.
                unsafe { libc::syscall(libc::SYS_tgkill, process::id(), me, libc::SIGUSR1) };
                while SEEN.calls.load(SeqCst) == 0 || SEEN.depth.load(SeqCst) != 0 {
                    std::thread::yield_now();
                }
                // SAFETY: one byte is read from a constant.
                unsafe { libc::write(into, b"x".as_ptr().cast(), 1) };
            });
            let mut byte = 0_u8;
            // SAFETY: there is room for the one byte.
            let result = unsafe { libc::read(out, (&raw mut byte).cast(), 1) };
            let errno = std::io::Error::last_os_error().raw_os_error();
            link.say(match (result, errno) {
                (1, _) => "1 byte",
                (-1, Some(libc::EINTR)) => "EINTR",
                _ => "neither",
            });
            interrupter.join().expect("a thread that ends");
        });
        child.expect(wanted);
        child.wait().assert_exited(0);
    }
}

/// Whether the kernel shows the thread asleep in read(2).
fn sleeps_in_read(tid: i32) -> bool {
    let read = |file| std::fs::read_to_string(format!("/proc/self/task/{tid}/{file}"));
    let number = format!("{} ", libc::SYS_read);
    // The argument tells it from reads of other descriptors: that of a pipe sleeps.
    read("syscall").is_ok_and(|text| text.starts_with(&number))
        && read("stat").is_ok_and(|text| text.contains(") S "))
}

fn siginfo_and_the_restorer_are_always_there() {
    in_child(|| {
        let action = Action::handler(look, SaFlags::empty(), Signal::INT);
        assert_eq!(action.disposition(), Disposition::Handler);
        assert!(action.flags().contains(SaFlags::SIGINFO));
        assert_eq!(action.mask(), SigSet::from(Signal::INT));
        install(Signal::USR1, SaFlags::NOCLDSTOP, Signal::INT);
        let raw = oracle::raw_action(libc::SIGUSR1);
        assert_eq!(raw.handler, look as *const () as usize);
        assert_eq!(raw.mask, oracle::bit(libc::SIGINT));
        let flags = u64::from((libc::SA_SIGINFO | libc::SA_NOCLDSTOP) as u32);
        if oracle::NAMES_RESTORER {
            assert_eq!(raw.flags, flags | oracle::SA_RESTORER);
            assert_ne!(raw.restorer, 0);
        } else {
            assert_eq!(raw.flags, flags);
        }
    });
}
