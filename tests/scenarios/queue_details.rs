//! The queue of details: what arrives is what the kernel told.

#![expect(unsafe_code, reason = "timers and descriptors are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::mem::MaybeUninit;
use siglatch::{Cause, ChildState, InfoQueue, SigInfo, Signal};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::process;
use support::names::{rt, us};
use support::{Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        sender_and_value_arrive,
        status_of_a_child_arrives,
        overrun_of_a_timer_arrives,
        events_of_a_descriptor_arrive,
    ]
}

/// The next instance, which a handler of C that was there before saw the same way.
#[track_caller]
fn pop_as_recorded<const N: usize>(queue: &InfoQueue<N>) -> SigInfo {
    let info = queue.pop().expect("an instance");
    assert_eq!(info, recorder::info().decoded());
    assert_eq!(queue.pop(), None);
    info
}

fn sender_and_value_arrive() {
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    let mut child = Child::start(|link| {
        recorder::install(libc::SIGUSR1);
        recorder::install(rt(3).as_raw());
        QUEUE.catch([Signal::USR1, rt(3)]).expect("catch");
        link.ready();
        QUEUE.wait(None).expect("wait");
        let info = pop_as_recorded(&QUEUE);
        let Cause::User { pid, uid } = info.cause() else { panic!("{info:?}") };
        assert_eq!(info.value(), None);
        link.say(&format!("{:?} of {pid}, {uid}", info.signal()));

        QUEUE.wait(None).expect("wait");
        let info = pop_as_recorded(&QUEUE);
        let Cause::Queue { pid, uid, value } = info.cause() else { panic!("{info:?}") };
        assert_eq!(info.value(), Some(value));
        link.say(&format!("{:?} of {pid}, {uid}: {}", info.signal(), value.as_int()));
    });
    // SAFETY: no argument, no effect.
    let uid = unsafe { libc::getuid() };
    child.await_ready();
    let third = child.kill_from_third(libc::SIGUSR1);
    child.expect(&format!("SIGUSR1 of {third}, {uid}"));
    child.queue(rt(3).as_raw(), -77);
    child.expect(&format!("SIGRTMIN+3 of {}, {uid}: -77", us()));
    child.wait().assert_exited(0);
}

fn status_of_a_child_arrives() {
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    in_child(|| {
        recorder::install(libc::SIGCHLD);
        QUEUE.catch(Signal::CHLD).expect("catch");
        for (body, expected) in [
            ((|| process::exit(7)) as fn(), ChildState::Exited(7)),
            (|| siglatch::exit::die_by(Signal::TERM), ChildState::Killed(Signal::TERM)),
        ] {
            let child = Child::start(|_| body());
            QUEUE.wait(None).expect("wait");
            let info = pop_as_recorded(&QUEUE);
            let Cause::Child { pid, state, .. } = info.cause() else { panic!("{info:?}") };
            assert_eq!((pid, state), (child.pid(), expected));
            drop(child.wait());
        }
    });
}

fn overrun_of_a_timer_arrives() {
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    in_child(|| {
        recorder::install(rt(1).as_raw());
        QUEUE.catch(rt(1)).expect("catch");
        // SAFETY: zero is a value of this plain C struct.
        let mut event: libc::sigevent = unsafe { core::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = rt(1).as_raw();
        event.sigev_value.sival_ptr = core::ptr::without_provenance_mut(0x1234);
        let mut timer = MaybeUninit::<libc::timer_t>::uninit();
        // SAFETY: the event is initialised, and there is a place for the answer.
        let made =
            unsafe { libc::timer_create(libc::CLOCK_REALTIME, &raw mut event, timer.as_mut_ptr()) };
        assert_eq!(made, 0, "{}", io::Error::last_os_error());
        // SAFETY: it was made.
        let timer = unsafe { timer.assume_init() };
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: there is a place for the answer.
        assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) }, 0);
        // It was due every hour, the first time three and a half hours ago.
        let start = libc::timespec { tv_sec: now.tv_sec.saturating_sub(3600 * 7 / 2), ..now };
        let every = libc::timespec { tv_sec: 3600, tv_nsec: 0 };
        let when = libc::itimerspec { it_interval: every, it_value: start };
        // SAFETY: the timer is ours, the time is initialised, the old one is not asked for.
        let set = unsafe {
            let none = core::ptr::null_mut();
            libc::timer_settime(timer, libc::TIMER_ABSTIME, &raw const when, none)
        };
        assert_eq!(set, 0, "{}", io::Error::last_os_error());
        QUEUE.wait(None).expect("wait");
        let info = pop_as_recorded(&QUEUE);
        let Cause::Timer { overrun, value, .. } = info.cause() else { panic!("{info:?}") };
        assert_eq!((overrun, value.as_addr()), (3, 0x1234));
        // SAFETY: the timer is ours.
        assert_eq!(overrun, unsafe { libc::timer_getoverrun(timer) });
    });
}

fn events_of_a_descriptor_arrive() {
    const F_SETSIG: i32 = 10;
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    in_child(|| {
        recorder::install(rt(2).as_raw());
        QUEUE.catch(rt(2)).expect("catch");
        let (ours, mut theirs) = UnixStream::pair().expect("socketpair");
        for (command, argument) in [
            (libc::F_SETOWN, us()),
            (F_SETSIG, rt(2).as_raw()),
            (libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK),
        ] {
            // SAFETY: the argument is an int, as the command demands.
            assert_eq!(unsafe { libc::fcntl(ours.as_raw_fd(), command, argument) }, 0);
        }
        theirs.write_all(b"x").expect("write");
        QUEUE.wait(None).expect("wait");
        let info = pop_as_recorded(&QUEUE);
        let Cause::Poll { band, fd } = info.cause() else { panic!("{info:?}") };
        assert_eq!(fd, ours.as_raw_fd());
        assert_ne!(band & isize::from(libc::POLLIN), 0, "{band:#x}");
    });
}
