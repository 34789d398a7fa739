//! A sequence from its beginning to its end, and what is compared in between.

use core::mem;
use core::time::Duration;
use siglatch::action::{self, Action, Disposition, Previous, SaFlags};
use siglatch::mask::{self, MaskGuard};
use siglatch::{Cause, Latch, SigInfo, SigSet, Signal, wait};
use std::collections::BTreeMap;

use crate::stack;

use super::kernel::{Instance, Kernel, Kind, Layer, Number, Set};
use super::model::Model;
use super::pool::{self, FLAGS, NARROW, NEWEST, QUEUE, TABLE};

/// Details that there was no room for.
pub const NO_DETAILS: Instance = Instance { code: i32::MIN, sender: 0, value: 0 };

/// Other code's layer over ours, and how it leaves.
pub enum Leaving {
    PutBack(libc::sigaction),
    /// And whether ours was in the chain of what it replaced.
    Restore(Previous, bool),
}

/// A sequence: the model, and what of the real thing is not static.
pub struct Run {
    pub model: Model,
    pub guards: Vec<(MaskGuard, Set)>,
    pub leaving: BTreeMap<Number, Leaving>,
    /// The actions of before the sequence.
    outside: Vec<(Number, libc::sigaction)>,
    pub functions: BTreeMap<Number, usize>,
    /// What was counted before the sequence.
    pub lost: [BTreeMap<Number, u32>; 2],
    hook_calls: u32,
    first_calls: BTreeMap<Number, u32>,
    over_calls: BTreeMap<Number, u32>,
    pub next_value: usize,
    /// Whether it is not to fork any more.
    pub has_forked: bool,
    /// Whether this is the child, which ends with the sequence.
    pub is_child: bool,
}

pub fn numbers(set: SigSet) -> Set {
    set.into_iter().map(Signal::as_raw).collect()
}

fn counts(of: impl Fn(Signal) -> u32) -> BTreeMap<Number, u32> {
    pool::signals().into_iter().map(|signal| (signal.as_raw(), of(signal))).collect()
}

/// The instance, with the user that it claims to be from looked at.
pub fn instance(info: &SigInfo) -> (Number, Instance) {
    let (sender, uid, value) = match info.cause() {
        Cause::Thread { pid, uid } => (pid, uid, 0),
        Cause::Queue { pid, uid, value } => (pid, uid, value.as_addr()),
        Cause::Other { .. } if info.code() == NO_DETAILS.code => (0, user(), 0),
        cause => panic!("nobody sent {cause:?}"),
    };
    assert_eq!(uid, user());
    (info.signal().as_raw(), Instance { code: info.code(), sender, value })
}

#[expect(unsafe_code, reason = "asks C who we are")]
fn user() -> u32 {
    // SAFETY: it only tells.
    unsafe { libc::getuid() }
}

impl Run {
    /// Puts the first actions in force: ignored, a handler, or the default of those that are
    /// ignored by default.
    pub fn begin(first: u8) -> Self {
        stack::enlarge();
        let _linked = FLAGS.wake_through(pool::event());
        pool::event().clear();
        // Whatever mask the process was started with.
        let all: SigSet = pool::signals().into_iter().collect();
        mask::unblock(all).expect("unblock");
        let (mut chains, mut outside) = (BTreeMap::new(), Vec::new());
        for (signal, place) in pool::signals().into_iter().zip(0..) {
            let kind = match first >> (place % 4 * 2) & 3 {
                0 if matches!(signal, Signal::WINCH | Signal::URG) => Kind::Default,
                0 | 1 => Kind::Ignore,
                _ => Kind::Foreign,
            };
            let restart = first >> (place % 4 * 2) & 1 == 1;
            // One is what `action::ignore` sets, too: an action that comes over itself.
            let plain = kind == Kind::Ignore && !restart;
            let mask = if plain { Set::new() } else { [libc::SIGUSR2].into() };
            let layer = Layer { restart, mask, ..Layer::plain(kind) };
            outside.push((signal.as_raw(), pool::install_first(signal.as_raw(), &layer)));
            chains.insert(signal.as_raw(), vec![layer]);
        }
        Self {
            model: Model {
                kernel: Kernel { chains, ..Kernel::default() },
                receivers: pool::receivers(),
                first_calls: BTreeMap::new(),
                foreign_calls: BTreeMap::new(),
                saved: BTreeMap::new(),
                in_chain: Set::new(),
            },
            guards: Vec::new(),
            leaving: BTreeMap::new(),
            outside,
            functions: BTreeMap::new(),
            lost: [counts(|s| QUEUE.lost(s)), counts(|s| NEWEST.lost(s))],
            hook_calls: pool::hook_calls(),
            first_calls: counts(|s| pool::first_calls(s.as_raw())),
            over_calls: counts(|s| pool::over_calls(s.as_raw())),
            next_value: 1,
            has_forked: false,
            is_child: false,
        }
    }

    /// All that can be seen without changing it.
    pub fn compare(&self) {
        let all: SigSet = pool::signals().into_iter().collect();
        let [flags, narrow, queue, newest, table, hook] = &self.model.receivers[..] else {
            unreachable!("six receivers")
        };
        for (place, receiver) in self.model.receivers.iter().enumerate() {
            assert_eq!(numbers(pool::caught(place)), receiver.caught, "receiver {place}");
        }
        assert_eq!(numbers(FLAGS.pending()), flags.flags);
        assert_eq!(numbers(NARROW.pending()), narrow.flags);
        assert_eq!(FLAGS.is_set(), !flags.flags.is_empty());
        assert_eq!(numbers(TABLE.pending()), table.flags);
        let set = [QUEUE.wait(Some(Duration::ZERO)), NEWEST.wait(Some(Duration::ZERO))];
        assert_eq!(set, [queue, newest].map(|receiver| Ok(!receiver.flags.is_empty())));
        let empty = [QUEUE.is_empty(), NEWEST.is_empty()];
        assert_eq!(empty, [queue, newest].map(|receiver| receiver.instances.is_empty()));
        assert_eq!(pool::hook_calls().wrapping_sub(self.hook_calls), hook.calls);
        for signal in all {
            let number = signal.as_raw();
            let of = |counts: &BTreeMap<Number, u32>| counts.get(&number).copied().unwrap_or(0);
            let since = |now: u32, before: &BTreeMap<Number, u32>| now.wrapping_sub(of(before));
            assert_eq!(since(QUEUE.lost(signal), &self.lost[0]), of(&queue.lost), "{signal}");
            assert_eq!(since(NEWEST.lost(signal), &self.lost[1]), of(&newest.lost), "{signal}");
            let first = since(pool::first_calls(number), &self.first_calls);
            assert_eq!(first, of(&self.model.first_calls), "{signal}");
            let over = since(pool::over_calls(number), &self.over_calls);
            assert_eq!(over, of(&self.model.foreign_calls), "{signal}");
        }
        assert_eq!(numbers(mask::query().expect("mask") & all), {
            let blocked = &self.model.kernel.blocked;
            blocked & &numbers(all)
        });
        let pending = wait::pending().expect("pending") & all;
        assert_eq!(numbers(pending), self.model.kernel.pending());
    }

    /// The action in force is that of the model.
    pub fn compare_action(&self, signal: Signal) {
        let in_force = action::query(signal).expect("action");
        same(signal, &in_force, self.model.kernel.in_force(signal.as_raw()));
    }

    /// Everybody leaves, and all is as it was.
    pub fn end(mut self) {
        while let Some((guard, blocked)) = self.guards.pop() {
            drop(guard);
            self.model.kernel.blocked = blocked;
            self.model.deliver();
        }
        let all: SigSet = pool::signals().into_iter().collect();
        mask::unblock(all).expect("unblock");
        self.model.kernel.blocked.clear();
        self.model.deliver();
        self.compare();
        for signal in all {
            self.compare_action(signal);
        }
        for receiver in [0, 1, 2, 3, 5] {
            self.release(receiver, all);
        }
        for signal in all {
            self.off(signal);
            // Ours may be under other code's.
            while self.model.kernel.chains[&signal.as_raw()].len() > 1 {
                self.leave(signal);
                self.catch(0, signal.into());
                self.release(0, signal.into());
            }
        }
        self.drain(0);
        self.drain(1);
        for place in 0..2 {
            self.flags(place, Signal::USR1);
        }
        self.compare();
        for signal in all {
            self.compare_action(signal);
        }
        assert!(self.model.receivers.iter().all(|receiver| receiver.flags.is_empty()));
        let empty = format!("{:?}", Latch::default());
        assert!([&FLAGS, &NARROW].iter().all(|latch| format!("{latch:?}") == empty), "{empty}");
        let debug = format!("{QUEUE:?}, {TABLE:?}, {:?}, {:?}", FLAGS.drain(), QUEUE.drain());
        assert!(debug.contains("is_empty: true"), "{debug}");
        for (number, action) in mem::take(&mut self.outside) {
            pool::set(number, &action);
        }
    }
}

/// The action is that of the model.
fn same(signal: Signal, action: &Action, layer: &Layer) {
    let disposition = match layer.kind {
        Kind::Ignore => Disposition::Ignore,
        Kind::Default => Disposition::Default,
        Kind::Ours | Kind::Foreign => Disposition::Handler,
    };
    assert_eq!(action.disposition(), disposition, "{signal}");
    let restarts = action.flags().contains(SaFlags::RESTART);
    assert_eq!((restarts, numbers(action.mask())), (layer.restart, layer.mask.clone()), "{signal}");
    assert_eq!(action.is_own(), layer.kind == Kind::Ours, "{signal}");
    if layer.kind == Kind::Ours {
        let flags = action.flags();
        assert!(flags.contains(SaFlags::SIGINFO), "{signal}");
        assert_eq!(flags.contains(SaFlags::ONSTACK), layer.alternate, "{signal}");
    }
}
