//! [`Children`]: the children that this part of the program looks after.
#![expect(unsafe_code, reason = "is a receiver of its own")]

use core::fmt;
use core::ptr::NonNull;

use super::entry::{Change, Entry, Query};
use super::status;
use crate::delivery::receiver::{Receiver, receiver_choices, receiver_waits, registered};
use crate::delivery::registry;
use crate::{CatchError, Errno, Pid, Signal, mask};

/// The children that this part of the program looks after, `N` at most: told by `SIGCHLD` that
/// something became of them, it waits for each of them and for nobody else's.
///
/// However many end at once, and though the kernel merges their signals into one, none is lost:
/// each child of the table is asked. Other parts of the program may have children of their own, with
/// a table or with `std::process`: no wait here takes theirs away.
///
/// ```
/// use siglatch::ChildState;
/// use siglatch::child::Children;
/// use std::process::Command;
///
/// static CHILDREN: Children<64> = Children::new();
///
/// CHILDREN.catch()?;
/// for status in [0, 7] {
///     let child = Command::new("sh").arg("-c").arg(format!("exit {status}")).spawn().expect("sh");
///     CHILDREN.add(child.id().try_into()?)?;
/// }
/// while !CHILDREN.is_empty() {
///     CHILDREN.wait(None)?;
///     for change in CHILDREN.reap() {
///         println!("{}: {:?}", change.pid, change.state);
///         assert!(matches!(change.state, Some(ChildState::Exited(0 | 7))));
///     }
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// Several threads may use a table: each change is told to one of them.
///
/// # After fork
///
/// The children are the parent's. A child that was forked in a [`ForkWindow`] has an empty table, if
/// it has ever caught `SIGCHLD`; in another, they are told as not its own, and taken out.
///
/// [`ForkWindow`]: crate::child::ForkWindow
#[repr(C)]
pub struct Children<const N: usize> {
    /// First, to be found by its address in a child of fork(2).
    receiver: Receiver,
    entries: [Entry; N],
}

impl<const N: usize> Children<N> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receiver: Receiver::new().waiting_for_children(false).resetting(Self::reset_after_fork),
            entries: [const { Entry::new() }; N],
        }
    }

    /// Whether `SIGCHLD` also comes when a child stops or goes on, for [`changes`](Self::changes). It
    /// does not by default (`SA_NOCLDSTOP`), unless another receiver in the process wants to hear of
    /// it: a plain [`Latch`](crate::Latch) does.
    #[doc(alias = "SA_NOCLDSTOP")]
    #[must_use]
    pub const fn stops(self, stops: bool) -> Self {
        Self { receiver: self.receiver.waiting_for_children(stops), ..self }
    }

    /// Catches `SIGCHLD`, which [`wait`](Self::wait) needs.
    ///
    /// An inherited "ignore", with which the kernel itself would wait for all children, is over with
    /// it: children that nobody waits for are zombies then; see [`reap_any`](super::reap_any). (A
    /// plain [`Latch`](crate::Latch) leaves them to the kernel.) An inherited *blocked* `SIGCHLD` stays blocked, and [`wait`](Self::wait) sleeps on:
    /// [`catch_unblocked`](Self::catch_unblocked).
    ///
    /// # Errors
    ///
    /// As [`Latch::catch`](crate::Latch::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    pub fn catch(&'static self) -> Result<(), CatchError> {
        registry::catch(self.registered(), Signal::CHLD.into())
    }

    /// [Catches](Self::catch) `SIGCHLD`, and unblocks it in the calling thread: a program may be
    /// started with it blocked, and then nothing would come.
    ///
    /// # Errors
    ///
    /// As [`catch`](Self::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    pub fn catch_unblocked(&'static self) -> Result<(), CatchError> {
        self.catch()?;
        mask::unblock(Signal::CHLD)?;
        Ok(())
    }

    /// Releases `SIGCHLD`.
    ///
    /// # Errors
    ///
    /// As [`Latch::release`](crate::Latch::release).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    pub fn release(&'static self) -> Result<(), Errno> {
        registry::release(self.registered(), Signal::CHLD.into()).map(drop)
    }

    /// Looks after a child from now on. It may have ended already. One that is looked after is left
    /// as it is; of several threads that add the same one at the same moment, each may take an entry
    /// for it.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: there are `N` children. `ECHILD`: no process can have such a number.
    pub fn add(&self, pid: Pid) -> Result<(), Errno> {
        if !Entry::has_room_for(pid) {
            return Err(Errno::CHILD);
        }
        if !self.entries.iter().any(|entry| entry.keeps(pid)) {
            self.entries.iter().find(|entry| entry.take(pid)).ok_or(Errno::AGAIN)?;
        }
        // Its signal may have come before.
        self.receiver.set(Signal::CHLD);
        Ok(())
    }

    /// Looks after a child no more: somebody else will. Says whether it was there; if another
    /// thread is just being told what became of it, it was not.
    #[must_use = "it may have been told already"]
    pub fn remove(&self, pid: Pid) -> bool {
        self.entries.iter().any(|entry| entry.leave(pid))
    }

    /// Whether a child is looked after.
    #[must_use]
    pub fn contains(&self, pid: Pid) -> bool {
        self.entries.iter().any(|entry| entry.child() == Some(pid))
    }

    /// How many children are looked after.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.child().is_some()).count()
    }

    /// Whether none is looked after.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many children there is room for.
    pub const CAPACITY: usize = N;

    /// Waits for the children that have ended, and takes them out. Never sleeps.
    ///
    /// Breaking off leaves the others for the next time, and [`wait`](Self::wait) ends at once then.
    pub fn reap(&self) -> Changes<'_, N> {
        self.query(status::try_wait)
    }

    /// As [`reap`](Self::reap), and tells once each that a child was stopped or went on: for a
    /// shell. The table is made with [`stops(true)`](Self::stops), or nothing wakes for it.
    pub fn changes(&self) -> Changes<'_, N> {
        self.query(status::try_change)
    }

    fn query(&self, query: Query) -> Changes<'_, N> {
        // Cleared before the looks, so that a child that ends after one sets it again.
        let _flag = self.receiver.take();
        Changes { children: self, next: 0, query }
    }

    receiver_choices!(receiver);
    receiver_waits!();
    registered!();

    /// In a child of fork(2), whose children these are not.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `Children<N>`.
    unsafe extern "C" fn reset_after_fork(address: NonNull<Receiver>) {
        // SAFETY: the receiver is the first field of the table, whose address was registered.
        let children = unsafe { address.cast::<Self>().as_ref() };
        children.entries.iter().for_each(Entry::clear);
    }
}

/// What became of children, one by one; see [`Children::reap`] and [`Children::changes`].
#[derive(Debug)]
#[must_use = "nobody is waited for before it is asked"]
pub struct Changes<'a, const N: usize> {
    children: &'a Children<N>,
    next: usize,
    query: Query,
}

impl<const N: usize> Iterator for Changes<'_, N> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        loop {
            let entry = self.children.entries.get(self.next)?;
            if let Some(change) = entry.query(self.query) {
                if change.is_end() {
                    self.next = self.next.saturating_add(1);
                }
                return Some(change);
            }
            self.next = self.next.saturating_add(1);
        }
    }
}

impl<const N: usize> Drop for Changes<'_, N> {
    fn drop(&mut self) {
        if self.next < N {
            self.children.receiver.set(Signal::CHLD);
        }
    }
}

impl<const N: usize> Default for Children<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Children<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Children").field("len", &self.len()).field("capacity", &N).finish()
    }
}
