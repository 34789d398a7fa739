//! Descriptors to be written to: Python's contract for `set_wakeup_fd`, and eventfds in poll loops.

#![expect(unsafe_code, reason = "hands descriptors to a handler")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::needless_for_each, reason = "one line for what is one thought")]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use os_pipe::{PipeReader, PipeWriter};
use siglatch::fd::{EventFd, OnceEventFd};
use siglatch::{Errno, InfoQueue, Latch, SigSet, Signal, send};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::thread;
use support::{Scenario, in_child, recorder, rounds, scenarios, steps, thread as threads};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        nonblocking_is_demanded,
        what_is_not_open_is_refused,
        bytes_are_the_numbers_in_order,
        sockets_do_too,
        old_one_is_handed_back,
        taken_away_is_written_to_no_more,
        full_pipe_is_counted,
        burst_is_one_write,
        closed_one_is_counted,
        broken_pipe_is_not_written_to_for_its_own_sigpipe,
        pending_flags_write_at_once,
        event_is_readable_until_cleared,
        event_that_counts_no_further_is_no_miss,
        poll_loop_on_an_event_misses_nothing,
        two_latches_write_to_one,
        event_of_a_static_is_opened_once,
        event_of_a_static_tells_why_it_is_not_open,
        event_of_a_static_is_of_the_process_that_opened_it,
        changing_it_amid_a_storm_misses_nothing,
        write_that_is_interrupted_is_made_again,
    ]
}

/// A pipe that neither end blocks at.
fn pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = os_pipe::pipe().expect("pipe");
    for number in [reader.as_raw_fd(), writer.as_raw_fd()] {
        // SAFETY: the argument is an int, as the command demands.
        assert_eq!(unsafe { libc::fcntl(number, libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    }
    (reader, writer)
}

/// All that is there to be read: more than a pipe holds. In one call, for a storm has no end.
fn bytes(mut from: impl io::Read) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 20];
    let length = from.read(&mut bytes).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// Has the latch write to an open descriptor, or to none.
fn set(latch: &Latch, fd: Option<i32>) -> Result<Option<i32>, Errno> {
    // SAFETY: the callers keep it open until it is taken away, or stay away from its number.
    unsafe { latch.set_wake_fd(fd) }
}

fn raise(signal: Signal) {
    send::raise(signal).expect("raise");
}

fn nonblocking_is_demanded() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        let (_reader, blocking) = os_pipe::pipe().expect("pipe");
        assert_eq!(set(&LATCH, Some(blocking.as_raw_fd())), Err(Errno::INVAL));
        assert_eq!(LATCH.wake_fd(), None);
        let (reader, writer) = pipe();
        assert_eq!(set(&LATCH, Some(writer.as_raw_fd())), Ok(None));
        // On an error, the old one stays.
        assert_eq!(set(&LATCH, Some(blocking.as_raw_fd())), Err(Errno::INVAL));
        assert_eq!(LATCH.wake_fd(), Some(writer.as_raw_fd()));
        LATCH.catch(Signal::USR1).expect("catch");
        raise(Signal::USR1);
        assert_eq!(bytes(&reader), [10]);
    });
}

fn what_is_not_open_is_refused() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        for number in [-1, i32::MIN, i32::MAX, 9_999] {
            assert_eq!(set(&LATCH, Some(number)), Err(Errno::BADF));
        }
        assert_eq!(LATCH.wake_fd(), None);
        assert_eq!(set(&LATCH, None), Ok(None));
    });
}

fn bytes_are_the_numbers_in_order() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        let (reader, writer) = pipe();
        set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
        let highest = Signal::from_raw(64).expect("a real-time signal");
        LATCH.catch([Signal::HUP, Signal::USR2, highest]).expect("catch");
        let sent = [highest, Signal::HUP, Signal::USR2, Signal::USR2, Signal::HUP];
        sent.into_iter().for_each(raise);
        // A byte a signal, not a byte a flag.
        let numbers = sent.map(|signal| u8::try_from(signal.as_raw()).expect("a small number"));
        assert_eq!(bytes(&reader), numbers);
        assert_eq!(LATCH.missed_wakes(), 0);
        raise(Signal::HUP);
        assert_eq!(bytes(&reader), [1]);
    });
}

fn sockets_do_too() {
    static QUEUE: InfoQueue<4> = InfoQueue::new();
    in_child(|| {
        let (ours, theirs) = UnixStream::pair().expect("socketpair");
        ours.set_nonblocking(true).expect("fcntl");
        theirs.set_nonblocking(true).expect("fcntl");
        // SAFETY: it stays open until the process ends.
        let set = unsafe { QUEUE.set_wake_fd(Some(theirs.as_raw_fd())) };
        assert_eq!(set, Ok(None));
        QUEUE.catch([Signal::USR1, Signal::TERM]).expect("catch");
        raise(Signal::TERM);
        raise(Signal::USR1);
        assert_eq!(bytes(&ours), [15, 10]);
        assert_eq!(QUEUE.drain().count(), 2);
    });
}

fn old_one_is_handed_back() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let ((first, to_first), (second, to_second)) = (pipe(), pipe());
        assert_eq!(set(&LATCH, Some(to_first.as_raw_fd())), Ok(None));
        raise(Signal::USR1);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(set(&LATCH, Some(to_second.as_raw_fd())), Ok(Some(to_first.as_raw_fd())));
        raise(Signal::USR1);
        assert_eq!((bytes(&first), bytes(&second)), (vec![10], vec![10]));
        assert!(LATCH.take_signal(Signal::USR1));
        // The same once more is no change.
        assert_eq!(set(&LATCH, Some(to_second.as_raw_fd())), Ok(Some(to_second.as_raw_fd())));
        assert_eq!(set(&LATCH, None), Ok(Some(to_second.as_raw_fd())));
        assert_eq!(set(&LATCH, None), Ok(None));
    });
}

fn taken_away_is_written_to_no_more() {
    static LATCH: Latch = Latch::new();
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let storm = [(); 2].map(|()| {
            thread::spawn(|| {
                while !DONE.load(SeqCst) {
                    raise(Signal::USR1);
                }
            })
        });
        for _ in steps(0..100) {
            let (reader, writer) = pipe();
            set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
            while bytes(&reader).is_empty() {}
            assert_eq!(set(&LATCH, None), Ok(Some(writer.as_raw_fd())));
            // No handler on any thread is about to write.
            bytes(&reader);
            for _ in 0..10 {
                raise(Signal::USR1);
                thread::yield_now();
            }
            assert_eq!(bytes(&reader), [0_u8; 0]);
        }
        DONE.store(true, SeqCst);
        storm.into_iter().for_each(|thread| thread.join().expect("a thread that ends"));
    });
}

fn full_pipe_is_counted() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch([Signal::USR1, Signal::USR2]).expect("catch");
        let (reader, writer) = pipe();
        // As small as it can be.
        // SAFETY: integers only.
        assert_ne!(unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 1) }, -1);
        set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
        let mut written = 0_usize;
        while LATCH.missed_wakes() == 0 {
            raise(Signal::USR1);
            written = written.saturating_add(1);
        }
        assert!(LATCH.take_signal(Signal::USR1));
        for missed in 2..10 {
            raise(Signal::USR2);
            assert!(LATCH.take_signal(Signal::USR2));
            assert_eq!(LATCH.missed_wakes(), missed);
        }
        assert_eq!(bytes(&reader).len().checked_add(1), Some(written));
        raise(Signal::USR2);
        assert_eq!(bytes(&reader), [12]);
        assert_eq!(LATCH.missed_wakes(), 9);
    });
}

fn burst_is_one_write() {
    static LATCH: Latch = Latch::new();
    static OTHER: Latch = Latch::new();
    in_child(|| {
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        for latch in [&LATCH, &OTHER] {
            latch.wake_through(event).expect("wake_through");
            latch.catch([Signal::USR1, Signal::USR2]).expect("catch");
        }
        for burst in 1..4 {
            for _ in 0..100 {
                raise(Signal::USR1);
                raise(Signal::USR2);
            }
            let mut info = String::new();
            let path = format!("/proc/self/fdinfo/{}", event.as_raw());
            let mut file = std::fs::File::open(path).expect("what the kernel knows of it");
            file.read_to_string(&mut info).expect("text");
            let written = info.lines().find_map(|line| line.strip_prefix("eventfd-count:"));
            assert_eq!(written.map(str::trim), Some("1"), "burst {burst}");
            assert!(event.clear());
            assert!(!event.clear());
            assert!(LATCH.take_signal(Signal::USR1) && OTHER.take_signal(Signal::USR2));
        }
        assert_eq!((LATCH.missed_wakes(), OTHER.missed_wakes()), (0, 0));
    });
}

fn closed_one_is_counted() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch([Signal::USR1]).expect("catch");
        let (reader, writer) = pipe();
        let number = writer.as_raw_fd();
        set(&LATCH, Some(number)).expect("set_wake_fd");
        // Nobody reads: EPIPE, and a SIGPIPE that Rust's runtime has ignored.
        drop(reader);
        raise(Signal::USR1);
        assert_eq!(LATCH.missed_wakes(), 1);
        drop(writer);
        raise(Signal::USR1);
        assert_eq!(LATCH.missed_wakes(), 2);
        assert!(LATCH.take_signal(Signal::USR1));
        assert_eq!(set(&LATCH, None), Ok(Some(number)));
        raise(Signal::USR1);
        assert_eq!(LATCH.missed_wakes(), 2);
    });
}

/// Each write to it sends another SIGPIPE: a handler that wrote for that would never come to an end.
fn broken_pipe_is_not_written_to_for_its_own_sigpipe() {
    static FULL: Latch = Latch::new();
    static NARROW: Latch = Latch::new().mask(SigSet::empty());
    for latch in [&FULL, &NARROW] {
        in_child(|| {
            latch.catch([Signal::USR1, Signal::PIPE]).expect("catch");
            let (reader, writer) = pipe();
            set(latch, Some(writer.as_raw_fd())).expect("set_wake_fd");
            raise(Signal::PIPE);
            assert_eq!(bytes(&reader), [13]);
            assert_eq!(latch.take(), Signal::PIPE.into());
            drop(reader);
            for missed in [2..=3, 4..=5] {
                // Tried for SIGUSR1; the SIGPIPE that comes of it has its flag, too.
                raise(Signal::USR1);
                assert_eq!(latch.take(), [Signal::USR1, Signal::PIPE].into());
                assert!(missed.contains(&latch.missed_wakes()), "{}", latch.missed_wakes());
            }
            // The next descriptor is written to for each.
            let (reader, writer) = pipe();
            assert!(set(latch, Some(writer.as_raw_fd())).is_ok());
            raise(Signal::PIPE);
            assert_eq!(bytes(&reader), [13]);
        });
    }
}

fn pending_flags_write_at_once() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch([Signal::USR1, Signal::USR2]).expect("catch");
        raise(Signal::USR2);
        let (reader, writer) = pipe();
        set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
        assert_eq!(bytes(&reader), [12]);
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        LATCH.wake_through(event).expect("wake_through");
        assert!(event.clear());
        assert!(LATCH.take_signal(Signal::USR2));
        LATCH.wake_through(event).expect("wake_through");
        assert!(!event.clear());
    });
}

fn event_is_readable_until_cleared() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        LATCH.wake_through(event).expect("wake_through");
        assert_eq!(LATCH.wake_fd(), Some(event.as_raw()));
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { libc::fcntl(event.as_raw(), libc::F_GETFD) }, libc::FD_CLOEXEC);
        for _ in 0..3 {
            assert!(!readable(event.as_raw(), 0));
            raise(Signal::USR1);
            raise(Signal::USR1);
            assert!(readable(event.as_raw(), 0));
            assert!(event.clear());
            assert!(!event.clear());
            assert!(LATCH.take_signal(Signal::USR1));
        }
        assert_eq!(LATCH.missed_wakes(), 0);
        let (reader, writer) = pipe();
        assert_eq!(set(&LATCH, Some(writer.as_raw_fd())), Ok(Some(event.as_raw())));
        raise(Signal::USR1);
        assert_eq!(bytes(&reader), [10]);
        assert!(!event.clear());
    });
}

/// Other code has written to it all that it can hold.
fn event_that_counts_no_further_is_no_miss() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        LATCH.wake_through(event).expect("wake_through");
        let most = (u64::MAX - 1).to_ne_bytes();
        // SAFETY: the bytes are there for their length, and only read.
        let written = unsafe { libc::write(event.as_raw(), most.as_ptr().cast(), most.len()) };
        assert_eq!(written, 8);
        raise(Signal::USR1);
        assert_eq!(LATCH.missed_wakes(), 0, "it is readable");
        assert!(event.clear());
        raise(Signal::USR1);
        assert!(event.clear());
    });
}

/// By poll(2): within `limit` milliseconds; -1 has none.
fn readable(number: i32, limit: i32) -> bool {
    let mut poll = libc::pollfd { fd: number, events: libc::POLLIN, revents: 0 };
    loop {
        // SAFETY: there is one entry, and it is initialised.
        match unsafe { libc::poll(&raw mut poll, 1, limit) } {
            -1 => assert_eq!(io::Error::last_os_error().kind(), io::ErrorKind::Interrupted),
            found => return found == 1,
        }
    }
}

fn poll_loop_on_an_event_misses_nothing() {
    const ROUNDS: u32 = 10_000;
    static LATCH: Latch = Latch::new();
    static SEEN: AtomicU32 = AtomicU32::new(0);
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        LATCH.wake_through(event).expect("wake_through");
        // Each signal is sent once the one before was seen: a wake-up that is missed stops both.
        let sender = thread::spawn(|| {
            for round in 0..ROUNDS {
                while SEEN.load(SeqCst) < round {
                    thread::yield_now();
                }
                raise(Signal::USR1);
            }
        });
        while SEEN.load(SeqCst) < ROUNDS {
            assert!(readable(event.as_raw(), -1));
            event.clear();
            if LATCH.take_signal(Signal::USR1) {
                SEEN.fetch_add(1, SeqCst);
            }
        }
        sender.join().expect("a thread that ends");
    });
}

fn two_latches_write_to_one() {
    static FIRST: Latch = Latch::new();
    static SECOND: Latch = Latch::new();
    in_child(|| {
        let (reader, writer) = pipe();
        for latch in [&FIRST, &SECOND] {
            latch.catch(Signal::USR1).expect("catch");
            set(latch, Some(writer.as_raw_fd())).expect("set_wake_fd");
        }
        raise(Signal::USR1);
        assert_eq!(bytes(&reader), [10, 10]);
        set(&FIRST, None).expect("set_wake_fd");
        raise(Signal::USR1);
        assert_eq!(bytes(&reader), [10]);
        assert!(FIRST.is_set() && SECOND.is_set());
    });
}

/// Code that sets a descriptor hears of what came before, and of what comes after.
fn changing_it_amid_a_storm_misses_nothing() {
    static LATCH: Latch = Latch::new();
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        LATCH.catch(Signal::USR1).expect("catch");
        let pipes = [pipe(), pipe()];
        let sender = thread::spawn(|| {
            for sent in 1.. {
                raise(Signal::USR1);
                while TAKEN.load(SeqCst) < sent {
                    if DONE.load(SeqCst) {
                        return;
                    }
                    thread::yield_now();
                }
            }
        });
        let mut both = pipes.iter().cycle();
        for _ in rounds(500, 4_000) {
            let (reader, writer) = both.next().expect("a cycle");
            set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
            assert!(readable(reader.as_raw_fd(), -1));
            let mut byte = [0];
            (&*reader).read_exact(&mut byte).expect("a byte");
            assert_eq!(byte, [10]);
            bytes(reader);
            if LATCH.take_signal(Signal::USR1) {
                TAKEN.fetch_add(1, SeqCst);
            }
        }
        assert!(TAKEN.load(SeqCst) > 100, "few signals came");
        DONE.store(true, SeqCst);
        sender.join().expect("a thread that ends");
        assert_eq!(LATCH.missed_wakes(), 0);
    });
}

/// The descriptor blocks after all, and another handler interrupts the write(2) of ours.
fn write_that_is_interrupted_is_made_again() {
    static LATCH: Latch = Latch::new().mask(SigSet::empty());
    in_child(|| {
        let (mut reader, mut writer) = pipe();
        LATCH.catch(Signal::USR1).expect("catch");
        set(&LATCH, Some(writer.as_raw_fd())).expect("set_wake_fd");
        while writer.write(&[0]).is_ok() {}
        // SAFETY: the argument is an int, as the command demands.
        assert_eq!(unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, 0) }, 0);
        recorder::install(libc::SIGUSR2);
        thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let writes = scope.spawn(move || {
                tell.send(recorder::gettid()).expect("somebody to tell");
                raise(Signal::USR1);
            });
            let tid = told.recv().expect("a thread id");
            threads::await_sleep(tid, libc::SYS_write);
            threads::kill(tid, libc::SIGUSR2);
            while recorder::count() == 0 {
                thread::yield_now();
            }
            // Room for it, which comes by whole pages.
            // SAFETY: no memory is passed.
            let size = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_GETPIPE_SZ) };
            let mut half = vec![0; usize::try_from(size).expect("a size") / 2];
            reader.read_exact(&mut half).expect("it was full");
            writes.join().expect("a thread that ends");
        });
        assert_eq!(bytes(&reader).last(), Some(&(libc::SIGUSR1 as u8)));
        assert_eq!(LATCH.missed_wakes(), 0);
    });
}

/// How many descriptors this process has open.
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd").count()
}

fn event_of_a_static_is_opened_once() {
    static EVENTS: [OnceEventFd; 16] = [const { OnceEventFd::new() }; 16];
    static READY: AtomicU32 = AtomicU32::new(0);
    in_child(|| {
        let before = open_descriptors();
        let open_all = || {
            // Side by side, so that some of them meet.
            READY.fetch_add(1, SeqCst);
            while READY.load(SeqCst) < 4 {
                thread::yield_now();
            }
            EVENTS.each_ref().map(|event| event.open().expect("open").as_raw())
        };
        let numbers = thread::scope(|scope| {
            [(); 4].map(|()| scope.spawn(open_all)).map(|thread| thread.join().expect("join"))
        });
        assert!(numbers.iter().all(|one| *one == numbers[0]));
        assert_eq!(open_descriptors().checked_sub(before), Some(EVENTS.len()));
    });
}

fn event_of_a_static_tells_why_it_is_not_open() {
    static LATCH: Latch = Latch::new();
    static EVENT: OnceEventFd = OnceEventFd::new();
    in_child(|| {
        let limited = |soft| {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: it is written to `limit`.
            assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
            let old = core::mem::replace(&mut limit.rlim_cur, soft);
            // SAFETY: it is read from `limit`.
            assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
            old
        };
        let before = limited(0);
        assert_eq!(EVENT.open().map(EventFd::as_raw), Err(Errno::MFILE));
        limited(before);
        let event = EVENT.open().expect("there is room again");
        assert_eq!(LATCH.wake_through(event), Ok(()));
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        raise(Signal::USR1);
        assert!(event.clear());
    });
}

fn event_of_a_static_is_of_the_process_that_opened_it() {
    static OPENED: OnceEventFd = OnceEventFd::new();
    static UNOPENED: OnceEventFd = OnceEventFd::new();
    in_child(|| {
        OPENED.open().expect("open");
        in_child(|| {
            assert_eq!(OPENED.open().map(EventFd::as_raw), Err(Errno::INVAL));
            assert!(UNOPENED.open().is_ok());
        });
        assert!(UNOPENED.open().is_ok());
    });
}
