//! [`Entry`]: one child that is looked after, and which thread may query it.

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{ChildState, Errno, Pid};

/// Set while one thread asks what became of the child, and nobody else does.
const QUERYING: u32 = 1 << 31;

/// Set besides when another thread wanted to ask meanwhile: the one that does is to do so again,
/// because the signal that the other one came for may be later than its question. Process ids end
/// far below, at 2²².
const AGAIN: u32 = 1 << 30;

const FREE: u32 = 0;

/// How a child is asked.
pub(super) type Query = fn(Pid) -> Result<Option<ChildState>, Errno>;

/// What became of a child of [`Children`](crate::child::Children).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The child.
    pub pid: Pid,
    /// What became of it. `None`: that is lost, because somebody else has waited for it, or the
    /// kernel has (`SA_NOCLDWAIT`), or it never was a child of this process.
    pub state: Option<ChildState>,
}

impl Change {
    /// Whether the child has ended, and has left the table.
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

    /// Whether the number leaves the marks alone, as that of every process does.
    pub(super) const fn has_room_for(pid: Pid) -> bool {
        number(pid) & (QUERYING | AGAIN) == 0
    }

    /// Returns `true` if the child has this entry, and no thread queries it: one that does may be told
    /// that it has ended, and then another child may have the number.
    pub(super) fn keeps(&self, pid: Pid) -> bool {
        // ORDERING: Relaxed: nothing is read that the number stands for.
        self.0.load(Ordering::Relaxed) == number(pid)
    }

    /// Takes the entry for a child, if it is free. Returns `true` if it was.
    pub(super) fn take(&self, pid: Pid) -> bool {
        self.exchange(FREE, number(pid)).is_ok()
    }

    /// Frees the entry of a child for which nobody asks just now. Returns `true` if it was that.
    pub(super) fn leave(&self, pid: Pid) -> bool {
        self.exchange(number(pid), FREE).is_ok()
    }

    /// In a child of fork(2), where nobody else is.
    pub(super) fn clear(&self) {
        // ORDERING: Relaxed: nobody else is here.
        self.0.store(FREE, Ordering::Relaxed);
    }

    /// The child whose entry it is.
    pub(super) fn child(&self) -> Option<Pid> {
        // ORDERING: Relaxed: an answer that may be old in any case.
        Pid::try_from(self.0.load(Ordering::Relaxed) & !(QUERYING | AGAIN)).ok()
    }

    /// Asks what became of the child, if there is one, and frees the entry if it has ended. If
    /// another thread asks, it is to do so again.
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
            // This thread is alone with the child, and no other has waited for it.
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
                    // This is to be told first. A child that is still there is asked again by the
                    // same walk over the table, or by the thread that is woken when that breaks off.
                    //
                    // ORDERING: Release pairs with the AcqRel in `exchange`.
                    self.0.store(after, Ordering::Release);
                    return change;
                }
                Err(_) => _ = self.exchange(querying | AGAIN, querying),
            }
        }
    }

    /// Changes the entry from one state to another. Fails with the state that it has instead.
    fn exchange(&self, from: u32, to: u32) -> Result<u32, u32> {
        // ORDERING: AcqRel pairs with itself: the thread that has an entry sees what was done by the
        // one that had it before.
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

    /// The child ends after it was asked, and the other thread that hears of it comes before this
    /// one has looked away.
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
