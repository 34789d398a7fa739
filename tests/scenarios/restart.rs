//! siginterrupt(3): an action changed in one flag, and nothing else of it.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use crate::support::oracle::{self, RawAction};
use crate::support::state::SignalState;
use crate::support::{Scenario, in_child, recorder, scenarios};
use core::time::Duration;
use siglatch::action::{self, Disposition, SaFlags};
use siglatch::timer::IntervalTimer;
use siglatch::{Errno, Latch, SigSet, Signal};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::thread;

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        one_flag_is_changed,
        interrupted_read_fails_or_goes_on,
        latch_has_its_own_choice_again,
        every_disposition_has_the_flag,
        unchangeable_signals_are_refused,
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
        let (mut reader, mut writer) = io::pipe().expect("pipe");
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
