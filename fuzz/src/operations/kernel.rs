//! The kernel as a plain model: one thread's mask and pending signals, and the chain of actions of
//! each signal. signal(7), sigaction(2).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A signal's number.
pub type Number = i32;

pub type Set = BTreeSet<Number>;

/// One instance of a signal: its code, the process that sent it, and the value that was sent along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance {
    pub code: i32,
    pub sender: i32,
    pub value: usize,
}

/// What a layer does with a signal that reaches it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ignore,
    /// The default, of a signal that is ignored by default.
    Default,
    /// The crate's handler.
    Ours,
    /// Other code's handler that chains to what it replaced, or the one that was there first.
    Foreign,
}

impl Kind {
    pub fn is_handler(self) -> bool {
        matches!(self, Self::Ours | Self::Foreign)
    }
}

/// An action: of a chain, the last layer is installed, and each handler chains to the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    pub kind: Kind,
    pub restart: bool,
    /// Whether the handler runs on the alternate stack.
    pub alternate: bool,
    /// What is blocked while the handler runs, besides the signal itself.
    pub mask: Set,
}

impl Layer {
    /// One without flags and mask.
    pub fn plain(kind: Kind) -> Self {
        Self { kind, restart: false, alternate: false, mask: Set::new() }
    }
}

#[derive(Default, Debug)]
pub struct Kernel {
    pub blocked: Set,
    pub pending: BTreeMap<Number, VecDeque<Instance>>,
    pub chains: BTreeMap<Number, Vec<Layer>>,
}

impl Kernel {
    pub fn in_force(&self, number: Number) -> &Layer {
        self.chains[&number].last().expect("an action is always installed")
    }

    pub fn pending(&self) -> Set {
        self.pending.keys().copied().collect()
    }

    /// A signal is sent to the thread.
    pub fn send(&mut self, number: Number, instance: Instance) {
        if !self.in_force(number).kind.is_handler() && !self.blocked.contains(&number) {
            return;
        }
        let queue = self.pending.entry(number).or_default();
        // Standard signals do not queue.
        if number > 31 || queue.is_empty() {
            queue.push_back(instance);
        }
    }

    /// A new action is installed. What is pending of a signal that is ignored is gone.
    pub fn changed(&mut self, number: Number) {
        if !self.in_force(number).kind.is_handler() {
            self.pending.remove(&number);
        }
    }

    /// Takes the lowest pending signal of those that are asked for.
    pub fn take(&mut self, of: impl Fn(Number) -> bool) -> Option<(Number, Instance)> {
        let number = *self.pending.keys().find(|number| of(**number))?;
        let queue = self.pending.get_mut(&number)?;
        let instance = queue.pop_front()?;
        if queue.is_empty() {
            self.pending.remove(&number);
        }
        Some((number, instance))
    }
}
