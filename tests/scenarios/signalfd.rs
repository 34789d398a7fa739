//! Reading signals from a descriptor: in batches, which of them, and what goes wrong.

#![expect(unsafe_code, reason = "descriptors and limits are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::sync::atomic::{AtomicBool, Ordering};
use siglatch::fd::{Fd, SignalFd, SignalFdInfo};
use siglatch::{Errno, Pid, SigSet, SigVal, Signal, Tid, mask, send, sys};
use std::os::fd::{AsRawFd as _, IntoRawFd as _};
use std::{fs, thread};
use support::names::{rt, us};
use support::signalfd::{listen, read_one};
use support::state::SignalState;
use support::{self, Child, Scenario, in_child, oracle, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        as_few_reads_as_the_buffer_allows,
        records_are_in_the_kernels_order,
        set_changes_what_is_read,
        nonblocking_tells_that_there_is_none,
        blocking_read_waits,
        handler_of_another_signal_interrupts,
        signal_for_another_thread_is_not_read,
        forked_child_reads_its_own,
        descriptor_is_closed_by_exec_and_by_drop,
        bad_input_changes_nothing,
        descriptors_of_other_kinds_are_told,
        a_descriptor_of_other_code_is_taken_over,
    ]
}

/// How many calls of the read(2) kind this process has made, as the kernel counts them; none if it
/// does not.
fn reads() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("syscr: "))?;
    line.parse().ok()
}

/// How many that are while `work` is done, with those that it takes to look.
fn reads_in(work: impl FnOnce()) -> u64 {
    let before = reads().expect("a count");
    work();
    reads().and_then(|after| after.checked_sub(before)).expect("a count")
}

fn as_few_reads_as_the_buffer_allows() {
    const ROOM: usize = 64;
    if reads().is_none() {
        return support::skip("the kernel counts no reads");
    }
    in_child(|| {
        let fd = listen(rt(0));
        let mut buffer = [SignalFdInfo::new(); ROOM];
        for count in [1, 2, ROOM - 1, ROOM, ROOM + 1, 200, 10 * ROOM] {
            for value in 0..count {
                let value = SigVal::from_addr(value);
                send::queue(Pid::this(), rt(0), value).expect("queue");
            }
            let looking = reads_in(|| {});
            let mut expected = 0..count;
            let made = reads_in(|| {
                while !expected.is_empty() {
                    for record in fd.read(&mut buffer).expect("read") {
                        assert_eq!(record.value(), expected.next().map(SigVal::from_addr));
                    }
                }
            });
            let made = made.checked_sub(looking).expect("as many reads to look");
            assert_eq!(made, count.div_ceil(ROOM) as u64, "reads for {count} signals");
            assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        }
    });
}

fn records_are_in_the_kernels_order() {
    in_child(|| {
        let fd = listen(SigSet::full());
        for signal in [rt(5), Signal::TERM, rt(0), Signal::HUP, rt(5)] {
            send::kill(Pid::this(), signal).expect("kill");
        }
        send::raise(rt(9)).expect("raise");
        let mut buffer = [SignalFdInfo::new(); 8];
        let read = fd.read(&mut buffer).expect("read");
        let signals = read.iter().map(|record| record.signal().expect("a signal"));
        // The thread's own first; then by number.
        assert!(signals.eq([rt(9), Signal::HUP, Signal::TERM, rt(0), rt(5), rt(5)]));
    });
}

fn set_changes_what_is_read() {
    in_child(|| {
        mask::block([Signal::USR1, Signal::USR2]).expect("block");
        let fd = SignalFd::nonblocking(Signal::USR1).expect("signalfd");
        let mut buffer = [SignalFdInfo::new(); 4];
        send::raise(Signal::USR2).expect("raise");
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        assert_eq!(fd.set(Signal::USR2), Ok(()));
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR2));
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        assert_eq!(fd.set(SigSet::empty()), Ok(()));
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        assert_eq!(fd.set(SigSet::full()), Ok(()));
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR1));
        // It is still non-blocking.
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
    });
}

fn nonblocking_tells_that_there_is_none() {
    in_child(|| {
        let fd = listen(SigSet::full());
        let mut buffer = [SignalFdInfo::new(); 4];
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        assert_eq!(buffer, [SignalFdInfo::default(); 4]);
        assert_eq!(buffer[0].signal(), None);
    });
}

fn blocking_read_waits() {
    let mut child = Child::start(|link| {
        mask::block(Signal::USR1).expect("block");
        let fd = SignalFd::new(Signal::USR1).expect("signalfd");
        link.ready();
        let mut buffer = [SignalFdInfo::new(); 4];
        let senders = fd.read(&mut buffer).expect("read").iter().map(SignalFdInfo::sender);
        let [Some(sender)] = senders.collect::<Vec<_>>()[..] else { panic!("{buffer:?}") };
        link.say(&sender.to_string());
    });
    child.await_ready();
    child.kill(libc::SIGUSR1);
    child.expect(&us().to_string());
    child.wait().assert_exited(0);
}

fn handler_of_another_signal_interrupts() {
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        recorder::install(libc::SIGUSR1);
        mask::block(Signal::USR2).expect("block");
        let fd = SignalFd::new(Signal::USR2).expect("signalfd");
        let (process, reader) = (Pid::this(), Tid::this());
        // One that comes before the read has begun does not interrupt it, so it is sent until one
        // has.
        let sender = thread::spawn(move || {
            while !DONE.load(Ordering::Relaxed) {
                send::kill_thread(process, reader, Signal::USR1).expect("kill_thread");
                thread::yield_now();
            }
        });
        let mut buffer = [SignalFdInfo::new(); 4];
        assert_eq!(fd.read(&mut buffer), Err(Errno::INTR));
        DONE.store(true, Ordering::Relaxed);
        sender.join().expect("a thread that ends");
        assert_eq!(buffer, [SignalFdInfo::new(); 4]);
    });
}

fn signal_for_another_thread_is_not_read() {
    in_child(|| {
        let fd = listen([Signal::USR1, Signal::USR2]);
        send::raise(Signal::USR1).expect("raise");
        send::kill(Pid::this(), Signal::USR2).expect("kill");
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(read_one(&fd).signal(), Some(Signal::USR2));
                let mut buffer = [SignalFdInfo::new(); 4];
                assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
            });
        });
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR1));
    });
}

fn forked_child_reads_its_own() {
    in_child(|| {
        let fd = listen([Signal::USR1, Signal::USR2]);
        send::kill(Pid::this(), Signal::USR1).expect("kill");
        in_child(|| {
            let mut buffer = [SignalFdInfo::new(); 4];
            // What is pending is the parent's.
            assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
            send::kill(Pid::this(), Signal::USR2).expect("kill");
            assert_eq!(read_one(&fd).signal(), Some(Signal::USR2));
            // The set is in the file, which is one for both.
            assert_eq!(fd.set(SigSet::empty()), Ok(()));
        });
        let mut buffer = [SignalFdInfo::new(); 4];
        assert_eq!(fd.read(&mut buffer), Err(Errno::AGAIN));
        assert_eq!(fd.set(Signal::USR1), Ok(()));
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR1));
    });
}

/// The flags that fcntl(2) tells of a descriptor number; none if it is not open.
fn flags(number: i32, command: i32) -> Option<i32> {
    // SAFETY: both commands only ask.
    let flags = unsafe { libc::fcntl(number, command) };
    (flags != -1).then_some(flags)
}

fn descriptor_is_closed_by_exec_and_by_drop() {
    in_child(|| {
        let (waits, looks) = (SignalFd::new(Signal::USR1), SignalFd::nonblocking(Signal::USR1));
        let (waits, looks) = (waits.expect("signalfd"), looks.expect("signalfd"));
        for (fd, nonblock) in [(waits, 0), (looks, libc::O_NONBLOCK)] {
            let number = fd.as_raw();
            assert_eq!(flags(number, libc::F_GETFD), Some(libc::FD_CLOEXEC));
            let status = flags(number, libc::F_GETFL).expect("open");
            assert_eq!(status & libc::O_NONBLOCK, nonblock);
            drop(fd);
            assert_eq!(flags(number, libc::F_GETFD), None);
        }
        // Given away, it stays open.
        let fd = SignalFd::new(Signal::USR1).expect("signalfd").into_fd();
        let number = fd.as_raw();
        assert_eq!(fd.into_raw(), number);
        assert!(flags(number, libc::F_GETFD).is_some());
        // SAFETY: it is open, and nobody else's.
        drop(unsafe { siglatch::fd::Fd::from_raw(number) });
        assert_eq!(flags(number, libc::F_GETFD), None);
    });
}

/// The open descriptors of this process.
fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc is mounted").count()
}

fn bad_input_changes_nothing() {
    in_child(|| {
        let fd = listen(Signal::USR1);
        send::kill(Pid::this(), Signal::USR1).expect("kill");
        let (before, open) = (SignalState::now(), open_descriptors());

        for unreadable in [Signal::KILL, Signal::STOP] {
            let set = SigSet::from([Signal::USR2, unreadable]);
            assert_eq!(SignalFd::new(set).map(drop), Err(Errno::INVAL));
            assert_eq!(SignalFd::nonblocking(set).map(drop), Err(Errno::INVAL));
            assert_eq!(fd.set(set), Err(Errno::INVAL));
        }
        assert_eq!(fd.read(&mut []), Err(Errno::INVAL));
        assert_eq!(open_descriptors(), open);
        before.assert_unchanged("what is refused");

        let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit is initialised and only read; what is open stays open.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        assert_eq!(SignalFd::new(Signal::USR1).map(drop), Err(Errno::MFILE));

        // The set is the one from the beginning, and nothing was taken.
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR1));
    });
}

fn descriptors_of_other_kinds_are_told() {
    in_child(|| {
        mask::block(Signal::USR1).expect("block");
        let before = SignalState::now();
        let mut buffer = [SignalFdInfo::new(); 4];
        let (_reader, writer) = os_pipe::pipe().expect("pipe");
        let directory = fs::File::open("/").expect("a directory");
        let nothing = fs::File::open("/dev/null").expect("/dev/null");
        for (other, read) in [
            (writer.as_raw_fd(), Err(Errno::BADF)),
            (directory.as_raw_fd(), Err(Errno::from_raw(libc::EISDIR).expect("a number"))),
            (nothing.as_raw_fd(), Ok([].as_slice())),
        ] {
            // As if other code had closed the descriptor, and the number were another file's.
            let fd = SignalFd::nonblocking(Signal::USR1).expect("signalfd");
            // SAFETY: both numbers are descriptors, not memory.
            assert_eq!(unsafe { libc::dup2(other, fd.as_raw()) }, fd.as_raw());
            assert_eq!(fd.set(Signal::USR1), Err(Errno::INVAL));
            assert_eq!(fd.read(&mut buffer), read);
        }
        let fd = SignalFd::nonblocking(Signal::USR1).expect("signalfd");
        // SAFETY: the number is a descriptor, not memory.
        assert_eq!(unsafe { libc::close(fd.as_raw()) }, 0);
        assert_eq!(fd.set(Signal::USR1), Err(Errno::BADF));
        assert_eq!(fd.read(&mut buffer), Err(Errno::BADF));
        drop(fd);
        assert_eq!(buffer, [SignalFdInfo::new(); 4]);
        before.assert_unchanged("descriptors of other kinds");
    });
}

fn a_descriptor_of_other_code_is_taken_over() {
    in_child(|| {
        mask::block([Signal::USR1, Signal::USR2]).expect("block");
        // SAFETY: a new file, which nobody reads from yet.
        let raw = unsafe {
            let set = sys::KernelSigset::from_bits(oracle::bit(libc::SIGUSR1));
            sys::signalfd4(-1, set, libc::SFD_NONBLOCK)
        };
        let raw = raw.expect("signalfd");
        // SAFETY: the call has just made it.
        let fd = SignalFd::from(unsafe { Fd::from_raw(raw) });
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR1));
        assert_eq!(fd.set(Signal::USR2), Ok(()));
        send::raise(Signal::USR2).expect("raise");
        let fd = SignalFd::from(fd.into_fd());
        assert_eq!(read_one(&fd).signal(), Some(Signal::USR2));
        // One of another kind is told by `set`.
        let (reader, _writer) = os_pipe::pipe().expect("pipe");
        // SAFETY: nobody else closes it any more.
        let other = SignalFd::from(unsafe { Fd::from_raw(reader.into_raw_fd()) });
        assert_eq!(other.set(Signal::USR1), Err(Errno::INVAL));
    });
}
