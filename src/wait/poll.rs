//! [`poll()`](fn@poll): waiting for descriptors with another mask, ppoll(2).
#![expect(unsafe_code, reason = "waits by system calls")]

use core::fmt;
use core::slice;
use core::time::Duration;

use crate::flags::flags;
use crate::sys::{self, KernelPollfd, KernelSigset, KernelTimespec};
use crate::{Errno, SigSet, time};

flags! {
    /// What a descriptor is ready for: `POLL*` of poll(2).
    pub struct Events(i16);

    /// A read would not wait.
    IN = POLLIN "POLLIN";
    /// There is something exceptional, such as out-of-band data.
    PRI = POLLPRI "POLLPRI";
    /// A write would not wait.
    OUT = POLLOUT "POLLOUT";
    /// There is an error. Always reported, requested or not.
    ERR = POLLERR "POLLERR";
    /// The other side hung up. Always reported, requested or not.
    HUP = POLLHUP "POLLHUP";
    /// It is not an open descriptor. Always reported, requested or not.
    NVAL = POLLNVAL "POLLNVAL";
    /// The other side writes no more.
    RDHUP = POLLRDHUP "POLLRDHUP";
}

/// A descriptor to wait for in [`poll`], and what it is ready for: the layout of `struct pollfd`.
#[doc(alias = "pollfd")]
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PollFd(KernelPollfd);

impl PollFd {
    /// Waits for any of `events` on `fd`; a negative number is passed over.
    #[must_use]
    pub const fn new(fd: i32, events: Events) -> Self {
        Self(KernelPollfd { fd, events: events.0, revents: 0 })
    }

    /// Which descriptor.
    #[must_use]
    pub const fn fd(self) -> i32 {
        self.0.fd
    }

    /// What it waits for.
    #[must_use]
    pub const fn events(self) -> Events {
        Events(self.0.events)
    }

    /// What the last [`poll`] found it ready for.
    #[must_use]
    pub const fn revents(self) -> Events {
        Events(self.0.revents)
    }
}

impl fmt::Debug for PollFd {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFd")
            .field("fd", &self.fd())
            .field("events", &self.events())
            .field("revents", &self.revents())
            .finish()
    }
}

/// Sleeps until a descriptor is ready, a handler has run in this thread, or `timeout` is over
/// (`None`: no limit): ppoll(2). If there is a `mask`, it is the thread's mask meanwhile. Returns
/// how many descriptors are ready: 0 when the time is up.
///
/// Mask and sleep change atomically, as in [`suspend`](super::suspend). A loop that blocks its
/// signals except here sees each of them as an `EINTR` and never between two lines of its work:
///
/// ```
/// use siglatch::mask::MaskGuard;
/// use siglatch::wait::{Events, PollFd, poll};
/// use siglatch::{Errno, Latch, Signal, send};
/// # use std::os::fd::AsRawFd;
///
/// static STOP: Latch = Latch::new();
/// STOP.catch(Signal::TERM)?;
/// let blocked = MaskGuard::block(Signal::TERM)?;
/// let mask = blocked.previous().without(Signal::TERM); // a launcher may have left it blocked
/// # let (reader, _writer) = std::os::unix::net::UnixStream::pair().unwrap();
/// # let socket = reader.as_raw_fd();
/// # send::raise(Signal::TERM)?;
///
/// let mut fds = [PollFd::new(socket, Events::IN)];
/// while !STOP.is_set() {
///     match poll(&mut fds, None, Some(mask)) {
///         Ok(_) => println!("{:?}", fds[0].revents()),
///         Err(Errno::INTR) => {} // a handler ran: look at the flag
///         Err(errno) => return Err(errno),
///     }
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// Of a signal that the thread does not block otherwise, no `EINTR` is sure: its handler may run
/// just before the sleep, or between two of its parts, of which there are at least one a second if
/// there is a `timeout`.
///
/// The time is that of `CLOCK_MONOTONIC`, as for [`wait_timeout`](super::wait_timeout), but a stop
/// of the process may make it late: by a second at most, and by a millisecond if the stop ends well
/// before. No descriptor is read, written or closed; one not open is ready, for [`Events::NVAL`].
///
/// # Errors
///
/// `EINTR`: a handler has run. `EINVAL`: `SIGKILL` or `SIGSTOP` is in `mask`, or there are more
/// descriptors than `RLIMIT_NOFILE`. `ENOMEM`: no memory. No [`revents`](PollFd::revents) are set.
#[doc(alias = "ppoll")]
#[doc(alias = "pselect")]
#[inline]
pub fn poll(
    fds: &mut [PollFd],
    timeout: Option<Duration>,
    mask: Option<SigSet>,
) -> Result<usize, Errno> {
    // What the kernel does not get to is not what it found the last time.
    for fd in &mut *fds {
        fd.0.revents = 0;
    }
    if let Some(mask) = mask {
        mask.check_changeable()?;
    }
    let mask = mask.map(SigSet::to_kernel);
    let (start, count) = (fds.as_mut_ptr().cast::<KernelPollfd>(), fds.len());
    // SAFETY: a `PollFd` is a `KernelPollfd` and nothing else, and the slice is borrowed for the
    // time of the call.
    let fds = unsafe { slice::from_raw_parts_mut(start, count) };
    let end = timeout.map(time::deadline).transpose()?;
    poll_until(fds, end, mask)
}

/// [`poll()`] up to a point in time.
pub(crate) fn poll_until(
    fds: &mut [KernelPollfd],
    end: Option<KernelTimespec>,
    mask: Option<KernelSigset>,
) -> Result<usize, Errno> {
    loop {
        let left = end.map(time::left).transpose()?;
        let part = left.map(first_part);
        // SAFETY: a mask is for the program to choose, and no set of `SigSet` has a signal in it
        // that a C library keeps for itself.
        match unsafe { sys::ppoll(fds, part.clone().as_mut(), mask) } {
            Ok(0) if part != left => {}
            result => return result,
        }
    }
}

/// How long to sleep before the next look at the clock. After a stop the kernel resumes with what
/// was left before it, and no call for descriptors has a deadline: a stop prolongs one part.
fn first_part(left: KernelTimespec) -> KernelTimespec {
    const SECOND: KernelTimespec = KernelTimespec { seconds: 1, nanoseconds: 0 };
    const SHORT: i64 = 1_000_000;
    match left.nanoseconds {
        _ if left.seconds > 0 => SECOND,
        ..=SHORT => left,
        nanoseconds => {
            KernelTimespec { seconds: 0, nanoseconds: nanoseconds.wrapping_sub(nanoseconds / 32) }
        }
    }
}
