//! Stop and continue: Ctrl-Z and `fg`.

#![expect(unsafe_code, reason = "makes process groups and sessions")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]

use siglatch::{Dispatcher, Errno, Latch, SigSet, Signal, mask, send, stop};
use std::io::{self, Read as _, Write as _};
use support::{Child, Scenario, Traced, in_child, oracle, scenarios, state};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        stops_by_the_signal_itself,
        action_and_mask_are_as_before,
        stops_once_for_two_instances,
        stops_once_wherever_another_comes,
        deferred_handler_stops_and_goes_on,
        stops_other_threads_too,
        orphaned_group_does_not_stop,
        sigstop_stops_there_too,
        what_does_not_stop_is_refused,
    ]
}

static LATCH: Latch = Latch::new();

const STOPS: [Signal; 3] = [Signal::TSTP, Signal::TTIN, Signal::TTOU];

/// A process group of its own, whose parent is in the session: there is somebody for `fg`.
fn own_group() {
    // SAFETY: no memory is passed.
    assert_eq!(unsafe { libc::setpgid(0, 0) }, 0, "{}", io::Error::last_os_error());
}

fn stop_by(signal: Signal) {
    assert_eq!(stop::stop_by(signal), Ok(()));
}

fn stops_by_the_signal_itself() {
    for signal in STOPS.into_iter().chain([Signal::STOP]) {
        let mut child = Child::start(|link| {
            own_group();
            if signal != Signal::STOP {
                LATCH.catch(signal).expect("catch");
            }
            link.ready();
            stop_by(signal);
            link.say("on");
            assert!(!LATCH.is_set(), "it was not delivered to the latch");
            stop_by(signal);
            link.say("on again");
        });
        child.await_ready();
        assert_eq!(child.stopped(), signal.as_raw());
        child.kill(libc::SIGCONT);
        child.expect("on");
        assert_eq!(child.stopped(), signal.as_raw());
        child.kill(libc::SIGCONT);
        child.expect("on again");
        child.wait().assert_exited(0);
    }
}

fn action_and_mask_are_as_before() {
    for blocked in [SigSet::empty(), Signal::TSTP.into(), [Signal::TSTP, Signal::USR1].into()] {
        let mut child = Child::start(|link| {
            own_group();
            LATCH.catch(Signal::TSTP).expect("catch");
            mask::set(blocked).expect("mask");
            let before = state::SignalState::now();
            link.ready();
            stop_by(Signal::TSTP);
            before.assert_unchanged("a stop");
            mask::set(SigSet::empty()).expect("mask");
            send::raise(Signal::TSTP).expect("raise");
            assert!(LATCH.take_signal(Signal::TSTP), "it is caught again");
        });
        child.await_ready();
        assert_eq!(child.stopped(), libc::SIGTSTP);
        child.kill(libc::SIGCONT);
        child.wait().assert_exited(0);
    }
}

/// One for the process and one for the thread, pending before: a shell would have to say `fg` twice.
fn stops_once_for_two_instances() {
    let mut child = Child::start(|link| {
        own_group();
        LATCH.catch(Signal::TSTP).expect("catch");
        mask::block(Signal::TSTP).expect("mask");
        send::kill(siglatch::Pid::this(), Signal::TSTP).expect("kill");
        send::raise(Signal::TSTP).expect("raise");
        link.ready();
        stop_by(Signal::TSTP);
        mask::unblock(Signal::TSTP).expect("mask");
        assert!(!LATCH.is_set(), "SIGCONT has removed what was pending");
        link.say("on");
        link.hear();
    });
    child.await_ready();
    assert_eq!(child.stopped(), libc::SIGTSTP);
    child.kill(libc::SIGCONT);
    child.expect("on");
    child.tell("end");
    child.wait().assert_exited(0);
}

/// Another at each of its system calls: to the latch, or together with its own.
fn stops_once_wherever_another_comes() {
    for calls in 0_u32.. {
        let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
        let mut child = Child::start(|link| {
            own_group();
            LATCH.catch(Signal::TSTP).expect("catch");
            link.ready();
            reader.read_exact(&mut [0]).expect("a byte");
            stop_by(Signal::TSTP);
        });
        child.await_ready();
        let traced = match Traced::attach(child.pid()) {
            Ok(traced) => traced,
            Err(error) => return support::skip(&format!("ptrace(2) is refused: {error}")),
        };
        writer.write_all(b"x").expect("a pipe with its reader");
        if (0..calls).any(|_| traced.go_on() == libc::SIGTSTP) {
            // It has come to its own, which it does not get.
            drop(traced);
            child.wait().assert_exited(0);
            assert!(calls > 10, "{calls} stops at calls only");
            break;
        }
        child.kill(libc::SIGTSTP);
        drop(traced);
        assert_eq!(child.stopped(), libc::SIGTSTP);
        child.kill(libc::SIGCONT);
        child.wait().assert_exited(0);
    }
}

fn deferred_handler_stops_and_goes_on() {
    static SIGNALS: Dispatcher = Dispatcher::new();
    let mut child = Child::start(|link| {
        own_group();
        SIGNALS.catch(Signal::TSTP, |_| stop_by(Signal::TSTP)).expect("catch");
        link.ready();
        for _ in 0..3 {
            SIGNALS.wait(None).expect("wait");
            assert_eq!(SIGNALS.dispatch(), 1);
            link.say("on");
        }
    });
    child.await_ready();
    for _ in 0..3 {
        child.kill(libc::SIGTSTP);
        assert_eq!(child.stopped(), libc::SIGTSTP);
        child.kill(libc::SIGCONT);
        child.expect("on");
    }
    child.wait().assert_exited(0);
}

fn stops_other_threads_too() {
    let mut child = Child::start(|link| {
        own_group();
        LATCH.catch(Signal::TSTP).expect("catch");
        std::thread::scope(|scope| {
            // Others block it, as a program with one thread for its signals does.
            let blocked = mask::MaskGuard::block(Signal::TSTP).expect("mask");
            scope.spawn(|| link.hear());
            drop(blocked);
            stop_by(Signal::TSTP);
        });
    });
    assert_eq!(child.stopped(), libc::SIGTSTP);
    child.tell("a word for a stopped thread");
    child.kill(libc::SIGCONT);
    child.wait().assert_exited(0);
}

/// Nobody could ever type `fg`: the kernel does not let it stop.
fn orphaned_group_does_not_stop() {
    let child = Child::start(|_| {
        // SAFETY: no memory is passed.
        assert_ne!(unsafe { libc::setsid() }, -1, "{}", io::Error::last_os_error());
        for signal in STOPS {
            LATCH.catch(signal).expect("catch");
            let before = state::SignalState::now();
            stop_by(signal);
            before.assert_unchanged("no stop");
            assert!(!LATCH.is_set());
        }
    });
    child.wait().assert_exited(0);
}

fn sigstop_stops_there_too() {
    let child = Child::start(|_| {
        // SAFETY: no memory is passed.
        assert_ne!(unsafe { libc::setsid() }, -1, "{}", io::Error::last_os_error());
        stop_by(Signal::STOP);
    });
    assert_eq!(child.stopped(), libc::SIGSTOP);
    child.kill(libc::SIGCONT);
    child.wait().assert_exited(0);
}

fn what_does_not_stop_is_refused() {
    in_child(|| {
        let before = state::SignalState::now();
        for signal in
            SigSet::full().without(Signal::TSTP).without(Signal::TTIN).without(Signal::TTOU)
        {
            assert_eq!(stop::stop_by(signal), Err(Errno::INVAL), "{signal}");
        }
        assert_eq!(stop::stop_by(Signal::KILL), Err(Errno::INVAL));
        before.assert_unchanged("refusals");
        assert_eq!(oracle::own_status().pending, 0);
    });
}
