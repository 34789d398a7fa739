//! POSIX timers: never early, their values, their threads, and what belongs to whom.

#![expect(unsafe_code, reason = "limits and forks are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "times here are small")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, Ordering};
use core::time::Duration;
use siglatch::timer::{Clock, IntervalTimer, PosixTimer};
use siglatch::{Cause, ChildState, Errno, Pid, SigSet, SigVal, Signal, Tid};
use siglatch::{child, mask, send, sys, wait};
use std::io::{Read as _, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;
use support::names::{pid, rt};
use support::state::SignalState;
use support::timers::{LONG, LONGEST, UNSET, assert_silent, take, work_until_pending};
use support::{Child, Scenario, Traced, exit_now, foreign, in_child, limits, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        posix_timer_delivers_its_value,
        posix_timer_repeats_and_counts_overruns,
        posix_timer_goes_to_its_thread,
        posix_timer_of_a_thread_that_is_gone_is_silent,
        posix_timers_tell_their_setting,
        absolute_times,
        processor_clocks_count_work,
        every_clock_shows_a_time,
        timer_is_deleted_when_dropped,
        deadline_by_kill,
        forked_child_has_no_timers,
        fork_in_the_middle_of_making_one,
        queue_limit_is_told,
        silent_timers_send_nothing,
        timers_by_their_id,
        processor_time_of_others,
    ]
}

fn posix_timer_delivers_its_value() {
    in_child(|| {
        for signal in [rt(0), Signal::USR1] {
            mask::block(signal).expect("block");
            let first = PosixTimer::new(Clock::Monotonic, signal, SigVal::from_int(-7));
            let first = first.expect("create");
            let second = PosixTimer::new(Clock::Boottime, signal, SigVal::from_addr(usize::MAX));
            let second = second.expect("create");
            assert_ne!(first.id(), second.id());
            for (timer, value) in [
                (&first, SigVal::from_int(-7)),
                (&second, SigVal::from_addr(usize::MAX)),
                (&first, SigVal::from_int(-7)),
            ] {
                let time = Duration::from_millis(2);
                let begin = Instant::now();
                assert_eq!(timer.set(time, Duration::ZERO), Ok(UNSET));
                let info = take(signal);
                assert!(begin.elapsed() >= time);
                let cause = Cause::Timer { id: timer.id(), overrun: 0, value };
                assert_eq!((info.cause(), info.code()), (cause, libc::SI_TIMER));
                assert_eq!(timer.overrun(), Ok(0));
                assert_eq!(timer.query(), Ok(UNSET), "it was for once");
            }
        }
    });
}

fn posix_timer_repeats_and_counts_overruns() {
    in_child(|| {
        mask::block(rt(0)).expect("block");
        let timer = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        let every = Duration::from_millis(1);
        let begin = Instant::now();
        timer.set(every, every).expect("settime");
        let mut expired = 0;
        for _ in 0..3 {
            // Nobody takes it for a while.
            assert_silent(Signal::HUP, Duration::from_millis(20));
            let Cause::Timer { overrun, .. } = take(rt(0)).cause() else { panic!("no timer") };
            assert!(overrun >= 18, "{overrun}");
            assert_eq!(timer.overrun(), Ok(overrun));
            expired += overrun + 1;
            let passed = begin.elapsed().as_millis();
            assert!(u128::from(expired.unsigned_abs()) <= passed, "{expired} in {passed} ms");
        }
        let before = timer.cancel().expect("settime");
        assert_eq!(before.interval, every);
        wait::wait_timeout(rt(0), Duration::ZERO).expect("wait");
        assert_silent(rt(0), every * 3);
    });
}

fn posix_timer_goes_to_its_thread() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let (sender, receiver) = mpsc::channel();
        let (done, end) = mpsc::channel::<()>();
        let helper = thread::spawn(move || {
            sender.send(Tid::this()).expect("a receiver");
            // Open to the signal all the time, as the other thread is.
            end.recv().expect("a sender");
        });
        let tid = receiver.recv().expect("a thread");
        let timer =
            PosixTimer::for_thread(Clock::Monotonic, tid, Signal::USR1, SigVal::from_int(3));
        let timer = timer.expect("create");
        for runs in 1..=20 {
            timer.set(Duration::from_micros(200), Duration::ZERO).expect("settime");
            while recorder::count() < runs {
                thread::yield_now();
            }
            assert_eq!(recorder::thread(), tid.as_raw());
            assert_eq!(recorder::info().value_int(), 3);
        }
        done.send(()).expect("a receiver");
        helper.join().expect("the helper");
    });
}

fn posix_timer_of_a_thread_that_is_gone_is_silent() {
    in_child(|| {
        mask::block(Signal::USR1).expect("block");
        let timer = thread::spawn(|| {
            let this = Tid::this();
            PosixTimer::for_thread(Clock::Monotonic, this, Signal::USR1, SigVal::default())
        });
        let timer = timer.join().expect("a thread").expect("create");
        timer.set(Duration::from_millis(1), Duration::from_millis(1)).expect("settime");
        assert_silent(Signal::USR1, Duration::from_millis(10));
    });
}

fn posix_timers_tell_their_setting() {
    in_child(|| {
        let timer = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        assert_eq!(timer.query(), Ok(UNSET));
        let interval = Duration::new(7, 1);
        assert_eq!(timer.set(LONG, interval), Ok(UNSET));
        for found in [timer.query(), timer.set(LONG * 2, Duration::ZERO)] {
            let found = found.expect("a setting");
            assert_eq!(found.interval, interval, "to the nanosecond");
            assert!(found.value <= LONG && found.value > LONG / 2, "{found:?}");
        }
        assert!(timer.cancel().expect("settime").value > LONG);
        assert_eq!(timer.query(), Ok(UNSET));
        assert_eq!(timer.cancel(), Ok(UNSET));
    });
}

fn absolute_times() {
    in_child(|| {
        mask::block(rt(0)).expect("block");
        for clock in [Clock::Monotonic, Clock::Realtime, Clock::Boottime, Clock::Tai] {
            let timer = PosixTimer::new(clock, rt(0), SigVal::default()).expect("create");
            let now = || clock.now().expect("a time");
            let deadline = now() + Duration::from_millis(3);
            timer.set_at(deadline, Duration::ZERO).expect("settime");
            take(rt(0));
            assert!(now() >= deadline, "{clock:?} is early");
            // What has passed comes at once; and zero has passed.
            for past in [now(), Duration::from_nanos(1), Duration::ZERO] {
                timer.set_at(past, Duration::ZERO).expect("settime");
                take(rt(0));
            }
            timer.set_at(now() + LONG, Duration::ZERO).expect("settime");
            let left = timer.query().expect("gettime").value;
            assert!(left <= LONG && left > LONG / 2, "{clock:?}: {left:?}");
            timer.set_at(Duration::from_nanos(i64::MAX as u64), LONGEST).expect("settime");
            assert_silent(rt(0), Duration::from_millis(2));
        }
    });
}

fn processor_clocks_count_work() {
    in_child(|| {
        mask::block(rt(0)).expect("block");
        for clock in [Clock::ProcessCpu, Clock::ThreadCpu] {
            let timer = PosixTimer::new(clock, rt(0), SigVal::default()).expect("create");
            let begin = clock.now().expect("a time");
            timer.set(Duration::from_millis(20), Duration::ZERO).expect("settime");
            // No time passes while it sleeps.
            assert_silent(rt(0), Duration::from_millis(30));
            work_until_pending(rt(0));
            assert!(clock.now().expect("a time") >= begin + Duration::from_millis(20));
        }
    });
}

fn every_clock_shows_a_time() {
    for clock in [
        Clock::Realtime,
        Clock::Monotonic,
        Clock::Boottime,
        Clock::ProcessCpu,
        Clock::ThreadCpu,
        Clock::Tai,
        Clock::RealtimeAlarm,
        Clock::BoottimeAlarm,
    ] {
        match clock.now() {
            Ok(first) => {
                assert!(first > Duration::ZERO, "{clock:?}");
                assert!(clock.now().expect("a time") >= first, "{clock:?}");
            }
            // Without a clock that can wake the machine.
            Err(errno) => {
                assert_eq!(errno, Errno::INVAL);
                assert!(matches!(clock, Clock::RealtimeAlarm | Clock::BoottimeAlarm));
            }
        }
        match PosixTimer::new(clock, rt(0), SigVal::default()) {
            Ok(timer) => assert_eq!(timer.query(), Ok(UNSET)),
            Err(Errno::PERM | Errno::OPNOTSUPP) => {
                assert!(matches!(clock, Clock::RealtimeAlarm | Clock::BoottimeAlarm));
            }
            Err(errno) => panic!("a timer of {clock:?}: {errno}"),
        }
    }
}

fn timer_is_deleted_when_dropped() {
    in_child(|| {
        mask::block(rt(0)).expect("block");
        let every = Duration::from_millis(1);
        let timer = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        let id = timer.id();
        timer.set(every, every).expect("settime");
        take(rt(0));
        drop(timer);
        assert_eq!(siglatch::sys::timer_gettime(id), Err(Errno::INVAL));
        wait::wait_timeout(rt(0), Duration::ZERO).expect("wait");
        assert_silent(rt(0), every * 5);
        // As many as one likes, one after the other.
        for _ in 0..10_000 {
            drop(PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create"));
        }
    });
}

fn deadline_by_kill() {
    let child = Child::start(|_| {
        mask::block(SigSet::full()).expect("block");
        let timer = PosixTimer::new(Clock::Monotonic, Signal::KILL, SigVal::default());
        let timer = timer.expect("create");
        timer.set(Duration::from_millis(5), Duration::ZERO).expect("settime");
        loop {
            wait::pause().expect("pause");
        }
    });
    child.wait().assert_died_by(libc::SIGKILL);
}

fn forked_child_has_no_timers() {
    in_child(|| {
        mask::block([rt(0), rt(1)]).expect("block");
        let every = Duration::from_millis(1);
        let timer = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        timer.set(every, every).expect("settime");
        IntervalTimer::Real.set(LONG, LONG).expect("setitimer");
        in_child(|| {
            assert_eq!(IntervalTimer::Real.query(), Ok(UNSET));
            assert_silent(rt(0), every * 5);
            // One of its own, which has the same id.
            let own = PosixTimer::new(Clock::Monotonic, rt(1), SigVal::default()).expect("create");
            own.set(LONG, Duration::ZERO).expect("settime");
            assert_eq!(timer.set(every, every), Err(Errno::INVAL));
            assert_eq!(timer.set_at(every, every), Err(Errno::INVAL));
            assert_eq!(timer.query(), Err(Errno::INVAL));
            assert_eq!(timer.overrun(), Err(Errno::INVAL));
            assert_eq!(timer.cancel(), Err(Errno::INVAL));
            // SAFETY: the value is not used again: this process ends without dropping it.
            drop(unsafe { core::ptr::read(&raw const timer) });
            assert!(own.query().expect("gettime").value > LONG / 2, "it is still there");
        });
        take(rt(0));
        take(rt(0));
    });
}

/// A handler that forks, at each system call of making a timer. Whichever process has the timer, the
/// child's copy is none that it makes afterwards.
fn fork_in_the_middle_of_making_one() {
    /// What fork(2) has returned, once it was called.
    static COPY: AtomicI32 = AtomicI32::new(-1);
    extern "C" fn fork(_signo: c_int) {
        // SAFETY: the process has one thread.
        COPY.store(unsafe { libc::fork() }, Ordering::Relaxed);
    }
    let make = || PosixTimer::silent(Clock::Monotonic).expect("create");
    for calls in 0_u32.. {
        let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
        let mut child = Child::start(|link| {
            let action = foreign::action(fork as *const () as usize, libc::SA_RESTART);
            foreign::set(libc::SIGUSR1, &action);
            link.ready();
            reader.read_exact(&mut [0]).expect("a byte");
            let timer = make();
            match COPY.load(Ordering::Relaxed) {
                0 => {
                    let own = make();
                    own.set(LONG, Duration::ZERO).expect("settime");
                    drop(timer);
                    assert!(own.query().expect("gettime").value > LONG / 2);
                    exit_now(0);
                }
                -1 => {}
                copy => assert_eq!(child::wait(pid(copy)), Ok(ChildState::Exited(0))),
            }
            send::raise(Signal::USR2).expect("raise");
        });
        child.await_ready();
        let traced = match Traced::attach(child.pid()) {
            Ok(traced) => traced,
            Err(error) => return support::skip(&format!("ptrace(2) is refused: {error}")),
        };
        // One for each process, if it forks before this is read.
        writer.write_all(b"xx").expect("a pipe with its reader");
        let made = (0..calls).any(|_| traced.go_on() == libc::SIGUSR2);
        if !made {
            child.kill(libc::SIGUSR1);
        }
        drop(traced);
        if made {
            child.wait().assert_exited(0);
            assert!(calls > 6, "{calls} stops at calls only");
            break;
        }
        child.wait().assert_died_by(libc::SIGUSR2);
    }
}

fn queue_limit_is_told() {
    in_child(|| {
        limits::no_pending();
        let before = SignalState::now();
        for signal in [rt(0), Signal::USR1] {
            let timer = PosixTimer::new(Clock::Monotonic, signal, SigVal::default());
            assert_eq!(timer.map(drop), Err(Errno::AGAIN));
        }
        before.assert_unchanged("a timer without room");
        // Interval timers need none.
        mask::block(Signal::ALRM).expect("block");
        IntervalTimer::Real.set(Duration::from_millis(1), Duration::ZERO).expect("setitimer");
        take(Signal::ALRM);
    });
}

fn silent_timers_send_nothing() {
    in_child(|| {
        mask::block(rt(0)).expect("block");
        let before = SignalState::now();
        let timer = PosixTimer::silent(Clock::Monotonic).expect("create");
        timer.set(Duration::from_millis(1), Duration::from_millis(1)).expect("settime");
        let left = timer.query().expect("gettime");
        assert!(left.value <= Duration::from_millis(1), "{left:?}");
        assert_eq!(left.interval, Duration::from_millis(1));
        // One that is set later for longer has expired after it.
        let later = PosixTimer::new(Clock::Monotonic, rt(0), SigVal::default()).expect("create");
        later.set(Duration::from_millis(5), Duration::ZERO).expect("settime");
        take(rt(0));
        drop(later);
        before.assert_unchanged("a timer that expires in silence");
        timer.set(LONG, Duration::ZERO).expect("settime");
        let left = timer.query().expect("gettime").value;
        assert!(left <= LONG && left > LONG / 2, "{left:?}");
    });
}

fn timers_by_their_id() {
    in_child(|| {
        mask::block(Signal::USR1).expect("block");
        let timer =
            PosixTimer::new(Clock::Monotonic, Signal::USR1, SigVal::from_int(9)).expect("create");
        let id = timer.into_id();
        // It has not been deleted.
        // SAFETY: nobody else deletes it.
        let timer = unsafe { PosixTimer::from_id(id) };
        assert_eq!((timer.id(), timer.query()), (id, Ok(UNSET)));
        timer.set(Duration::from_millis(1), Duration::ZERO).expect("settime");
        match take(Signal::USR1).cause() {
            Cause::Timer { id: told, value, .. } => assert_eq!((told, value.as_int()), (id, 9)),
            other => panic!("{other:?}"),
        }
        drop(timer);
        assert_eq!(sys::timer_gettime(id), Err(Errno::INVAL));
        // One that other code has made.
        let event = sys::KernelSigevent { notify: libc::SIGEV_NONE, ..Default::default() };
        // SAFETY: it sends no signal.
        let id = unsafe { sys::timer_create(libc::CLOCK_MONOTONIC, &event) }.expect("create");
        // SAFETY: nobody else deletes it.
        drop(unsafe { PosixTimer::from_id(id) });
        assert_eq!(sys::timer_gettime(id), Err(Errno::INVAL));
        // In a child of fork(2), it is its parent's.
        let timer = PosixTimer::silent(Clock::Monotonic).expect("create");
        in_child(|| assert_eq!(timer.query(), Err(Errno::INVAL)));
        assert_eq!(timer.query(), Ok(UNSET));
    });
}

fn processor_time_of_others() {
    let mut busy = Child::start(|link| {
        let end = Clock::ProcessCpu.now().expect("a time") + Duration::from_millis(20);
        while Clock::ProcessCpu.now().expect("a time") < end {}
        link.ready();
        drop(link.hear());
    });
    busy.await_ready();
    let of = Clock::ProcessCpuOf(Pid::from_raw(busy.pid()).expect("a process id"));
    assert!(of.now().expect("a time") >= Duration::from_millis(20));
    let timer = PosixTimer::silent(of).expect("create");
    assert_eq!(timer.query(), Ok(UNSET));
    busy.tell("end");
    busy.wait().assert_exited(0);
    assert_eq!(of.now(), Err(Errno::INVAL));
    in_child(|| {
        // The same as the clock of one's own.
        for (own, of) in [
            (Clock::ProcessCpu, Clock::ProcessCpuOf(Pid::this())),
            (Clock::ThreadCpu, Clock::ThreadCpuOf(Tid::this())),
        ] {
            let times = [own, of, own].map(|clock| clock.now().expect("a time"));
            assert!(times.is_sorted(), "{own:?}: {times:?}");
        }
        mask::block(Signal::USR1).expect("block");
        let this = Tid::this();
        let timer = thread::spawn(move || {
            PosixTimer::new(Clock::ThreadCpuOf(this), Signal::USR1, SigVal::default())
        });
        let timer = timer.join().expect("a thread that ends").expect("create");
        timer.set(Duration::from_millis(5), Duration::ZERO).expect("settime");
        work_until_pending(Signal::USR1);
        let gone = thread::spawn(Tid::this).join().expect("a thread that ends");
        // Joined, the kernel may not be done with it.
        while support::thread::try_kill(gone.as_raw(), 0) {
            thread::yield_now();
        }
        for clock in
            [Clock::ThreadCpuOf(gone), Clock::ProcessCpuOf(Pid::from_raw(i32::MAX).expect("an id"))]
        {
            let timer = PosixTimer::silent(clock);
            assert_eq!(timer.map(drop), Err(Errno::INVAL), "{clock:?}");
        }
        // Of a thread of another process, no timer.
        let other = Child::start(|link| drop(link.hear()));
        let clock = Clock::ThreadCpuOf(Tid::from_raw(other.pid()).expect("a thread id"));
        assert_eq!(PosixTimer::silent(clock).map(drop), Err(Errno::INVAL));
    });
}
