//! Storms of real-time signals with values, from other processes to eight threads: each value is
//! seen once, in order, or counted as lost. And the stress shapes of Python's own tests.
//!
//! `cargo test --release --test scenarios storm:: -- --nocapture` is the whole storm; without `--release` it is
//! a tenth of it.

#![expect(unsafe_code, reason = "makes a hook in which threads meet")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::needless_for_each, reason = "one line for what is one thought")]

use core::hint;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use siglatch::{
    Cause, Dispatcher, Errno, Hook, HookVerdict, InfoQueue, Latch, Pid, SigInfo, SigVal, Signal,
    send,
};
use std::collections::{HashMap, HashSet};
use std::thread;
use support::limits;
use support::names::rt;
use support::{self, Child, Scenario, in_child, scenarios, steps};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        eight_threads_take_a_storm,
        one_thread_takes_a_storm_in_order,
        full_queue_counts_the_storm,
        sixteen_handlers_at_once,
        dependent_signals,
        simultaneous_signals,
        handlers_are_changed_meanwhile,
    ]
}

const SENDERS: usize = 4;

/// A storm goes on until so many were seen, or were lost where nothing is taken out, and so many
/// were sent in all: as many as a release build sends in a few seconds.
const ENOUGH: usize = 2_000;
const STORM: usize = if cfg!(debug_assertions) { ENOUGH } else { 1_000_000 };

/// How many of them are pending at most.
const PENDING: libc::rlim_t = 4_096;

/// What became of a storm.
struct Seen {
    /// Who sent it, and its value: in the order of the queue.
    values: Vec<(i32, usize)>,
    /// What the queue counted.
    lost: usize,
    /// How many the senders sent together.
    sent: usize,
}

impl Seen {
    /// Each value of each sender at most once, and as many missing as were counted.
    #[track_caller]
    fn check(&self) {
        let (sent, seen, lost) = (self.sent, self.values.len(), self.lost);
        let mut once: HashMap<i32, HashSet<usize>> = HashMap::new();
        for &(sender, value) in &self.values {
            let of_sender = once.entry(sender).or_default();
            assert!(value < self.sent, "{value} was not sent");
            assert!(of_sender.insert(value), "{value} of {sender} was seen twice");
        }
        assert!(once.len() <= SENDERS, "{} senders", once.len());
        let known = i64::try_from(seen.saturating_add(lost)).expect("a count");
        let unaccounted = i64::try_from(sent).expect("a count").saturating_sub(known);
        println!(
            "sent: {sent}, seen: {seen}, lost and counted: {lost}, unaccounted: {unaccounted}"
        );
        assert_eq!(unaccounted, 0);
    }

    /// Values of one sender that came after a later one.
    fn swapped(&self) -> usize {
        let mut newest = HashMap::new();
        let late = self.values.iter().filter(|(sender, value)| {
            newest.insert(*sender, *value).is_some_and(|before| before > *value)
        });
        late.count()
    }
}

/// Sends until it is enough. The kernel refuses what its limit has no room for, so that is sent
/// again. Gives how many were sent.
fn send_share(to: Pid, enough: &AtomicU64) -> usize {
    for value in 0.. {
        if enough.load(SeqCst) != 0 {
            return value;
        }
        while let Err(errno) = send::queue(to, rt(0), SigVal::from_addr(value)) {
            assert_eq!(errno, Errno::AGAIN);
            thread::yield_now();
        }
    }
    usize::MAX
}

fn sender_and_value(info: &SigInfo) -> Option<(i32, usize)> {
    match info.cause() {
        Cause::Queue { pid, value, .. } => Some((pid, value.as_addr())),
        _ => None,
    }
}

/// In a child: `threads` threads take what `SENDERS` processes send, and the first one drains the
/// queue, while `keep_up` says so.
fn storm<const N: usize>(queue: &'static InfoQueue<N>, threads: usize, keep_up: bool) -> Seen {
    static READY: AtomicBool = AtomicBool::new(false);
    static TAKEN: AtomicBool = AtomicBool::new(false);
    static DRAINED: AtomicBool = AtomicBool::new(false);
    limits::few_pending(PENDING);
    let us = Pid::this();
    let enough = support::shared_counter();
    // The senders are forked while there is one thread. They wait for a word to begin.
    let mut senders: Vec<Child> = (0..SENDERS)
        .map(|_| {
            Child::start(|link| {
                link.hear();
                link.say(&send_share(us, enough).to_string());
            })
        })
        .collect();
    queue.catch(rt(0)).expect("catch");
    let takers: Vec<_> = (0..threads)
        .map(|_| {
            thread::spawn(|| {
                while !TAKEN.load(SeqCst) {
                    // For the one that drains: there may be fewer processors than threads.
                    thread::yield_now();
                    (0..100).for_each(|_| hint::spin_loop());
                }
            })
        })
        .collect();
    let drain = thread::Builder::new().spawn(move || {
        // This one takes none. With one taker, order per sender and taker is order per sender.
        siglatch::mask::block(rt(0)).expect("block");
        READY.store(true, SeqCst);
        let mut values = Vec::new();
        while !DRAINED.load(SeqCst) {
            match Some(queue).filter(|_| keep_up).and_then(InfoQueue::pop) {
                Some(info) => {
                    values.extend(sender_and_value(&info));
                    support::progress();
                }
                None => thread::yield_now(),
            }
            let (seen, lost) = (values.len(), lost(queue));
            let had = if keep_up { seen } else { lost };
            if had >= ENOUGH && seen.saturating_add(lost) >= STORM {
                enough.store(1, SeqCst);
            }
        }
        values.extend(queue.drain().filter_map(|info| sender_and_value(&info)));
        values
    });
    siglatch::mask::block(rt(0)).expect("block");
    while !READY.load(SeqCst) {
        thread::yield_now();
    }
    senders.iter_mut().for_each(|sender| sender.tell("begin"));
    let mut sent = 0_usize;
    for mut sender in senders {
        sent = sent.saturating_add(sender.hear().parse().expect("a count"));
        sender.wait().assert_exited(0);
    }
    // All are sent. They are taken once none is pending and the threads have left their handlers,
    // which they do before they end.
    while support::oracle::own_status().shared_pending != 0 {
        thread::yield_now();
    }
    TAKEN.store(true, SeqCst);
    takers.into_iter().for_each(|taker| taker.join().expect("a thread that ends"));
    DRAINED.store(true, SeqCst);
    let values = drain.expect("a thread").join().expect("a thread that ends");
    Seen { values, lost: lost(queue), sent }
}

fn lost<const N: usize>(queue: &InfoQueue<N>) -> usize {
    usize::try_from(queue.lost(rt(0))).expect("a count")
}

/// Runs a storm in a child of its own, and shows what it says.
#[track_caller]
fn in_storm(body: impl FnOnce()) {
    let outcome = Child::start(|_| body()).wait();
    print!("{}", outcome.output);
    outcome.assert_exited(0);
}

fn eight_threads_take_a_storm() {
    static QUEUE: InfoQueue<1024> = InfoQueue::new();
    in_storm(|| storm(&QUEUE, 8, true).check());
}

fn one_thread_takes_a_storm_in_order() {
    static QUEUE: InfoQueue<1024> = InfoQueue::new();
    in_storm(|| {
        let seen = storm(&QUEUE, 1, true);
        seen.check();
        assert_eq!(seen.swapped(), 0, "out of order");
    });
}

fn full_queue_counts_the_storm() {
    static QUEUE: InfoQueue<16> = InfoQueue::new();
    in_storm(|| {
        let seen = storm(&QUEUE, 8, false);
        seen.check();
        assert_eq!(seen.values.len(), 16);
    });
}

const MANY: u32 = 10_000;

/// All of them inside, on a thread each, before the first one goes on to the queue.
fn sixteen_handlers_at_once() {
    const HANDLERS: u32 = 16;
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    // Half of them find no room.
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    static LATCH: Latch = Latch::new();
    // SAFETY: it waits for other threads, which no other hook may; all that it waits for come.
    static GATHER: Hook = unsafe {
        Hook::new(|_| {
            INSIDE.fetch_add(1, SeqCst);
            while INSIDE.load(SeqCst) < HANDLERS {
                hint::spin_loop();
            }
            HookVerdict::Taken
        })
    };
    in_child(|| {
        GATHER.catch(Signal::USR1).expect("catch");
        QUEUE.catch(Signal::USR1).expect("catch");
        LATCH.catch(Signal::USR1).expect("catch");
        thread::scope(|scope| {
            for _ in 0..HANDLERS {
                scope.spawn(|| send::raise(Signal::USR1).expect("raise"));
            }
        });
        assert_eq!((QUEUE.drain().count(), QUEUE.lost(Signal::USR1)), (8, HANDLERS - 8));
        assert_eq!(LATCH.take(), Signal::USR1.into());
    });
}

/// Python's `test_stress_delivery_dependent`: each signal is sent once the last was seen.
fn dependent_signals() {
    static TABLE: Dispatcher = Dispatcher::new();
    static CALLED: AtomicU32 = AtomicU32::new(0);
    in_child(|| {
        fn next(_: &SigInfo) {
            support::progress();
            if CALLED.fetch_add(1, SeqCst) < MANY {
                send::kill(Pid::this(), Signal::USR1).expect("kill");
            }
        }
        TABLE.catch(Signal::USR1, next).expect("catch");
        TABLE.catch(Signal::PROF, next).expect("catch");
        send::kill(Pid::this(), Signal::PROF).expect("kill");
        while CALLED.load(SeqCst) <= MANY {
            assert_eq!(TABLE.wait(None), Ok(true));
            TABLE.dispatch();
        }
        assert_eq!(CALLED.load(SeqCst), MANY.saturating_add(1));
    });
}

/// Python's `test_stress_delivery_simultaneous`: several kinds at once, and each is seen.
fn simultaneous_signals() {
    static TABLE: Dispatcher = Dispatcher::new();
    static LATCH: Latch = Latch::new();
    static CALLED: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
    const SIGNALS: [Signal; 3] = [Signal::USR1, Signal::USR2, Signal::PROF];
    fn count(calls: &AtomicU32) {
        calls.fetch_add(1, SeqCst);
    }
    in_child(|| {
        TABLE.catch(Signal::USR1, |_| count(&CALLED[0])).expect("catch");
        TABLE.catch(Signal::USR2, |_| count(&CALLED[1])).expect("catch");
        TABLE.catch(Signal::PROF, |_| count(&CALLED[2])).expect("catch");
        LATCH.catch(SIGNALS).expect("catch");
        // Other threads send, and any thread takes.
        let senders: Vec<_> = SIGNALS
            .into_iter()
            .zip(&CALLED)
            .map(|(signal, called)| {
                thread::spawn(move || {
                    for round in steps(0..MANY / 3) {
                        while called.load(SeqCst) < round {
                            thread::yield_now();
                        }
                        send::kill(Pid::this(), signal).expect("kill");
                    }
                })
            })
            .collect();
        while CALLED.iter().any(|called| called.load(SeqCst) < MANY / 3) {
            assert_eq!(TABLE.wait(None), Ok(true));
            TABLE.dispatch();
        }
        senders.into_iter().for_each(|thread| thread.join().expect("a thread that ends"));
        assert!(CALLED.iter().all(|called| called.load(SeqCst) == MANY / 3));
        assert_eq!(LATCH.take(), SIGNALS.into());
    });
}

/// Python's `test_stress_modifying_handlers`: functions are set, replaced and taken away while
/// signals come.
fn handlers_are_changed_meanwhile() {
    static TABLE: Dispatcher = Dispatcher::new();
    static STEADY: Latch = Latch::new();
    static SENT: AtomicU32 = AtomicU32::new(0);
    static CALLED: AtomicU32 = AtomicU32::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        fn count(_: &SigInfo) {
            CALLED.fetch_add(1, SeqCst);
        }
        fn count_too(_: &SigInfo) {
            CALLED.fetch_add(1, SeqCst);
        }
        // The latch stays, so that the signal never finds its default.
        STEADY.catch(Signal::USR1).expect("catch");
        let sender = thread::spawn(|| {
            for _ in steps(0..MANY) {
                SENT.fetch_add(1, SeqCst);
                send::raise(Signal::USR1).expect("raise");
                // It is seen, whatever becomes of the table meanwhile.
                assert!(STEADY.take_signal(Signal::USR1));
            }
            DONE.store(true, SeqCst);
        });
        while !DONE.load(SeqCst) {
            for function in [count, count_too] {
                TABLE.catch(Signal::USR1, function).expect("catch");
                TABLE.dispatch();
            }
            TABLE.release(Signal::USR1).expect("release");
            assert_eq!(TABLE.dispatch(), 0, "a call after the function was taken away");
        }
        sender.join().expect("a thread that ends");
        assert!(CALLED.load(SeqCst) <= SENT.load(SeqCst), "more calls than signals");
        TABLE.catch(Signal::USR1, count).expect("catch");
        let before = CALLED.load(SeqCst);
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(TABLE.dispatch(), 1);
        assert_eq!(CALLED.load(SeqCst).checked_sub(before), Some(1));
    });
}
