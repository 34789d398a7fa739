//! alarm, setitimer, getitimer.

use crate::row::{SIGNALS, about, attempt, handler, none, rows, say, set};
use IntervalTimer::{Prof, Real, Virtual};
use core::time::Duration;
use siglatch::timer::{IntervalTimer, Setting, alarm};
use siglatch::{Errno, Signal, wait};
use std::time::Instant;

const LONG: Duration = Duration::from_secs(10_000);

fn seconds(seconds: f64) -> Result<Duration, Errno> {
    Duration::try_from_secs_f64(seconds).map_err(|_| Errno::INVAL)
}

/// What is left, and the interval in microseconds.
fn shown(setting: Setting) -> String {
    format!("{} {}", about(setting.value.as_secs_f64()), setting.interval.as_micros())
}

fn about_alarm(seconds: u32) -> Result<f64, Errno> {
    alarm(seconds).map(|left| about(left.into()))
}

/// Calls the functions of one signal that comes.
fn await_one() -> Result<(), Errno> {
    SIGNALS.wait(None)?;
    SIGNALS.dispatch();
    Ok(())
}

/// Spends processor time, here and in the kernel, until a signal comes.
fn spend() {
    while SIGNALS.dispatch() == 0 {
        core::hint::black_box(siglatch::Pid::this());
    }
}

rows! {
    alarm_returns_what_was_left
    "
for seconds in [6000, 3000, 0, 0]:
    say(about(alarm(seconds)))
" {
        for seconds in [6000, 3000, 0, 0] {
            attempt(about_alarm(seconds));
        }
    }

    alarm_rounds_what_is_left
    "
late = True
while late:
    start = time.monotonic()
    setitimer(ITIMER_REAL, 2.3)
    left = alarm(0)
    late = time.monotonic() - start > 0.2
say(left)
" {
        loop {
            let start = Instant::now();
            Real.set(Duration::from_millis(2300), Duration::ZERO)?;
            let left = alarm(0)?;
            if start.elapsed() <= Duration::from_millis(200) {
                break say(left);
            }
        }
    }
    => "2" "3" "a second that has begun counts, so that 0 always says that there was none"

    alarm_of_too_many
    "attempt(lambda: alarm(1 << 40))"
    { attempt(u32::try_from(1_i64 << 40).map_err(|_| Errno::INVAL).and_then(alarm)) }

    alarm_comes
    "
signal(SIGALRM, handler)
before = alarm(1)
until_called()
say(before, alarm(0))
" {
        set(Signal::ALRM, handler)?;
        let before = alarm(1)?;
        await_one()?;
        say(format!("{before} {}", alarm(0)?));
    }

    alarm_is_the_real_timer
    "
alarm(5000)
left, interval = getitimer(ITIMER_REAL)
say(about(left), round(interval * 1e6))
setitimer(ITIMER_REAL, 0)
say(alarm(0))
" {
        alarm(5000)?;
        attempt(Real.query().map(shown));
        Real.cancel()?;
        attempt(alarm(0));
    }

    alarm_uncaught_ends_it
    "
setitimer(ITIMER_REAL, 0.01)
pause()
" {
        Real.set(Duration::from_millis(10), Duration::ZERO)?;
        none(wait::pause());
    }

    timers_are_not_set_at_first
    "
for which in [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF]:
    left, interval = getitimer(which)
    say(about(left), round(interval * 1e6))
" {
        for timer in [Real, Virtual, Prof] {
            attempt(timer.query().map(shown));
        }
    }

    setitimer_returns_the_old_setting
    "
for which in [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF]:
    for args in [(10000, 5), (5000,), (0,), (0,)]:
        left, interval = setitimer(which, *args)
        say(about(left), round(interval * 1e6))
" {
        for timer in [Real, Virtual, Prof] {
            for (first, interval) in [(10_000, 5), (5000, 0), (0, 0), (0, 0)] {
                let (first, interval) = (Duration::from_secs(first), Duration::from_secs(interval));
                attempt(timer.set(first, interval).map(shown));
            }
        }
    }

    getitimer_tells_the_setting
    "
for which in [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF]:
    setitimer(which, 10000, 2.5)
    left, interval = getitimer(which)
    say(about(left), round(interval * 1e6))
" {
        for timer in [Real, Virtual, Prof] {
            timer.set(LONG, Duration::from_millis(2500))?;
            attempt(timer.query().map(shown));
        }
    }

    intervals_are_rounded_up
    "
for interval in [1e-9, 1e-6, 1.5e-6, 0.25]:
    setitimer(ITIMER_REAL, 10000, interval)
    say(round(getitimer(ITIMER_REAL)[1] * 1e6))
" {
        for nanos in [1, 1000, 1500, 250_000_000] {
            Real.set(LONG, Duration::from_nanos(nanos))?;
            attempt(Real.query().map(|setting| setting.interval.as_micros()));
        }
    }

    smallest_times_do_not_cancel
    "
signal(SIGALRM, handler)
for first in [1e-6, 1e-9]:
    pthread_sigmask(SIG_BLOCK, [SIGALRM])
    setitimer(ITIMER_REAL, first)
    say(int(sigwait([SIGALRM])))
" {
        set(Signal::ALRM, handler)?;
        siglatch::mask::block(Signal::ALRM)?;
        for nanos in [1000, 1] {
            Real.set(Duration::from_nanos(nanos), Duration::ZERO)?;
            attempt(wait::wait(Signal::ALRM).map(Signal::as_raw));
        }
    }

    one_shot_comes_once
    "
signal(SIGALRM, handler)
setitimer(ITIMER_REAL, 0.02)
until_called()
left, interval = getitimer(ITIMER_REAL)
say(left, round(interval * 1e6))
" {
        set(Signal::ALRM, handler)?;
        Real.set(Duration::from_millis(20), Duration::ZERO)?;
        await_one()?;
        let setting = Real.query()?;
        say(format!("{:?} {}", setting.value.as_secs_f64(), setting.interval.as_micros()));
    }

    interval_comes_again
    "
def note(signum, frame):
    called.append(signum)
signal(SIGALRM, note)
setitimer(ITIMER_REAL, 0.02, 0.05)
while len(called) < 3:
    time.sleep(0.001)
left, interval = setitimer(ITIMER_REAL, 0)
for one in called[:3]:
    say('handler', one)
say(round(interval * 1e6))
" {
        set(Signal::ALRM, handler)?;
        Real.set(Duration::from_millis(20), Duration::from_millis(50))?;
        for _ in 0..3 {
            await_one()?;
        }
        attempt(Real.cancel().map(|setting| setting.interval.as_micros()));
    }

    virtual_timer_comes
    "
signal(SIGVTALRM, handler)
setitimer(ITIMER_VIRTUAL, 0.02)
while not called:
    pass
say(getitimer(ITIMER_VIRTUAL)[0])
" {
        set(Signal::VTALRM, handler)?;
        Virtual.set(Duration::from_millis(20), Duration::ZERO)?;
        spend();
        say(format!("{:?}", Virtual.query()?.value.as_secs_f64()));
    }

    prof_timer_comes
    "
signal(SIGPROF, handler)
setitimer(ITIMER_PROF, 0.02)
while not called:
    os.getppid()
say(getitimer(ITIMER_PROF)[0])
" {
        set(Signal::PROF, handler)?;
        Prof.set(Duration::from_millis(20), Duration::ZERO)?;
        spend();
        say(format!("{:?}", Prof.query()?.value.as_secs_f64()));
    }

    negative_times_are_refused
    "
setitimer(ITIMER_REAL, 10000)
attempt(lambda: setitimer(ITIMER_REAL, -1))
attempt(lambda: setitimer(ITIMER_REAL, 1, -1))
attempt(lambda: setitimer(ITIMER_REAL, float('nan')))
say(about(getitimer(ITIMER_REAL)[0]))
" {
        Real.set(LONG, Duration::ZERO)?;
        for (first, interval) in [(-1.0, 0.0), (1.0, -1.0), (f64::NAN, 0.0)] {
            let first = seconds(first);
            none(first.and_then(|first| Real.set(first, seconds(interval)?)));
        }
        attempt(Real.query().map(|setting| about(setting.value.as_secs_f64())));
    }

    times_past_all_clocks_are_refused
    "
attempt(lambda: setitimer(ITIMER_REAL, 1e30))
attempt(lambda: setitimer(ITIMER_REAL, float('inf')))
say(about(getitimer(ITIMER_REAL)[0]))
" {
        for first in [1e30, f64::INFINITY] {
            none(seconds(first).and_then(|first| Real.set(first, Duration::ZERO)));
        }
        attempt(Real.query().map(|setting| about(setting.value.as_secs_f64())));
    }

    // A Python of 32 bits, as Debian's, has no such times.
    #[cfg(target_pointer_width = "64")]
    times_of_centuries
    "attempt(lambda: setitimer(ITIMER_PROF, 5e9) and 'set')"
    { attempt(Prof.set(seconds(5e9)?, Duration::ZERO).map(|_| "set")) }
    => "set" "errno 22" "the kernel adds what its clock shows in 63 bits and may expire at once"

    cancelled_does_not_come
    "
signal(SIGVTALRM, handler)
signal(SIGPROF, handler)
setitimer(ITIMER_VIRTUAL, 0.05)
setitimer(ITIMER_VIRTUAL, 0)
setitimer(ITIMER_PROF, 0.2)
while not called:
    pass
" {
        set(Signal::VTALRM, handler)?;
        set(Signal::PROF, handler)?;
        Virtual.set(Duration::from_millis(50), Duration::ZERO)?;
        Virtual.cancel()?;
        Prof.set(Duration::from_millis(200), Duration::ZERO)?;
        spend();
    }

    child_of_fork_has_no_timer
    "
alarm(5000)
pid = os.fork()
if pid == 0:
    say(alarm(0))
    os._exit(0)
os.waitpid(pid, 0)
say(about(alarm(0)))
" {
        alarm(5000)?;
        let outcome = support::Child::start(|_| attempt(alarm(0))).wait();
        print!("{}", outcome.output);
        attempt(about_alarm(0));
    }
}
