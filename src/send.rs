//! Sending signals: raise(3), kill(2), tgkill(2), sigqueue(3).
//!
//! | to | plain | with a value |
//! |---|---|---|
//! | the calling thread | [`raise`] | |
//! | a process | [`kill`] | [`queue()`] |
//! | a thread | [`kill_thread`] | [`queue_thread`] |
//! | a process group | [`kill_group`], [`kill_own_group`] | |
//! | all that there is | [`kill_everything`] | |
//! | any of these, as a value: [`Target`] | [`kill`], [`probe`] | |
//!
//! A process's number may be another process's once the process has been waited for; a
//! [`PidFd`](crate::fd::PidFd) stays with the one it was opened for.
//!
//! # When signals do not get through
//!
//! A standard signal that is pending already is not sent a second time, and what came first keeps
//! its details. Instances of a real-time signal queue, up to `RLIMIT_SIGPENDING` for all processes
//! of the receiver's user. Past that limit:
//!
//! | | standard signal | real-time signal |
//! |---|---|---|
//! | [`kill`], [`kill_group`], [`kill_own_group`], [`kill_everything`] | sent as ever | sent without details, and not a second time while pending |
//! | all others | sent without details | `EAGAIN` |
//!
//! One without details looks as if process 0 of user 0 had called kill(2).
#![expect(unsafe_code, reason = "sends through the kernel's door")]

mod queue;

pub(crate) use queue::stamped;
pub use queue::{queue, queue_thread, resend};

use core::ffi::c_int;

use crate::sys::{self, KernelSigset};
use crate::{Errno, Pid, SigSet, Signal, Tid};

/// To whom a signal is sent: what kill(2) takes a number for, or one thread.
///
/// ```
/// use siglatch::send::{self, Target};
/// use siglatch::{Errno, Pid};
///
/// assert_eq!(send::probe(Target::OwnGroup), Ok(()));
/// assert_eq!(send::probe(Target::Group(Pid::from_raw(i32::MAX)?)), Err(Errno::SRCH));
/// # Ok::<(), Errno>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A process; a [`Pid`] becomes this.
    Process(Pid),
    /// One thread of a process.
    Thread(Pid, Tid),
    /// Every process of a group; see [`kill_group`].
    Group(Pid),
    /// Every process of the caller's own group; see [`kill_own_group`].
    OwnGroup,
    /// Every process but the caller and process 1; see [`kill_everything`].
    Everything,
}

impl From<Pid> for Target {
    fn from(pid: Pid) -> Self {
        Self::Process(pid)
    }
}

impl Target {
    /// Sends the signal of this number; 0 only asks.
    fn send(self, signo: c_int) -> Result<(), Errno> {
        let number = match self {
            Self::Process(pid) => pid.as_raw(),
            Self::Thread(pid, tid) => {
                // SAFETY: the code that installed the signal's action answers for it to run at any time, should
                // it reach this process.
                return unsafe { sys::tgkill(pid.as_raw(), tid.as_raw(), signo) };
            }
            // Its number means everybody.
            Self::Group(group) if group.as_raw() == 1 => return Err(Errno::INVAL),
            Self::Group(group) => group.as_raw().wrapping_neg(),
            Self::OwnGroup => 0,
            Self::Everything => -1,
        };
        // SAFETY: as above.
        unsafe { sys::kill(number, signo) }
    }
}

/// Sends `signal` to the calling thread: raise(3).
///
/// If the signal is not blocked, its action has been carried out when this returns; the default is
/// none where this is process 1 of a pid namespace. The cause that a handler sees is
/// [`Thread`](crate::Cause::Thread).
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached.
///
/// # Examples
///
/// ```
/// use siglatch::{Latch, Signal, send};
///
/// static USR1: Latch = Latch::new();
/// USR1.catch(Signal::USR1)?;
/// send::raise(Signal::USR1)?;
/// assert!(USR1.is_set());
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "raise_signal")]
pub fn raise(signal: Signal) -> Result<(), Errno> {
    // SAFETY: the code that installed the signal's action answers for it to run at any time.
    to_this_thread(|process, thread| unsafe { sys::tgkill(process, thread, signal.as_raw()) })
}

/// [`raise`] in our handler, where signals are blocked already.
pub(crate) fn raise_in_handler(signal: Signal) -> Result<(), Errno> {
    // SAFETY: as in `raise`.
    unsafe { sys::tgkill(sys::getpid(), sys::gettid(), signal.as_raw()) }
}

/// Calls `send` with the ids of this process and thread, for a signal that is delivered when this
/// returns.
///
/// Both are asked for each time: a copy would be another process's after fork(2). And no handler
/// runs meanwhile, for one that forks would leave its child with the ids of its parent.
fn to_this_thread(send: impl FnOnce(c_int, c_int) -> Result<(), Errno>) -> Result<(), Errno> {
    let all = KernelSigset::from_bits(!SigSet::SYNCHRONOUS.bits());
    // What is raised synchronously would end the process if it were blocked.
    //
    // SAFETY: until the mask is restored below, nothing runs here but three system calls.
    let mask = unsafe { sys::rt_sigprocmask(libc::SIG_BLOCK, Some(all)) }?;
    let sent = send(sys::getpid(), sys::gettid());
    // SAFETY: it was this thread's mask before.
    unsafe { sys::rt_sigprocmask(libc::SIG_SETMASK, Some(mask)) }.and(sent)
}

/// Sends `signal` to a process, or to another [`Target`]: kill(2).
///
/// Any thread of a process that does not block the signal may take it.
///
/// # Errors
///
/// `ESRCH`: there is no such process. `EPERM`: not allowed to send it there. For other targets, as
/// their own functions.
pub fn kill(target: impl Into<Target>, signal: Signal) -> Result<(), Errno> {
    target.into().send(signal.as_raw())
}

/// Asks whether a process, or another [`Target`], is there and may be sent signals: signal 0 of
/// kill(2).
///
/// # Errors
///
/// `ESRCH`: there is no such process. `EPERM`: there is, but signals may not be sent to it.
/// `EINVAL`: group 1, as for [`kill_group`].
pub fn probe(target: impl Into<Target>) -> Result<(), Errno> {
    target.into().send(0)
}

/// Sends `signal` to one thread of a process: tgkill(2), pthread_kill(3).
///
/// No other thread takes it, whatever this one blocks. The cause that a handler sees is
/// [`Thread`](crate::Cause::Thread).
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EPERM`: not allowed to send
/// it there. `ESRCH`: there is no such thread in that process.
///
/// # Examples
///
/// ```
/// use siglatch::{Latch, Pid, Signal, Tid, send};
///
/// static USR1: Latch = Latch::new();
/// USR1.catch(Signal::USR1)?;
/// let main = Tid::this();
/// std::thread::spawn(move || send::kill_thread(Pid::this(), main, Signal::USR1));
/// USR1.wait(None)?;
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "tgkill")]
#[doc(alias = "pthread_kill")]
pub fn kill_thread(pid: Pid, tid: Tid, signal: Signal) -> Result<(), Errno> {
    kill(Target::Thread(pid, tid), signal)
}

/// Sends `signal` to every process of the group `group`, which has the number of the process that
/// it was made for: killpg(3).
///
/// It is sent to those that may be sent to, and succeeds if there is one.
///
/// Group 1 is refused: to kill(2) its number, −1, means every process there is
/// ([`kill_everything`]), and killpg(3) does not tell the two apart. A member of that group has
/// [`kill_own_group`], and since Linux 6.9 there is
/// [`PidFd::send_to`](crate::fd::PidFd::send_to).
///
/// # Errors
///
/// `EINVAL`: group 1. `EPERM`: not allowed to send it to any of them. `ESRCH`: there is no such
/// group.
#[doc(alias = "killpg")]
pub fn kill_group(group: Pid, signal: Signal) -> Result<(), Errno> {
    kill(Target::Group(group), signal)
}

/// Sends `signal` to every process of the caller's own group, the caller included: `kill(0, …)`.
///
/// A shell with job control makes a group of each command line, so this reaches the rest of the
/// pipeline; started by a script or a supervisor, a process may share the group with them.
///
/// # Errors
///
/// None that Linux documents: a process may always send to itself.
pub fn kill_own_group(signal: Signal) -> Result<(), Errno> {
    kill(Target::OwnGroup, signal)
}

/// Sends `signal` to every process that the caller may send to, but not to itself and not to
/// process 1: `kill(-1, …)`.
///
/// For root that is the whole system, or the whole of its pid namespace (a container); for another
/// user all processes of that user: the session that the program was started from, editors,
/// daemons, all. It is what an init program does at the end: `SIGTERM` to everything, a while for
/// it to leave, `SIGKILL`.
///
/// That it was not allowed to send it to any of them is no error here: success does not say that
/// anybody got it.
///
/// # Errors
///
/// `ESRCH`: there is no other process.
pub fn kill_everything(signal: Signal) -> Result<(), Errno> {
    kill(Target::Everything, signal)
}
