//! pause, sigwait, sigwaitinfo, sigtimedwait.

use crate::row::{SIGNALS, attempt, handler, none, rows, say, set};
use core::time::Duration;
use siglatch::timer::IntervalTimer;
use siglatch::{Cause, ChildState, Errno, Pid, SigInfo, SigSet, Signal, mask, send, wait};
use std::time::Instant;

const MOMENT: Duration = Duration::from_millis(50);

fn seconds(seconds: f64) -> Result<Duration, Errno> {
    Duration::try_from_secs_f64(seconds).map_err(|_| Errno::INVAL)
}

/// What a wait with a limit returned: the number, or `None`.
fn taken(result: Result<Option<SigInfo>, Errno>) {
    attempt(result.map(|info| match info.map(|info| info.signal()) {
        Some(signal) => signal.as_raw().to_string(),
        None => "None".to_owned(),
    }));
}

fn in_a_moment() -> Result<(), Errno> {
    IntervalTimer::Real.set(MOMENT, Duration::ZERO).map(drop)
}

rows! {
    pause_returns_after_the_handler
    "
signal(SIGALRM, again)
setitimer(ITIMER_REAL, 0.05, 0.05)
result = pause()
setitimer(ITIMER_REAL, 0)
say(result)
" {
        set(Signal::ALRM, handler)?;
        IntervalTimer::Real.set(MOMENT, MOMENT)?;
        let paused = wait::pause();
        SIGNALS.dispatch();
        none(paused);
    }

    pause_ends_with_the_process
    "
setitimer(ITIMER_REAL, 0.05)
pause()
say('not reached')
" {
        in_a_moment()?;
        none(wait::pause());
    }

    sigwait_takes_what_is_pending
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
itself(SIGUSR1)
say(int(sigwait([SIGUSR1])))
say(len(sigpending()))
" {
        mask::block(Signal::USR1)?;
        send::kill(Pid::this(), Signal::USR1)?;
        attempt(wait::wait(Signal::USR1).map(Signal::as_raw));
        say(wait::pending()?.len());
    }

    sigwait_takes_the_lowest_first
    "
many = [SIGTERM, SIGHUP, SIGUSR1, SIGRTMIN]
pthread_sigmask(SIG_BLOCK, many)
for one in many:
    itself(one)
for one in many:
    say(int(sigwait(many)))
" {
        let many = [Signal::TERM, Signal::HUP, Signal::USR1, Signal::rt(0)?];
        mask::block(many)?;
        for signal in many {
            send::kill(Pid::this(), signal)?;
        }
        for _ in many {
            attempt(wait::wait(many).map(Signal::as_raw));
        }
    }

    sigwait_sleeps_until_it_comes
    "
pthread_sigmask(SIG_BLOCK, [SIGALRM])
setitimer(ITIMER_REAL, 0.05)
say(int(sigwait([SIGALRM, SIGTERM])))
" {
        mask::block(Signal::ALRM)?;
        in_a_moment()?;
        attempt(wait::wait([Signal::ALRM, Signal::TERM]).map(Signal::as_raw));
    }

    sigwait_leaves_the_handler_alone
    "
signal(SIGUSR1, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
itself(SIGUSR1)
say(int(sigwait([SIGUSR1])))
pthread_sigmask(SIG_UNBLOCK, [SIGUSR1])
say('not called')
" {
        set(Signal::USR1, handler)?;
        mask::block(Signal::USR1)?;
        send::kill(Pid::this(), Signal::USR1)?;
        attempt(wait::wait(Signal::USR1).map(Signal::as_raw));
        mask::unblock(Signal::USR1)?;
        SIGNALS.dispatch();
        say("not called");
    }

    sigwait_of_no_signal
    "
for one in [-1, 0, 65]:
    attempt(lambda: sigwait([one]))
" {
        for number in [-1, 0, 65] {
            none(Signal::from_raw(number).and_then(wait::wait));
        }
    }

    sigwait_of_nothing
    "
setitimer(ITIMER_REAL, 0.05)
attempt(lambda: sigwait([]))
" {
        none(wait::wait(SigSet::empty()));
    }
    => "died by 14" "errno 22" "it would never return: a set without a signal is a mistake"

    sigwaitinfo_of_a_kill
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
itself(SIGUSR1)
info = sigwaitinfo([SIGUSR1])
say(info.si_signo, info.si_code, info.si_errno)
say(info.si_pid == os.getpid(), info.si_uid == os.getuid())
" {
        mask::block(Signal::USR1)?;
        send::kill(Pid::this(), Signal::USR1)?;
        let info = wait::wait_info(Signal::USR1)?;
        say(format!("{} {} {}", crate::row::number(&info), info.code(), info.errno()));
        // SAFETY: the call has no argument and cannot fail.
        let us = (Pid::this().as_raw(), unsafe { libc::getuid() });
        let from_us = matches!(info.cause(), Cause::User { pid, uid } if (pid, uid) == us);
        say(if from_us { "True True" } else { "False False" });
    }

    sigwaitinfo_of_a_raise
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
raise_signal(SIGUSR1)
say(sigwaitinfo([SIGUSR1]).si_code)
" {
        mask::block(Signal::USR1)?;
        send::raise(Signal::USR1)?;
        say(wait::wait_info(Signal::USR1)?.code());
    }
    => "0" "-6" "the kernel says SI_TKILL, which glibc's sigwaitinfo makes SI_USER of"

    sigwaitinfo_of_a_timer
    "
pthread_sigmask(SIG_BLOCK, [SIGALRM])
setitimer(ITIMER_REAL, 0.05)
info = sigwaitinfo([SIGALRM])
say(info.si_signo, info.si_code)
" {
        mask::block(Signal::ALRM)?;
        in_a_moment()?;
        let info = wait::wait_info(Signal::ALRM)?;
        say(format!("{} {}", crate::row::number(&info), info.code()));
    }

    sigwaitinfo_of_a_child
    "
pthread_sigmask(SIG_BLOCK, [SIGCHLD])
pid = os.fork()
if pid == 0:
    os._exit(7)
info = sigwaitinfo([SIGCHLD])
say(info.si_signo, info.si_code, info.si_status, info.si_pid == pid)
" {
        mask::block(Signal::CHLD)?;
        let mut child = std::process::Command::new("sh").args(["-c", "exit 7"]).spawn().expect("sh");
        let info = wait::wait_info(Signal::CHLD);
        let ended = child.id() as i32;
        child.wait().expect("it ends");
        let info = info?;
        match info.cause() {
            Cause::Child { pid, state: ChildState::Exited(status), .. } => {
                let same = if ended == pid { "True" } else { "False" };
                say(format!("{} {} {status} {same}", crate::row::number(&info), info.code()));
            }
            cause => say(format!("{cause:?}")),
        }
    }

    sigtimedwait_takes_what_is_pending
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
for limit in [0, 0.05, 100]:
    itself(SIGUSR1)
    say(sigtimedwait([SIGUSR1], limit).si_signo)
" {
        mask::block(Signal::USR1)?;
        for limit in [0.0, 0.05, 100.0] {
            send::kill(Pid::this(), Signal::USR1)?;
            taken(wait::wait_timeout(Signal::USR1, seconds(limit)?));
        }
    }

    sigtimedwait_of_zero_does_not_wait
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
while True:
    start = time.monotonic()
    taken = sigtimedwait([SIGUSR1], 0)
    # On a busy machine it may take longer now and then.
    if time.monotonic() - start < 0.05:
        break
say(taken)
" {
        mask::block(Signal::USR1)?;
        loop {
            let start = Instant::now();
            let none = wait::wait_timeout(Signal::USR1, Duration::ZERO);
            if start.elapsed() < MOMENT {
                break taken(none);
            }
        }
    }

    sigtimedwait_is_never_early
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
start = time.monotonic()
say(sigtimedwait([SIGUSR1], 0.05))
say(time.monotonic() - start >= 0.05)
" {
        mask::block(Signal::USR1)?;
        let start = Instant::now();
        taken(wait::wait_timeout(Signal::USR1, MOMENT));
        say(if start.elapsed() >= MOMENT { "True" } else { "False" });
    }

    sigtimedwait_of_a_negative_time
    "
attempt(lambda: sigtimedwait([SIGUSR1], -1.0))
attempt(lambda: sigtimedwait([SIGUSR1], -1))
attempt(lambda: sigtimedwait([SIGUSR1], float('nan')))
" {
        for limit in [-1.0, -1.0, f64::NAN] {
            taken(seconds(limit).and_then(|limit| wait::wait_timeout(Signal::USR1, limit)));
        }
    }

    sigtimedwait_of_a_time_past_all_clocks
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
itself(SIGUSR1)
attempt(lambda: sigtimedwait([SIGUSR1], 1e15).si_signo)
" {
        mask::block(Signal::USR1)?;
        send::kill(Pid::this(), Signal::USR1)?;
        taken(wait::wait_timeout(Signal::USR1, seconds(1e15)?));
    }
    => "errno 22" "10" "a time that no clock can show is a time that does not end"

    sigtimedwait_goes_on_after_a_handler
    "
calls = []
signal(SIGALRM, lambda signum, frame: calls.append(signum))
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
setitimer(ITIMER_REAL, 0.03)
start = time.monotonic()
say(sigtimedwait([SIGUSR1], 0.1))
say(time.monotonic() - start >= 0.1)
say(calls)
" {
        set(Signal::ALRM, |_| ())?;
        mask::block(Signal::USR1)?;
        IntervalTimer::Real.set(Duration::from_millis(30), Duration::ZERO)?;
        let (start, limit) = (Instant::now(), Duration::from_millis(100));
        taken(wait::wait_timeout(Signal::USR1, limit));
        say(if start.elapsed() >= limit { "True" } else { "False" });
        say(format!("{:?}", SIGNALS.pending()).replace("SIGALRM", "14").replace(['{', '}'], "|"));
    }
    => "None\nTrue\n[14]" "None\nTrue\n|14|" "both have it; ours is called at the next dispatch"

    sigtimedwait_of_kill
    "attempt(lambda: sigtimedwait([SIGKILL], 0))"
    { taken(wait::wait_timeout(Signal::KILL, Duration::ZERO)) }
    => "None" "errno 22" "what cannot be done is not passed over in silence"
}
