//! set_wakeup_fd.

use crate::row::{SIGNALS, attempt, handler, none, raise, rows, rtmax, say};
use os_pipe::{PipeReader, PipeWriter};
use siglatch::{Errno, Latch, Signal, send};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};

static LATCH: Latch = Latch::new();

/// A pipe whose ends do not block.
fn pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = os_pipe::pipe().expect("a pipe");
    for fd in [reader.as_raw_fd(), writer.as_raw_fd()] {
        // SAFETY: the call takes integers here.
        assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    }
    (reader, writer)
}

/// The descriptor stays open as long as the process.
fn watch(fd: RawFd) -> Result<Option<RawFd>, Errno> {
    // SAFETY: it is a pipe of the scenario's, which is not closed before the process ends.
    unsafe { LATCH.set_wake_fd((fd != -1).then_some(fd)) }
}

/// What came, as Python prints a list.
fn bytes(mut reader: &PipeReader) -> String {
    let mut bytes = [0; 64];
    match reader.read(&mut bytes) {
        Ok(count) => format!("{:?}", bytes.get(..count).unwrap_or_default()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn catch(signals: &[Signal]) -> Result<(), Errno> {
    LATCH.catch(signals)?;
    Ok(SIGNALS.catch(signals, handler)?)
}

fn fill(mut writer: &PipeWriter) {
    for size in [4096, 1] {
        while writer.write(&vec![0; size]).is_ok() {}
    }
}

rows! {
    set_wakeup_fd_returns_the_old_one
    "
r, w = os.pipe2(os.O_NONBLOCK)
r2, w2 = os.pipe2(os.O_NONBLOCK)
for fd in [w, w2, w2, -1, -1, w]:
    old = set_wakeup_fd(fd)
    say({w: 'first', w2: 'second'}.get(old, old))
" {
        let (first, second) = (pipe(), pipe());
        let (one, two) = (first.1.as_raw_fd(), second.1.as_raw_fd());
        for fd in [one, two, two, -1, -1, one] {
            match watch(fd)? {
                Some(old) if old == one => say("first"),
                Some(old) if old == two => say("second"),
                old => say(old.unwrap_or(-1)),
            }
        }
        watch(-1)?;
    }

    wakeup_bytes_in_order_of_arrival
    "
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
for one in [SIGUSR2, SIGHUP, SIGUSR1, SIGUSR1, SIGRTMAX]:
    signal(one, handler)
for one in [SIGUSR2, SIGHUP, SIGUSR1, SIGUSR1, SIGRTMAX]:
    raise_signal(one)
say(list(os.read(r, 64)))
" {
        let (reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        let last = rtmax();
        catch(&[Signal::USR2, Signal::HUP, Signal::USR1, last])?;
        for signal in [Signal::USR2, Signal::HUP, Signal::USR1, Signal::USR1, last] {
            raise(signal)?;
        }
        say(bytes(&reader));
        watch(-1)?;
    }

    wakeup_bytes_of_pending_ones
    "
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
for one in [SIGUSR1, SIGUSR2]:
    signal(one, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1, SIGUSR2])
raise_signal(SIGUSR1)
raise_signal(SIGUSR2)
raise_signal(SIGUSR1)
pthread_sigmask(SIG_UNBLOCK, [SIGUSR1, SIGUSR2])
say(sorted(os.read(r, 64)))
" {
        let (reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        catch(&[Signal::USR1, Signal::USR2])?;
        siglatch::mask::block([Signal::USR1, Signal::USR2])?;
        for signal in [Signal::USR1, Signal::USR2, Signal::USR1] {
            send::raise(signal)?;
        }
        siglatch::mask::unblock([Signal::USR1, Signal::USR2])?;
        SIGNALS.dispatch();
        say(bytes(&reader));
        watch(-1)?;
    }

    minus_one_takes_it_away
    "
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
set_wakeup_fd(-1)
signal(SIGUSR1, handler)
raise_signal(SIGUSR1)
try:
    say(list(os.read(r, 64)))
except BlockingIOError:
    say('nothing')
" {
        let (reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        watch(-1)?;
        catch(&[Signal::USR1])?;
        raise(Signal::USR1)?;
        say(bytes(&reader));
    }

    ignored_ones_write_nothing
    "
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
signal(SIGUSR1, SIG_IGN)
raise_signal(SIGUSR1)
try:
    say(list(os.read(r, 64)))
except BlockingIOError:
    say('nothing')
" {
        let (reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        siglatch::action::ignore(Signal::USR1)?;
        raise(Signal::USR1)?;
        say(bytes(&reader));
    }

    blocking_one_is_refused
    "
r, w = os.pipe()
attempt(lambda: set_wakeup_fd(w))
say(set_wakeup_fd(-1))
" {
        let (_reader, writer) = os_pipe::pipe().expect("a pipe");
        none(watch(writer.as_raw_fd()));
        say(watch(-1)?.unwrap_or(-1));
    }

    closed_one_is_refused
    "
attempt(lambda: set_wakeup_fd(999))
attempt(lambda: set_wakeup_fd(-5))
say(set_wakeup_fd(-1))
" {
        none(watch(999));
        none(watch(-5));
        say(watch(-1)?.unwrap_or(-1));
    }

    refused_one_leaves_the_old
    "
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
attempt(lambda: set_wakeup_fd(999))
say(set_wakeup_fd(-1) == w)
" {
        let (_reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        none(watch(999));
        say(if watch(-1)? == Some(writer.as_raw_fd()) { "True" } else { "False" });
    }

    full_one_is_told
    "
r, w = os.pipe2(os.O_NONBLOCK)
for size in [4096, 1]:
    try:
        while True:
            os.write(w, bytes(size))
    except BlockingIOError:
        pass
set_wakeup_fd(w)
signal(SIGUSR1, handler)
errors, stderr = os.pipe2(os.O_NONBLOCK)
os.dup2(stderr, 2)
raise_signal(SIGUSR1)
say('told' if os.read(errors, 4096) else 'untold')
" {
        let (_reader, writer) = pipe();
        fill(&writer);
        watch(writer.as_raw_fd())?;
        catch(&[Signal::USR1])?;
        raise(Signal::USR1)?;
        say(if LATCH.missed_wakes() == 1 { "told" } else { "untold" });
        watch(-1)?;
    }

    full_one_untold_if_not_wanted
    "
r, w = os.pipe2(os.O_NONBLOCK)
for size in [4096, 1]:
    try:
        while True:
            os.write(w, bytes(size))
    except BlockingIOError:
        pass
set_wakeup_fd(w, warn_on_full_buffer=False)
signal(SIGUSR1, handler)
raise_signal(SIGUSR1)
say('missed: nobody knows')
" {
        let (_reader, writer) = pipe();
        fill(&writer);
        watch(writer.as_raw_fd())?;
        catch(&[Signal::USR1])?;
        raise(Signal::USR1)?;
        say(format!("missed: {}", LATCH.missed_wakes()));
        watch(-1)?;
    }
    => "handler 10\nmissed: nobody knows" "handler 10\nmissed: 1"
        "a counter disturbs nobody who does not look"

    set_after_a_signal_came
    "
signal(SIGUSR1, handler)
raise_signal(SIGUSR1)
r, w = os.pipe2(os.O_NONBLOCK)
set_wakeup_fd(w)
try:
    say(len(os.read(r, 64)))
except BlockingIOError:
    say('nothing')
" {
        catch(&[Signal::USR1])?;
        raise(Signal::USR1)?;
        let (reader, writer) = pipe();
        watch(writer.as_raw_fd())?;
        attempt(Ok(if bytes(&reader) == "nothing" { "nothing" } else { "1" }));
        watch(-1)?;
    }
    => "handler 10\nnothing" "handler 10\n1"
        "the latch's flag has not been taken: who sleeps on the descriptor is to hear of it"
}
