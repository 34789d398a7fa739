//! [`InfoQueue`]: the details of each instance of a signal, from the handler to normal code.
//!
//! The room for them is a [`Ring`]; the flags in front of it wake who waits.
#![expect(unsafe_code, reason = "is found by the address of its latch")]

use core::fmt;
use core::ptr::NonNull;
use core::time::Duration;

use super::receiver::{Arrival, Receiver, HookVerdict, receiver_methods};
use super::ring::{Batch, Ring, Turn};
use crate::bits::Bit;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{Errno, SigInfo, Signal, signal};

/// The largest capacity. A consumer looks at every slot, and a producer at every one of a full
/// queue.
const MAX_CAPACITY: usize = 1024;

/// A queue of signals with their details: who sent each, with what value, what became of which
/// child.
///
/// It is a latch with room for `N` instances behind it, 1 to 1,024. As a [`Latch`](crate::Latch), it is a
/// `static`, any number of receivers may catch the same signal, and [`wait`](Self::wait) sleeps
/// until one comes.
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
/// # Order
///
/// Signals that one thread took come out in the order in which it took them. Between threads there
/// is no order to keep.
///
/// # When it is full
///
/// The instance that finds no room is dropped and counted, for its signal, in [`lost`](Self::lost).
/// The signal is not: [`wait`](Self::wait) ends all the same. With [`keep_newest`](Self::keep_newest)
/// the queue holds the newest instance of each signal instead, and so has room for as many different
/// signals as its capacity, but for one whose slot is being taken at that very moment.
///
/// The kernel itself keeps one instance of a standard signal that is blocked, and of a real-time
/// signal as many as `RLIMIT_SIGPENDING` allows; what it merges or refuses never comes here.
///
/// # Progress
///
/// Lock-free, on either end and under nesting: nobody ever waits for another thread, and one that
/// is stopped for ever in the middle of a push or a pop withholds one slot. Threads of one process,
/// that is: a queue is a `static`, and cannot be put into memory that processes share.
///
/// # After fork
///
/// The child has a copy, pending instances included; none if it was forked in a
/// [`ForkWindow`](crate::child::ForkWindow).
#[repr(C)]
pub struct InfoQueue<const N: usize> {
    /// First, for the handler to find the rest by its address.
    receiver: Receiver,
    lost: [AtomicU32; signal::MAX as usize],
    ring: Ring<N>,
}

impl<const N: usize> InfoQueue<N> {
    /// An empty queue that has caught nothing yet.
    ///
    /// Does not compile with a capacity of 0 or more than 1,024.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N >= 1 && N <= MAX_CAPACITY, "the capacity is from 1 to 1,024") };
        Self {
            receiver: Receiver::with(Self::deliver).resetting(Self::reset_after_fork),
            lost: [const { AtomicU32::new(0) }; signal::MAX as usize],
            ring: Ring::new(),
        }
    }

    /// Keeps the newest instance of each signal: one that comes while another of the same signal is
    /// in the queue takes its place, and the older is counted as lost.
    #[must_use]
    pub const fn keep_newest(mut self) -> Self {
        self.receiver = self.receiver.delivering(Self::deliver_newest);
        self
    }

    /// How many instances there is room for.
    pub const CAPACITY: usize = N;

    /// Whether no instance is ready to be taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Takes the oldest instance.
    ///
    /// Of several threads that take, each instance goes to one.
    #[must_use = "the instance is taken out"]
    pub fn pop(&self) -> Option<SigInfo> {
        self.pop_by(|| self.ring.take_next(&mut Batch::default()))
    }

    /// Takes one instance after the other, the oldest first, until there is none. Breaking off
    /// leaves the others, and one that comes meanwhile is taken too.
    pub fn drain(&self) -> InfoQueueDrain<'_, N> {
        InfoQueueDrain { queue: self, batch: Batch::default() }
    }

    /// How many instances of `signal` were dropped or replaced since the start of the process,
    /// modulo 2³².
    #[must_use]
    pub fn lost(&self, signal: Signal) -> u32 {
        // ORDERING: Relaxed: a number, nothing is read because of it.
        self.counter(signal).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Sleeps until an instance has come, or for `timeout` at most; see
    /// [`Latch::wait`](crate::Latch::wait). Says whether there may be one to take.
    ///
    /// There may be none: it ends at once until [`pop`](Self::pop) or [`drain`](Self::drain) has found
    /// nothing more. So take until there is none, and wait then.
    ///
    /// # Errors
    ///
    /// As [`Latch::wait`](crate::Latch::wait).
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe, though a handler is a bad place to sleep in.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        self.receiver.wait(timeout)
    }

    receiver_methods!();

    /// The flags in front of the queue.
    pub(crate) const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// What happens in the handler: record first, then flag and wake.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`.
    unsafe extern "C" fn deliver(address: NonNull<Receiver>, arrival: &Arrival) -> HookVerdict {
        // SAFETY: the receiver is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        let turn = queue.ring.draw(arrival.signal);
        let push = |info| queue.ring.push(turn, SigInfo::from_kernel(info));
        if !arrival.details().is_some_and(push) {
            return queue.deliver_anywhere(turn, arrival, false);
        }
        queue.receiver.flag_and_wake(arrival.signal, Bit::of(arrival.signal));
        HookVerdict::TakenAndChained
    }

    /// The same for a queue that keeps the newest.
    ///
    /// # Safety
    ///
    /// As [`deliver`](Self::deliver).
    unsafe extern "C" fn deliver_newest(address: NonNull<Receiver>, arrival: &Arrival) -> HookVerdict {
        // SAFETY: as there.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.deliver_anywhere(queue.ring.draw(arrival.signal), arrival, true)
    }

    /// The same where the slot of its turn will not do, or there are no details. Never inline: without
    /// its calls, the above has few registers to save.
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

    /// In a child of fork(2): it is empty and has lost nothing.
    ///
    /// # Safety
    ///
    /// `address` is that of a registered `InfoQueue<N>`, and nobody else is in it: the threads that
    /// were are the parent's.
    unsafe extern "C" fn reset_after_fork(address: NonNull<Receiver>) {
        // SAFETY: the receiver is the first field of the queue, whose address was registered.
        let queue = unsafe { address.cast::<Self>().as_ref() };
        queue.ring.clear();
        for count in &queue.lost {
            // ORDERING: Relaxed: nobody else is here.
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
            // The flags say that there is something. Cleared before the last look, so that what
            // comes after it sets them again.
            let flags = self.receiver.take();
            let late = take()?;
            // There may be more: whoever waits has to look.
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
