//! Waiting for any child: what process 1 and a subreaper have to do.

use core::fmt;

use super::Change;
use super::processes::Processes;
use crate::wait::child::{peek, query};
use crate::{Errno, Pid};

/// Waits until any child has ended, and returns which. It is not reaped.
///
/// It is the same child each time until that is reaped, by its own part of the program or by
/// [`wait`](super::wait).
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

/// Reaps every child that has ended but those that `leave` returns `true` for: the loop that an
/// init program needs, `while waitpid(-1, …, WNOHANG) > 0`, for a program that has children of its
/// own as well.
///
/// A process whose parent ends becomes the child of process 1 of its pid namespace, or of a nearer
/// [subreaper](super::set_subreaper), which has to reap it: until then it is a zombie and keeps its
/// number. The kernel does not tell such a child from one that another part of the program has made
/// and waits for. Were that one reaped here, its own part of the program would be told `ECHILD`,
/// and `std::process` panics at it. So the program says which ones to leave: `leave` is called with
/// the number of each child that has ended. Those of a table are known by
/// [`Children::contains`](super::Children::contains).
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
/// A child that another thread has just made and not yet named is one that nobody left: make
/// children and call this on the same thread, or under the same lock. That goes for what makes
/// children unseen, too, as system(3), popen(3) and `Command::spawn` when there is no such program.
///
/// What takes the wake-up that `SIGCHLD` has left comes first, and this after it, as above: a child
/// that ends in between wakes again. [`Children::reap`](super::Children::reap) takes it, and
/// [`Latch::take`](crate::Latch::take).
///
/// Where `SIGCHLD` is ignored, the kernel reaps them all, and there is nothing to do here.
///
/// Never sleeps; breaking off leaves the others for the next time. A child that is left is in the
/// way of those that ended after it, as the kernel tells of the first alone. To find them `/proc`
/// is read then. Where it is not mounted, or no descriptor is free, they are found when the one
/// before them has been reaped, which sends no `SIGCHLD`: call this again after that.
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

/// What became of children, one by one; see [`reap_any`].
#[must_use = "nobody is waited for before it is asked"]
pub struct ReapAny<F> {
    leave: F,
    look: Look,
}

/// Where the next child is looked for.
#[expect(clippy::large_enum_variant, reason = "there is no allocator, and there is one of it")]
enum Look {
    /// The first that the kernel has.
    AtFirst,
    /// Among all processes, since the first is to be left.
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
