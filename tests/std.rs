//! Feature `std`: the standard library's types and ours become each other, and every descriptor has
//! one owner at a time.

#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(unsafe_code, reason = "asks the kernel about descriptors, and closes one by number")]

use core::error::Error;
use siglatch::fd::{EventFd, Fd, PidFd, SignalFd};
use siglatch::wait::{Events, PollFd, poll};
use siglatch::{Errno, Latch, Pid, SigSet, Signal, mask, send};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, IntoRawFd, OwnedFd, RawFd};
use std::process::ExitCode;
use support::{in_child, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![
        errno_becomes_an_io_error,
        question_mark_converts,
        owner_changes_from_ours_to_theirs,
        owner_changes_from_theirs_to_ours,
        event_gives_itself_away,
        signalfd_gives_itself_away,
        pidfd_gives_itself_away,
        raw_is_for_the_caller_to_close,
        lent_is_not_closed,
        lent_event_wakes,
    ])
}

/// Whether a descriptor of this number is open.
fn is_open(number: RawFd) -> bool {
    // SAFETY: the command has no argument, and changes nothing.
    unsafe { libc::fcntl(number, libc::F_GETFD) != -1 }
}

/// What an owner of a descriptor gives away is closed when the new one is dropped, and no sooner.
/// `give` gets the number's owner and makes another of it.
#[track_caller]
fn one_owner_at_a_time<A: AsRawFd, B: AsRawFd>(owner: A, give: impl FnOnce(A) -> B) {
    let number = owner.as_raw_fd();
    assert!(is_open(number));
    let heir = give(owner);
    assert_eq!(heir.as_raw_fd(), number, "the number stays");
    assert!(is_open(number), "the old owner does not close it");
    drop(heir);
    assert!(!is_open(number), "the new owner does");
}

/// An open descriptor, of the kind that costs least.
fn ours() -> Fd {
    EventFd::new().expect("eventfd").into_fd()
}

fn errno_becomes_an_io_error() {
    for raw in 1..=4095 {
        let errno = Errno::from_raw(raw).expect("an errno");
        assert_eq!(io::Error::from(errno).raw_os_error(), Some(raw));
    }
    assert_eq!(io::Error::from(Errno::INTR).kind(), ErrorKind::Interrupted);
    assert_eq!(io::Error::from(Errno::AGAIN).kind(), ErrorKind::WouldBlock);
    assert_eq!(io::Error::from(Errno::TIMEDOUT).kind(), ErrorKind::TimedOut);
    assert_eq!(io::Error::from(Errno::PERM).kind(), ErrorKind::PermissionDenied);
}

fn question_mark_converts() {
    fn in_io() -> io::Result<Signal> {
        Ok(Signal::from_raw(0)?)
    }
    fn in_a_box() -> Result<Signal, Box<dyn Error + Send + Sync>> {
        Ok(Signal::from_raw(0)?)
    }
    assert_eq!(in_io().err().and_then(|error| error.raw_os_error()), Some(libc::EINVAL));
    let error = in_a_box().expect_err("there is no signal 0");
    assert_eq!(error.downcast_ref::<Errno>(), Some(&Errno::INVAL));
}

fn owner_changes_from_ours_to_theirs() {
    in_child(|| one_owner_at_a_time(ours(), OwnedFd::from));
}

fn owner_changes_from_theirs_to_ours() {
    in_child(|| {
        let (reader, mut writer) = os_pipe::pipe().expect("pipe");
        one_owner_at_a_time(OwnedFd::from(reader), Fd::from);
        assert_eq!(writer.write(&[0]).map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
        // There and back.
        one_owner_at_a_time(OwnedFd::from(writer), |theirs| OwnedFd::from(Fd::from(theirs)));
    });
}

fn event_gives_itself_away() {
    in_child(|| {
        let event = EventFd::new().expect("eventfd");
        one_owner_at_a_time(event, |event| {
            let mut file = File::from(OwnedFd::from(event));
            file.write_all(&7_u64.to_ne_bytes()).expect("an eventfd takes 8 bytes");
            let mut count = [0; 8];
            file.read_exact(&mut count).expect("an eventfd gives 8 bytes");
            assert_eq!(u64::from_ne_bytes(count), 7);
            file
        });
        one_owner_at_a_time(EventFd::new().expect("eventfd"), EventFd::into_fd);
    });
}

fn signalfd_gives_itself_away() {
    in_child(|| {
        mask::block(Signal::USR1).expect("rt_sigprocmask");
        let signals = SignalFd::nonblocking(Signal::USR1).expect("signalfd");
        one_owner_at_a_time(signals, |signals| {
            let mut file = File::from(OwnedFd::from(signals));
            send::raise(Signal::USR1).expect("raise");
            let mut record = [0; 128];
            file.read_exact(&mut record).expect("a record");
            assert_eq!(record.first_chunk(), Some(&libc::SIGUSR1.to_ne_bytes()));
            file
        });
    });
}

fn pidfd_gives_itself_away() {
    in_child(|| {
        let this = PidFd::open(Pid::this()).expect("pidfd_open");
        one_owner_at_a_time(this, OwnedFd::from);
    });
}

fn raw_is_for_the_caller_to_close() {
    /// Takes charge of a number that nobody else closes.
    #[track_caller]
    fn take<T: AsRawFd + IntoRawFd>(owner: T) {
        one_owner_at_a_time(owner, |owner| {
            let number = owner.into_raw_fd();
            // SAFETY: it is open, and the owner has given it up.
            unsafe { OwnedFd::from_raw_fd(number) }
        });
    }
    in_child(|| {
        take(ours());
        take(EventFd::new().expect("eventfd"));
        take(SignalFd::new(Signal::USR1).expect("signalfd"));
        take(PidFd::open(Pid::this()).expect("pidfd_open"));
    });
}

fn lent_is_not_closed() {
    /// Lends it, copies what was lent, and closes the copy.
    #[track_caller]
    fn lend<T: AsFd + AsRawFd>(owner: &T) {
        let lent: BorrowedFd<'_> = owner.as_fd();
        assert_eq!(lent.as_raw_fd(), owner.as_raw_fd());
        let copy = lent.try_clone_to_owned().expect("dup");
        assert_ne!(copy.as_raw_fd(), owner.as_raw_fd());
        drop(copy);
        assert!(is_open(owner.as_raw_fd()));
    }
    in_child(|| {
        lend(&ours());
        lend(&EventFd::new().expect("eventfd"));
        lend(&SignalFd::new(SigSet::empty()).expect("signalfd"));
        lend(&PidFd::open(Pid::this()).expect("pidfd_open"));
    });
}

/// As an event loop does that keeps what it watches by its borrow.
fn lent_event_wakes() {
    static LATCH: Latch = Latch::new();
    in_child(|| {
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        let watched: BorrowedFd<'static> = event.as_fd();
        LATCH.wake_through(event).expect("wake_through");
        LATCH.catch(Signal::USR1).expect("catch");
        send::raise(Signal::USR1).expect("raise");
        let mut fds = [PollFd::new(watched.as_raw_fd(), Events::IN)];
        assert_eq!(poll(&mut fds, None, Some(SigSet::empty())), Ok(1));
    });
}
