//! Which signals our upper handler has taken and is handing on. Our lower one is called for them in
//! the end, by the other code in between, and must not take them once more.
//!
//! A signal is known by where its details are: no two that are under way have them in the same
//! place. The lower handler takes the note away; so does the upper one, when what it called comes
//! back. A handler in between that leaves by siglongjmp(3) without handing on leaves its note behind,
//! to be found by a signal that has its details in the same place: `Place::is_first_upper` asks the
//! kernel, too. With no room for a note, or code that hands on other details, that is all it asks.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sys::KernelSiginfo;

/// Signals that are handed on at the same time, on different threads or one inside another.
const ROOM: usize = 16;

/// Addresses of details; 0 where there is room.
pub(super) struct HandedOn([AtomicUsize; ROOM]);

impl HandedOn {
    pub(super) const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; ROOM])
    }

    /// Notes a signal, which is to be handed on next.
    pub(super) fn note(&self, info: *const KernelSiginfo) {
        // One that was left behind will do.
        self.take(info);
        self.exchange(0, info.addr());
    }

    /// Takes the note of a signal away. Says whether there was one.
    pub(super) fn take(&self, info: *const KernelSiginfo) -> bool {
        let address = info.addr();
        address != 0 && self.exchange(address, 0)
    }

    fn exchange(&self, from: usize, to: usize) -> bool {
        // ORDERING: Relaxed: a note is made and taken on one thread, others only see room.
        let replace = |slot: &AtomicUsize| {
            slot.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        self.0.iter().any(replace)
    }
}

#[cfg(test)]
mod tests {
    use super::{HandedOn, ROOM};
    use core::ptr::without_provenance;

    #[test]
    fn a_note_is_taken_once() {
        let handed = HandedOn::new();
        handed.note(without_provenance(8));
        assert!(!handed.take(without_provenance(16)));
        assert!(handed.take(without_provenance(8)));
        assert!(!handed.take(without_provenance(8)));
    }

    #[test]
    fn notes_left_behind_take_no_more_room() {
        let handed = HandedOn::new();
        for _ in 0..=ROOM {
            handed.note(without_provenance(8));
        }
        handed.note(without_provenance(16));
        assert!(handed.take(without_provenance(16)));
        assert!(handed.take(without_provenance(8)));
        assert!(!handed.take(without_provenance(8)));
    }

    #[test]
    fn without_room_or_details_there_is_no_note() {
        let handed = HandedOn::new();
        handed.note(without_provenance(0));
        assert!(!handed.take(without_provenance(0)));
        for address in 1..=ROOM {
            handed.note(without_provenance(address));
        }
        handed.note(without_provenance(usize::MAX));
        assert!(!handed.take(without_provenance(usize::MAX)));
        assert!((1..=ROOM).all(|address| handed.take(without_provenance(address))));
    }
}
