//! Waiting for any child, as process 1 and a subreaper have to.

use core::fmt;

use super::Change;
use super::processes::Processes;
use crate::wait::child::{peek, query};
use crate::{Errno, Pid};

/// Waits until any child has ended, and returns its number without reaping it: the same one until
/// it is reaped, as by [`wait`](super::wait).
///
/// # Errors
///
/// `ECHILD`: there are no children.
#[doc(alias = "waitpid")]
#[doc(alias = "P_ALL")]
#[doc(alias = "WNOWAIT")]
#[inline]
pub fn wait_any() -> Result<Pid, Errno> {
    loop {
        match query(libc::P_ALL, 0, libc::WEXITED | libc::WNOWAIT) {
            Ok(Some((pid, _))) => return Ok(pid),
            Ok(None) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Reaps every child that has ended but those that `leave` returns `true` for: an init program's
/// loop, `while waitpid(-1, …, WNOHANG) > 0`, for a program that has children of its own, too.
///
/// A process whose parent ends becomes the child of process 1 of its pid namespace, or of a nearer
/// [subreaper](super::set_subreaper), which has to reap it: until then it is a zombie and keeps its
/// number. The kernel does not distinguish it from a child that another part of the program has
/// made and waits for. If that one were reaped here, its own part's wait would fail with `ECHILD`,
/// at which `std::process` panics. So `leave` is called with the number of each child that has
/// ended; [`Children::contains`](super::Children::contains) knows those of a table.
///
/// ```
/// use siglatch::child::{self, Children};
/// use std::process::Command;
///
/// static CHILDREN: Children<64> = Children::new();
///
/// CHILDREN.catch()?;
/// let mut standard = Command::new("true").spawn().expect("true");
/// CHILDREN.add(Command::new("true").spawn().expect("true").id().try_into()?)?;
/// // … and as process 1, whatever loses its parent.
///
/// while !CHILDREN.is_empty() {
///     CHILDREN.wait(None)?;
///     for change in CHILDREN.reap() { // first, since it takes the wake-up
///         println!("{} of ours: {:?}", change.pid, change.state);
///     }
///     let left = |pid| CHILDREN.contains(pid) || standard.id().try_into() == Ok(pid);
///     for change in child::reap_any(left) {
///         println!("{}, adopted: {:?}", change.pid, change.state);
///     }
/// }
/// assert!(standard.wait().is_ok_and(|status| status.success()));
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// `leave` cannot know a child that another thread has just made: make children and call this on
/// the same thread, or under the same lock. That includes the hidden children of system(3),
/// popen(3), and `Command::spawn` when there is no such program.
///
/// Take the wake-up of `SIGCHLD` before this, by [`Children::reap`](super::Children::reap) or
/// [`Latch::take`](crate::Latch::take), so that a child that ends in between wakes again. Where
/// `SIGCHLD` is ignored, the kernel reaps all children.
///
/// It never sleeps; breaking off leaves the others for the next call. waitid(2) reports the first
/// child alone: if that is left, those behind it are found in `/proc`. Where that is not mounted,
/// or no descriptor is free, they are found once the one before them has been reaped, which sends
/// no `SIGCHLD`: call this again then.
///
/// # Async-signal-safety
///
/// Async-signal-safe, if `leave` is.
#[doc(alias = "waitpid")]
#[doc(alias = "P_ALL")]
#[doc(alias = "orphan")]
#[doc(alias = "zombie")]
#[doc(alias = "reap")]
pub fn reap_any<F: FnMut(Pid) -> bool>(leave: F) -> ReapAny<F> {
    ReapAny { leave, look: Look::AtFirst }
}

/// The children that [`reap_any`] reaps.
#[must_use = "no child is reaped before `next` is called"]
pub struct ReapAny<F> {
    leave: F,
    look: Look,
}

/// Where to search for the next child.
#[expect(clippy::large_enum_variant, reason = "there is no allocator, and there is one of it")]
enum Look {
    /// The first that waitid(2) reports.
    AtFirst,
    /// All processes, since the first is to be left.
    AtAll(Processes),
    /// Nowhere.
    Done,
}

impl<F: FnMut(Pid) -> bool> ReapAny<F> {
    /// The next child that has ended and is not to be left.
    fn find(&mut self) -> Option<Pid> {
        if let Look::AtFirst = self.look {
            let first = peek(libc::P_ALL, 0).ok()??;
            if !(self.leave)(first) {
                return Some(first);
            }
            self.look = Look::AtAll(Processes::list().ok()?);
        }
        let Look::AtAll(processes) = &mut self.look else { return None };
        processes
            .find(|pid| peek(libc::P_PID, pid.as_raw()) == Ok(Some(*pid)) && !(self.leave)(*pid))
    }
}

impl<F: FnMut(Pid) -> bool> Iterator for ReapAny<F> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        while let Some(pid) = self.find() {
            match query(libc::P_PID, pid.as_raw(), libc::WEXITED | libc::WNOHANG) {
                Ok(Some(told)) => return Some(told.into()),
                // Another thread was faster.
                Ok(None) | Err(Errno::CHILD) => {}
                Err(_) => break,
            }
        }
        self.look = Look::Done;
        None
    }
}

impl<F> fmt::Debug for ReapAny<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReapAny").finish_non_exhaustive()
    }
}
