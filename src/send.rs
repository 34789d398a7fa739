//! Sending signals: raise(3), kill(2), tgkill(2), sigqueue(3).
//!
//! | to | plain | with a value |
//! |---|---|---|
//! | the calling thread | [`raise`] | |
//! | a process | [`kill`] | [`queue()`] |
//! | a thread | [`kill_thread`] | [`queue_thread`] |
//! | a process group | [`kill_group`], [`kill_own_group`] | |
//! | all processes | [`kill_everything`] | |
//! | any of these, as a value: [`Target`] | [`kill`], [`probe`] | |
//!
//! A process's number may be another process's once the process has been waited for; a
//! [`PidFd`](crate::fd::PidFd) stays with the one it was opened for.
//!
//! # When signals do not get through
//!
//! A standard signal that is pending is not sent again, and the first keeps its details. Instances
//! of a real-time signal queue, up to `RLIMIT_SIGPENDING` for all processes of the receiver's user.
//! Past that limit:
//!
//! | | standard signal | real-time signal |
//! |---|---|---|
//! | plain, to a process, a group or all | as ever | without details, once while pending |
//! | to a thread, or with a value | without details | `EAGAIN` |
//!
//! One without details looks as if process 0 of user 0 had called kill(2).
#![expect(unsafe_code, reason = "sends by system calls")]

mod queue;

pub(crate) use queue::stamped;
pub use queue::{queue, queue_thread, resend};

use core::ffi::c_int;

use crate::sys::{self, KernelSigset};
use crate::{Errno, Pid, SigSet, Signal, Tid};

/// What a signal is sent to: what a number means to kill(2), or one thread.
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
    /// Sends the signal of this number; 0 only probes.
    fn send(self, signo: c_int) -> Result<(), Errno> {
        let number = match self {
            Self::Process(pid) => pid.as_raw(),
            Self::Thread(pid, tid) => {
                // SAFETY: the code that installed the signal's action answers for it to run at any
                // time, should it reach this process.
                return unsafe { sys::tgkill(pid.as_raw(), tid.as_raw(), signo) };
            }
            // Its number means all processes.
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
/// If it is not blocked, its action is carried out before this returns; the default action does
/// nothing in process 1 of a pid namespace. A handler sees the cause
/// [`Thread`](crate::Cause::Thread).
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached.
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

/// Calls `send` with the ids of this process and thread, for a signal that is delivered before
/// return. Both are queried each time: a copy would be another process's after fork(2). And no
/// handler runs meanwhile: one that forks would leave its child with the ids of its parent.
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

/// Sends `signal` to a process, or to another [`Target`]: kill(2). Any thread of a process that
/// does not block the signal may take it.
///
/// # Errors
///
/// `ESRCH`: no such process. `EPERM`: not allowed to send it. For another target, as its function.
pub fn kill(target: impl Into<Target>, signal: Signal) -> Result<(), Errno> {
    target.into().send(signal.as_raw())
}

/// Checks that a process, or another [`Target`], exists and may be sent signals: kill(2) with 0.
///
/// # Errors
///
/// As for [`kill`]; with `EPERM`, it exists.
pub fn probe(target: impl Into<Target>) -> Result<(), Errno> {
    target.into().send(0)
}

/// Sends `signal` to one thread of a process: tgkill(2), pthread_kill(3). No other thread takes it.
/// The cause that a handler sees is [`Thread`](crate::Cause::Thread).
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
///
/// # Errors
///
/// `EAGAIN`: a real-time signal, and `RLIMIT_SIGPENDING` is reached. `EPERM`: not allowed to send
/// it there. `ESRCH`: there is no such thread in that process.
#[doc(alias = "tgkill")]
#[doc(alias = "pthread_kill")]
pub fn kill_thread(pid: Pid, tid: Tid, signal: Signal) -> Result<(), Errno> {
    kill(Target::Thread(pid, tid), signal)
}

/// Sends `signal` to every process of the group `group`, which has the number of the process that
/// it was made for: killpg(3). It succeeds if one of them may be sent to.
///
/// Group 1 is refused: its number for kill(2), −1, means all processes ([`kill_everything`]), and
/// killpg(3) does not tell the two apart. A member of that group has [`kill_own_group`], and Linux
/// since 6.9 [`PidFd::send_to`](crate::fd::PidFd::send_to).
///
/// # Errors
///
/// `EINVAL`: group 1. `EPERM`: not allowed to send it to any of them. `ESRCH`: no such group.
#[doc(alias = "killpg")]
pub fn kill_group(group: Pid, signal: Signal) -> Result<(), Errno> {
    kill(Target::Group(group), signal)
}

/// Sends `signal` to every process of the caller's own group, the caller included: `kill(0, …)`.
///
/// A shell with job control makes a group of each command line, so this reaches the rest of the
/// pipeline. A process that a script or a supervisor started may share the group with them.
///
/// # Errors
///
/// None that Linux documents: a process may always send to itself.
pub fn kill_own_group(signal: Signal) -> Result<(), Errno> {
    kill(Target::OwnGroup, signal)
}

/// Sends `signal` to every process that the caller may, but itself and process 1: `kill(-1, …)`.
///
/// For root that is the whole system, or the whole pid namespace (a container); for another user
/// all processes of that user, the session that started the program included. It is for an init
/// program at the end: `SIGTERM` to everything, a pause for it to exit, `SIGKILL`.
///
/// # Errors
///
/// `ESRCH`: there is no other process. Being allowed to send to none of them is no error.
pub fn kill_everything(signal: Signal) -> Result<(), Errno> {
    kill(Target::Everything, signal)
}
