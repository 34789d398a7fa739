//! Wake-ups and fork(2): a signal to the child wakes nobody in the parent.

#![expect(unsafe_code, reason = "forks, and hands over descriptors")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::arithmetic_side_effects, reason = "small counts")]

use os_pipe::PipeReader;
use siglatch::fd::EventFd;
use siglatch::{Latch, Pid, Signal, send};
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use support::names::pid;
use support::window::{assert_fine, event, fork, run};
use support::{Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        signals_to_the_child_wake_the_parent_0_times,
        so_they_do_without_a_window,
        child_has_a_wake_fd_of_its_own,
        child_takes_no_wake_up_away,
    ]
}

fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

static WATCHED: Latch = Latch::new();
static WATCHED_BY_BYTE: Latch = Latch::new();

/// Both kinds of descriptors, and a futex.
struct Woken {
    event: &'static EventFd,
    pipe: PipeReader,
}

impl Woken {
    fn listen() -> Self {
        let event = event();
        let (pipe, writer) = os_pipe::pipe().expect("pipe");
        for fd in [pipe.as_raw_fd(), writer.as_raw_fd()] {
            // SAFETY: no memory is passed.
            assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) }, 0);
        }
        WATCHED.catch(Signal::USR1).expect("catch");
        WATCHED.wake_through(event).expect("wake_through");
        WATCHED_BY_BYTE.catch(Signal::USR1).expect("catch");
        // SAFETY: it stays open until the process ends.
        let set = unsafe { WATCHED_BY_BYTE.set_wake_fd(Some(writer.as_raw_fd())) };
        assert_eq!(set, Ok(None));
        core::mem::forget(writer);
        Self { event, pipe }
    }

    /// How often since the last time, as far as it can be told.
    fn take(&mut self) -> usize {
        let bytes = self.pipe.read(&mut [0; 4096]).unwrap_or(0);
        bytes + usize::from(self.event.clear())
    }
}

/// Sends a thousand signals to a child that says each that it has taken.
#[track_caller]
fn assert_thousand_are_the_childs_alone(
    woken: &mut Woken,
    fork: impl FnOnce(Box<dyn FnOnce()>) -> Pid,
) {
    const SIGNALS: usize = 1_000;
    let (mut from_child, mut to_parent) = os_pipe::pipe().expect("pipe");
    let child = fork(Box::new(move || {
        to_parent.write_all(b"r").expect("the parent listens");
        for _ in 0..SIGNALS {
            assert_eq!(WATCHED.wait(None), Ok(true));
            assert_eq!(WATCHED.take(), Signal::USR1.into());
            assert!(WATCHED_BY_BYTE.take_signal(Signal::USR1));
            to_parent.write_all(b"t").expect("the parent listens");
        }
    }));
    let mut word = [0];
    from_child.read_exact(&mut word).expect("the child says that it is ready");
    let mut wakes = woken.take();
    for _ in 0..SIGNALS {
        send::kill(child, Signal::USR1).expect("kill");
        from_child.read_exact(&mut word).expect("the child says that it has taken it");
        wakes += woken.take();
        assert!(!WATCHED.is_set() && !WATCHED_BY_BYTE.is_set());
    }
    assert_eq!(wakes, 0, "wake-ups of the parent");
    assert_fine(child);
    assert_eq!(woken.take(), 0);
    // It is there to be woken.
    raise(Signal::USR1);
    assert_eq!(woken.take(), 2);
}

fn signals_to_the_child_wake_the_parent_0_times() {
    in_child(|| {
        let mut woken = Woken::listen();
        assert_thousand_are_the_childs_alone(&mut woken, |body| fork(body));
    });
}

fn so_they_do_without_a_window() {
    in_child(|| {
        let mut woken = Woken::listen();
        assert_thousand_are_the_childs_alone(&mut woken, |body| {
            // SAFETY: this process has one thread.
            match unsafe { libc::fork() } {
                0 => run(body),
                child => pid(child),
            }
        });
    });
}

fn child_has_a_wake_fd_of_its_own() {
    in_child(|| {
        let mut woken = Woken::listen();
        assert_fine(fork(|| {
            let own = event();
            WATCHED.wake_through(own).expect("wake_through");
            raise(Signal::USR1);
            assert!(own.clear());
        }));
        assert_eq!(woken.take(), 0);
    });
}

/// It has the parent's descriptor open, and the parent would wait for ever.
fn child_takes_no_wake_up_away() {
    in_child(|| {
        let mut woken = Woken::listen();
        raise(Signal::USR1);
        let event = woken.event;
        assert_fine(fork(|| assert!(!event.clear())));
        assert_eq!(woken.take(), 2);
    });
}
