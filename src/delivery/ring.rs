//! [`Ring`]: slots for the details of signals, taken in the order in which they came.
//!
//! Handlers may push on several threads at once, and nested on one. A handler never waits, least of
//! all for the consumer that it interrupted, and a thread may be stopped at any instruction. So no
//! head or tail is shared: each element is a [`Slot`] with one owner at a time, the only one that a
//! stopped owner withholds.
//!
//! | | steps |
//! |---|---|
//! | push | draws a ticket; claims its slot, a free one or an older instance's; writes, publishes |
//! | take | claims the ready slot of the oldest ticket drawn before it looked; reads, frees |
//!
//! A thread draws its next ticket after it has published, so what one thread took comes out in
//! order. Where nothing is lost or late, the next ticket's instance is in the next slot: a batch
//! looks there first.
#![expect(unsafe_code, reason = "claims slots")]

use super::slot::{Age, AtomicWord, Phase, Record, Slot, State, Word};
use crate::sync::atomic::{Ordering, fence};
use crate::{SigInfo, Signal};

pub(super) struct Ring<const N: usize> {
    tickets: AtomicWord,
    states: [AtomicWord; N],
    records: [Record; N],
}

/// How far a consumer of many has come: it looks for the tickets from `next` to before `end`. What
/// a thread published before it drew one of those is in the ring, or was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Batch {
    next: Word,
    end: Word,
}

#[derive(Clone, Copy)]
pub(super) struct Turn {
    ticket: Word,
    /// The state of its slot meanwhile.
    writing: State,
}

impl<const N: usize> Ring<N> {
    pub(super) const fn new() -> Self {
        Self {
            tickets: AtomicWord::new(0),
            states: [const { AtomicWord::new(State::FREE.to_bits()) }; N],
            records: [const { Record::new() }; N],
        }
    }

    fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        self.states.iter().zip(&self.records).map(Slot::new)
    }

    /// The slot that an instance with this ticket is in, unless that was taken.
    fn slot_of(&self, ticket: Word) -> Option<Slot<'_>> {
        let index = index_of::<N>(ticket)?;
        Some(Slot::new((self.states.get(index)?, self.records.get(index)?)))
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.slots().any(|slot| slot.state().is(Phase::Ready))
    }

    /// Frees all slots, in a child of fork(2) without other threads.
    pub(super) fn clear(&self) {
        self.slots().for_each(|slot| slot.unclaim(State::FREE));
    }

    /// Draws a ticket. In the handler, as all of a push.
    #[inline]
    pub(super) fn draw(&self, signal: Signal) -> Turn {
        // ORDERING: Release pairs with the Acquire in `oldest`.
        let ticket = self.tickets.fetch_add(1, Ordering::Release);
        Turn { ticket, writing: State::new(Phase::Writing, signal, ticket) }
    }

    /// Fills the slot of its ticket. Returns `true` if that was free, as it mostly is.
    #[inline]
    pub(super) fn push(&self, turn: Turn, info: SigInfo) -> bool {
        let slot = self.slot_of(turn.ticket).filter(|slot| slot.claim_free(turn.writing));
        if let Some(slot) = slot {
            put(slot, turn, info);
        }
        slot.is_some()
    }

    /// Fills any slot, with `replaces` that of an older instance of its signal. Returns how many
    /// instances are lost, older ones or itself.
    pub(super) fn push_anywhere(
        &self,
        turn: Turn,
        signal: Signal,
        info: SigInfo,
        replaces: bool,
    ) -> u32 {
        let older = if replaces { self.claim_older(signal, turn) } else { None };
        let Some(slot) = older.or_else(|| self.claim_free(turn)) else { return 1 };
        put(slot, turn, info);
        let replaced = u32::from(older.is_some());
        if replaces { replaced.wrapping_add(self.drop_older(turn, signal)) } else { replaced }
    }

    /// Of instances of one signal pushed at the same time, none of which could replace another:
    /// frees those older than this one, or this one if there is a newer. Returns how many it freed.
    fn drop_older(&self, turn: Turn, signal: Signal) -> u32 {
        // ORDERING: SeqCst pairs with itself: of two threads here, one sees the other's instance.
        fence(Ordering::SeqCst);
        let own = turn.writing.with(Phase::Ready);
        let mut freed: u32 = 0;
        for slot in self.slots() {
            let state = slot.state();
            if !state.is_ready_of(signal) || state == own {
                continue;
            }
            let newer = state.age(turn.ticket) < 0;
            let slot =
                if newer { self.slots().find(|slot| slot.state() == own) } else { Some(slot) };
            let older = if newer { own } else { state };
            if slot.is_some_and(|slot| slot.claim(older, State::FREE)) {
                freed = freed.wrapping_add(1);
            }
        }
        freed
    }

    fn claim_older(&self, signal: Signal, turn: Turn) -> Option<Slot<'_>> {
        self.slots().find(|slot| {
            let state = slot.state();
            state.is_ready_of(signal)
                && state.age(turn.ticket) > 0
                && slot.claim(state, turn.writing)
        })
    }

    /// Claims a free slot, beginning with that of the ticket.
    fn claim_free(&self, turn: Turn) -> Option<Slot<'_>> {
        let own = index_of::<N>(turn.ticket)?;
        let (states, states_after) = self.states.split_at_checked(own)?;
        let (records, records_after) = self.records.split_at_checked(own)?;
        let after = states_after.iter().zip(records_after);
        let mut slots = after.chain(states.iter().zip(records)).map(Slot::new);
        slots.find(|slot| slot.claim_free(turn.writing))
    }

    pub(super) fn take(&self, signal: Signal) -> Option<SigInfo> {
        self.take_oldest(|state| state.is_of(signal)).map(|(info, _)| info)
    }

    /// Takes the oldest instance; `batch` is as the last call left it.
    pub(super) fn take_next(&self, batch: &mut Batch) -> Option<SigInfo> {
        while batch.next != batch.end {
            let ticket = batch.next;
            if let Some(slot) = self.slot_of(ticket) {
                let state = slot.state();
                if state.is(Phase::Ready) && state.age(ticket) == 0 {
                    batch.next = ticket.wrapping_add(1);
                    if let Some(info) = take_from(slot, state) {
                        return Some(info);
                    }
                    continue;
                }
            }
            // It was lost, is late, or is in another slot: so may those after it be.
            let from = |state: State| state.age(ticket) <= 0;
            let Ok((slot, state)) = self.oldest(batch.end, from) else { break };
            batch.next = after(state, batch.end);
            if let Some(info) = take_from(slot, state) {
                return Some(info);
            }
        }
        let (info, begun) = self.take_oldest(|_| true)?;
        *batch = begun;
        Some(info)
    }

    /// Takes the oldest instance that is `wanted`, and begins a batch with it.
    fn take_oldest(&self, wanted: impl Fn(State) -> bool) -> Option<(SigInfo, Batch)> {
        let mut newer = None;
        loop {
            // ORDERING: Acquire pairs with the Release in `draw`, see `oldest`.
            let end = self.tickets.load(Ordering::Acquire);
            let (slot, state) = match self.oldest(end, &wanted) {
                Ok(oldest) => oldest,
                Err(None) => return None,
                // Its ticket was drawn before `end`, too: that was half of all tickets ago.
                Err(Some((slot, state))) if newer == Some(state) => (slot, state),
                Err(Some((_, state))) => {
                    newer = Some(state);
                    continue;
                }
            };
            if let Some(info) = take_from(slot, state) {
                return Some((info, Batch { next: after(state, end), end }));
            }
        }
    }

    /// The oldest instance that is ready and `wanted`, of the tickets before `end`, drawn before
    /// the look. A thread draws one after it has published the one before, so all that it published
    /// earlier is seen too, and is taken first.
    ///
    /// If there is none, one that is newer, which came during the look.
    fn oldest(
        &self,
        end: Word,
        wanted: impl Fn(State) -> bool,
    ) -> Result<(Slot<'_>, State), Option<(Slot<'_>, State)>> {
        let mut oldest: Option<(Age, Slot<'_>, State)> = None;
        let mut newer = None;
        for slot in self.slots() {
            let state = slot.state();
            if !state.is(Phase::Ready) || !wanted(state) {
                continue;
            }
            let age = state.age(end);
            if age <= 0 {
                newer = Some((slot, state));
            } else if oldest.is_none_or(|(oldest, ..)| age > oldest) {
                oldest = Some((age, slot, state));
            }
        }
        oldest.map(|(_, slot, state)| (slot, state)).ok_or(newer)
    }
}

#[inline]
fn index_of<const N: usize>(ticket: Word) -> Option<usize> {
    ticket.checked_rem(N as Word).map(|index| index as usize)
}

/// The ticket after the one of an instance, `end` at most.
fn after(state: State, end: Word) -> Word {
    end.wrapping_sub(state.age(end).max(1) as Word).wrapping_add(1)
}

/// Fills a slot that was claimed for `turn`.
#[inline]
fn put(slot: Slot<'_>, turn: Turn, info: SigInfo) {
    // SAFETY: it was claimed for writing just now.
    unsafe { slot.write(info) };
    slot.unclaim(turn.writing.with(Phase::Ready));
}

/// Takes the instance of a slot, unless another consumer or a replacing producer was faster.
#[inline]
fn take_from(slot: Slot<'_>, state: State) -> Option<SigInfo> {
    if !slot.claim(state, state.with(Phase::Reading)) {
        return None;
    }
    // SAFETY: it was ready and was claimed for reading just now.
    let info = unsafe { slot.read() };
    slot.unclaim(State::FREE);
    Some(info)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{Batch, Ordering, Ring, Word};
    use crate::delivery::slot::TICKET_SHIFT;
    use crate::{SigInfo, Signal};

    const N: usize = 3;
    const SIGNALS: [Signal; 2] = [Signal::USR1, Signal::USR2];

    #[test]
    fn every_short_sequence_is_first_in_first_out() {
        each_sequence(8, false);
    }

    #[test]
    fn newest_of_each_signal_comes_in_the_order_of_the_newest() {
        each_sequence(8, true);
    }

    /// Every sequence of so many pushes, single takes and batched takes, against a queue of std.
    fn each_sequence(length: u32, replaces: bool) {
        for mut sequence in 0..4_u32.pow(length) {
            let (ring, mut model) = (Ring::<N>::new(), VecDeque::new());
            let mut batch = Batch::default();
            for _ in 0..length {
                if let Some(signal) = SIGNALS.get(sequence as usize % 4) {
                    let older = model.iter().position(|other| replaces && other == signal);
                    older.map(|older| model.remove(older));
                    let is_full = model.len() == N;
                    let lost = u32::from(is_full || older.is_some());
                    assert_eq!(push(&ring, *signal, replaces), lost);
                    if !is_full {
                        model.push_back(*signal);
                    }
                } else {
                    let mut single = Batch::default();
                    let batch = if sequence % 4 == 2 { &mut single } else { &mut batch };
                    assert_eq!(signal_of(ring.take_next(batch)), model.pop_front());
                }
                assert_eq!(ring.is_empty(), model.is_empty());
                sequence /= 4;
            }
        }
    }

    /// A handler may be interrupted between its turn and its push.
    #[test]
    fn instance_that_is_late_is_no_newer_for_that() {
        let [signal, newest] = SIGNALS;
        let info = SigInfo::without_details;
        let ring = Ring::<N>::new();
        let (turn, later) = (ring.draw(signal), ring.draw(signal));
        assert_eq!(ring.push_anywhere(later, signal, info(newest), true), 0);
        assert_eq!(ring.push_anywhere(turn, signal, info(signal), true), 1);
        assert_eq!(signal_of(ring.take_next(&mut Batch::default())), Some(newest));
        assert!(ring.is_empty());
    }

    /// Tickets come round again: one that half of them have overtaken looks newer than they are.
    #[test]
    fn instance_that_half_of_all_tickets_overtook_is_taken_after_what_is_newer() {
        let ring = Ring::<N>::new();
        let [old, new] = SIGNALS;
        assert_eq!(push(&ring, old, false), 0);
        ring.tickets.store(1 << (Word::BITS - 1 - TICKET_SHIFT), Ordering::Relaxed);
        assert_eq!(push(&ring, new, false), 0);
        let mut batch = Batch::default();
        assert_eq!(signal_of(ring.take_next(&mut batch)), Some(new));
        assert_eq!(signal_of(ring.take_next(&mut batch)), Some(old));
        assert_eq!(batch.next, batch.end);
        assert_eq!(push(&ring, new, false), 0);
        assert_eq!(signal_of(ring.take_next(&mut batch)), Some(new));
        assert_eq!(signal_of(ring.take_next(&mut batch)), None);
    }

    /// As a queue does it. Returns how many instances are lost.
    fn push(ring: &Ring<N>, signal: Signal, replaces: bool) -> u32 {
        let (turn, info) = (ring.draw(signal), SigInfo::without_details(signal));
        if !replaces && ring.push(turn, info) {
            return 0;
        }
        ring.push_anywhere(turn, signal, info, replaces)
    }

    fn signal_of(info: Option<SigInfo>) -> Option<Signal> {
        info.map(|info| info.signal())
    }
}
