//! One registration at a time.

use super::{Model, Work, join, spawn};
use crate::Errno;
use crate::delivery::lock::Lock;
use crate::sync::share;

pub(super) const MODELS: &[Model] = &[
    Model::new("lock: who has it sees the work of who had it before", owners),
    Model::new("lock: a thread that has it is told", twice),
];

fn owners() {
    let lock = share(Lock::new());
    let work = Work::new();
    let works = || {
        let _guard = lock.acquire().expect("it is another's at most");
        work.do_it();
    };
    let other = spawn(works);
    works();
    join(other);
}

fn twice() {
    let lock = share(Lock::new());
    let other = spawn(|| drop(lock.acquire()));
    let guard = lock.acquire();
    assert!(guard.is_ok());
    assert_eq!(lock.acquire().err(), Some(Errno::DEADLK));
    drop(guard);
    join(other);
}
