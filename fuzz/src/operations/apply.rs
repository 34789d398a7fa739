//! One operation, on the real thing and on the model.

use core::ops::ControlFlow;
use core::time::Duration;
use siglatch::fd::{SignalFd, SignalFdInfo};
use siglatch::mask::{self, MaskGuard};
use siglatch::{Errno, Pid, SigSet, SigVal, Signal, Tid, action, send, synchronize, wait};
use std::thread;

use super::kernel::{Instance, Kind, Layer, Number, Set};
use super::pool::{self, FLAGS, NARROW, NEWEST, QUEUE, TABLE, TABLE_PLACE};
use super::run::{Leaving, NO_DETAILS, Run, instance, numbers};

impl Run {
    pub fn apply(&mut self, operation: u8, a: u8, b: u8) {
        let signal = pool::signals()[usize::from(b % 8)];
        let places = pool::signals().into_iter().zip(0..);
        let set: SigSet = places.filter(|(_, n)| b >> n & 1 == 1).map(|(s, _)| s).collect();
        let receiver = [0, 1, 2, 3, 5][usize::from(a % 5)];
        // By this byte only, so that few inputs ask for it: it takes as long as five sequences.
        if operation == 20 {
            return self.fork(a, signal);
        }
        match operation % 20 {
            0 => self.catch(receiver, set),
            1 => self.release(receiver, set),
            2 => self.catch_unless_ignored(receiver, set),
            3 => self.raise(signal),
            4 | 5 => {
                for _ in 0..=a % 6 {
                    self.queue(signal);
                }
            }
            6 => self.queue_to_the_process(signal),
            7 => self.pop(a),
            8 => self.drain(a),
            9 => self.flags(a, signal),
            10 => self.mask(a, set),
            11 => self.guard(a, set),
            12 => self.wait(set),
            13 => self.read(a, set),
            14 => self.come_over(a, signal),
            15 => self.leave(signal),
            16 => self.on(a, signal),
            17 => self.off(signal),
            18 => self.dispatch(a),
            _ => Self::refused(a, receiver, set),
        }
        self.model.deliver();
    }

    pub fn catch(&mut self, receiver: usize, set: SigSet) {
        assert_eq!(pool::catch(receiver, set), Ok(()));
        for number in numbers(set) {
            self.model.catch(receiver, number);
        }
    }

    pub fn release(&mut self, receiver: usize, set: SigSet) {
        let left = pool::release(receiver, set).expect("release");
        for number in numbers(set) {
            self.model.release(receiver, number);
        }
        assert_eq!(numbers(left), &numbers(set) & &self.model.in_chain);
    }

    fn catch_unless_ignored(&mut self, receiver: usize, set: SigSet) {
        let wanted: SigSet =
            set.into_iter().filter(|signal| !self.model.is_ignored(signal.as_raw())).collect();
        assert_eq!(pool::catch_unless_ignored(receiver, set), Ok(wanted));
        for number in numbers(wanted) {
            self.model.catch(receiver, number);
        }
    }

    /// In the model, this process sends a signal to its thread.
    fn send(&mut self, signal: Signal, code: i32, value: usize) {
        let instance = Instance { code, sender: Pid::this().as_raw(), value };
        self.model.kernel.send(signal.as_raw(), instance);
    }

    pub fn raise(&mut self, signal: Signal) {
        self.send(signal, libc::SI_TKILL, 0);
        assert_eq!(with_room(|| send::raise(signal)), Ok(()));
    }

    /// The next value: both halves of it matter.
    fn value(&mut self) -> SigVal {
        self.next_value += 1;
        SigVal::from_addr(self.next_value << (usize::BITS / 8 * 5) | self.next_value)
    }

    pub fn queue(&mut self, signal: Signal) {
        let value = self.value();
        self.send(signal, libc::SI_QUEUE, value.as_addr());
        self.model.deliver();
        let queue = || send::queue_thread(Pid::this(), Tid::this(), signal, value);
        assert_eq!(with_room(queue), Ok(()));
    }

    /// It reaches this thread if it may, and it is the first: others may be the fuzzer's.
    fn queue_to_the_process(&mut self, signal: Signal) {
        let first = Tid::this().as_raw() == Pid::this().as_raw();
        if !first || self.model.kernel.blocked.contains(&signal.as_raw()) {
            return self.queue(signal);
        }
        let value = self.value();
        self.send(signal, libc::SI_QUEUE, value.as_addr());
        assert_eq!(with_room(|| send::queue(Pid::this(), signal, value)), Ok(()));
    }

    fn pop(&mut self, a: u8) {
        let (place, real) = if a & 1 == 0 { (2, QUEUE.pop()) } else { (3, NEWEST.pop()) };
        let oldest = self.model.receivers[place].pop();
        assert_eq!(real.as_ref().map(instance), oldest);
    }

    pub fn drain(&mut self, a: u8) {
        let (place, real) = if a & 1 == 0 {
            (2, QUEUE.drain().map(|info| instance(&info)).collect::<Vec<_>>())
        } else {
            (3, NEWEST.drain().map(|info| instance(&info)).collect())
        };
        let all = core::iter::from_fn(|| self.model.receivers[place].pop());
        assert_eq!(real, all.collect::<Vec<_>>());
    }

    pub fn flags(&mut self, a: u8, signal: Signal) {
        let (place, latch) = if a & 1 == 0 { (0, &FLAGS) } else { (1, &NARROW) };
        let receiver = &mut self.model.receivers[place];
        let number = signal.as_raw();
        match a >> 1 & 7 {
            0 | 1 => assert_eq!(numbers(latch.take()), core::mem::take(&mut receiver.flags)),
            2 => assert_eq!(latch.take_signal(signal), receiver.flags.remove(&number)),
            3 => {
                let count = usize::from(a >> 4);
                let real: Vec<Number> = latch.drain().take(count).map(Signal::as_raw).collect();
                let taken = core::iter::from_fn(|| receiver.flags.pop_first()).take(count);
                assert_eq!(real, taken.collect::<Vec<_>>());
            }
            4 => assert_eq!(latch.contains(signal), receiver.flags.contains(&number)),
            5 => {
                // No time, or hardly any: then it sleeps.
                let timeout = Duration::from_nanos(u64::from(a >> 4 & 1));
                assert_eq!(latch.wait(Some(timeout)), Ok(!receiver.flags.is_empty()));
                // An end that has passed.
                assert_eq!(latch.wait_until(timeout), Ok(!receiver.flags.is_empty()));
                assert_eq!(synchronize(), Ok(()));
            }
            // A child shares it with its parent.
            6 if self.is_child => {}
            6 => {
                let all = &mut self.model.receivers[0].readable;
                assert_eq!(pool::event().clear(), core::mem::take(all));
            }
            _ => {
                latch.set(signal);
                receiver.set(number);
            }
        }
    }

    fn mask(&mut self, a: u8, set: SigSet) {
        let before = numbers(mask::query().expect("mask"));
        let blocked = &mut self.model.kernel.blocked;
        let told = match a % 3 {
            0 => {
                blocked.extend(numbers(set));
                mask::block(set)
            }
            1 => {
                blocked.retain(|number| !numbers(set).contains(number));
                mask::unblock(set)
            }
            _ => {
                *blocked = numbers(set);
                mask::set(set)
            }
        };
        assert_eq!(told.map(numbers), Ok(before));
    }

    fn guard(&mut self, a: u8, set: SigSet) {
        let before = self.model.kernel.blocked.clone();
        if a % 4 == 3 {
            if let Some((guard, blocked)) = self.guards.pop() {
                drop(guard);
                self.model.kernel.blocked = blocked;
            }
            return;
        }
        let blocked = &mut self.model.kernel.blocked;
        let guard = match a % 4 {
            0 => {
                blocked.extend(numbers(set));
                MaskGuard::block(set)
            }
            1 => {
                blocked.retain(|number| !numbers(set).contains(number));
                MaskGuard::unblock(set)
            }
            _ => {
                *blocked = numbers(set);
                MaskGuard::set(set)
            }
        };
        let guard = guard.expect("a mask");
        assert_eq!(numbers(guard.previous()), before);
        self.guards.push((guard, before));
    }

    /// Takes one of those that are blocked and pending.
    fn wait(&mut self, set: SigSet) {
        let wanted = numbers(set & SigSet::from_iter(pool::signals()));
        let taken = self.model.kernel.take(|number| wanted.contains(&number));
        match wait::wait_timeout(set, Duration::ZERO) {
            Ok(real) => assert_eq!(real.as_ref().map(instance), taken),
            Err(errno) => assert_eq!((errno, set.is_empty()), (Errno::INVAL, true)),
        }
    }

    /// Takes some through a signalfd.
    fn read(&mut self, a: u8, set: SigSet) {
        let fd = SignalFd::nonblocking(set).expect("signalfd");
        let mut buffer = [SignalFdInfo::new(); 4];
        let room = usize::from(a % 4) + 1;
        let wanted = numbers(set);
        let kernel = &mut self.model.kernel;
        let taken = core::iter::from_fn(|| kernel.take(|number| wanted.contains(&number)));
        let taken: Vec<_> = taken.take(room).collect();
        match fd.read(&mut buffer[..room]) {
            Ok(records) => {
                let real = records.iter().map(|record| {
                    let value = record.value().map_or(0, SigVal::as_addr);
                    let sender = record.sender().map_or(0, Pid::as_raw);
                    let number = record.signal().map_or(0, Signal::as_raw);
                    (number, Instance { code: record.code(), sender, value })
                });
                assert_eq!(real.collect::<Vec<_>>(), taken);
            }
            Err(errno) => assert_eq!((errno, taken.is_empty()), (Errno::AGAIN, true)),
        }
    }

    /// Other code comes, unless it is there.
    fn come_over(&mut self, a: u8, signal: Signal) {
        let number = signal.as_raw();
        if self.leaving.contains_key(&number) {
            return;
        }
        if a & 1 == 0 {
            let previous = action::ignore(signal).expect("ignore");
            let had_ours = self.model.in_chain.contains(&number)
                && self.model.kernel.in_force(number).kind.is_handler();
            self.leaving.insert(number, Leaving::Restore(previous, had_ours));
            self.model.push(number, Layer::plain(Kind::Ignore));
        } else {
            let mask = if a & 4 == 0 { Set::new() } else { [libc::SIGHUP].into() };
            let layer = Layer { restart: a & 2 == 0, mask, ..Layer::plain(Kind::Foreign) };
            self.leaving.insert(number, Leaving::PutBack(pool::install_over(number, &layer)));
            self.model.push(number, layer);
        }
    }

    /// Other code leaves: where ours is over it, it cannot.
    pub fn leave(&mut self, signal: Signal) {
        let number = signal.as_raw();
        let top = self.model.kernel.in_force(number).kind;
        if self.model.kernel.chains[&number].len() < 2 || top == Kind::Ours {
            return;
        }
        match self.leaving.remove(&number) {
            Some(Leaving::PutBack(replaced)) => {
                pool::set(number, &replaced);
            }
            Some(Leaving::Restore(previous, had_ours)) => {
                assert_eq!(previous.restore(), Ok(true));
                if had_ours {
                    self.model.in_chain.insert(number);
                }
            }
            None => return,
        }
        self.model.pop(number);
        self.model.kernel.changed(number);
    }

    fn on(&mut self, a: u8, signal: Signal) {
        let which = usize::from(a % 2);
        let known = self.functions.insert(signal.as_raw(), which);
        assert_eq!(TABLE.callback(signal).is_some(), known.is_some());
        TABLE.catch(signal, pool::CALLBACKS[which]).expect("catch");
        assert!(TABLE.callback(signal).is_some());
        self.model.catch(TABLE_PLACE, signal.as_raw());
    }

    pub fn off(&mut self, signal: Signal) {
        let number = signal.as_raw();
        self.functions.remove(&number);
        TABLE.release(signal).expect("release");
        assert!(TABLE.callback(signal).is_none());
        self.model.release(TABLE_PLACE, number);
        self.model.receivers[TABLE_PLACE].flags.remove(&number);
        self.model.receivers[TABLE_PLACE].take_newest(number);
    }

    /// All, or the first few.
    fn dispatch(&mut self, a: u8) {
        let some = usize::from(a % 4);
        let mut seen = Vec::new();
        let all = if some == 0 {
            let count = TABLE.dispatch();
            seen = pool::take_calls();
            assert_eq!(count, seen.len());
            usize::MAX
        } else {
            let _broke = TABLE.dispatch_with(|info| {
                let number = info.signal().as_raw();
                seen.push((self.functions[&number], *info));
                if seen.len() == some { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            some
        };
        let table = &mut self.model.receivers[TABLE_PLACE];
        let mut wanted = Vec::new();
        while let Some(number) = table.flags.first().copied().filter(|_| wanted.len() < all) {
            table.flags.remove(&number);
            let newest = table.take_newest(number).unwrap_or(NO_DETAILS);
            wanted.push((self.functions[&number], (number, newest)));
        }
        let seen: Vec<_> = seen.iter().map(|(which, info)| (*which, instance(info))).collect();
        assert_eq!(seen, wanted);
    }

    /// What cannot be is refused, and changes nothing.
    fn refused(a: u8, receiver: usize, set: SigSet) {
        let (bad, errno) = match a % 3 {
            0 => (Signal::KILL, Errno::INVAL),
            1 => (Signal::STOP, Errno::INVAL),
            _ => (Signal::SEGV, Errno::OPNOTSUPP),
        };
        if errno == Errno::INVAL || receiver != 5 {
            let error = pool::catch(receiver, set.with(bad)).expect_err("it cannot be caught");
            assert_eq!((error.errno(), error.signal()), (errno, Some(bad)));
            assert!(pool::catch_unless_ignored(receiver, set.with(bad)).is_err());
        }
        if errno == Errno::INVAL {
            assert_eq!(mask::block(set.with(bad)), Err(errno));
            assert!(mask::set(set.with(bad)).is_err());
            assert!(wait::suspend(set.with(bad)).is_err());
        }
        let error = TABLE.catch(bad, pool::CALLBACKS[0]).expect_err("it cannot be caught");
        assert_eq!((error.errno(), error.signal()), (errno, Some(bad)));
        assert!(TABLE.callback(bad).is_none());
    }
}

/// Sends, once the user's other processes leave it room: RLIMIT_SIGPENDING is for all of them.
fn with_room(send: impl Fn() -> Result<(), Errno>) -> Result<(), Errno> {
    loop {
        match send() {
            Err(Errno::AGAIN) => thread::yield_now(),
            sent => return sent,
        }
    }
}
