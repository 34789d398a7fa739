//! Atomics and a cell that loom watches, under the names of core's.
//!
//! Core's are made by a `const fn`, loom's are not: they exist inside one execution of a model. So an
//! atomic of this file is only an address. The first use in an execution binds it to one of the
//! watched atomics that [`start`] made, which are zero, as all atomics of the crate begin. So statics
//! begin again with each execution, too.
//!
//! # Sequential consistency
//!
//! loom takes an access that is `SeqCst` for little more than acquire and release, and would report
//! faults that cannot be. What is missing is added here: a `SeqCst` load sees the last `SeqCst` write
//! that was executed before it, or one that came after that. The total order of C++ is taken to be
//! the order of execution, which loom varies. Nothing else is ordered by it: an access that is
//! weakened loses what it had. (A fence on either side of each access would give too much.)
#![expect(unsafe_code, reason = "has pointers in place of core's")]
#![expect(clippy::expect_used, reason = "a model ends by a panic")]

extern crate std;

use core::any::Any;
use core::cell::{Cell, RefCell};
use core::ops::{Deref, Range};
use std::boxed::Box;
use std::collections::HashMap;
use std::rc::Rc;
use std::vec::Vec;

use core::sync::atomic::Ordering;

use loom::thread::ThreadId;

/// How many of each there are in an execution.
const ATOMS: usize = 64;
const CELLS: usize = 8;

/// A watched word is a value and, above it, what tells a write from others of the same value: a
/// number for each store, and a count of the additions since.
const VALUE: usize = (1 << 48) - 1;
const ADDITION: usize = 1 << 48;
const STORE: usize = 1 << 56;

struct Atom {
    word: loom::sync::atomic::AtomicUsize,
    /// Changed with each load, and never looked at. loom remembers one access to each atomic when it
    /// decides which orders are left to run: a thread's load would hide another's load before it,
    /// which the thread's next store has to be tried before.
    loads: loom::sync::atomic::AtomicUsize,
    /// The words that a `SeqCst` load may see: that of the last `SeqCst` write and those after it.
    recent: RefCell<Vec<usize>>,
    /// Whether it has been used by a `SeqCst` access. Until then, words are plain values.
    ordered: Cell<bool>,
    stores: Cell<usize>,
}

/// What there is in one execution.
#[derive(Default)]
struct World {
    atoms: Pool<Atom>,
    cells: Pool<loom::cell::UnsafeCell<()>>,
    shared: Vec<Shared>,
    interrupts: Vec<(ThreadId, Box<dyn FnOnce()>)>,
}

/// Memory of an execution.
struct Shared {
    _value: Box<dyn Any>,
    addresses: Range<usize>,
    /// Written when it was made, which each thread that uses an atomic in it must know of.
    made: Rc<loom::cell::UnsafeCell<()>>,
}

/// Objects that are bound to addresses as they are first used.
struct Pool<T> {
    free: Vec<Rc<T>>,
    bound: HashMap<usize, Rc<T>>,
}

std::thread_local! {
    /// loom runs all threads of an execution on one thread of the system.
    static WORLD: RefCell<World> = RefCell::default();
}

/// Begins an execution. Its first thread has to do it, so that all others come after.
pub(crate) fn start() {
    let atom = || {
        let word = loom::sync::atomic::AtomicUsize::new(0);
        // What it begins with is older than every `SeqCst` write, and loom is to know.
        word.store(0, Ordering::SeqCst);
        let recent = RefCell::new(Vec::from([0]));
        let loads = loom::sync::atomic::AtomicUsize::new(0);
        Atom { word, loads, recent, ordered: Cell::new(false), stores: Cell::new(0) }
    };
    let world = World {
        atoms: Pool::new(ATOMS, atom),
        cells: Pool::new(CELLS, || loom::cell::UnsafeCell::new(())),
        shared: Vec::new(),
        interrupts: Vec::new(),
    };
    WORLD.with_borrow_mut(|current| *current = world);
}

/// Something that all threads of this execution may use until its end, once they are told where it
/// is.
pub(crate) fn share<T: 'static>(value: T) -> &'static T {
    let value = Box::new(value);
    let address: *const T = &raw const *value;
    let made = Rc::new(loom::cell::UnsafeCell::new(()));
    made.with_mut(|_| ());
    let addresses = address.addr()..address.wrapping_add(1).addr();
    let shared = Shared { _value: value, addresses, made };
    WORLD.with_borrow_mut(|world| world.shared.push(shared));
    // SAFETY: it stays in its box until the next execution starts, and no thread of this one is left
    // then.
    unsafe { &*address }
}

/// Runs `f` on the calling thread when it is about to use a cell the next time: in the middle of a
/// push or a pop.
pub(crate) fn interrupt(f: impl FnOnce() + 'static) {
    let me = loom::thread::current().id();
    WORLD.with_borrow_mut(|world| world.interrupts.push((me, Box::new(f))));
}

fn interrupted() {
    let me = loom::thread::current().id();
    let interrupt = WORLD.with_borrow_mut(|world| {
        let mine = world.interrupts.iter().position(|(thread, _)| *thread == me)?;
        Some(world.interrupts.remove(mine).1)
    });
    if let Some(interrupt) = interrupt {
        interrupt();
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { free: Vec::new(), bound: HashMap::new() }
    }
}

impl<T> Pool<T> {
    fn new(count: usize, make: impl Fn() -> T) -> Self {
        let free = core::iter::repeat_with(|| Rc::new(make())).take(count).collect();
        Self { free, bound: HashMap::new() }
    }

    fn get(&mut self, address: usize) -> Rc<T> {
        let free = &mut self.free;
        let object =
            self.bound.entry(address).or_insert_with(|| free.pop().expect("the pool is empty"));
        Rc::clone(object)
    }
}

/// The address of an atomic, which has a size so that no two have the same.
#[derive(Debug)]
pub(crate) struct Word(#[expect(dead_code, reason = "a place in memory")] u32);

impl Word {
    const fn new() -> Self {
        Self(0)
    }

    fn atom(&self) -> Rc<Atom> {
        let address = core::ptr::from_ref(self).addr();
        let (made, atom) = WORLD.with_borrow_mut(|world| {
            let mut shared = world.shared.iter();
            let made = shared.find(|shared| shared.addresses.contains(&address));
            (made.map(|shared| Rc::clone(&shared.made)), world.atoms.get(address))
        });
        if let Some(made) = made {
            made.with(|_| ());
        }
        atom
    }

    fn load(&self, order: Ordering) -> usize {
        let atom = self.atom();
        loop {
            atom.loads.fetch_add(1, Ordering::Relaxed);
            let word = atom.word.load(order);
            if order != Ordering::SeqCst {
                return word & VALUE;
            }
            atom.ordered.set(true);
            if atom.recent.borrow().contains(&word) {
                return word & VALUE;
            }
            // It cannot be: nothing is to be learned from what follows, so no other way to go on
            // from here is tried, and after a yield loom chooses another write.
            loom::skip_branch();
            loom::thread::yield_now();
        }
    }

    fn store(&self, value: usize, order: Ordering) {
        let atom = self.atom();
        let word = atom.numbered(value);
        atom.word.store(word, order);
        atom.written(word, order);
    }

    fn swap(&self, value: usize, order: Ordering) -> usize {
        let atom = self.atom();
        let word = atom.numbered(value);
        let old = atom.word.swap(word, order);
        atom.written(word, order);
        old & VALUE
    }

    fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        let atom = self.atom();
        let addend = if atom.ordered.get() { ADDITION.wrapping_add(value) } else { value };
        let old = atom.word.fetch_add(addend, order);
        atom.written(old.wrapping_add(addend), order);
        old & VALUE
    }

    fn fetch_or(&self, value: usize, order: Ordering) -> usize {
        let atom = self.atom();
        let old = atom.word.fetch_or(value, order);
        atom.written(old | value, order);
        old & VALUE
    }

    fn fetch_and(&self, value: usize, order: Ordering) -> usize {
        let atom = self.atom();
        let kept = value | !VALUE;
        let old = atom.word.fetch_and(kept, order);
        atom.written(old & kept, order);
        old & VALUE
    }

    fn compare_exchange(
        &self,
        from: usize,
        to: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        let atom = self.atom();
        let new = atom.numbered(to);
        // Of the value, the word is found out by exchanges that fail.
        let mut expected = from;
        loop {
            match atom.word.compare_exchange(expected, new, success, failure) {
                Ok(_) => {
                    atom.written(new, success);
                    return Ok(from);
                }
                Err(word) if word & VALUE != from => return Err(word & VALUE),
                Err(word) => expected = word,
            }
        }
    }
}

impl Atom {
    /// The word for a value that is stored.
    fn numbered(&self, value: usize) -> usize {
        // All signals, too, of which no model needs the highest.
        assert!(value <= VALUE || value == usize::MAX, "{value:#x} is too large for a model");
        let value = value & VALUE;
        if !self.ordered.get() {
            return value;
        }
        let number = self.stores.get().wrapping_add(1);
        self.stores.set(number);
        assert!(number <= usize::MAX / STORE, "too many stores for a model");
        number.wrapping_mul(STORE) | value
    }

    /// Notes a write that was executed just now.
    fn written(&self, word: usize, order: Ordering) {
        let mut recent = self.recent.borrow_mut();
        if order == Ordering::SeqCst {
            self.ordered.set(true);
            recent.clear();
        }
        recent.push(word);
    }
}

/// The atomics, as far as the crate uses them.
pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::Ordering;
    pub(crate) use loom::sync::atomic::fence;

    use core::marker::PhantomData;
    use core::ptr;

    use super::Word;

    macro_rules! atomic {
        ($name:ident, $value:ty, $zero:expr, $from:expr, $into:expr) => {
            #[derive(Debug)]
            pub struct $name(Word);

            #[allow(dead_code, reason = "not every one has a use for all of them")]
            impl $name {
                pub(crate) const fn new(value: $value) -> Self {
                    assert!(value == $zero, "what the models share begins at zero");
                    Self(Word::new())
                }

                pub(crate) fn load(&self, order: Ordering) -> $value {
                    $from(self.0.load(order))
                }

                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    self.0.store($into(value), order);
                }

                pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                    $from(self.0.swap($into(value), order))
                }

                pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                    $from(self.0.fetch_add($into(value), order))
                }

                pub(crate) fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                    $from(self.0.fetch_add($into(value).wrapping_neg(), order))
                }

                pub(crate) fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                    $from(self.0.fetch_or($into(value), order))
                }

                pub(crate) fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                    $from(self.0.fetch_and($into(value), order))
                }

                pub(crate) fn compare_exchange(
                    &self,
                    from: $value,
                    to: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    let result = self.0.compare_exchange($into(from), $into(to), success, failure);
                    result.map($from).map_err($from)
                }
            }
        };
    }

    atomic!(AtomicUsize, usize, 0, |raw: usize| raw, |value: usize| value);
    atomic!(AtomicU64, u64, 0, |raw: usize| raw as u64, |value: u64| value as usize);
    atomic!(AtomicU32, u32, 0, |raw: usize| raw as u32, |value: u32| value as usize);
    atomic!(AtomicI32, i32, 0, |raw: usize| raw as i32, |value: i32| value as u32 as usize);
    atomic!(AtomicBool, bool, false, |raw: usize| raw != 0, |value: bool| usize::from(value));

    pub(crate) struct AtomicPtr<T> {
        word: Word,
        /// Shared between threads, as the pointer is.
        target: PhantomData<fn() -> *mut T>,
    }

    impl<T> AtomicPtr<T> {
        /// A null pointer: a constant cannot be told apart from another by its address.
        pub(crate) const fn new(_null: *mut T) -> Self {
            Self { word: Word::new(), target: PhantomData }
        }

        pub(crate) fn load(&self, order: Ordering) -> *mut T {
            ptr::with_exposed_provenance_mut(self.word.load(order))
        }

        pub(crate) fn store(&self, pointer: *mut T, order: Ordering) {
            self.word.store(pointer.expose_provenance(), order);
        }

        pub(crate) fn swap(&self, pointer: *mut T, order: Ordering) -> *mut T {
            let raw = pointer.expose_provenance();
            ptr::with_exposed_provenance_mut(self.word.swap(raw, order))
        }
    }
}

/// A cell whose uses loom watches: two at once, of which one writes, end the model.
pub(crate) struct UnsafeCell<T> {
    data: core::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(data: T) -> Self {
        Self { data: core::cell::UnsafeCell::new(data) }
    }

    pub(crate) fn get(&self) -> Pointer<T> {
        let address = self.data.get();
        let watched = WORLD.with_borrow_mut(|world| world.cells.get(address.addr()));
        Pointer { address, watched }
    }
}

/// What core has a raw pointer for.
pub(crate) struct Pointer<T> {
    address: *mut T,
    watched: Rc<loom::cell::UnsafeCell<()>>,
}

impl<T> Pointer<T> {
    /// # Safety
    ///
    /// That of a pointer's.
    pub(crate) unsafe fn write(self, value: T) {
        interrupted();
        // SAFETY: the caller's promise, which loom checks before.
        self.watched.deref().with_mut(|_| unsafe { self.address.write(value) });
    }

    /// # Safety
    ///
    /// That of a pointer's.
    pub(crate) unsafe fn read(self) -> T {
        interrupted();
        // SAFETY: the caller's promise, which loom checks before.
        self.watched.deref().with(|_| unsafe { self.address.read() })
    }
}
