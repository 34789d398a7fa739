//! [`Children`]: the children of one part of the program.
#![expect(unsafe_code, reason = "is a receiver of its own")]

use core::fmt;
use core::ptr::NonNull;

use super::entry::{Change, Entry, Query};
use super::status;
use crate::delivery::receiver::{Receiver, receiver_choices, receiver_waits, registered};
use crate::delivery::registry;
use crate::{CatchError, Errno, Pid, Signal, mask};

/// A table of `N` children at most: woken by `SIGCHLD`, it reaps each of them, and no others.
///
/// However many end at once, and though the kernel merges their signals into one, none is lost:
/// each child of the table is queried. Other parts of the program may have children of their own,
/// in another table or with `std::process`: these are not reaped here.
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
/// Several threads may use a table: each change is returned to one of them.
///
/// # After fork
///
/// The children are the parent's. In a child forked in a [`ForkWindow`](crate::child::ForkWindow),
/// a table that ever caught `SIGCHLD` is empty; in another child, they are returned with the state
/// `None` and removed.
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

    /// Whether `SIGCHLD` is sent for stops and continues, too, for [`changes`](Self::changes). By
    /// default it is not (`SA_NOCLDSTOP`), unless another receiver in the process wants them, as
    /// every [`Latch`](crate::Latch) does.
    #[doc(alias = "SA_NOCLDSTOP")]
    #[must_use]
    pub const fn stops(self, stops: bool) -> Self {
        Self { receiver: self.receiver.waiting_for_children(stops), ..self }
    }

    /// Catches `SIGCHLD`, which [`wait`](Self::wait) needs.
    ///
    /// This ends an inherited "ignore", with which the kernel would reap all children: children
    /// that no code reaps become zombies, see [`reap_any`](super::reap_any). (A
    /// [`Latch`](crate::Latch) leaves them to the kernel.) An inherited *blocked* `SIGCHLD` stays
    /// blocked, and [`wait`](Self::wait) is not woken: use
    /// [`catch_unblocked`](Self::catch_unblocked).
    ///
    /// # Errors
    ///
    /// As for [`Latch::catch`](crate::Latch::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: it waits for handlers that are in flight.
    pub fn catch(&'static self) -> Result<(), CatchError> {
        registry::catch(self.registered(), Signal::CHLD.into())
    }

    /// [Catches](Self::catch) `SIGCHLD`, and unblocks it in the calling thread.
    ///
    /// # Errors
    ///
    /// As for [`catch`](Self::catch).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
    pub fn catch_unblocked(&'static self) -> Result<(), CatchError> {
        self.catch()?;
        mask::unblock(Signal::CHLD)?;
        Ok(())
    }

    /// Releases `SIGCHLD`.
    ///
    /// # Errors
    ///
    /// As for [`Latch::release`](crate::Latch::release).
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe, as [`catch`](Self::catch).
    pub fn release(&'static self) -> Result<(), Errno> {
        registry::release(self.registered(), Signal::CHLD.into()).map(drop)
    }

    /// Adds a child, which may have ended already. Another call for it changes nothing, but while
    /// another thread adds or queries it, it may take a second entry: a second [`Change`] without a
    /// state then follows its end.
    ///
    /// # Errors
    ///
    /// `EAGAIN`: there are `N` children. `ECHILD`: no process can have the number.
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

    /// Removes a child, for other code to reap. Returns `true` if it was there, and no thread
    /// queries it.
    #[must_use = "it may have been told already"]
    pub fn remove(&self, pid: Pid) -> bool {
        self.entries.iter().filter(|entry| entry.leave(pid)).count() != 0
    }

    /// Returns `true` if a child is in the table.
    #[must_use]
    pub fn contains(&self, pid: Pid) -> bool {
        self.entries.iter().any(|entry| entry.child() == Some(pid))
    }

    /// The number of children.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.child().is_some()).count()
    }

    /// Returns `true` if there are no children.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The room for children.
    pub const CAPACITY: usize = N;

    /// Reaps and removes the children that have ended. Never sleeps. Breaking off leaves the others
    /// for the next call, and [`wait`](Self::wait) returns at once then.
    pub fn reap(&self) -> Changes<'_, N> {
        self.query(status::try_wait)
    }

    /// As [`reap`](Self::reap), and returns each stop and continue once: for a shell. The table
    /// must have [`stops(true)`](Self::stops) to be woken for them.
    pub fn changes(&self) -> Changes<'_, N> {
        self.query(status::try_change)
    }

    fn query(&self, query: Query) -> Changes<'_, N> {
        // Cleared before the queries, so that a child that ends after its query sets it again.
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

/// The changes that [`Children::reap`] or [`Children::changes`] finds.
#[derive(Debug)]
#[must_use = "no child is reaped before `next` is called"]
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
