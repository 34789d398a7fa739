//! Producers and consumers of a queue, some of which are interrupted half-way or never go on.

extern crate std;

use core::ptr;
use std::vec::Vec;

use loom::thread::{self, JoinHandle};

use super::{Model, ONE, OTHER, join, spawn};
use crate::bits::Bit;
use crate::delivery::queue::InfoQueue;
use crate::delivery::receiver::Arrival;
use crate::sync::{interrupt, share};
use crate::sys::KernelSiginfo;
use crate::{Cause, SigInfo, SigVal, Signal};

pub(super) const MODELS: &[Model] = &[
    Model::bounded("queue: two producers, a consumer: each instance once", 2, once::<2>),
    Model::bounded("queue: with room for one: each instance once, or counted", 2, once::<1>),
    Model::bounded("queue: two consumers: each instance goes to one", 2, two_consumers),
    Model::bounded("queue: a thread's instances come out in order", 2, order),
    Model::bounded("queue: a batch comes out in order", 2, batch),
    Model::bounded("queue: the newest is kept, each other counted", 2, newest),
    Model::bounded("queue: of two at once the newest is kept", 3, newest_of_two),
    Model::bounded("queue: one pop for each wait is enough", 2, one_for_each_wait),
    Model::bounded("queue: a producer interrupts a producer", 2, nested),
    Model::bounded("queue: a producer interrupts a consumer", 2, nested_in_pop),
    Model::bounded("queue: a producer stops for ever", 2, producer_stops),
    Model::bounded("queue: a consumer stops for ever", 1, consumer_stops),
];

type Queue<const N: usize> = InfoQueue<N>;

/// The kernel's details lie above what the handler has on its stack.
#[repr(C)]
struct Frame {
    arrival: Arrival,
    info: KernelSiginfo,
}

/// What the handler does.
fn deliver<const N: usize>(queue: &'static Queue<N>, signal: Signal, value: i32) {
    let info = SigInfo::queued(signal, 1, 1, SigVal::from_int(value)).to_kernel();
    let arrival = Arrival { signal, info: ptr::null_mut(), context: ptr::null_mut() };
    let mut frame = Frame { arrival, info };
    frame.arrival.info = &raw mut frame.info;
    queue.registered().deliver(Bit::of(signal), &frame.arrival);
}

fn producer<const N: usize>(
    queue: &'static Queue<N>,
    signal: Signal,
    values: &'static [i32],
) -> JoinHandle<()> {
    spawn(move || values.iter().for_each(|value| deliver(queue, signal, *value)))
}

fn value(info: SigInfo) -> i32 {
    match info.cause() {
        Cause::Queue { value, .. } => value.as_int(),
        other => panic!("a torn record: {other:?}"),
    }
}

fn pop<const N: usize>(queue: &'static Queue<N>) -> Option<i32> {
    queue.pop().map(value)
}

fn rest<const N: usize>(queue: &'static Queue<N>) -> Vec<i32> {
    core::iter::from_fn(|| pop(queue)).collect()
}

fn lost<const N: usize>(queue: &'static Queue<N>) -> usize {
    (queue.lost(ONE) + queue.lost(OTHER)) as usize
}

/// Of `sent`, each was seen once, and the others are counted.
fn check<const N: usize>(queue: &'static Queue<N>, mut seen: Vec<i32>, sent: &[i32]) {
    assert_eq!(seen.len() + lost(queue), sent.len(), "seen {seen:?}");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len() + lost(queue), sent.len(), "one was seen twice");
    assert!(seen.iter().all(|value| sent.contains(value)), "seen {seen:?}");
}

fn once<const N: usize>() {
    let queue = share(Queue::<N>::new());
    let producers = [producer(queue, ONE, &[1]), producer(queue, OTHER, &[2])];
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    producers.into_iter().for_each(join);
    seen.extend(rest(queue));
    assert!(N == 1 || lost(queue) == 0, "there was room");
    check(queue, seen, &[1, 2]);
}

fn two_consumers() {
    let queue = share(Queue::<2>::new());
    deliver(queue, ONE, 1);
    let producer = producer(queue, ONE, &[2]);
    let consumer = spawn(|| pop(queue));
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    seen.extend(join(consumer));
    join(producer);
    seen.extend(rest(queue));
    check(queue, seen, &[1, 2]);
    assert_eq!(lost(queue), 0, "there was room");
}

fn order() {
    let queue = share(Queue::<2>::new());
    let producer = producer(queue, ONE, &[1, 2]);
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    join(producer);
    seen.extend(rest(queue));
    assert_eq!(seen, [1, 2]);
}

fn batch() {
    let queue = share(Queue::<2>::new());
    let producer = producer(queue, ONE, &[1, 2]);
    let mut seen: Vec<_> = queue.drain().map(value).collect();
    join(producer);
    seen.extend(rest(queue));
    assert_eq!(seen, [1, 2]);
}

fn newest() {
    let queue = share(Queue::<2>::new().keep_newest());
    deliver(queue, ONE, 1);
    let producer = producer(queue, ONE, &[2, 3]);
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    join(producer);
    seen.extend(rest(queue));
    assert_eq!(seen.last(), Some(&3), "the newest is there");
    check(queue, seen, &[1, 2, 3]);
}

/// Neither is there yet for the other to replace.
fn newest_of_two() {
    let queue = share(Queue::<2>::new().keep_newest());
    let producer = producer(queue, ONE, &[1]);
    deliver(queue, ONE, 2);
    join(producer);
    let seen = rest(queue);
    assert_eq!((seen.len(), lost(queue)), (1, 1), "{seen:?} of one signal");
}

fn one_for_each_wait() {
    let queue = share(Queue::<3>::new());
    let producer = producer(queue, ONE, &[1, 2, 3]);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        assert!(queue.wait(None).expect("nothing fails"));
        seen.extend(pop(queue));
    }
    join(producer);
    assert_eq!(seen, [1, 2, 3]);
}

fn nested() {
    let queue = share(Queue::<2>::new());
    let producer = spawn(|| {
        interrupt(|| deliver(queue, OTHER, 2));
        deliver(queue, ONE, 1);
    });
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    join(producer);
    seen.extend(rest(queue));
    check(queue, seen, &[1, 2]);
    assert_eq!(lost(queue), 0, "there was room");
}

fn nested_in_pop() {
    let queue = share(Queue::<2>::new());
    deliver(queue, ONE, 1);
    let producer = producer(queue, OTHER, &[2]);
    interrupt(|| deliver(queue, ONE, 3));
    let mut seen: Vec<_> = pop(queue).into_iter().collect();
    join(producer);
    seen.extend(rest(queue));
    check(queue, seen, &[1, 2, 3]);
}

/// A thread that stops in the middle, for as long as the others work.
fn stops<T: 'static>(f: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    spawn(|| {
        interrupt(thread::park);
        f()
    })
}

fn producer_stops() {
    let queue = share(Queue::<2>::new());
    let stopped = stops(|| deliver(queue, ONE, 1));
    let producer = producer(queue, OTHER, &[2]);
    let mut seen = Vec::new();
    while seen.is_empty() {
        assert!(queue.wait(None).expect("nothing fails"));
        seen.extend(pop(queue));
    }
    join(producer);
    assert_eq!(seen, [2], "what was stopped cannot be there");
    assert_eq!(rest(queue), []);
    deliver(queue, OTHER, 3);
    assert_eq!(rest(queue), [3], "only the stopped one's slot is withheld");
    stopped.thread().unpark();
    join(stopped);
    // It may not have known yet that the others' slots are free again.
    check(queue, rest(queue), &[1]);
}

fn consumer_stops() {
    let queue = share(Queue::<2>::new());
    deliver(queue, ONE, 1);
    let stopped = stops(|| pop(queue));
    join(producer(queue, OTHER, &[2]));
    let mut seen = rest(queue);
    deliver(queue, OTHER, 3);
    seen.extend(rest(queue));
    assert!(seen.len() >= 2, "only what the stopped one has is withheld");
    stopped.thread().unpark();
    seen.extend(join(stopped));
    assert_eq!(lost(queue), 0, "there was room");
    check(queue, seen, &[1, 2, 3]);
}
