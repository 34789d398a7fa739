//! [`Entry`]: one child of a table, and which thread may query it.

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{ChildState, Errno, Pid};

/// Set while one thread queries the child, and no other does.
const QUERYING: u32 = 1 << 31;

/// Set besides when another thread wanted to query meanwhile: the first queries again, because the
/// signal that the other came for may be later than its query. Process ids end far below, at 2²².
const AGAIN: u32 = 1 << 30;

const FREE: u32 = 0;

/// How a child is queried.
pub(super) type Query = fn(Pid) -> Result<Option<ChildState>, Errno>;

/// The change of state of a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The child.
    pub pid: Pid,
    /// Its new state. `None`: unknown, because other code or the kernel (`SA_NOCLDWAIT`) has reaped
    /// it, or it never was a child of this process.
    pub state: Option<ChildState>,
}

impl Change {
    /// Returns `true` if the child has ended, and has left the table.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        match self.state {
            Some(state) => state.is_end(),
            None => true,
        }
    }
}

/// A process id, and `QUERYING` or `AGAIN`, or `FREE`.
pub(super) struct Entry(AtomicU32);

impl Entry {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    /// Returns `true` if the number has none of the marks' bits, as that of every process.
    pub(super) const fn has_room_for(pid: Pid) -> bool {
        number(pid) & (QUERYING | AGAIN) == 0
    }

    /// Returns `true` if the child has this entry, and no thread queries it: a query may find that
    /// it has ended, and then another child may get the number.
    pub(super) fn keeps(&self, pid: Pid) -> bool {
        // ORDERING: Relaxed: nothing is read that the number stands for.
        self.0.load(Ordering::Relaxed) == number(pid)
    }

    /// Takes the entry for a child. Returns `true` if it was free.
    pub(super) fn take(&self, pid: Pid) -> bool {
        self.exchange(FREE, number(pid)).is_ok()
    }

    /// Frees the entry of a child that no thread queries. Returns `true` if it was that.
    pub(super) fn leave(&self, pid: Pid) -> bool {
        self.exchange(number(pid), FREE).is_ok()
    }

    /// In a child of fork(2), which has one thread.
    pub(super) fn clear(&self) {
        // ORDERING: Relaxed: there is no other thread.
        self.0.store(FREE, Ordering::Relaxed);
    }

    /// The child that has the entry.
    pub(super) fn child(&self) -> Option<Pid> {
        // ORDERING: Relaxed: an answer that may be old in any case.
        Pid::try_from(self.0.load(Ordering::Relaxed) & !(QUERYING | AGAIN)).ok()
    }

    /// Queries the child, if there is one, and frees the entry if it has ended. If another thread
    /// is at it, that one is made to query again.
    #[inline]
    pub(super) fn query(&self, query: Query) -> Option<Change> {
        // ORDERING: Relaxed: a guess, until `exchange` confirms it.
        let mut seen = self.0.load(Ordering::Relaxed);
        let pid = loop {
            let pid = Pid::try_from(seen & !(QUERYING | AGAIN)).ok()?;
            let wanted = if seen & QUERYING == 0 { QUERYING } else { AGAIN };
            match self.exchange(seen, seen | wanted) {
                Ok(_) if wanted == QUERYING => break pid,
                Ok(_) => return None,
                Err(changed) => seen = changed,
            }
        };
        let querying = number(pid) | QUERYING;
        loop {
            // No other thread queries the child, and none has reaped it.
            let change = match query(pid) {
                Ok(None) => None,
                Ok(state) => Some(Change { pid, state }),
                Err(_) => Some(Change { pid, state: None }),
            };
            let ended = change.is_some_and(|change| change.is_end());
            let after = if ended { FREE } else { number(pid) };
            match self.exchange(querying, after) {
                Ok(_) => return change,
                Err(_) if change.is_some() => {
                    // This change is returned first. A child that is still there is queried again
                    // by the same walk over the table, or by the thread that is woken when that
                    // breaks off.
                    //
                    // ORDERING: Release pairs with the AcqRel in `exchange`.
                    self.0.store(after, Ordering::Release);
                    return change;
                }
                Err(_) => _ = self.exchange(querying | AGAIN, querying),
            }
        }
    }

    /// Changes the entry from one state to another, or fails with the state that it has instead.
    fn exchange(&self, from: u32, to: u32) -> Result<u32, u32> {
        // ORDERING: AcqRel pairs with itself: the thread that has an entry sees what was done by
        // the one that had it before.
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
    }
}

const fn number(pid: Pid) -> u32 {
    pid.as_raw().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::{Change, Entry};
    use crate::{ChildState, Errno, Pid};

    static ENTRY: Entry = Entry::new();
    static QUERIES: AtomicU32 = AtomicU32::new(0);

    /// The child ends after the query, and another thread is woken before the first is done.
    fn ends_late(pid: Pid) -> Result<Option<ChildState>, Errno> {
        match QUERIES.fetch_add(1, Relaxed) {
            0 => {
                assert_eq!(ENTRY.query(|_| unreachable!("two ask for one child")), None);
                assert_eq!(ENTRY.child(), Some(pid));
                Ok(None)
            }
            1 => Ok(Some(ChildState::Exited(3))),
            _ => Err(Errno::CHILD),
        }
    }

    #[test]
    fn child_that_another_thread_queries_is_queried_again() {
        let pid = Pid::this();
        assert!(ENTRY.take(pid));
        assert_eq!(
            ENTRY.query(ends_late),
            Some(Change { pid, state: Some(ChildState::Exited(3)) })
        );
        assert_eq!(ENTRY.child(), None);
    }
}
