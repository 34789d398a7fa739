//! Which signal is a second request, what normal code can say meanwhile, and how it ends.

#![expect(unsafe_code, reason = "has a hook in signal context")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use siglatch::{
    Errno, Hook, HookContext, HookVerdict, Latch, Pid, Shutdown, SigSet, Signal, exit, mask, send,
    timer, wait,
};
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;
use support::window::{assert_fine, fork};
use support::{self, Child, Scenario, ending, in_child, scenarios, state};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        within_the_settling_time_all_are_one,
        settling_time_is_half_a_second,
        after_it_the_next_ends_it,
        the_shortest_is_over_at_some_time,
        hang_up_forces_nothing,
        only_what_may_force_does,
        cancel_begins_to_count_again,
        exit_is_by_the_signal_that_asked,
        exit_has_a_status_if_nobody_asked,
        exit_where_the_signal_does_not_kill,
        exit_as_process_1,
        the_end_calls_no_handler_again,
        more_time_is_given,
        more_time_comes_in_time,
        no_time_is_left,
        there_is_no_time_to_move,
        all_of_it_in_signal_context,
        all_of_it_on_many_threads,
        blocked_by_the_launcher,
        refused_catches_unblock_nothing,
        child_of_fork_has_no_say_in_its_parents_deadline,
        request_of_the_parent_has_its_deadline_from_the_childs_catch_on,
        wait_ends_at_a_point_in_time,
    ]
}

const LATE: Duration = Duration::from_secs(3_600);

/// Less than that, and more than a test takes on any machine.
const LONG: Duration = Duration::from_secs(1_800);
const ASKING: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

/// Each of the three, in pairs and threes, and asked by code.
fn are_one(shutdown: &'static Shutdown, first: Signal) {
    shutdown.catch(ASKING).expect("catch");
    assert_eq!(shutdown.count(), 0);
    raise(first);
    assert_eq!(shutdown.count(), 1);
    ASKING.into_iter().for_each(raise);
    shutdown.request(Signal::USR1);
    assert_eq!(shutdown.requested_by(), Some(first), "the first stays the one");
    assert_eq!(shutdown.count(), 5);
}

fn within_the_settling_time_all_are_one() {
    static LATER: Shutdown = Shutdown::new().debounce(LATE);
    static EVER: Shutdown = Shutdown::new().debounce(Duration::MAX);
    for shutdown in [&LATER, &EVER] {
        for first in ASKING {
            in_child(|| are_one(shutdown, first));
        }
    }
}

fn settling_time_is_half_a_second() {
    static HALF: Shutdown = Shutdown::new();
    for first in ASKING {
        // One for which a busy machine took longer shows nothing.
        let in_time = (0..20).find_map(|_| {
            let begin = Instant::now();
            let outcome = Child::start(|_| are_one(&HALF, first)).wait();
            (begin.elapsed() < Duration::from_millis(500)).then_some(outcome)
        });
        let Some(outcome) = in_time else { return support::skip("all takes longer here") };
        outcome.assert_exited(0);
    }
}

fn after_it_the_next_ends_it() {
    static HALF: Shutdown = Shutdown::new();
    static SHORT: Shutdown = Shutdown::new().debounce(Duration::from_millis(50));
    for (shutdown, time) in [(&HALF, 550), (&SHORT, 80)] {
        let child = Child::start(|_| {
            shutdown.catch(ASKING).expect("catch");
            raise(Signal::TERM);
            let asked = timer::Clock::Monotonic.now().expect("a clock");
            let end = asked.saturating_add(Duration::from_millis(time));
            while timer::Clock::Monotonic.now().expect("a clock") < end {
                thread::yield_now();
            }
            raise(Signal::INT);
        });
        child.wait().assert_died_by(libc::SIGINT);
    }
}

fn the_shortest_is_over_at_some_time() {
    static SHORTEST: Shutdown = Shutdown::new().debounce(Duration::from_nanos(1));
    let child = Child::start(|_| {
        SHORTEST.catch(Signal::TERM).expect("catch");
        raise(Signal::TERM);
        raise(Signal::TERM);
        let counted = SHORTEST.count();
        assert!(counted == 2, "the second was at once, and {counted} were counted");
        loop {
            raise(Signal::TERM);
        }
    });
    child.wait().assert_died_by(libc::SIGTERM);
}

fn hang_up_forces_nothing() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    for first in ASKING {
        let child = Child::start(|_| {
            SHUTDOWN.catch(ASKING).expect("catch");
            raise(first);
            raise(Signal::HUP);
            raise(Signal::HUP);
            assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.count()), (Some(first), 3));
            raise(Signal::INT);
        });
        child.wait().assert_died_by(libc::SIGINT);
    }
}

fn only_what_may_force_does() {
    const HUP: SigSet = SigSet::empty().with(Signal::HUP).with(Signal::KILL);
    static BY_HUP: Shutdown = Shutdown::new().debounce(Duration::ZERO).forced_by(HUP);
    static BY_NONE: Shutdown = Shutdown::new().debounce(Duration::ZERO).forced_by(SigSet::empty());
    for shutdown in [&BY_HUP, &BY_NONE] {
        let child = Child::start(|_| {
            shutdown.catch(ASKING).expect("catch");
            for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::INT] {
                raise(signal);
            }
            assert_eq!(shutdown.count(), 4);
            raise(Signal::HUP);
            shutdown.exit(0)
        });
        child.wait().assert_died_by(libc::SIGHUP);
    }
}

fn cancel_begins_to_count_again() {
    static SHUTDOWN: Shutdown = Shutdown::new().debounce(LATE);
    in_child(|| {
        SHUTDOWN.catch(ASKING).expect("catch");
        for first in ASKING {
            raise(first);
            raise(Signal::TERM);
            assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.count()), (Some(first), 2));
            assert_eq!(SHUTDOWN.reset(), Some(first));
            assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.count()), (None, 0));
        }
    });
}

fn exit_is_by_the_signal_that_asked() {
    static SHUTDOWN: Shutdown = Shutdown::new();
    for signal in ASKING.into_iter().chain([Signal::ALRM, Signal::rt(3).expect("rt")]) {
        let child = Child::start(|_| {
            SHUTDOWN.catch(signal).expect("catch");
            raise(signal);
            mask::block(signal).expect("mask");
            SHUTDOWN.exit(7)
        });
        child.wait().assert_died_by(signal.as_raw());
    }
    // One that nobody can catch, asked by code.
    let child = Child::start(|_| {
        SHUTDOWN.request(Signal::KILL);
        SHUTDOWN.exit(7)
    });
    child.wait().assert_died_by(libc::SIGKILL);
}

fn exit_has_a_status_if_nobody_asked() {
    static SHUTDOWN: Shutdown = Shutdown::new();
    for status in [0, 1, 255] {
        let child = Child::start(|_| {
            SHUTDOWN.catch(ASKING).expect("catch");
            raise(Signal::TERM);
            SHUTDOWN.reset();
            SHUTDOWN.exit(status)
        });
        child.wait().assert_exited(status);
    }
}

fn exit_where_the_signal_does_not_kill() {
    static SHUTDOWN: Shutdown = Shutdown::new();
    let child = Child::start(|_| {
        SHUTDOWN.catch(Signal::CHLD).expect("catch");
        raise(Signal::CHLD);
        SHUTDOWN.exit(0)
    });
    child.wait().assert_exited(128 + libc::SIGCHLD);
}

/// On which no signal of its own has an effect: by a request, a second one, and a deadline.
fn exit_as_process_1() {
    static ASKED: Shutdown = Shutdown::new();
    static FORCED: Shutdown = Shutdown::new().debounce(Duration::ZERO);
    static TIMED: Shutdown = Shutdown::new().deadline(Duration::from_millis(1));
    as_init(128 + libc::SIGTERM, || {
        ASKED.catch(Signal::TERM).expect("catch");
        raise(Signal::TERM);
        ASKED.exit(0)
    });
    as_init(128 + libc::SIGINT, || {
        FORCED.catch(ASKING).expect("catch");
        raise(Signal::TERM);
        raise(Signal::INT);
        unreachable!("it was asked twice")
    });
    as_init(128 + libc::SIGTERM, || {
        TIMED.catch(ASKING).expect("catch");
        raise(Signal::TERM);
        loop {
            thread::park();
        }
    });
}

/// Runs `body` as process 1 of a pid namespace, which ends with this status.
#[track_caller]
fn as_init(status: i32, body: impl FnOnce()) {
    let mut child = Child::start(|link| {
        // SAFETY: no memory is passed; the next child starts a namespace.
        if unsafe { libc::unshare(libc::CLONE_NEWPID) } == -1 {
            return link.say("none");
        }
        link.say("namespace");
        let first = ending::fork(|| {
            // SAFETY: integers only. If the watchdog ends the test, this ends, too.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            body();
        });
        let mut end = 0;
        // SAFETY: there is a place for the status.
        assert_eq!(unsafe { libc::waitpid(first.as_raw(), &raw mut end, 0) }, first.as_raw());
        assert_eq!((libc::WIFEXITED(end), libc::WEXITSTATUS(end)), (true, status));
    });
    if child.hear() == "none" {
        support::skip("no pid namespace may be made here");
    }
    child.wait().assert_exited(0);
}

/// Instances that are pending when a handler ends the process come to the default: each handler on top
/// of another takes a frame of an alternate stack that may be small.
fn the_end_calls_no_handler_again() {
    // SAFETY: the function calls what is async-signal-safe.
    static HOOK: Hook = unsafe { Hook::new(end) };
    static CALLS: OnceLock<&AtomicU64> = OnceLock::new();
    fn end(interruption: HookContext<'_>) -> HookVerdict {
        if let Some(calls) = CALLS.get() {
            calls.fetch_add(1, Ordering::Relaxed);
        }
        _ = send::kill(Pid::this(), interruption.signal());
        exit::die_by(interruption.signal())
    }
    let calls = support::shared_counter();
    let child = Child::start(|_| {
        CALLS.set(calls).expect("it is the first");
        HOOK.catch(Signal::TERM).expect("catch");
        raise(Signal::TERM);
    });
    child.wait().assert_died_by(libc::SIGTERM);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

fn more_time_is_given() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LONG);
    in_child(|| {
        SHUTDOWN.catch(ASKING).expect("catch");
        for signal in ASKING {
            raise(signal);
            assert!(SHUTDOWN.time_left() <= Some(LONG));
            assert_eq!(SHUTDOWN.set_time_left(LATE), Ok(()));
            assert!(SHUTDOWN.time_left() > Some(LONG));
            assert_eq!(SHUTDOWN.set_time_left(Duration::MAX), Ok(()));
            assert!(SHUTDOWN.time_left() > Some(Duration::from_secs(1 << 30)));
            SHUTDOWN.reset();
            assert_eq!(SHUTDOWN.time_left(), None);
        }
    });
}

/// Even when the end is on its way.
fn more_time_comes_in_time() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(Duration::from_millis(1));
    in_child(|| {
        SHUTDOWN.catch(Signal::TERM).expect("catch");
        let blocked = mask::MaskGuard::block(Signal::TERM).expect("mask");
        SHUTDOWN.request(Signal::TERM);
        while !wait::pending().expect("pending").contains(Signal::TERM) {
            thread::yield_now();
        }
        assert_eq!(SHUTDOWN.set_time_left(LATE), Ok(()));
        drop(blocked);
        assert!(SHUTDOWN.time_left() > Some(LONG));
        assert_eq!(SHUTDOWN.count(), 1, "the end of a deadline is no signal that asks");
    });
}

fn no_time_is_left() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    for left in [Duration::ZERO, Duration::from_nanos(1)] {
        let child = Child::start(|link| {
            SHUTDOWN.catch(ASKING).expect("catch");
            raise(Signal::INT);
            assert_eq!(SHUTDOWN.set_time_left(left), Ok(()));
            link.hear();
        });
        child.wait().assert_died_by(libc::SIGINT);
    }
}

fn there_is_no_time_to_move() {
    static WITHOUT: Shutdown = Shutdown::new();
    static WITH: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        for left in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            assert_eq!(WITHOUT.set_time_left(left), Err(Errno::SRCH));
            assert_eq!(WITH.set_time_left(left), Err(Errno::SRCH));
        }
        WITHOUT.request(Signal::TERM);
        assert_eq!(WITHOUT.set_time_left(Duration::ZERO), Err(Errno::INVAL));
        assert_eq!(WITHOUT.time_left(), None);
        // One that is not caught has a deadline all the same, if it is asked for.
        WITH.request(Signal::USR1);
        assert!(WITH.time_left().is_some());
        assert_eq!(WITH.set_time_left(LATE), Ok(()));
    });
}

fn all_of_it_in_signal_context() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LONG);
    // SAFETY: the function calls what is async-signal-safe.
    static HOOK: Hook = unsafe { Hook::new(say) };
    fn say(interruption: HookContext<'_>) -> HookVerdict {
        match interruption.signal() {
            Signal::USR1 => SHUTDOWN.request(Signal::TERM),
            Signal::USR2 => SHUTDOWN.set_time_left(LATE).unwrap_or(()),
            Signal::ALRM => _ = SHUTDOWN.reset(),
            _ => SHUTDOWN.exit(0),
        }
        HookVerdict::Taken
    }
    let child = Child::start(|_| {
        SHUTDOWN.catch(ASKING).expect("catch");
        HOOK.catch([Signal::USR1, Signal::USR2, Signal::ALRM, Signal::VTALRM]).expect("catch");
        raise(Signal::USR2); // nobody has asked
        raise(Signal::USR1);
        assert!(SHUTDOWN.time_left() <= Some(LONG));
        raise(Signal::USR2);
        assert!(SHUTDOWN.time_left() > Some(LONG));
        raise(Signal::ALRM);
        assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.time_left()), (None, None));
        raise(Signal::INT);
        raise(Signal::VTALRM);
    });
    child.wait().assert_died_by(libc::SIGINT);
}

/// Asked, moved and called off by all at once; in the end it is asked, or it is not, in all respects.
fn all_of_it_on_many_threads() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE).debounce(Duration::MAX);
    in_child(|| {
        SHUTDOWN.catch(ASKING).expect("catch");
        let work: [fn(); 4] = [
            || raise(Signal::TERM),
            || SHUTDOWN.request(Signal::INT),
            || _ = SHUTDOWN.set_time_left(LONG),
            || _ = SHUTDOWN.reset(),
        ];
        let threads = work.map(|work| thread::spawn(move || (0..2_000).for_each(|_| work())));
        for thread in threads {
            thread.join().expect("a thread that ends");
        }
        SHUTDOWN.reset();
        assert_eq!((SHUTDOWN.requested_by(), SHUTDOWN.time_left()), (None, None));
        assert_eq!(SHUTDOWN.wait(Some(Duration::ZERO)), Ok(false));
        raise(Signal::HUP);
        assert!(SHUTDOWN.time_left() > Some(LONG));
    });
}

/// As runuser(1) and container runtimes did.
fn blocked_by_the_launcher() {
    static PLAIN: Shutdown = Shutdown::new();
    static SHUTDOWN: Shutdown = Shutdown::new();
    in_child(|| {
        mask::block(SigSet::full()).expect("mask");
        raise(Signal::TERM);
        PLAIN.catch(ASKING).expect("catch");
        assert!(!PLAIN.is_requested(), "it is blocked");
        assert_eq!(SHUTDOWN.catch_unblocked(ASKING), Ok(()));
        assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM), "what was pending has come");
        let still = SigSet::full().difference(SigSet::from(ASKING));
        assert_eq!(mask::query(), Ok(still));
    });
}

fn refused_catches_unblock_nothing() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        mask::block(SigSet::full()).expect("mask");
        let before = state::SignalState::now();
        for (bad, errno) in [(Signal::KILL, Errno::INVAL), (Signal::SEGV, Errno::OPNOTSUPP)] {
            let set = SigSet::from([Signal::TERM, bad]);
            assert_eq!(SHUTDOWN.catch_unblocked(set).map_err(Errno::from), Err(errno));
            assert_eq!(SHUTDOWN.catch(set).map_err(Errno::from), Err(errno));
            assert_eq!(SHUTDOWN.catch_unless_ignored(set).map_err(Errno::from), Err(errno));
            before.assert_unchanged("a refused catch");
            assert_eq!(SHUTDOWN.caught(), SigSet::empty());
        }
    });
}

fn child_of_fork_has_no_say_in_its_parents_deadline() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    static LATCH: Latch = Latch::new();
    in_child(|| {
        SHUTDOWN.catch(ASKING).expect("catch");
        LATCH.catch(Signal::USR1).expect("catch");
        raise(Signal::TERM);
        in_child(|| {
            // The child's own timer has the number that the parent's has.
            let own = timer::PosixTimer::new(
                timer::Clock::Monotonic,
                Signal::USR1,
                siglatch::SigVal::default(),
            );
            let own = own.expect("a timer");
            assert_eq!(SHUTDOWN.time_left(), None);
            assert_eq!(SHUTDOWN.set_time_left(Duration::from_nanos(1)), Err(Errno::INVAL));
            assert_eq!(SHUTDOWN.reset(), Some(Signal::TERM));
            raise(Signal::TERM);
            assert!(SHUTDOWN.time_left().is_some(), "it has made one of its own");
            assert_eq!(own.query(), Ok(timer::Setting::default()));
            assert!(!LATCH.is_set());
        });
        assert_fine(fork(|| {
            assert_eq!(SHUTDOWN.set_time_left(LATE), Err(Errno::SRCH));
            SHUTDOWN.request(Signal::TERM);
            assert_eq!(SHUTDOWN.set_time_left(Duration::from_secs(7_200)), Ok(()));
        }));
        assert!(SHUTDOWN.time_left() <= Some(LATE));
    });
}

fn request_of_the_parent_has_its_deadline_from_the_childs_catch_on() {
    static SHUTDOWN: Shutdown = Shutdown::new().deadline(LATE);
    in_child(|| {
        SHUTDOWN.catch(ASKING).expect("catch");
        raise(Signal::TERM);
        in_child(|| {
            assert_eq!(SHUTDOWN.time_left(), None, "it is the parent's");
            SHUTDOWN.catch(Signal::INT).expect("catch");
            assert_eq!(SHUTDOWN.requested_by(), Some(Signal::TERM));
            assert!(SHUTDOWN.time_left().is_some(), "it has begun one of its own");
        });
    });
}

fn wait_ends_at_a_point_in_time() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        for past in [Duration::ZERO, Duration::from_nanos(1), wait::now().expect("a clock")] {
            assert_eq!(LATCH.wait_until(past), Ok(false));
        }
        let end = wait::now().expect("a clock").saturating_add(Duration::from_millis(20));
        assert_eq!(LATCH.wait_until(end), Ok(false));
        assert!(wait::now().expect("a clock") >= end, "it is early");
        raise(Signal::USR1);
        for end in [Duration::ZERO, Duration::MAX] {
            assert_eq!(LATCH.wait_until(end), Ok(true));
        }
    });
}
