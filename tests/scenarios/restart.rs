//! siginterrupt(3): an action changed in one flag, and nothing else of it.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use core::time::Duration;
use os_pipe::PipeWriter;
use siglatch::action::{self, Disposition, SaFlags};
use siglatch::timer::IntervalTimer;
use siglatch::{Errno, Latch, Pid, SigSet, Signal, Tid, send};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use support::oracle::{self, RawAction};
use support::state::SignalState;
use support::thread::is_asleep;
use support::{Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        one_flag_is_changed,
        interrupted_read_fails_or_goes_on,
        latch_has_its_own_choice_again,
        every_disposition_has_the_flag,
        unchangeable_signals_are_refused,
        std_hands_it_on_or_calls_again,
    ]
}

const RESTART: u64 = libc::SA_RESTART as u64;

fn one_flag_is_changed() {
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        let plain = oracle::raw_action(libc::SIGUSR1);
        assert_eq!(plain.flags & RESTART, 0);
        let restarting = RawAction { flags: plain.flags | RESTART, ..plain };
        for (restart, before, now) in
            [(true, false, restarting), (true, true, restarting), (false, true, plain)]
        {
            assert_eq!(action::set_restart(Signal::USR1, restart), Ok(before));
            assert_eq!(oracle::raw_action(libc::SIGUSR1), now);
        }
    });
}

fn interrupted_read_fails_or_goes_on() {
    in_child(|| {
        recorder::install(libc::SIGALRM);
        let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
        let often = Duration::from_millis(1);

        action::set_restart(Signal::ALRM, false).expect("set_restart");
        IntervalTimer::Real.set(often, often).expect("setitimer");
        let read = reader.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(read, Err(ErrorKind::Interrupted));

        action::set_restart(Signal::ALRM, true).expect("set_restart");
        let seen = recorder::count();
        let helper = thread::spawn(move || {
            siglatch::mask::block(SigSet::full()).expect("block");
            while recorder::count() < seen.saturating_add(10) {
                thread::yield_now();
            }
            writer.write_all(b"x").expect("write");
        });
        assert_eq!(reader.read(&mut [0]).map_err(|error| error.kind()), Ok(1));
        helper.join().expect("the helper");
    });
}

fn latch_has_its_own_choice_again() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        let restarts =
            || action::query(Signal::USR1).map(|now| now.flags().contains(SaFlags::RESTART));
        LATCH.catch(Signal::USR1).expect("catch");
        assert_eq!(restarts(), Ok(true));
        assert_eq!(action::set_restart(Signal::USR1, false), Ok(true));
        assert_eq!(restarts(), Ok(false));
        siglatch::send::raise(Signal::USR1).expect("raise");
        assert!(LATCH.take_signal(Signal::USR1));
        LATCH.catch(Signal::USR1).expect("catch");
        assert_eq!(restarts(), Ok(true));
        // It is still the latch's handler that is taken away.
        action::set_restart(Signal::USR1, false).expect("set_restart");
        LATCH.release(Signal::USR1).expect("release");
        let now = action::query(Signal::USR1).expect("query");
        assert_eq!(now.disposition(), Disposition::Default);
    });
}

fn every_disposition_has_the_flag() {
    in_child(|| {
        oracle::set_ignored(libc::SIGQUIT);
        for signal in SigSet::full() {
            let before = oracle::raw_action(signal.as_raw());
            let was = before.flags & RESTART != 0;
            assert_eq!(action::set_restart(signal, !was), Ok(was), "{signal}");
            let wanted = RawAction { flags: before.flags ^ RESTART, ..before };
            assert_eq!(oracle::raw_action(signal.as_raw()), wanted, "{signal}");
        }
    });
}

fn unchangeable_signals_are_refused() {
    in_child(|| {
        let before = SignalState::now();
        for signal in [Signal::KILL, Signal::STOP] {
            for restart in [true, false] {
                assert_eq!(action::set_restart(signal, restart), Err(Errno::INVAL));
                before.assert_unchanged("set_restart");
            }
        }
    });
}

/// What `Latch::restart` says of the standard library, call by call: each is interrupted often, and then
/// gets what it waits for.
fn std_hands_it_on_or_calls_again() {
    static LATCH: Latch = Latch::new().restart(false);
    fn interrupted(call: impl FnOnce() -> io::Result<()>, finish: impl FnOnce() + Send) -> bool {
        let this = Tid::this();
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                // Until the call is back, or enough have come in its sleep to show that it calls again.
                let mut sent = 0..40;
                while told.recv_timeout(Duration::from_millis(5)).is_err() {
                    if !is_asleep(this.as_raw()) {
                        continue;
                    }
                    if sent.next().is_none() {
                        return finish();
                    }
                    send::kill_thread(Pid::this(), this, Signal::USR1).expect("tgkill");
                }
            });
            let result = call();
            // Nobody listens if it took all of them.
            _ = tell.send(());
            let kind = result.err().map(|error| error.kind());
            assert!(matches!(kind, None | Some(ErrorKind::Interrupted)), "{kind:?}");
            kind.is_some()
        })
    }
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let pipe = || os_pipe::pipe().expect("pipe");
        let line = |mut writer: PipeWriter| writer.write_all(b"a line\n").expect("write");

        let (mut reader, writer) = pipe();
        assert!(interrupted(|| reader.read(&mut [0]).map(drop), || line(writer)), "read");
        let (reader, writer) = pipe();
        let mut reader = BufReader::new(reader);
        assert!(interrupted(|| reader.fill_buf().map(drop), || line(writer)), "fill_buf");
        let (mut reader, mut writer) = pipe();
        let full = vec![0; 1 << 20];
        let drain = || reader.read_exact(&mut vec![0; 1 << 20]).expect("read");
        assert!(
            interrupted(
                || {
                    let _as_much_as_fits = writer.write(&full)?;
                    writer.write(&full).map(drop)
                },
                drain
            ),
            "write"
        );
        let (socket, other) = UnixDatagram::pair().expect("socketpair");
        let send = || _ = other.send(b"x").expect("send");
        assert!(interrupted(|| socket.recv(&mut [0]).map(drop), send), "recv");

        let (reader, writer) = pipe();
        let mut reader = BufReader::new(reader);
        let mut text = String::new();
        assert!(
            !interrupted(|| reader.read_line(&mut text).map(drop), || line(writer)),
            "read_line"
        );
        let (mut reader, writer) = pipe();
        assert!(!interrupted(|| reader.read_exact(&mut [0; 3]), || line(writer)), "read_exact");
        let (mut reader, writer) = pipe();
        let to_end = || reader.read_to_end(&mut Vec::new()).map(drop);
        assert!(!interrupted(to_end, || line(writer)), "read_to_end");
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("an address");
        let connect = || _ = TcpStream::connect(address).expect("connect");
        assert!(!interrupted(|| listener.accept().map(drop), connect), "accept");
        let mut child = Command::new("sleep").arg("0.1").spawn().expect("sleep");
        assert!(!interrupted(|| child.wait().map(drop), || ()), "wait");
        let sleep = || {
            thread::sleep(Duration::from_millis(50));
            Ok(())
        };
        assert!(!interrupted(sleep, || ()), "sleep");
    });
}
