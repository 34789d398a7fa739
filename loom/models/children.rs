//! A table of children that several threads look into, and what a program was started with.

use super::{Model, join, spawn};
use crate::child::{Children, InheritedSignals};
use crate::sync::share;
use crate::{ChildState, Pid, SigSet, sys};

pub(super) const MODELS: &[Model] = &[
    Model::new("children: an end is told once, whatever thread looks", end),
    Model::bounded("children: one thread at a time asks", 3, one_asks),
    Model::new("children: one that is removed is in no entry", removed),
    Model::new("start: who sees that it was noted sees what was", noted),
];

fn table() -> &'static Children<1> {
    let children = share(Children::new());
    children.add(Pid::this()).expect("there is room");
    children
}

/// One thread is told of the end, the other looks at any time.
fn end() {
    let children = table();
    let other = spawn(|| children.reap().count());
    sys::child_becomes(libc::CLD_EXITED);
    let mine = children.reap().count();
    let theirs = join(other);
    assert_eq!(mine + theirs, 1, "the child has ended once");
    assert!(children.is_empty());
}

/// The kernel of the models fails if not.
fn one_asks() {
    let children = table();
    let other = spawn(|| _ = children.changes().next());
    sys::child_becomes(libc::CLD_STOPPED);
    let _first = children.changes().next();
    sys::child_becomes(libc::CLD_CONTINUED);
    let _second = children.changes().next();
    join(other);
    sys::child_becomes(libc::CLD_KILLED);
    let last = children.changes().last();
    assert_eq!(last.and_then(|change| change.state), Some(ChildState::KilledByReserved(0)));
}

/// Two threads that add it at once may take two entries.
fn removed() {
    let children = share(Children::<2>::new());
    let other = spawn(|| children.add(Pid::this()));
    children.add(Pid::this()).expect("there is room");
    join(other).expect("there is room");
    assert!(children.remove(Pid::this()));
    assert!(children.is_empty());
}

fn noted() {
    let start = share(InheritedSignals::new());
    let other = spawn(|| start.capture());
    if let Some(mask) = start.mask() {
        assert_eq!(mask, SigSet::from(sys::BLOCKED));
    }
    assert_eq!(join(other), Ok(()));
}
