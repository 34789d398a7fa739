//! Real `siginfo_t`s of everything that sends signals, decoded: each field against the C library's
//! accessors, and against what the scenario knows.

#![expect(unsafe_code, reason = "has the kernel send signals, by C")]
#![expect(clippy::expect_used, clippy::panic, reason = "a refused call is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "times far from any limit")]

use core::mem;
use core::ptr;
use siglatch::{Cause, Pid, SigInfoTrust, SigVal, Signal};
use std::io;
use std::process;
use support::names::{uid, us};
use support::{self, Child, Scenario, in_child, oracle, scenarios, siginfo};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        kill_is_a_user,
        tgkill_is_a_thread,
        sigqueue_has_a_value,
        queued_instances_come_in_order,
        interval_timer_is_the_kernel,
        posix_timer_tells_its_overrun,
        descriptor_that_is_ready,
        descriptor_with_a_signal_that_has_codes_of_its_own,
        descriptor_without_a_chosen_signal,
        message_in_a_queue,
        made_up_code_is_only_claimed,
    ]
}

/// fcntl(2): which signal says that a descriptor is ready.
const F_SETSIG: i32 = 10;

/// The result of a C call that does not fail.
#[track_caller]
fn done<T: Into<i64>>(result: T) -> i64 {
    let result = result.into();
    assert!(result >= 0, "{}", io::Error::last_os_error());
    result
}

fn real_time() -> i32 {
    Signal::rt(5).expect("a real-time signal").as_raw()
}

fn kill_is_a_user() {
    for signo in [libc::SIGHUP, libc::SIGCHLD, libc::SIGFPE, real_time()] {
        let parent = us();
        let mut child = Child::start(|link| {
            oracle::block(signo);
            link.ready();
            let (raw, info) = siginfo::take_decoded(signo);
            assert_eq!(raw.code(), libc::SI_USER);
            assert_eq!(info.cause(), Cause::User { pid: raw.pid(), uid: raw.uid() });
            assert_eq!(info.cause(), Cause::User { pid: parent, uid: uid() });
            assert_eq!(
                (info.sender().map(Pid::as_raw), info.trust()),
                (Some(parent), SigInfoTrust::KernelStamped)
            );
        });
        child.await_ready();
        child.kill(signo);
        child.wait().assert_exited(0);
    }
}

fn tgkill_is_a_thread() {
    in_child(|| {
        for signo in [libc::SIGHUP, libc::SIGSEGV, real_time()] {
            oracle::block(signo);
            // SAFETY: the signal is blocked in this thread.
            done(unsafe { libc::raise(signo) });
            let (raw, info) = siginfo::take_decoded(signo);
            assert_eq!(raw.code(), libc::SI_TKILL);
            assert_eq!(info.cause(), Cause::Thread { pid: raw.pid(), uid: raw.uid() });
            assert_eq!(info.cause(), Cause::Thread { pid: us(), uid: uid() });
            assert_eq!(
                (info.sender().map(Pid::as_raw), info.trust()),
                (Some(us()), SigInfoTrust::KernelStamped)
            );
        }
    });
}

fn sigqueue_has_a_value() {
    in_child(|| {
        for signo in [libc::SIGHUP, libc::SIGCHLD, libc::SIGSYS, real_time()] {
            oracle::block(signo);
            for bits in
                [0, 1, 42, usize::MAX, 1 << 31, usize::MAX - 41, 0x1234_5678_9abc_def0_u64 as usize]
            {
                siginfo::queue_to_self(signo, bits);
                let (raw, info) = siginfo::take_decoded(signo);
                assert_eq!(raw.code(), libc::SI_QUEUE);
                let Cause::Queue { pid, uid: owner, value } = info.cause() else {
                    panic!("{info:?}");
                };
                assert_eq!((pid, owner), (raw.pid(), raw.uid()));
                assert_eq!((pid, owner), (us(), uid()));
                assert_eq!((value.as_addr(), value.as_int()), (raw.value_ptr(), raw.value_int()));
                assert_eq!(value, SigVal::from_addr(bits));
                assert_eq!(
                    (info.sender().map(Pid::as_raw), info.trust()),
                    (Some(us()), SigInfoTrust::Claimed)
                );
            }
        }
    });
}

fn queued_instances_come_in_order() {
    let mut child = Child::start(|link| {
        oracle::block(real_time());
        link.ready();
        assert_eq!(link.hear(), "queued");
        for wanted in [-1, 0, i32::MAX, i32::MIN, 7] {
            let (raw, info) = siginfo::take_decoded(real_time());
            let Cause::Queue { pid, value, .. } = info.cause() else { panic!("{info:?}") };
            assert_eq!((value.as_int(), raw.value_int()), (wanted, wanted));
            link.say(&pid.to_string());
        }
    });
    child.await_ready();
    for value in [-1, 0, i32::MAX, i32::MIN, 7] {
        child.queue(real_time(), value);
    }
    child.tell("queued");
    for _ in 0..5 {
        child.expect(&us().to_string());
    }
    child.wait().assert_exited(0);
}

fn interval_timer_is_the_kernel() {
    in_child(|| {
        oracle::block(libc::SIGALRM);
        // SAFETY: zero is a value of this plain C struct.
        let mut soon: libc::itimerval = unsafe { mem::zeroed() };
        soon.it_value.tv_usec = 1;
        // SAFETY: the time is initialised and only read; the old one is not asked for.
        let result =
            unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const soon, ptr::null_mut()) };
        done(result);
        let (raw, info) = siginfo::take_decoded(libc::SIGALRM);
        assert_eq!(raw.code(), 0x80, "SI_KERNEL");
        assert_eq!((info.cause(), info.trust()), (Cause::Kernel, SigInfoTrust::Kernel));
        assert_eq!(info.sender(), None);
    });
}

fn posix_timer_tells_its_overrun() {
    in_child(|| {
        oracle::block(real_time());
        // A second timer, so that the id is not 0.
        let value = 0x1122_3344_5566_7788_u64 as usize;
        let (_first, id) = (new_timer(value), new_timer(value));
        // SAFETY: zero is a value of this plain C struct.
        let mut now: libc::timespec = unsafe { mem::zeroed() };
        // SAFETY: there is a place for the time.
        done(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) });
        // Once a second from ten seconds ago on.
        let times = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 1, tv_nsec: 0 },
            it_value: libc::timespec { tv_sec: now.tv_sec - 10, ..now },
        };
        let none = ptr::null_mut::<libc::itimerspec>();
        // SAFETY: the times are initialised and only read; the old ones are not asked for.
        let result = unsafe {
            let times = &raw const times;
            libc::syscall(libc::SYS_timer_settime, id, libc::TIMER_ABSTIME, times, none)
        };
        done(result);
        let (raw, info) = siginfo::take_decoded(real_time());
        assert_eq!(raw.code(), libc::SI_TIMER);
        // SAFETY: integers only.
        let overrun = done(unsafe { libc::syscall(libc::SYS_timer_getoverrun, id) });
        let Cause::Timer { id: told, overrun: counted, value: sent } = info.cause() else {
            panic!("{info:?}");
        };
        assert_eq!((told, i64::from(counted)), (id, overrun));
        assert!((10..20).contains(&counted), "{counted}");
        assert_ne!(id, 0);
        assert_eq!((sent, sent.as_addr()), (SigVal::from_addr(value), raw.value_ptr()));
        assert_eq!((info.sender(), info.trust()), (None, SigInfoTrust::Claimed));
    });
}

/// Makes a timer of the kernel that sends a real-time signal with a value, and gives its id.
#[track_caller]
fn new_timer(value: usize) -> i32 {
    let event = notification(value);
    let mut id = -1_i32;
    // SAFETY: the event is initialised and only read, and there is a place for the kernel's id.
    let result = unsafe {
        let event = &raw const event;
        libc::syscall(libc::SYS_timer_create, libc::CLOCK_REALTIME, event, &raw mut id)
    };
    done(result);
    id
}

/// "Send the real-time signal with this value."
fn notification(value: usize) -> libc::sigevent {
    // SAFETY: zero is a value of this plain C struct.
    let mut event: libc::sigevent = unsafe { mem::zeroed() };
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = real_time();
    event.sigev_value.sival_ptr = ptr::without_provenance_mut(value);
    event
}

/// A pipe whose reading end has the kernel send `signo`, or the usual SIGIO for 0.
#[track_caller]
fn pipe_with_signal(signo: i32) -> [i32; 2] {
    let mut ends = [0_i32; 2];
    // SAFETY: there is room for the two descriptors.
    done(unsafe { libc::pipe(ends.as_mut_ptr()) });
    let [out, _] = ends;
    // SAFETY: these take integers.
    done(unsafe { libc::fcntl(out, libc::F_SETOWN, us()) });
    // SAFETY: the same.
    done(unsafe { libc::fcntl(out, F_SETSIG, signo) });
    // SAFETY: the same.
    done(unsafe { libc::fcntl(out, libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK) });
    ends
}

/// Writes one byte.
#[track_caller]
fn write(fd: i32) {
    // SAFETY: one byte is read from a constant.
    assert_eq!(unsafe { libc::write(fd, b"x".as_ptr().cast(), 1) }, 1);
}

fn descriptor_that_is_ready() {
    const READABLE: isize = (libc::POLLIN | libc::POLLRDNORM) as isize;
    in_child(|| {
        for signo in [libc::SIGIO, libc::SIGUSR1, real_time()] {
            oracle::block(signo);
            let [out, into] = pipe_with_signal(signo);
            write(into);
            let (raw, info) = siginfo::take_decoded(signo);
            assert_eq!(raw.code(), 1, "POLL_IN");
            assert_eq!(info.cause(), Cause::Poll { band: READABLE, fd: out });
            assert_eq!((info.sender(), info.trust()), (None, SigInfoTrust::Kernel));
        }
    });
}

fn descriptor_with_a_signal_that_has_codes_of_its_own() {
    const READABLE: isize = (libc::POLLIN | libc::POLLRDNORM) as isize;
    in_child(|| {
        for signo in [libc::SIGCHLD, libc::SIGSEGV, libc::SIGBUS, libc::SIGSYS] {
            oracle::block(signo);
            let [out, into] = pipe_with_signal(signo);
            write(into);
            let (raw, info) = siginfo::take_decoded(signo);
            assert_eq!(raw.code(), -5, "SI_SIGIO");
            assert_eq!(info.cause(), Cause::Poll { band: READABLE, fd: out });
        }
    });
}

fn descriptor_without_a_chosen_signal() {
    in_child(|| {
        oracle::block(libc::SIGIO);
        let [_, into] = pipe_with_signal(0);
        write(into);
        let (raw, info) = siginfo::take_decoded(libc::SIGIO);
        assert_eq!((raw.code(), info.cause()), (0x80, Cause::Kernel));
    });
}

fn message_in_a_queue() {
    let name = format!("/message-in-a-queue-{}\0", process::id());
    // SAFETY: the name ends with a zero; the mode is what `O_CREAT` asks for, and no attributes.
    let queue = unsafe {
        let flags = libc::O_CREAT | libc::O_RDWR | libc::O_CLOEXEC;
        let none = ptr::null_mut::<libc::mq_attr>();
        libc::mq_open(name.as_ptr().cast(), flags, 0o600, none)
    };
    if queue == -1 {
        return support::skip(&format!("mq_open: {}", io::Error::last_os_error()));
    }
    // SAFETY: the name ends with a zero.
    done(unsafe { libc::mq_unlink(name.as_ptr().cast()) });
    let mut child = Child::start(|link| {
        oracle::block(real_time());
        let event = notification(0x1234);
        // SAFETY: the event is initialised and only read.
        let result = unsafe { libc::syscall(libc::SYS_mq_notify, queue, &raw const event) };
        done(result);
        link.ready();
        let (raw, info) = siginfo::take_decoded(real_time());
        assert_eq!(raw.code(), libc::SI_MESGQ);
        let Cause::MessageQueue { pid, uid: owner, value } = info.cause() else {
            panic!("{info:?}");
        };
        assert_eq!((pid, owner, value.as_addr()), (raw.pid(), raw.uid(), raw.value_ptr()));
        assert_eq!((owner, value), (uid(), SigVal::from_addr(0x1234)));
        assert_eq!(info.trust(), SigInfoTrust::Claimed);
        link.say(&pid.to_string());
    });
    child.await_ready();
    // SAFETY: the message is as long as is told.
    done(unsafe { libc::mq_send(queue, c"hello".as_ptr(), 5, 0) });
    child.expect(&us().to_string());
    child.wait().assert_exited(0);
    // SAFETY: nobody else has this descriptor.
    done(unsafe { libc::mq_close(queue) });
}

fn made_up_code_is_only_claimed() {
    in_child(|| {
        oracle::block(real_time());
        for code in [libc::SI_ASYNCIO, -60, -100, i32::MIN] {
            let mut bytes = [0_u8; siginfo::SIZE];
            let padding = [0; size_of::<usize>() / 4 - 1];
            let fields = [real_time(), 0, code].into_iter().chain(padding).chain([4321, 8765]);
            let fields = fields.flat_map(i32::to_ne_bytes);
            for (to, from) in bytes.iter_mut().zip(fields.chain(0x77_usize.to_ne_bytes())) {
                *to = from;
            }
            // SAFETY: the kernel reads the 128 bytes. The signal is blocked.
            let result = unsafe {
                let (signo, bytes) = (real_time(), bytes.as_ptr());
                libc::syscall(libc::SYS_rt_sigqueueinfo, us(), signo, bytes)
            };
            done(result);
            let (raw, info) = siginfo::take_decoded(real_time());
            let (pid, uid, value) = (raw.pid(), raw.uid(), SigVal::from_addr(raw.value_ptr()));
            assert_eq!((pid, uid, value.as_addr()), (4321, 8765, 0x77));
            let wanted = match code {
                libc::SI_ASYNCIO => Cause::AsyncIo { pid, uid, value },
                _ => Cause::Other { pid, uid, value },
            };
            assert_eq!((info.cause(), info.trust()), (wanted, SigInfoTrust::Claimed));
        }
    });
}
