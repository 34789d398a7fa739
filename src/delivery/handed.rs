//! Which signals our upper handler has taken and is handing on. Our lower one is called for them in
//! the end, by the other code in between, and must not take them once more.
//!
//! The two run on one thread, one inside the other, so a signal on its way is known by its thread and
//! its number: whatever the code in between passes on, and whichever of our places comes or goes on
//! other threads meanwhile. The lower handler takes the note away; so does the upper one, when what it
//! called comes back. A handler in between that leaves by siglongjmp(3) without handing on leaves its
//! note behind, for the next signal of that number on that thread to find; it makes a difference only if
//! that one comes to the lower handler by another way than the upper.

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{Signal, sys};

/// Signals that are handed on at the same time, on different threads or of different numbers.
const ROOM: usize = 16;

/// Where there is room.
const FREE: u32 = 0;

pub(super) struct HandedOn([AtomicU32; ROOM]);

/// A signal on the calling thread.
#[derive(Clone, Copy)]
pub(super) struct Note(u32);

impl Note {
    /// Thread ids end at 2²², signals at 64.
    pub(super) fn of(signal: Signal) -> Self {
        Self(sys::gettid().cast_unsigned() << 7 | signal.as_raw().cast_unsigned())
    }
}

impl HandedOn {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU32::new(FREE) }; ROOM])
    }

    /// Notes a signal, which is to be handed on next.
    pub(super) fn add(&self, note: Note) {
        // One that was left behind will do.
        self.take(note);
        self.exchange(FREE, note.0);
    }

    /// Takes the note of a signal away. Says whether there was one.
    pub(super) fn take(&self, note: Note) -> bool {
        self.exchange(note.0, FREE)
    }

    fn exchange(&self, from: u32, to: u32) -> bool {
        // ORDERING: Relaxed: a note is made and taken on one thread, others only see room.
        let replace = |slot: &AtomicU32| {
            slot.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        self.0.iter().any(replace)
    }
}

#[cfg(test)]
mod tests {
    use super::{HandedOn, Note, ROOM};
    use crate::Signal;

    #[test]
    fn a_note_is_taken_once_and_on_its_thread() {
        let handed = HandedOn::new();
        let note = || Note::of(Signal::USR1);
        handed.add(note());
        assert!(!handed.take(Note::of(Signal::USR2)));
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| handed.take(note())).join());
        assert!(elsewhere.is_ok_and(|taken| !taken));
        assert!(handed.take(note()));
        assert!(!handed.take(note()));
    }

    #[test]
    fn notes_left_behind_take_no_more_room() {
        let handed = HandedOn::new();
        for _ in 0..=ROOM {
            handed.add(Note::of(Signal::USR1));
        }
        handed.add(Note::of(Signal::USR2));
        assert!(handed.take(Note::of(Signal::USR2)));
        assert!(handed.take(Note::of(Signal::USR1)));
        assert!(!handed.take(Note::of(Signal::USR1)));
    }

    #[test]
    fn without_room_there_is_no_note() {
        let handed = HandedOn::new();
        for number in 1..=ROOM as u32 {
            handed.add(Note(number));
        }
        handed.add(Note(u32::MAX));
        assert!(!handed.take(Note(u32::MAX)));
        assert!((1..=ROOM as u32).all(|number| handed.take(Note(number))));
    }
}
