//! Waiting in the thread that is to have the signal: which signal, how long, and with which mask.

#![expect(unsafe_code, reason = "a limit is set by a call into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "times here are small")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::time::Duration;
use siglatch::timer::IntervalTimer;
use siglatch::wait::{self, Events, PollFd};
use siglatch::{Cause, Errno, Pid, SigSet, SigVal, Signal, Tid, mask, send};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::Instant;
use support::names::rt;
use support::state::{self, SignalState};
use support::timers::assert_stops_do_not_prolong;
use support::{Child, Scenario, in_child, oracle, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        pending_signal_is_taken,
        lowest_number_comes_first_and_the_threads_own_before,
        queued_values_come_in_their_order,
        cause_of_raise_is_a_thread,
        signal_from_outside_ends_the_wait,
        wait_goes_on_after_a_handler,
        stop_and_continue_do_not_end_the_wait,
        time_runs_out,
        deadline_holds_under_a_storm,
        no_timeout_is_too_long,
        pending_tells_and_takes_nothing,
        pause_ends_with_a_handler,
        suspend_delivers_what_was_blocked,
        suspend_blocks_what_it_is_told,
        poll_tells_what_is_ready,
        poll_is_never_early,
        poll_takes_the_mask_with_it,
        poll_without_a_mask_changes_none,
        poll_ends_when_it_was_to_end_though_it_is_stopped,
        waits_until_a_point_in_time,
        bad_input_changes_nothing,
    ]
}

const LONG: Duration = Duration::from_secs(3_600);

/// How long `work` takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}

/// A timer that interrupts this thread many times a second, and a handler for it.
fn storm() {
    recorder::install(libc::SIGALRM);
    let often = Duration::from_micros(500);
    IntervalTimer::Real.set(often, often).expect("setitimer");
}

fn pending_signal_is_taken() {
    in_child(|| {
        recorder::install(libc::SIGTERM);
        mask::block(Signal::TERM).expect("block");
        for take in [
            || wait::wait(Signal::TERM),
            || wait::wait_info(Signal::TERM).map(|info| info.signal()),
            || {
                let info = wait::wait_timeout(Signal::TERM, Duration::ZERO);
                info.map(|info| info.map(|info| info.signal()).expect("a signal"))
            },
            || {
                let info = wait::wait_timeout(SigSet::full(), LONG);
                info.map(|info| info.map(|info| info.signal()).expect("a signal"))
            },
        ] {
            send::raise(Signal::TERM).expect("raise");
            assert_eq!(take(), Ok(Signal::TERM));
            assert_eq!(wait::pending(), Ok(SigSet::empty()));
        }
        assert_eq!(recorder::count(), 0, "no handler runs");
    });
}

fn lowest_number_comes_first_and_the_threads_own_before() {
    in_child(|| {
        mask::block(SigSet::full()).expect("block");
        for signal in [rt(1), Signal::USR2, Signal::HUP] {
            send::kill(Pid::this(), signal).expect("kill");
        }
        send::raise(rt(0)).expect("raise");
        send::raise(Signal::TERM).expect("raise");
        for wanted in [Signal::TERM, rt(0), Signal::HUP, Signal::USR2, rt(1)] {
            assert_eq!(wait::wait(SigSet::full()), Ok(wanted));
        }
    });
}

fn queued_values_come_in_their_order() {
    in_child(|| {
        mask::block(rt(3)).expect("block");
        for value in 0..5 {
            send::queue(Pid::this(), rt(3), SigVal::from_int(value)).expect("queue");
        }
        for wanted in 0..5 {
            match wait::wait_info(rt(3)).expect("wait").cause() {
                Cause::Queue { pid, value, .. } => {
                    assert_eq!((pid, value.as_int()), (Pid::this().as_raw(), wanted));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(wait::wait_timeout(rt(3), Duration::ZERO), Ok(None));
    });
}

fn cause_of_raise_is_a_thread() {
    in_child(|| {
        mask::block(Signal::USR1).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let info = wait::wait_info(Signal::USR1).expect("wait");
        assert_eq!(info.code(), libc::SI_TKILL);
        assert!(matches!(info.cause(), Cause::Thread { .. }));
    });
}

fn signal_from_outside_ends_the_wait() {
    let mut child = Child::start(|link| {
        mask::block([Signal::TERM, rt(2)]).expect("block");
        link.ready();
        let info = wait::wait_info([Signal::TERM, rt(2)]).expect("wait");
        assert_eq!(info.signal(), rt(2));
        assert!(matches!(info.cause(), Cause::User { .. }));
        link.say("the first");
        let info = wait::wait_timeout([Signal::TERM, rt(2)], LONG).expect("wait");
        assert_eq!(info.map(|info| info.signal()), Some(Signal::TERM));
    });
    child.await_ready();
    child.kill(rt(2).as_raw());
    child.expect("the first");
    child.kill(libc::SIGTERM);
    child.wait().assert_exited(0);
}

/// As sigwait(3), and unlike sigwaitinfo(2).
fn wait_goes_on_after_a_handler() {
    for wait in
        [|| wait::wait(Signal::USR1), || wait::wait_info(Signal::USR1).map(|info| info.signal())]
    {
        in_child(|| {
            mask::block(Signal::USR1).expect("block");
            storm();
            let (us, this) = (Pid::this(), Tid::this());
            thread::spawn(move || {
                // It takes no part in the storm.
                mask::block(SigSet::full()).expect("block");
                while recorder::count() < 20 {
                    thread::yield_now();
                }
                send::kill_thread(us, this, Signal::USR1).expect("tgkill");
            });
            assert_eq!(wait(), Ok(Signal::USR1));
            assert!(recorder::count() >= 20);
        });
    }
}

fn stop_and_continue_do_not_end_the_wait() {
    let mut child = Child::start(|link| {
        mask::block(Signal::TERM).expect("block");
        link.ready();
        assert_eq!(wait::wait(Signal::TERM), Ok(Signal::TERM));
    });
    child.await_ready();
    for _ in 0..3 {
        child.kill(libc::SIGSTOP);
        assert_eq!(child.stopped(), libc::SIGSTOP);
        child.kill(libc::SIGCONT);
        child.continued();
    }
    child.kill(libc::SIGTERM);
    child.wait().assert_exited(0);
}

fn time_runs_out() {
    in_child(|| {
        mask::block(Signal::TERM).expect("block");
        for timeout in [0, 1, 999, 1_000, 1_000_000, 20_000_000].map(Duration::from_nanos) {
            for set in [SigSet::from(Signal::TERM), SigSet::empty()] {
                let (result, took) = timed(|| wait::wait_timeout(set, timeout));
                assert_eq!(result, Ok(None));
                assert!(took >= timeout, "{took:?} is not {timeout:?}");
            }
        }
    });
}

fn deadline_holds_under_a_storm() {
    in_child(|| {
        mask::block(Signal::TERM).expect("block");
        storm();
        let mut timeout = Duration::from_millis(100);
        loop {
            let before = recorder::count();
            // If each signal restarted the time, this would not end.
            let (result, took) = timed(|| wait::wait_timeout(Signal::TERM, timeout));
            assert_eq!(result, Ok(None));
            assert!(took >= timeout, "{took:?} is early");
            if recorder::count() - before >= 20 {
                break;
            }
            timeout *= 2;
        }
        IntervalTimer::Real.cancel().expect("setitimer");
    });
}

fn no_timeout_is_too_long() {
    in_child(|| {
        let longest = Duration::from_secs(i64::MAX as u64);
        recorder::install(libc::SIGALRM);
        mask::block(Signal::ALRM).expect("block");
        for timeout in [Duration::MAX, longest, longest / 2, Duration::from_secs(u64::MAX)] {
            IntervalTimer::Real.set(Duration::from_millis(2), Duration::ZERO).expect("setitimer");
            let info = wait::wait_timeout(Signal::ALRM, timeout).expect("wait");
            assert_eq!(info.map(|info| info.signal()), Some(Signal::ALRM), "{timeout:?}");
            IntervalTimer::Real.set(Duration::from_millis(2), Duration::ZERO).expect("setitimer");
            let polled = wait::poll(&mut [], Some(timeout), Some(SigSet::empty()));
            assert_eq!(polled, Err(Errno::INTR), "{timeout:?}");
        }
    });
}

fn pending_tells_and_takes_nothing() {
    in_child(|| {
        assert_eq!(wait::pending(), Ok(SigSet::empty()));
        let set = SigSet::from([Signal::HUP, Signal::TERM, rt(7)]);
        mask::block(set).expect("block");
        send::raise(Signal::HUP).expect("raise");
        send::kill(Pid::this(), rt(7)).expect("kill");
        let before = SignalState::now();
        let wanted = SigSet::from([Signal::HUP, rt(7)]);
        assert_eq!(wait::pending(), Ok(wanted));
        assert_eq!(wait::pending(), Ok(wanted));
        before.assert_unchanged("pending");
        // What was sent to a thread is pending for no other.
        let others = thread::spawn(wait::pending).join().expect("a thread");
        assert_eq!(others, Ok(SigSet::from(rt(7))));
    });
}

fn pause_ends_with_a_handler() {
    in_child(|| {
        // One that came before the pause is followed by others.
        storm();
        for _ in 0..10 {
            let seen = recorder::count();
            let (result, took) = timed(wait::pause);
            assert_eq!(result, Ok(()));
            assert!(recorder::count() > seen, "no handler ran, and it took {took:?}");
        }
    });
}

fn suspend_delivers_what_was_blocked() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let before = mask::block([Signal::USR1, Signal::HUP]).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let blocked = state::raw_mask();
        assert_eq!(recorder::count(), 0);
        assert_eq!(wait::suspend(before), Ok(()));
        assert_eq!(recorder::count(), 1);
        state::assert_mask(state::raw_mask(), blocked);
    });
}

fn suspend_blocks_what_it_is_told() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        mask::block(Signal::TERM).expect("block");
        let (us, this) = (Pid::this(), Tid::this());
        let helper = thread::spawn(move || {
            mask::block(SigSet::full()).expect("block");
            // It is in effect while the other waits.
            let wanted = SigSet::full().without(Signal::USR1);
            while oracle::proc_status(this.as_raw()).blocked != wanted.bits() {
                thread::yield_now();
            }
            send::kill_thread(us, this, Signal::TERM).expect("tgkill");
            let seen = recorder::count();
            send::kill_thread(us, this, Signal::USR1).expect("tgkill");
            seen
        });
        wait::suspend(SigSet::full().without(Signal::USR1)).expect("suspend");
        assert_eq!(recorder::count(), 1);
        state::assert_mask(state::raw_mask(), oracle::bit(libc::SIGTERM));
        assert_eq!(wait::pending(), Ok(SigSet::from(Signal::TERM)));
        assert_eq!(helper.join().expect("the helper"), 0);
    });
}

fn poll_tells_what_is_ready() {
    in_child(|| {
        let (reader, mut writer) = os_pipe::pipe().expect("pipe");
        let closed = {
            let file = File::open("/dev/null").expect("a file");
            file.as_raw_fd()
        };
        let mut fds = [
            PollFd::new(reader.as_raw_fd(), Events::IN),
            PollFd::new(writer.as_raw_fd(), Events::OUT | Events::PRI),
            PollFd::new(closed, Events::IN),
            PollFd::new(-1, Events::IN),
        ];
        assert_eq!(wait::poll(&mut fds, None, Some(SigSet::empty())), Ok(2));
        let ready = fds.map(PollFd::revents);
        assert_eq!(ready, [Events::empty(), Events::OUT, Events::NVAL, Events::empty()]);

        writer.write_all(b"x").expect("write");
        drop(writer);
        assert_eq!(wait::poll(&mut fds[..1], None, Some(SigSet::full())), Ok(1));
        assert_eq!(fds[0].revents(), Events::IN | Events::HUP);
        assert_eq!(format!("{:?}", fds[0].revents()), "POLLIN | POLLHUP");
        assert_eq!(fds[0].events(), Events::IN);
        assert_eq!(fds[0].fd(), reader.as_raw_fd());

        // What was found before is not shown after an error.
        let bad = wait::poll(&mut fds, None, Some(Signal::KILL.into()));
        assert_eq!(bad, Err(Errno::INVAL));
        assert!(fds.iter().all(|fd| fd.revents().is_empty()));
    });
}

fn poll_is_never_early() {
    in_child(|| {
        let (reader, _writer) = os_pipe::pipe().expect("pipe");
        let mut fds = [PollFd::new(reader.as_raw_fd(), Events::IN)];
        for timeout in [0, 1, 1_000, 1_000_000, 20_000_000].map(Duration::from_nanos) {
            let (polled, took) =
                timed(|| wait::poll(&mut fds, Some(timeout), Some(SigSet::empty())));
            assert_eq!(polled, Ok(0));
            assert!(took >= timeout, "{took:?} is not {timeout:?}");
        }
    });
}

fn poll_takes_the_mask_with_it() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let before = mask::block(Signal::USR1).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let blocked = state::raw_mask();
        // With the signal blocked nothing happens.
        let polled = wait::poll(&mut [], Some(Duration::ZERO), Some(Signal::USR1.into()));
        assert_eq!((polled, recorder::count()), (Ok(0), 0));
        // Without it, the handler has run when it fails, and the mask is as it was.
        assert_eq!(wait::poll(&mut [], None, Some(before)), Err(Errno::INTR));
        assert_eq!(recorder::count(), 1);
        state::assert_mask(state::raw_mask(), blocked);
        // It goes on to the next time, which finds nothing.
        assert_eq!(wait::poll(&mut [], Some(Duration::ZERO), Some(before)), Ok(0));
    });
}

fn poll_without_a_mask_changes_none() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        mask::block([Signal::USR1, Signal::TERM]).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let before = SignalState::now();
        for timeout in [0, 1, 2_000_000].map(Duration::from_nanos) {
            assert_eq!(wait::poll(&mut [], Some(timeout), None), Ok(0));
        }
        before.assert_unchanged("polls");
        assert_eq!(recorder::count(), 0);
        // One that is not blocked ends it.
        storm();
        assert_eq!(wait::poll(&mut [], None, None), Err(Errno::INTR));
    });
}

fn poll_ends_when_it_was_to_end_though_it_is_stopped() {
    assert_stops_do_not_prolong(|time| wait::poll(&mut [], Some(time), None) == Ok(0));
}

fn waits_until_a_point_in_time() {
    in_child(|| {
        mask::block([Signal::USR1, rt(0)]).expect("block");
        send::raise(Signal::USR1).expect("raise");
        let until = |end| {
            let taken = wait::wait_until([Signal::USR1, rt(0)], end).expect("wait");
            taken.map(|info| info.signal())
        };
        // What is pending is taken, whatever the time.
        for past in [Duration::ZERO, Duration::from_nanos(1), wait::now().expect("a clock")] {
            send::raise(rt(0)).expect("raise");
            assert_eq!(until(past), Some(if past.is_zero() { Signal::USR1 } else { rt(0) }));
        }
        assert_eq!(until(Duration::MAX), Some(rt(0)));
        for past in [Duration::ZERO, Duration::from_nanos(1), wait::now().expect("a clock")] {
            assert_eq!(until(past), None);
        }
        // Handlers do not prolong it.
        storm();
        let end = wait::now().expect("a clock").saturating_add(Duration::from_millis(50));
        assert_eq!(until(end), None);
        let clock = siglatch::timer::Clock::Monotonic.now().expect("a clock");
        assert!(clock >= end, "it is early");
        for bad in [Signal::KILL, Signal::STOP] {
            for end in [Duration::ZERO, Duration::MAX] {
                assert_eq!(wait::wait_until(bad, end), Err(Errno::INVAL));
            }
        }
    });
}

fn bad_input_changes_nothing() {
    in_child(|| {
        recorder::install(libc::SIGHUP);
        mask::block([Signal::TERM, Signal::USR1]).expect("block");
        send::raise(Signal::TERM).expect("raise");
        let before = SignalState::now();
        let unwaitable = [
            SigSet::from(Signal::KILL),
            SigSet::from(Signal::STOP),
            SigSet::full().with(Signal::KILL),
            SigSet::from([Signal::TERM, Signal::STOP]),
        ];
        for set in unwaitable {
            assert_eq!(wait::wait(set), Err(Errno::INVAL), "{set:?}");
            assert_eq!(wait::wait_info(set), Err(Errno::INVAL), "{set:?}");
            assert_eq!(wait::wait_timeout(set, Duration::ZERO), Err(Errno::INVAL), "{set:?}");
            assert_eq!(wait::wait_timeout(set, Duration::MAX), Err(Errno::INVAL), "{set:?}");
            assert_eq!(wait::suspend(set), Err(Errno::INVAL), "{set:?}");
            assert_eq!(wait::poll(&mut [], None, Some(set)), Err(Errno::INVAL), "{set:?}");
            before.assert_unchanged(&format!("waits for {set:?}"));
        }
        // Nothing could ever end these.
        assert_eq!(wait::wait(SigSet::empty()), Err(Errno::INVAL));
        assert_eq!(wait::wait_info(SigSet::empty()), Err(Errno::INVAL));
        assert_eq!(wait::wait_timeout(SigSet::empty(), Duration::ZERO), Ok(None));
        before.assert_unchanged("waits for nothing");
        // A signal that is pending and not asked for stays.
        assert_eq!(wait::wait_timeout(Signal::USR1, Duration::ZERO), Ok(None));
        before.assert_unchanged("a wait for another signal");
        // More descriptors than may be open.
        let limit = libc::rlimit { rlim_cur: 8, rlim_max: 8 };
        // SAFETY: the limit is initialised and only read.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        let mut many = [PollFd::new(-1, Events::IN); 9];
        assert_eq!(wait::poll(&mut many, None, Some(SigSet::empty())), Err(Errno::INVAL));
    });
}
