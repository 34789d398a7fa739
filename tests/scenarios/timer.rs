//! alarm(2) and setitimer(2): never early, rounded up, told as they are set; and the longest times.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "times here are small")]

use core::time::Duration;
use siglatch::timer::{self, Clock, IntervalTimer, PosixTimer};
use siglatch::{Cause, Errno, SigInfoTrust, SigVal, Signal, mask, wait};
use std::time::Instant;
use support::names::rt;
use support::timers::{LONG, LONGEST, UNSET, assert_silent, take, work_until_pending};
use support::{Child, Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        alarm_comes_and_is_never_early,
        alarm_tells_what_was_left,
        alarm_ends_a_process_by_default,
        interval_timers_send_their_signals,
        interval_timers_repeat_until_cancelled,
        small_times_do_not_cancel,
        interval_timers_tell_their_setting,
        times_that_are_too_long,
    ]
}

fn alarm_comes_and_is_never_early() {
    in_child(|| {
        mask::block(Signal::ALRM).expect("block");
        let begin = Instant::now();
        assert_eq!(timer::alarm(1), Ok(0));
        let info = take(Signal::ALRM);
        assert!(begin.elapsed() >= Duration::from_secs(1));
        assert_eq!(info.cause(), Cause::Kernel);
        assert_eq!(timer::alarm(0), Ok(0));
    });
}

/// What an interval timer holds at most: no more seconds than a long.
fn longest_interval() -> Duration {
    LONGEST.min(Duration::from_secs(libc::c_long::MAX as u64))
}

fn alarm_tells_what_was_left() {
    in_child(|| {
        mask::block(Signal::ALRM).expect("block");
        // A second that has begun is left: on a busy machine, of the time that was not spent here.
        let check = |left: Duration, begin: Instant, told: Result<u32, Errno>| {
            let up = |time: Duration| time.as_nanos().div_ceil(1_000_000_000);
            let told = u128::from(told.expect("alarm"));
            let least = left.saturating_sub(begin.elapsed());
            assert!(up(least) <= told && told <= up(left), "{told} of {left:?}");
        };
        let begin = Instant::now();
        assert_eq!(timer::alarm(100), Ok(0));
        check(Duration::from_secs(100), begin, timer::alarm(200));
        let (time, begin) = (Duration::from_millis(3_600_100), Instant::now());
        IntervalTimer::Real.set(time, LONG).expect("setitimer");
        let longest = longest_interval().min(Duration::from_secs(u32::MAX.into()));
        let next = timer::alarm(u32::MAX);
        check(time, begin, next);
        let begin = Instant::now();
        assert_eq!(IntervalTimer::Real.query().expect("getitimer").interval, Duration::ZERO);
        check(longest, begin, timer::alarm(0));
        assert_eq!(timer::alarm(0), Ok(0));
        if longest_interval() == LONGEST {
            IntervalTimer::Real.set(LONGEST, LONG).expect("setitimer");
            assert_eq!(timer::alarm(0), Ok(u32::MAX), "more than it can tell");
        }
        assert_silent(Signal::ALRM, Duration::from_millis(5));
    });
}

fn alarm_ends_a_process_by_default() {
    let child = Child::start(|_| {
        timer::alarm(1).expect("alarm");
        loop {
            wait::pause().expect("pause");
        }
    });
    child.wait().assert_died_by(libc::SIGALRM);
}

fn interval_timers_send_their_signals() {
    in_child(|| {
        for (timer, signal) in [
            (IntervalTimer::Real, libc::SIGALRM),
            (IntervalTimer::Virtual, libc::SIGVTALRM),
            (IntervalTimer::Prof, libc::SIGPROF),
        ] {
            assert_eq!(timer.signal().as_raw(), signal);
            mask::block(timer.signal()).expect("block");
            assert_eq!(timer.set(Duration::from_millis(3), Duration::ZERO), Ok(UNSET));
            let info = work_until_pending(timer.signal());
            assert_eq!((info.trust(), info.cause()), (SigInfoTrust::Kernel, Cause::Kernel));
            assert_eq!(timer.query(), Ok(UNSET), "it was for once");
        }
    });
}

fn interval_timers_repeat_until_cancelled() {
    in_child(|| {
        mask::block(Signal::ALRM).expect("block");
        let every = Duration::from_millis(2);
        let begin = Instant::now();
        IntervalTimer::Real.set(every, every).expect("setitimer");
        for n in 1..=5 {
            take(Signal::ALRM);
            assert!(begin.elapsed() >= every * n, "number {n} is early");
        }
        let before = IntervalTimer::Real.cancel().expect("setitimer");
        assert_eq!(before.interval, every);
        assert!(before.value <= every);
        // One may have been on its way.
        wait::wait_timeout(Signal::ALRM, Duration::ZERO).expect("wait");
        assert_silent(Signal::ALRM, every * 3);
        // Zero for the first cancels it, whatever the interval.
        IntervalTimer::Real.set(every, every).expect("setitimer");
        IntervalTimer::Real.set(Duration::ZERO, every).expect("setitimer");
        wait::wait_timeout(Signal::ALRM, Duration::ZERO).expect("wait");
        assert_silent(Signal::ALRM, every * 3);
    });
}

/// A microsecond's fraction would be the zero that cancels.
fn small_times_do_not_cancel() {
    in_child(|| {
        mask::block([Signal::ALRM, rt(0)]).expect("block");
        let posix = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        for nanos in [1, 500, 999, 1_000, 1_001, 999_999] {
            let time = Duration::from_nanos(nanos);
            IntervalTimer::Real.set(time, Duration::ZERO).expect("setitimer");
            take(Signal::ALRM);
            posix.set(time, Duration::ZERO).expect("settime");
            take(rt(0));
        }
        IntervalTimer::Real.set(LONG, Duration::from_nanos(1)).expect("setitimer");
        let set = IntervalTimer::Real.query().expect("getitimer");
        assert_eq!(set.interval, Duration::from_micros(1));
    });
}

fn interval_timers_tell_their_setting() {
    in_child(|| {
        for timer in [IntervalTimer::Real, IntervalTimer::Virtual, IntervalTimer::Prof] {
            assert_eq!(timer.query(), Ok(UNSET));
            let interval = Duration::new(7, 1_000);
            assert_eq!(timer.set(LONG, interval), Ok(UNSET));
            for found in [timer.query(), timer.set(LONG * 2, Duration::ZERO)] {
                let found = found.expect("a setting");
                assert_eq!(found.interval, interval, "{timer:?}");
                // To the tick of the processor's clock, which may be a hundredth of a second.
                assert!(found.value <= LONG + Duration::from_millis(20), "{found:?}");
                assert!(found.value > LONG / 2, "{timer:?}: {found:?}");
            }
            let before = timer.cancel().expect("setitimer");
            assert!(before.value > LONG, "{timer:?}: {before:?}");
            assert_eq!(timer.query(), Ok(UNSET));
        }
    });
}

fn times_that_are_too_long() {
    in_child(|| {
        mask::block([Signal::ALRM, rt(0)]).expect("block");
        let too_long = [
            LONGEST + Duration::from_nanos(1),
            Duration::from_secs(i64::MAX as u64),
            Duration::from_secs(u64::MAX),
            Duration::MAX,
        ];
        let late = Duration::from_nanos(i64::MAX as u64);
        for timer in [IntervalTimer::Real, IntervalTimer::Virtual, IntervalTimer::Prof] {
            let most = longest_interval();
            timer.set(most, most).expect("setitimer");
            let longest = timer.set(LONG, LONG).expect("setitimer");
            assert!(longest.value > most.saturating_sub(LONG), "{timer:?}: {longest:?}");
            for long in too_long {
                for (first, interval) in [(long, LONG), (LONG, long), (Duration::ZERO, long)] {
                    assert_eq!(timer.set(first, interval), Err(Errno::INVAL), "{long:?}");
                    assert_eq!(timer.query().expect("getitimer").interval, LONG);
                }
            }
        }
        for clock in [Clock::Monotonic, Clock::Realtime, Clock::ProcessCpu, Clock::ThreadCpu] {
            let timer = PosixTimer::new(clock, rt(0), SigVal::default()).expect("create");
            timer.set(LONGEST, LONGEST).expect("settime");
            let longest = timer.set_at(late, LONG).expect("settime");
            assert!(longest.value > LONGEST.saturating_sub(LONG), "{clock:?}: {longest:?}");
            for long in too_long {
                // It is set to the longest, as every other wait saturates.
                for (first, interval) in [(long, LONG), (LONG, long)] {
                    timer.set(first, interval).expect("settime");
                    let setting = timer.query().expect("gettime");
                    let first = first.min(LONGEST);
                    let expected = first.saturating_sub(LONG)..=first;
                    assert!(expected.contains(&setting.value), "{long:?}: {setting:?}");
                    assert_eq!(setting.interval, interval.min(LONGEST), "{long:?}");
                }
                timer.set_at(late, long).expect("settime");
                assert_eq!(timer.query().expect("gettime").interval, LONGEST, "{long:?}");
                timer.set_at(late, LONG).expect("settime");
            }
            let later = late + Duration::from_nanos(1);
            assert_eq!(timer.set_at(later, LONG), Err(Errno::INVAL));
            let longest = timer.cancel().expect("settime");
            assert!(longest.value > LONGEST, "{clock:?}: {longest:?}");
            assert_silent(rt(0), Duration::from_millis(2));
        }
        assert_silent(Signal::ALRM, Duration::ZERO);
    });
}
