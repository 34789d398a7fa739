//! raise_signal, pthread_kill, pidfd_send_signal, kill; and how a process ends by a signal.

use crate::row::{SIGNALS, handler, none, raise, rows, rtmax, say, set};
use siglatch::fd::PidFd;
use siglatch::{Errno, Pid, Signal, Tid, action, mask, send, wait};
use std::process::Command;
use std::sync::mpsc;
use std::thread;

/// A process that has ended and been waited for, and a descriptor of it.
fn gone() -> Result<(Pid, PidFd), Errno> {
    let mut child = Command::new("true").spawn().expect("true");
    let opened = Pid::try_from(child.id()).and_then(|pid| Ok((pid, PidFd::open(pid)?)));
    child.wait().expect("it ends");
    opened
}

/// Sends a signal to this process and says so if it is still there.
fn end_by(signal: Signal) -> Result<(), Errno> {
    action::default(signal)?;
    send::kill(Pid::this(), signal)?;
    say("still here");
    Ok(())
}

rows! {
    raise_signal_is_done_when_it_returns
    "
signal(SIGUSR1, handler)
say('before')
say(raise_signal(SIGUSR1))
say('after')
" {
        set(Signal::USR1, handler)?;
        say("before");
        none(raise(Signal::USR1));
        say("after");
    }

    raise_signal_of_no_signal
    "
for one in [-1, 65]:
    attempt(lambda: raise_signal(one))
" {
        for number in [-1, 65] {
            none(Signal::from_raw(number).and_then(send::raise));
        }
    }

    raise_signal_of_zero
    "attempt(lambda: raise_signal(0))"
    { none(Signal::from_raw(0).and_then(send::raise)) }
    => "None" "errno 22" "signal 0 asks and sends nothing: `send::probe` is for that"

    kill_itself
    "
signal(SIGTERM, handler)
attempt(lambda: os.kill(os.getpid(), SIGTERM))
" {
        set(Signal::TERM, handler)?;
        let sent = send::kill(Pid::this(), Signal::TERM);
        SIGNALS.dispatch();
        none(sent);
    }

    kill_zero_asks
    "attempt(lambda: os.kill(os.getpid(), 0))"
    { none(send::probe(Pid::this())) }

    kill_one_that_is_gone
    "
pid = os.spawnlp(os.P_NOWAIT, 'true', 'true')
os.waitpid(pid, 0)
attempt(lambda: os.kill(pid, SIGTERM))
attempt(lambda: os.kill(pid, 0))
" {
        let (pid, _process) = gone()?;
        none(send::kill(pid, Signal::TERM));
        none(send::probe(pid));
    }

    kill_a_group_that_is_gone
    "
pid = os.spawnlp(os.P_NOWAIT, 'true', 'true')
os.waitpid(pid, 0)
attempt(lambda: os.killpg(pid, SIGTERM))
" {
        none(send::kill_group(gone()?.0, Signal::TERM));
    }

    pthread_kill_of_this_thread
    "
signal(SIGUSR1, handler)
attempt(lambda: pthread_kill(threading.get_ident(), SIGUSR1))
" {
        set(Signal::USR1, handler)?;
        let sent = send::kill_thread(Pid::this(), Tid::this(), Signal::USR1);
        SIGNALS.dispatch();
        none(sent);
    }

    pthread_kill_of_another_thread
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
got = []
thread = threading.Thread(target=lambda: got.append(int(sigwait([SIGUSR1]))))
thread.start()
attempt(lambda: pthread_kill(thread.ident, SIGUSR1))
thread.join()
say('thread got', *got)
say(len(sigpending()))
" {
        mask::block(Signal::USR1)?;
        let (send_tid, tid) = mpsc::channel();
        let (send_got, got) = mpsc::channel();
        let thread = thread::spawn(move || {
            send_tid.send(Tid::this()).expect("a receiver");
            send_got.send(wait::wait(Signal::USR1)).expect("a receiver");
        });
        let tid = tid.recv().expect("a thread");
        let sent = send::kill_thread(Pid::this(), tid, Signal::USR1);
        none(sent);
        let got = got.recv().expect("a thread")?;
        thread.join().expect("a thread that ends");
        say(format!("thread got {}", got.as_raw()));
        say(wait::pending()?.len());
    }

    pthread_kill_of_no_signal
    "
for one in [-1, 65]:
    attempt(lambda: pthread_kill(threading.get_ident(), one))
" {
        for number in [-1, 65] {
            let signal = Signal::from_raw(number);
            none(signal.and_then(|signal| send::kill_thread(Pid::this(), Tid::this(), signal)));
        }
    }

    thread_that_takes_it_does_not_run_the_function
    "
main = threading.get_ident()
signal(SIGUSR1, lambda signum, frame: say('in main', threading.get_ident() == main))
thread = threading.Thread(target=lambda: raise_signal(SIGUSR1))
thread.start()
thread.join()
" {
        static MAIN: std::sync::OnceLock<Tid> = std::sync::OnceLock::new();
        MAIN.get_or_init(Tid::this);
        SIGNALS.catch(Signal::USR1, |_| {
            let main = MAIN.get() == Some(&Tid::this());
            say(if main { "in main True" } else { "in main False" });
        })?;
        thread::spawn(|| send::raise(Signal::USR1)).join().expect("a thread")?;
        SIGNALS.dispatch();
    }

    pidfd_sends
    "
signal(SIGUSR1, handler)
fd = os.pidfd_open(os.getpid())
attempt(lambda: pidfd_send_signal(fd, SIGUSR1))
attempt(lambda: pidfd_send_signal(fd, 0))
" {
        set(Signal::USR1, handler)?;
        let process = PidFd::open(Pid::this())?;
        let sent = process.send(Signal::USR1);
        SIGNALS.dispatch();
        none(sent);
        none(process.probe());
    }

    pidfd_of_one_that_is_gone
    "
pid = os.spawnlp(os.P_NOWAIT, 'true', 'true')
fd = os.pidfd_open(pid)
os.waitpid(pid, 0)
attempt(lambda: pidfd_send_signal(fd, SIGTERM))
attempt(lambda: os.pidfd_open(pid))
" {
        let (pid, process) = gone()?;
        none(process.send(Signal::TERM));
        none(PidFd::open(pid));
    }

    pidfd_that_is_closed
    "
fd = os.pidfd_open(os.getpid())
os.close(fd)
attempt(lambda: pidfd_send_signal(fd, SIGTERM))
" {
        let process = PidFd::open(Pid::this())?;
        // SAFETY: it is not: the descriptor is the value's, which is what is wrong here.
        assert_eq!(unsafe { libc::close(process.as_raw()) }, 0);
        none(process.send(Signal::TERM));
        core::mem::forget(process);
    }

    pidfd_sends_no_signal
    "
fd = os.pidfd_open(os.getpid())
for one in [-1, 65]:
    attempt(lambda: pidfd_send_signal(fd, one))
" {
        let process = PidFd::open(Pid::this())?;
        for number in [-1, 65] {
            none(Signal::from_raw(number).and_then(|signal| process.send(signal)));
        }
    }

    dies_by_term "itself(SIGTERM); say('still here')" { end_by(Signal::TERM)? }
    dies_by_int "signal(SIGINT, SIG_DFL); itself(SIGINT); say('still here')"
        { end_by(Signal::INT)? }
    dies_by_hup "itself(SIGHUP); say('still here')" { end_by(Signal::HUP)? }
    dies_by_usr1 "itself(SIGUSR1); say('still here')" { end_by(Signal::USR1)? }
    dies_by_pipe "signal(SIGPIPE, SIG_DFL); itself(SIGPIPE); say('still here')"
        { end_by(Signal::PIPE)? }
    dies_by_io "itself(SIGIO); say('still here')" { end_by(Signal::IO)? }
    dies_by_real_time "itself(SIGRTMAX); say('still here')"
        { end_by(rtmax())? }
    lives_after_chld "itself(SIGCHLD); say('still here')" { end_by(Signal::CHLD)? }
    lives_after_urg_winch_cont "
for one in [SIGURG, SIGWINCH, SIGCONT]:
    itself(one)
say('still here')
" {
        for signal in [Signal::URG, Signal::WINCH, Signal::CONT] {
            send::kill(Pid::this(), signal)?;
        }
        say("still here");
    }
    dies_by_kill "itself(SIGKILL); say('still here')" {
        send::kill(Pid::this(), Signal::KILL)?;
        say("still here");
    }
}
