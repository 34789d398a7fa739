//! signal, getsignal, siginterrupt, default_int_handler; what programs inherit.

use crate::row::{SIGNALS, leave, numbers, rtmax};
use crate::row::{attempt, getsignal, handler, none, other, raise, rows, say, set, unset};
use core::time::Duration;
use siglatch::timer::IntervalTimer;
use siglatch::{Latch, Signal, action, exit, send};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::process::Command;
use std::thread;
use support::oracle;

static LATCH: Latch = Latch::new();

const MOMENT: Duration = Duration::from_millis(50);

/// One read(2), which is not repeated.
fn read_once(from: &impl std::os::fd::AsFd) -> String {
    let mut byte = 0_u8;
    // SAFETY: one byte is written to the place of one.
    let read = unsafe { libc::read(from.as_fd().as_raw_fd(), (&raw mut byte).cast(), 1) };
    let error = io::Error::last_os_error().raw_os_error().unwrap_or(0);
    if read < 0 { format!("errno {error}") } else { format!("read {read}") }
}

/// What a program that we execute ignores, of SIGINT and SIGTERM.
fn ignored_after_exec() -> String {
    let output = Command::new("grep").args(["SigIgn", "/proc/self/status"]).output();
    let text = String::from_utf8(output.expect("grep").stdout).expect("text");
    let mask = text.split_whitespace().last().and_then(|mask| u64::from_str_radix(mask, 16).ok());
    let ignored = mask.expect("a mask");
    let both = [Signal::INT, Signal::TERM];
    numbers(
        both.into_iter()
            .filter(|one| oracle::has(ignored, one.as_raw()))
            .collect::<siglatch::SigSet>(),
    )
}

rows! {
    getsignal_at_the_start
    "
for one in [SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGKILL, SIGSTOP, SIGRTMIN]:
    say(shown(getsignal(one)))
" {
        let rt = Signal::rt(0)?;
        for signal in [
            Signal::HUP, Signal::TERM, Signal::USR1, Signal::USR2, Signal::ALRM, Signal::CHLD,
            Signal::KILL, Signal::STOP, rt,
        ] {
            attempt(getsignal(signal));
        }
    }

    getsignal_of_sigint_at_the_start
    "say(shown(getsignal(SIGINT)))"
    { attempt(getsignal(Signal::INT)) }
    => "default_int_handler" "default" "nothing is caught that was not asked for"

    getsignal_of_sigpipe_at_the_start
    "say(shown(getsignal(SIGPIPE)))"
    { attempt(getsignal(Signal::PIPE)) }

    getsignal_of_sigxfsz_at_the_start
    "say(shown(getsignal(SIGXFSZ)))"
    { attempt(getsignal(Signal::XFSZ)) }
    => "ignore" "default" "nothing is ignored that was not asked for"

    getsignal_of_no_signal
    "
for one in [-1, 0, 65, 1 << 40]:
    attempt(lambda: getsignal(one))
" {
        for number in [-1, 0, 65] {
            attempt(Signal::from_raw(number).and_then(getsignal));
        }
        attempt(i32::try_from(1_i64 << 40).map_err(|_| siglatch::Errno::INVAL));
    }

    signal_returns_what_was_there
    "
for what in [handler, other, SIG_IGN, handler, SIG_DFL, SIG_IGN, SIG_DFL, other]:
    say(shown(signal(SIGUSR1, what)))
say(shown(getsignal(SIGUSR1)))
" {
        let signal = Signal::USR1;
        attempt(set(signal, handler));
        attempt(set(signal, other));
        attempt(unset(signal, action::ignore));
        attempt(set(signal, handler));
        attempt(unset(signal, action::default));
        attempt(unset(signal, action::ignore));
        attempt(unset(signal, action::default));
        attempt(set(signal, other));
        attempt(getsignal(signal));
    }

    signal_of_kill_and_stop
    "
for one in [SIGKILL, SIGSTOP]:
    for what in [handler, SIG_IGN, SIG_DFL]:
        attempt(lambda: signal(one, what))
" {
        for signal in [Signal::KILL, Signal::STOP] {
            attempt(set(signal, handler));
            none(action::ignore(signal));
            none(action::default(signal));
        }
    }

    signal_of_no_signal
    "
for one in [-1, 0, 65]:
    attempt(lambda: signal(one, handler))
" {
        for number in [-1, 0, 65] {
            attempt(Signal::from_raw(number).and_then(|signal| set(signal, handler)));
        }
    }

    signal_of_a_reserved_one
    "
for one in [32, 33]:
    attempt(lambda: signal(one, handler))
" {
        for number in [32, 33] {
            attempt(Signal::from_raw(number).and_then(|signal| set(signal, handler)));
        }
    }

    signal_of_faults
    "
for one in [SIGSEGV, SIGFPE, SIGILL, SIGBUS]:
    attempt(lambda: shown(signal(one, handler)) and 'caught')
" {
        for signal in [Signal::SEGV, Signal::FPE, Signal::ILL, Signal::BUS] {
            attempt(set(signal, handler).map(|_| "caught"));
        }
    }
    => "caught\ncaught\ncaught\ncaught" "errno 95\nerrno 95\nerrno 95\nerrno 95"
        "the function would never be reached: the fault comes again first"

    handler_is_called_with_the_number
    "
for one in [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGWINCH, SIGRTMIN, SIGRTMAX]:
    signal(one, handler)
    raise_signal(one)
" {
        for signal in [
            Signal::HUP, Signal::INT, Signal::TERM, Signal::USR1, Signal::CHLD, Signal::WINCH,
            Signal::rt(0)?, rtmax(),
        ] {
            SIGNALS.catch(signal, handler)?;
            raise(signal)?;
        }
    }

    ignored_has_no_effect
    "
signal(SIGTERM, SIG_IGN)
raise_signal(SIGTERM)
itself(SIGTERM)
say('still here')
" {
        action::ignore(Signal::TERM)?;
        raise(Signal::TERM)?;
        send::kill(siglatch::Pid::this(), Signal::TERM)?;
        say("still here");
    }

    default_restored_ends_it
    "
signal(SIGTERM, handler)
raise_signal(SIGTERM)
signal(SIGTERM, SIG_DFL)
raise_signal(SIGTERM)
say('not reached')
" {
        set(Signal::TERM, handler)?;
        raise(Signal::TERM)?;
        SIGNALS.release(Signal::TERM)?;
        raise(Signal::TERM)?;
        say("not reached");
    }

    handler_put_back_by_value
    "
signal(SIGUSR1, handler)
before = signal(SIGUSR1, other)
raise_signal(SIGUSR1)
signal(SIGUSR1, before)
raise_signal(SIGUSR1)
" {
        SIGNALS.catch(Signal::USR1, handler)?;
        let before = SIGNALS.callback(Signal::USR1);
        SIGNALS.catch(Signal::USR1, other)?;
        raise(Signal::USR1)?;
        SIGNALS.catch(Signal::USR1, before.expect("a function"))?;
        raise(Signal::USR1)?;
    }

    pending_one_is_gone_when_ignored
    "
signal(SIGUSR1, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
raise_signal(SIGUSR1)
say(numbers(sigpending()))
signal(SIGUSR1, SIG_IGN)
say(numbers(sigpending()))
" {
        SIGNALS.catch(Signal::USR1, handler)?;
        siglatch::mask::block(Signal::USR1)?;
        raise(Signal::USR1)?;
        attempt(siglatch::wait::pending().map(numbers));
        unset(Signal::USR1, action::ignore)?;
        attempt(siglatch::wait::pending().map(numbers));
    }

    siginterrupt_has_a_read_fail
    "
import ctypes
signal(SIGALRM, again)
say(siginterrupt(SIGALRM, True))
r, w = os.pipe()
setitimer(ITIMER_REAL, 0.05, 0.05)
libc = ctypes.CDLL(None, use_errno=True)
byte = ctypes.create_string_buffer(1)
count = libc.read(r, byte, 1)
result = 'errno %d' % ctypes.get_errno() if count < 0 else 'read %d' % count
setitimer(ITIMER_REAL, 0)
say(result)
" {
        SIGNALS.catch(Signal::ALRM, handler)?;
        none(action::set_restart(Signal::ALRM, false));
        let (reader, _writer) = os_pipe::pipe().expect("a pipe");
        IntervalTimer::Real.set(MOMENT, MOMENT)?;
        let result = read_once(&reader);
        SIGNALS.dispatch();
        say(result);
    }

    siginterrupt_false_has_a_read_go_on
    "
import ctypes
signal(SIGALRM, handler)
say(siginterrupt(SIGALRM, False))
r, w = os.pipe()
woken, wake = os.pipe()
os.set_blocking(wake, False)
set_wakeup_fd(wake)
def write():
    pthread_sigmask(SIG_BLOCK, [SIGALRM])
    os.read(woken, 1)
    os.write(w, b'x')
thread = threading.Thread(target=write)
thread.start()
setitimer(ITIMER_REAL, 0.05)
libc = ctypes.CDLL(None, use_errno=True)
byte = ctypes.create_string_buffer(1)
count = libc.read(r, byte, 1)
result = 'errno %d' % ctypes.get_errno() if count < 0 else 'read %d' % count
say(result)
" {
        SIGNALS.catch(Signal::ALRM, handler)?;
        none(action::set_restart(Signal::ALRM, true));
        let (reader, mut writer) = os_pipe::pipe().expect("a pipe");
        let blocked = siglatch::mask::MaskGuard::block(Signal::ALRM)?;
        thread::spawn(move || {
            SIGNALS.wait(None).expect("wait");
            writer.write_all(b"x").expect("a pipe");
        });
        drop(blocked);
        IntervalTimer::Real.set(MOMENT, Duration::ZERO)?;
        let result = read_once(&reader);
        SIGNALS.dispatch();
        say(result);
    }

    interrupted_read_without_a_choice
    "
def write(signum, frame):
    setitimer(ITIMER_REAL, 0)
    os.write(w, b'x')
signal(SIGALRM, write)
r, w = os.pipe()
setitimer(ITIMER_REAL, 0.05, 0.05)
say('read', len(os.read(r, 1)))
" {
        static INTERRUPTING: siglatch::Dispatcher = siglatch::Dispatcher::new().restart(false);
        INTERRUPTING.catch(Signal::ALRM, |_| ())?;
        let (reader, _writer) = os_pipe::pipe().expect("a pipe");
        IntervalTimer::Real.set(MOMENT, MOMENT)?;
        say(read_once(&reader));
    }
    => "read 1" "errno 4" "the function cannot run in a read that is repeated: who wants \
        to have it run asks for no restart, and sees EINTR, where Python calls it and reads again"

    siginterrupt_of_what_it_cannot_be
    "
attempt(lambda: siginterrupt(0, True))
attempt(lambda: siginterrupt(65, True))
attempt(lambda: siginterrupt(SIGKILL, True))
attempt(lambda: siginterrupt(SIGSTOP, False))
" {
        for number in [0, 65] {
            none(Signal::from_raw(number).and_then(|signal| action::set_restart(signal, false)));
        }
        none(action::set_restart(Signal::KILL, false));
        none(action::set_restart(Signal::STOP, true));
    }

    keyboard_interrupt_ends_by_sigint
    "
sys.stderr = open(os.devnull, 'w')
try:
    raise_signal(SIGINT)
    say('not reached')
finally:
    say('cleaned up')
" {
        LATCH.catch(Signal::INT)?;
        send::raise(Signal::INT)?;
        if let Some(signal) = LATCH.take().first() {
            say("cleaned up");
            exit::die_by(signal);
        }
    }

    keyboard_interrupt_caught
    "
try:
    raise_signal(SIGINT)
except KeyboardInterrupt:
    say('interrupted')
sys.exit(3)
" {
        LATCH.catch(Signal::INT)?;
        send::raise(Signal::INT)?;
        if LATCH.take_signal(Signal::INT) {
            say("interrupted");
        }
        leave(3);
    }

    status_of_a_handled_term
    "
signal(SIGTERM, handler)
itself(SIGTERM)
sys.exit(7)
" {
        SIGNALS.catch(Signal::TERM, handler)?;
        send::kill(siglatch::Pid::this(), Signal::TERM)?;
        SIGNALS.dispatch();
        leave(7);
    }

    ignored_is_inherited_over_exec
    "
import subprocess
signal(SIGINT, SIG_IGN)
signal(SIGTERM, handler)
text = subprocess.check_output(['grep', 'SigIgn', '/proc/self/status'], text=True)
ignored = int(text.split()[-1], 16)
say(numbers(one for one in [SIGINT, SIGTERM] if ignored >> (one - 1) & 1))
" {
        action::ignore(Signal::INT)?;
        SIGNALS.catch(Signal::TERM, handler)?;
        say(ignored_after_exec());
    }

    sigint_ignored_at_the_start
    "
import subprocess
signal(SIGINT, SIG_IGN)
script = 'import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN); '
script += 'signal.raise_signal(signal.SIGINT); print(1)'
subprocess.run([sys.executable, '-I', '-S', '-c', script])
" {
        oracle::set_ignored(libc::SIGINT);
        let caught = SIGNALS.catch_unless_ignored(Signal::INT, handler)?;
        say(if caught.is_empty() && getsignal(Signal::INT)? == "ignore" { "True" } else { "False" });
        raise(Signal::INT)?;
        say(1);
    }
}
