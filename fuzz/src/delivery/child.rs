//! What the child does, and what it holds against what came.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::action::{self, Action, SaFlags};
use siglatch::mask::{self, MaskGuard};
use siglatch::sys::KernelSiginfo;
use siglatch::{Cause, Dispatcher, InfoQueue, Latch, SigInfo, SigSet, Signal, Tid};
use std::sync::{Mutex, PoisonError};

use crate::stack;

use super::{Landing, Operation, Plan, Receiver};

static LATCH: Latch = Latch::new();
/// Its handlers may be interrupted, by each other too.
static QUEUE: InfoQueue<2> = InfoQueue::new().mask(SigSet::empty());
static TABLE: Dispatcher<2> = Dispatcher::new();

/// How many signals there are to choose from.
pub const SIGNALS: usize = 4;

/// One of the latch, two of the queue, one of the table.
pub fn signals() -> [(Signal, Receiver); SIGNALS] {
    let rt = |n| Signal::rt(n).expect("a real-time signal");
    [
        (Signal::USR1, Receiver::Latch),
        (rt(0), Receiver::Queue),
        (rt(29), Receiver::Queue),
        (Signal::USR2, Receiver::Table),
    ]
}

fn signals_of(receiver: Receiver) -> SigSet {
    signals().into_iter().filter(|(_, of)| *of == receiver).map(|(signal, _)| signal).collect()
}

/// Calls of the handler that was there before ours, by number.
static FIRST: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];

extern "C" fn first(number: i32, _: *mut KernelSiginfo, _: *mut core::ffi::c_void) {
    FIRST[number as usize].fetch_add(1, SeqCst);
}

/// Details of the table's calls.
static CALLS: Mutex<Vec<SigInfo>> = Mutex::new(Vec::new());

/// What the child has taken.
#[derive(Default)]
struct Taken {
    flags: usize,
    instances: Vec<SigInfo>,
}

/// The child's whole life. `stop` is called before each operation and after the last.
#[expect(unsafe_code, reason = "the first handler is C's")]
pub fn live(plan: &Plan, sender: i32, stop: impl Fn()) {
    stack::enlarge();
    // Everything that stops or ends it is to do so, whatever the fuzzer has caught.
    for signal in Signal::all().filter(|signal| !signal.is_unchangeable()) {
        let _before = action::default(signal).expect("default");
    }
    mask::set(SigSet::empty()).expect("mask");
    for (signal, _) in signals() {
        let action = Action::handler(first, SaFlags::RESTART, SigSet::empty());
        // SAFETY: the handler adds to a number and nothing else.
        let _before = unsafe { action::install(signal, &action) }.expect("install");
    }
    let before = signals().map(|(signal, _)| action::query(signal).expect("action"));
    for receiver in Receiver::ALL {
        if plan.caught[receiver as usize] {
            catch(receiver);
        }
    }

    let mut taken = Taken::default();
    taken.instances.reserve(16);
    for operation in &plan.operations {
        stop();
        run(*operation, &mut taken);
    }
    stop();

    assert_eq!(mask::query(), Ok(SigSet::empty()), "the mask is as it was");
    for ((signal, receiver), before) in signals().into_iter().zip(before) {
        let now = action::query(signal).expect("action");
        let caught = plan.caught(receiver).ends_with(&[true]);
        assert_eq!(now == before, !caught, "{signal}: {now:?}, {before:?} before");
    }
    for operation in [Operation::Take, Operation::DrainQueue, Operation::Dispatch] {
        run(operation, &mut taken);
    }
    check(plan, sender, &taken);
}

fn catch(receiver: Receiver) {
    let signals = signals_of(receiver);
    let result = match receiver {
        Receiver::Latch => LATCH.catch(signals),
        Receiver::Queue => QUEUE.catch(signals),
        Receiver::Table => TABLE.catch(Signal::USR2, called).map(drop),
    };
    assert_eq!(result, Ok(()));
}

fn called(info: &SigInfo) {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner).push(*info);
}

fn release(receiver: Receiver) {
    let signals = signals_of(receiver);
    let result = match receiver {
        Receiver::Latch => LATCH.release(signals).map(drop),
        Receiver::Queue => QUEUE.release(signals).map(drop),
        Receiver::Table => TABLE.release(Signal::USR2).map(drop),
    };
    assert_eq!(result, Ok(()));
}

fn run(operation: Operation, taken: &mut Taken) {
    match operation {
        Operation::Catch(receiver) => catch(receiver),
        Operation::Release(receiver) => release(receiver),
        Operation::Take => taken.flags += LATCH.take().len(),
        Operation::TakeSignal => taken.flags += usize::from(LATCH.take_signal(Signal::USR1)),
        Operation::Drain => taken.flags += LATCH.drain().count(),
        Operation::Look => {
            // What was seen stays: nobody else takes.
            let seen = LATCH.is_set();
            assert!(LATCH.contains(Signal::USR1) || !seen);
        }
        Operation::Pop => taken.instances.extend(QUEUE.pop()),
        Operation::DrainQueue => taken.instances.extend(QUEUE.drain()),
        Operation::Dispatch => {
            TABLE.dispatch();
        }
        Operation::Guard => drop(MaskGuard::block(SigSet::full()).expect("block")),
    }
}

/// The landings of a signal: those that its receiver has to see, and those that it may see as well.
fn bounds(plan: &Plan, signal: usize, receiver: Receiver) -> (usize, usize) {
    let caught = plan.caught(receiver);
    let mut certain = 0;
    let mut possible = 0;
    for landing in plan.landings.iter().filter(|landing| landing.signal == signal) {
        match (caught[landing.operation], caught[landing.operation + 1]) {
            (true, true) => certain += 1,
            (false, false) => {}
            _ => possible += 1,
        }
    }
    (certain, certain + possible)
}

fn check(plan: &Plan, sender: i32, taken: &Taken) {
    for (place, (signal, receiver)) in signals().into_iter().enumerate() {
        let sent = plan.landings.iter().filter(|landing| landing.signal == place).count();
        let first = FIRST[signal.as_raw() as usize].load(SeqCst) as usize;
        // The one that was there first is called for each, ours over it or not. Only standard
        // signals coalesce.
        if signal.is_rt() {
            assert_eq!(first, sent, "{signal}");
        } else {
            assert!((sent.min(1)..=sent).contains(&first), "{signal}: {first} of {sent}");
        }
        let (certain, most) = bounds(plan, place, receiver);
        match receiver {
            Receiver::Latch => {
                let seen = taken.flags;
                assert!((certain.min(1)..=most).contains(&seen), "{seen} of {certain} to {most}");
            }
            Receiver::Queue => {
                let values = values(&taken.instances, signal, sender, &plan.landings);
                let seen = values + QUEUE.lost(signal) as usize;
                assert!((certain..=most).contains(&seen), "{seen} of {certain} to {most}");
            }
            Receiver::Table => {
                let calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
                values(&calls, signal, sender, &plan.landings);
                let seen = calls.len();
                // What was not dispatched is dropped with the function.
                let dropped = plan.operations.contains(&Operation::Release(receiver));
                let certain = if dropped { 0 } else { certain.min(1) };
                assert!((certain..=most).contains(&seen), "{seen} of {certain} to {most}");
            }
        }
    }
}

/// How many instances of the signal there are: whole, in the order in which they came, none twice.
fn values(instances: &[SigInfo], signal: Signal, sender: i32, landings: &[Landing]) -> usize {
    let mut last = 0;
    let mut count = 0;
    for info in instances.iter().filter(|info| info.signal() == signal) {
        count += 1;
        let Cause::Queue { pid, value, .. } = info.cause() else {
            // A table knows no details of one that came while it took those of the one before.
            assert!(info.code() == i32::MIN && signal == Signal::USR2, "{info:?}");
            continue;
        };
        let value = value.as_addr();
        let sent = landings.iter().find(|landing| landing.value == value).expect("a value sent");
        assert_eq!((signals()[sent.signal].0, pid), (signal, sender), "{info:?}");
        assert!(value > last, "{signal}: {value:#x} after {last:#x}");
        last = value;
    }
    count
}

/// The thread that the signals go to.
pub fn thread(child: i32) -> Tid {
    Tid::from_raw(child).expect("a child has an id")
}
