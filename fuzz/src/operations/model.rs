//! The crate as a plain model: receivers of queues and sets, and what each operation does to them.

use super::kernel::{Instance, Kernel, Kind, Layer, Number, Set};
use std::collections::{BTreeMap, VecDeque};

/// What a receiver is behind its flags.
#[derive(Debug)]
pub enum Behind {
    Flags,
    /// Room for so many instances; of each signal the newest only, or all.
    Queue {
        room: usize,
        newest: bool,
    },
    /// A function in signal context, which takes the signal or not.
    Hook,
}

#[derive(Debug)]
pub struct Receiver {
    pub behind: Behind,
    pub restart: bool,
    pub mask: Set,
    pub caught: Set,
    pub flags: Set,
    pub instances: VecDeque<(Number, Instance)>,
    pub lost: BTreeMap<Number, u32>,
    /// Calls of a hook.
    pub calls: u32,
    /// Whether its eventfd is readable.
    pub readable: bool,
}

impl Receiver {
    pub fn new(behind: Behind, restart: bool, mask: Set) -> Self {
        Self {
            behind,
            restart,
            mask,
            caught: Set::new(),
            flags: Set::new(),
            instances: VecDeque::new(),
            lost: BTreeMap::new(),
            calls: 0,
            readable: false,
        }
    }

    pub fn set(&mut self, number: Number) {
        self.flags.insert(number);
        self.readable = true;
    }

    fn receive(&mut self, number: Number, instance: Instance) {
        match self.behind {
            Behind::Flags => {}
            Behind::Hook => {
                self.calls += 1;
                return;
            }
            Behind::Queue { room, newest } => {
                let older = self.instances.iter().position(|(of, _)| *of == number);
                if let Some(older) = older.filter(|_| newest) {
                    self.instances.remove(older);
                    *self.lost.entry(number).or_default() += 1;
                }
                if self.instances.len() < room {
                    self.instances.push_back((number, instance));
                } else {
                    *self.lost.entry(number).or_default() += 1;
                }
            }
        }
        self.set(number);
    }

    /// The oldest instance; when there is none, nothing is left to be looked at.
    pub fn pop(&mut self) -> Option<(Number, Instance)> {
        let oldest = self.instances.pop_front();
        if oldest.is_none() {
            self.flags.clear();
        }
        oldest
    }

    /// What a table knows of a signal that came: the newest details, or none if there was no room.
    pub fn take_newest(&mut self, number: Number) -> Option<Instance> {
        let found = self.instances.iter().position(|(of, _)| *of == number);
        found.and_then(|at| self.instances.remove(at)).map(|(_, instance)| instance)
    }
}

#[derive(Debug)]
pub struct Model {
    pub kernel: Kernel,
    pub receivers: Vec<Receiver>,
    /// Calls of the foreign handlers, those that were there first and those over ours.
    pub first_calls: BTreeMap<Number, u32>,
    pub foreign_calls: BTreeMap<Number, u32>,
    /// Signals whose chain was left to the action before ours by the handler itself.
    pub departed: Set,
}

impl Model {
    /// In a child of fork(2): nothing has come, and nothing was lost.
    pub fn start_over(&mut self) {
        for receiver in &mut self.receivers {
            receiver.flags.clear();
            receiver.instances.clear();
            receiver.lost.clear();
        }
    }

    /// All that is there to be delivered is.
    pub fn deliver(&mut self) {
        loop {
            let blocked = self.kernel.blocked.clone();
            let Some((number, instance)) = self.kernel.take(|number| !blocked.contains(&number))
            else {
                return;
            };
            let action = self.kernel.in_force(number).clone();
            if !action.kind.is_handler() {
                continue;
            }
            self.kernel.blocked.extend(&action.mask);
            self.kernel.blocked.insert(number);
            // The kernel lays the frames of all that may run on top of each other before the first
            // instruction of any of them runs.
            self.deliver();
            self.handle(number, instance);
            self.kernel.blocked = blocked;
        }
    }

    /// The handlers of one signal, from the one in force down.
    fn handle(&mut self, number: Number, instance: Instance) {
        let chain = self.kernel.chains[&number].clone();
        let wanted = self.receivers.iter().any(|receiver| receiver.caught.contains(&number));
        let mut ours_came = false;
        for (depth, layer) in chain.iter().enumerate().rev() {
            match layer.kind {
                Kind::Ignore | Kind::Default => return,
                Kind::Foreign => {
                    let calls =
                        if depth == 0 { &mut self.first_calls } else { &mut self.foreign_calls };
                    *calls.entry(number).or_default() += 1;
                }
                Kind::Ours if ours_came => {}
                Kind::Ours => {
                    ours_came = true;
                    for receiver in &mut self.receivers {
                        if receiver.caught.contains(&number) {
                            receiver.receive(number, instance);
                        }
                    }
                    let in_force = depth + 1 == chain.len();
                    if in_force && !wanted {
                        // The action before ours takes over: a handler is called now, and to one
                        // that does nothing the signal comes again.
                        self.kernel.chains.get_mut(&number).expect("of the pool").pop();
                        self.kernel.changed(number);
                        self.departed.insert(number);
                    }
                }
            }
        }
    }

    /// Our layer as the receivers of the signal want it.
    fn ours(&self, number: Number, under: &Layer) -> Layer {
        let theirs = under.kind.is_handler();
        let wanting = || self.receivers.iter().filter(|receiver| receiver.caught.contains(&number));
        let mut mask: Set = wanting().flat_map(|receiver| receiver.mask.clone()).collect();
        if theirs {
            mask.extend(&under.mask);
        }
        let restart = wanting().all(|receiver| receiver.restart) && (!theirs || under.restart);
        Layer { kind: Kind::Ours, restart, mask }
    }

    pub fn catch(&mut self, receiver: usize, number: Number) {
        self.receivers[receiver].caught.insert(number);
        let chain = &self.kernel.chains[&number];
        if chain.last().is_some_and(|layer| layer.kind != Kind::Ours) {
            let under = self.kernel.in_force(number).clone();
            self.push(number, self.ours(number, &under));
        } else {
            let under = chain[chain.len() - 2].clone();
            self.pop(number);
            self.push(number, self.ours(number, &under));
        }
    }

    pub fn release(&mut self, receiver: usize, number: Number) {
        if !self.receivers[receiver].caught.remove(&number)
            || self.kernel.in_force(number).kind != Kind::Ours
        {
            return;
        }
        let wanted = self.receivers.iter().any(|receiver| receiver.caught.contains(&number));
        self.pop(number);
        if wanted {
            let under = self.kernel.in_force(number).clone();
            self.push(number, self.ours(number, &under));
        }
        self.kernel.changed(number);
    }

    /// Puts an action over the one in force.
    pub fn push(&mut self, number: Number, layer: Layer) {
        self.kernel.chains.get_mut(&number).expect("of the pool").push(layer);
        self.kernel.changed(number);
    }

    /// Takes the action in force away. (What it does to pending signals is told by `changed`.)
    pub fn pop(&mut self, number: Number) {
        self.kernel.chains.get_mut(&number).expect("of the pool").pop();
    }

    /// Whether who asks like nohup is told that the signal is ignored.
    pub fn is_ignored(&self, number: Number) -> bool {
        let chain = &self.kernel.chains[&number];
        let top = chain.len() - 1;
        let asked = if chain[top].kind == Kind::Ours { top - 1 } else { top };
        chain[asked].kind == Kind::Ignore
    }
}
