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
    /// What was installed when ours was, and is restored by the last release.
    pub saved: BTreeMap<Number, Layer>,
    /// The signals for which ours may be in the chain.
    pub in_chain: Set,
}

impl Model {
    /// In a child of fork(2): nothing has come, and nothing was lost.
    pub fn reset_after_fork(&mut self) {
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
            self.handle(number, instance, &blocked);
            self.kernel.blocked = blocked;
        }
    }

    /// The handlers of one signal, from the installed one down.
    fn handle(&mut self, number: Number, instance: Instance, interrupted: &Set) {
        let chain = self.kernel.chains[&number].clone();
        let wanted = self.is_wanted(number);
        for (depth, layer) in chain.iter().enumerate().rev() {
            match layer.kind {
                Kind::Ignore | Kind::Default => return,
                Kind::Foreign => {
                    let calls =
                        if depth == 0 { &mut self.first_calls } else { &mut self.foreign_calls };
                    *calls.entry(number).or_default() += 1;
                }
                Kind::Ours => {
                    for receiver in &mut self.receivers {
                        if receiver.caught.contains(&number) {
                            receiver.receive(number, instance);
                        }
                    }
                    let chains = self.saved[&number].kind.is_handler();
                    if depth + 1 == chain.len() && !wanted {
                        // The saved action takes over: a handler is called now, and to one that does
                        // nothing the signal comes again.
                        self.restore_saved(number);
                    }
                    if !chains {
                        return;
                    }
                    if depth + 1 == chain.len() {
                        // The saved handler has the mask that it would have alone: what that does not
                        // block comes before it.
                        self.kernel.blocked = interrupted | &self.saved[&number].mask;
                        self.kernel.blocked.insert(number);
                        self.deliver();
                    }
                }
            }
        }
    }

    pub fn is_wanted(&self, number: Number) -> bool {
        self.receivers.iter().any(|receiver| receiver.caught.contains(&number))
    }

    /// Ours, which is installed, gives way to what was saved.
    fn restore_saved(&mut self, number: Number) {
        self.pop(number);
        let saved = self.saved[&number].clone();
        let chain = self.kernel.chains.get_mut(&number).expect("of the pool");
        *chain.last_mut().expect("ours is over another") = saved;
        self.in_chain.remove(&number);
        self.kernel.changed(number);
    }

    /// Our layer as the receivers of the signal want it.
    fn ours(&self, number: Number) -> Layer {
        let saved = &self.saved[&number];
        let theirs = saved.kind.is_handler();
        let wanting = || self.receivers.iter().filter(|receiver| receiver.caught.contains(&number));
        let mut mask: Set = wanting().flat_map(|receiver| receiver.mask.clone()).collect();
        if theirs {
            mask.extend(&saved.mask);
        }
        let restart = wanting().all(|receiver| receiver.restart) && (!theirs || saved.restart);
        let alternate =
            if theirs { saved.alternate } else { wanting().any(|one| !one.mask.is_empty()) };
        Layer { kind: Kind::Ours, restart, alternate, mask }
    }

    pub fn catch(&mut self, receiver: usize, number: Number) {
        self.receivers[receiver].caught.insert(number);
        let installed = self.kernel.in_force(number).clone();
        if installed.kind == Kind::Ours {
            self.pop(number);
        } else if installed.kind == Kind::Foreign && self.in_chain.contains(&number) {
            // It may be over ours.
            return;
        } else {
            self.saved.insert(number, installed);
        }
        self.in_chain.insert(number);
        self.push(number, self.ours(number));
    }

    pub fn release(&mut self, receiver: usize, number: Number) {
        if !self.receivers[receiver].caught.remove(&number) {
            return;
        }
        let wanted = self.is_wanted(number);
        match self.kernel.in_force(number).kind {
            Kind::Ours if wanted => {
                self.pop(number);
                self.push(number, self.ours(number));
            }
            Kind::Ours => self.restore_saved(number),
            Kind::Ignore | Kind::Default if !wanted => _ = self.in_chain.remove(&number),
            Kind::Foreign | Kind::Ignore | Kind::Default => {}
        }
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

    /// Whether the signal was ignored before ours.
    pub fn is_ignored(&self, number: Number) -> bool {
        let installed = self.kernel.in_force(number);
        let asked = if installed.kind == Kind::Ours { &self.saved[&number] } else { installed };
        asked.kind == Kind::Ignore
    }
}
