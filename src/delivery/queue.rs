//! [`InfoQueue`]: the details of each instance of a signal, from the handler to normal code, in a
//! [`Ring`]. The flags in front of it wake what waits.
#![expect(unsafe_code, reason = "is found by the address of its latch")]

use core::fmt;
use core::ptr::NonNull;

use super::receiver::{Arrival, HookVerdict, Receiver, receiver_methods};
use super::ring::{Batch, Ring, Turn};
use crate::bits::Bit;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{SigInfo, Signal, signal};

/// A consumer looks at every slot, and a producer at every one of a full queue.
const MAX_CAPACITY: usize = 1024;

/// A queue of signals with their details: the sender, a value, a child and its status.
///
/// It is a [`Latch`](crate::Latch) with room for `N` instances, 1 to 1,024, beside any number of
/// other receivers of the same signals.
///
/// ```
/// use siglatch::{Cause, InfoQueue, Signal, send};
///
/// static INBOX: InfoQueue<32> = InfoQueue::new();
///
/// INBOX.catch([Signal::USR1, Signal::rt(0)?])?;
/// send::raise(Signal::USR1)?;
/// INBOX.wait(None)?;
/// for info in INBOX.drain() {
///     println!("{:?} from {:?}", info.signal(), info.sender());
///     assert!(matches!(info.cause(), Cause::Thread { .. }));
/// }
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Order and progress
///
/// Signals that one thread took come out in the order in which it took them; between threads there
/// is no order. Both ends are lock-free, and under nesting: no thread waits for another, and one
/// that is stopped in the middle of a push or a pop withholds one slot.
///
/// # When it is full
///
/// An instance that finds no room is dropped, and counted in [`lost`](Self::lost);
/// [`wait`](Self::wait) still ends. With [`keep_newest`](Self::keep_newest) the queue holds
/// the newest instance of each signal: as many signals as its capacity find room, except one whose
/// slot is being taken at that moment.
///
/// What the kernel merges or refuses never comes here: it keeps one pending instance of a standard
/// signal, and of a real-time signal as many as `RLIMIT_SIGPENDING` allows.
///
/// # After fork
///
/// The child has a copy of the content, or an empty queue if it was forked in a
/// [`ForkWindow`](crate::child::ForkWindow).
#[repr(C)]
pub struct InfoQueue<const N: usize> {
    receiver: Receiver,
    lost: [AtomicU32; signal::MAX as usize],
    ring: Ring<N>,
}

impl<const N: usize> InfoQueue<N> {
    /// An empty queue that has caught nothing. A capacity of 0 or more than 1,024 does not compile.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N >= 1 && N <= MAX_CAPACITY, "the capacity is from 1 to 1,024") };
        Self {
            receiver: Receiver::with(Self::deliver).resetting(Self::reset_after_fork),
            lost: [const { AtomicU32::new(0) }; signal::MAX as usize],
            ring: Ring::new(),
        }
    }

    /// Keeps the newest instance of each signal: it replaces an older one, which counts as lost.
    #[must_use]
    pub const fn keep_newest(mut self) -> Self {
        self.receiver = self.receiver.delivering(Self::deliver_newest);
        self
    }

    /// How many instances there is room for.
    pub const CAPACITY: usize = N;

    /// Returns `true` if no instance is ready to be taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Takes the oldest instance. Of several threads that take, each instance goes to one.
    #[must_use = "the instance is taken out"]
    pub fn pop(&self) -> Option<SigInfo> {
        self.pop_by(|| self.ring.take_next(&mut Batch::default()))
    }

    /// Takes one by one, the oldest first, until there is none. Breaking off leaves the rest.
    pub fn drain(&self) -> InfoQueueDrain<'_, N> {
        InfoQueueDrain { queue: self, batch: Batch::default() }
    }

    /// The number of instances of `signal` that were dropped or replaced, modulo 2³².
    #[must_use]
    pub fn lost(&self, signal: Signal) -> u32 {
        // ORDERING: Relaxed: a number, nothing is read because of it.
        self.counter(signal).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    receiver_methods!();

    /// In the handler: record first, then flag and wake.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`.
    unsafe extern "C" fn deliver(address: NonNull<Receiver>, arrival: &Arrival) -> HookVerdict {
        // SAFETY: the receiver is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        let turn = queue.ring.draw(arrival.signal);
        let push = |info| queue.ring.push(turn, SigInfo::copied(info));
        if !arrival.details().is_some_and(push) {
            return queue.deliver_anywhere(turn, arrival, false);
        }
        queue.receiver.flag_and_wake(arrival.signal, Bit::of(arrival.signal));
        HookVerdict::TakenAndChained
    }

    /// # Safety
    ///
    /// As [`deliver`](Self::deliver).
    unsafe extern "C" fn deliver_newest(
        address: NonNull<Receiver>,
        arrival: &Arrival,
    ) -> HookVerdict {
        // SAFETY: as there.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.deliver_anywhere(queue.ring.draw(arrival.signal), arrival, true)
    }

    /// The same where the slot of its turn is not free, or there are no details. Never inline:
    /// without its calls, `deliver` has few registers to save.
    #[inline(never)]
    fn deliver_anywhere(&self, turn: Turn, arrival: &Arrival, replaces: bool) -> HookVerdict {
        let info = arrival.info();
        let lost = self.ring.push_anywhere(turn, arrival.signal, info, replaces);
        if let Some(count) = self.counter(arrival.signal) {
            // ORDERING: Relaxed: a number, nothing is read because of it.
            count.fetch_add(lost, Ordering::Relaxed);
        }
        self.receiver.flag_and_wake(arrival.signal, Bit::of(arrival.signal));
        HookVerdict::TakenAndChained
    }

    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`, which no other thread uses.
    unsafe extern "C" fn reset_after_fork(address: NonNull<Receiver>) {
        // SAFETY: the receiver is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.ring.clear();
        for count in &queue.lost {
            // ORDERING: Relaxed: there is no other thread.
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Takes the oldest instance of one signal.
    pub(crate) fn take(&self, signal: Signal) -> Option<SigInfo> {
        self.ring.take(signal)
    }

    /// Takes the oldest instance by `take`, which looks at all there is.
    fn pop_by(&self, mut take: impl FnMut() -> Option<SigInfo>) -> Option<SigInfo> {
        take().or_else(|| {
            // Cleared before the last look: an instance after it sets them again.
            let flags = self.receiver.take();
            let late = take()?;
            // There may be more: a thread that waits has to look.
            for signal in flags {
                self.receiver.set(signal);
            }
            Some(late)
        })
    }

    fn counter(&self, signal: Signal) -> Option<&AtomicU32> {
        self.lost.get((signal.as_raw().wrapping_sub(1)) as usize)
    }
}

impl<const N: usize> Default for InfoQueue<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for InfoQueue<N> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfoQueue")
            .field("caught", &self.caught())
            .field("capacity", &N)
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

/// The instances of an [`InfoQueue`], taken one by one; see [`InfoQueue::drain`].
#[derive(Clone, Debug)]
#[must_use = "nothing is taken before it is asked"]
pub struct InfoQueueDrain<'a, const N: usize> {
    queue: &'a InfoQueue<N>,
    batch: Batch,
}

impl<const N: usize> Iterator for InfoQueueDrain<'_, N> {
    type Item = SigInfo;

    fn next(&mut self) -> Option<SigInfo> {
        let Self { queue, batch } = self;
        queue.pop_by(|| queue.ring.take_next(batch))
    }
}
