//! Alternate stacks: handlers really run there, too small a one is refused, and what was there
//! before comes back.

#![expect(unsafe_code, reason = "handlers, and what Rust's runtime has set, are calls into C")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "sizes here are small")]

use core::cell::RefCell;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};
use siglatch::action::{self, Action, SaFlags};
use siglatch::stack::{self, AltStack, StackGuard};
use siglatch::sys::KernelSiginfo;
use siglatch::{Errno, Latch, SigSet, Signal, send, sys};
use std::io::Read as _;
use std::{fs, io, thread};
use support::state::SignalState;
use support::{Child, Scenario, in_child, recorder, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        sizes_are_the_kernels,
        query_tells_what_is_set,
        handler_runs_on_the_stack,
        latch_handler_runs_on_the_stack,
        smallest_stack_holds_a_latch_handler,
        stack_in_a_static,
        used_up_stack_of_the_thread_is_survived,
        used_up_alternate_stack_ends_the_process,
        too_small_is_refused,
        too_large_is_refused,
        guard_puts_back_what_was_there,
        guards_nest,
        guard_under_another_stays,
        guard_in_use_stays,
        memory_is_given_back,
        threads_have_their_own,
        guard_of_a_thread_that_ends,
        forked_child_has_its_parents,
        sizes_without_proc,
        set_and_taken_away_without_a_guard,
        disarmed_while_a_handler_runs_on_it,
        what_the_kernel_refuses_to_set,
    ]
}

/// No alternate stack, whatever Rust's runtime has set for its main thread.
fn without_stack() {
    let none = libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: the struct is initialised and only read, and the one before is not asked for.
    let result = unsafe { libc::sigaltstack(&raw const none, ptr::null_mut()) };
    assert_eq!(result, 0, "sigaltstack: {}", io::Error::last_os_error());
}

/// Runs `body` in a process without an alternate stack, and in one with that of Rust's runtime.
#[track_caller]
fn in_children(body: impl Fn()) {
    in_child(|| {
        without_stack();
        assert_eq!(stack::query(), Ok(None));
        body();
        assert_eq!(stack::query(), Ok(None));
    });
    in_child(|| {
        let before = stack::query();
        assert!(matches!(before, Ok(Some(_))), "Rust's runtime sets one: {before:?}");
        body();
        assert_eq!(stack::query(), before);
    });
}

/// An address on the stack of the last handler that ran.
static WHERE: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn note_where(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {
    let here = 0_u8;
    WHERE.store((&raw const here).addr(), Ordering::Relaxed);
}

/// Has the handler called, and says on which stack it was.
fn handler_address(signal: Signal) -> usize {
    WHERE.store(0, Ordering::Relaxed);
    send::raise(signal).expect("raise");
    WHERE.load(Ordering::Relaxed)
}

fn install(signal: Signal, flags: SaFlags) {
    let action = Action::handler(note_where, flags, SigSet::full());
    // SAFETY: the handler stores an address, and nothing else.
    unsafe { action::install(signal, &action) }.expect("install");
}

fn sizes_are_the_kernels() {
    // SAFETY: the function reads what the kernel told this process at its start.
    let told = unsafe { libc::getauxval(51) } as usize;
    assert_eq!(stack::min_size(), told.max(sys::MINSIGSTKSZ));
    assert!(stack::usual_size() >= 4 * stack::min_size());
    assert!(stack::usual_size() >= libc::SIGSTKSZ);
}

fn query_tells_what_is_set() {
    in_children(|| {
        let state = SignalState::now();
        let before = stack::query().expect("query");
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let ours = stack::query().expect("query").expect("a stack");
        assert_eq!(ours, guard.stack());
        assert_eq!((ours.size(), ours.in_use()), (stack::usual_size(), false));
        assert_eq!(ours.range(), ours.start()..ours.start() + ours.size());
        drop(guard);
        assert_eq!(stack::query(), Ok(before));
        state.assert_unchanged("a stack that came and went");
    });
}

fn handler_runs_on_the_stack() {
    in_children(|| {
        install(Signal::USR1, SaFlags::ONSTACK);
        install(Signal::USR2, SaFlags::empty());
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let range = guard.stack().range();
        assert!(range.contains(&handler_address(Signal::USR1)));
        assert!(!range.contains(&handler_address(Signal::USR2)), "it did not ask for it");
        guard.remove().expect("remove");
        let there = handler_address(Signal::USR1);
        assert!(there != 0 && !range.contains(&there));
    });
}

/// The crate's own handler calls the one that was there before, which notes where.
fn latch_handler_runs_on_the_stack() {
    static LATCH: Latch = Latch::new();
    in_children(|| {
        // Over another handler, the stack is the one that it asks for.
        for flags in [SaFlags::ONSTACK, SaFlags::empty()] {
            install(Signal::USR1, flags);
            LATCH.catch(Signal::USR1).expect("catch");
            let guard = StackGuard::map(stack::usual_size()).expect("map");
            let on_stack = guard.stack().range().contains(&handler_address(Signal::USR1));
            assert_eq!(on_stack, flags == SaFlags::ONSTACK);
            assert!(LATCH.take_signal(Signal::USR1));
            LATCH.release(Signal::USR1).expect("release");
        }
    });
}

fn smallest_stack_holds_a_latch_handler() {
    static LATCH: Latch = Latch::new();
    in_children(|| {
        // The kernel's part, and what the crate's own handler may need.
        let guard = StackGuard::map(stack::min_size() + 2048).expect("map");
        LATCH.catch(Signal::USR1).expect("catch");
        send::raise(Signal::USR1).expect("raise");
        assert!(LATCH.take_signal(Signal::USR1));
        guard.remove().expect("remove");
    });
}

fn stack_in_a_static() {
    static mut MEMORY: [u8; 256 * 1024] = [0; 256 * 1024];
    in_children(|| {
        install(Signal::USR1, SaFlags::ONSTACK);
        let memory = &raw mut MEMORY;
        // SAFETY: each child uses its own copy of the static once.
        let memory: &'static mut [u8] = unsafe { &mut *memory };
        let range = memory.as_ptr_range();
        // SAFETY: the one handler of this process needs a fraction of it.
        let guard = unsafe { StackGuard::install(memory) }.expect("install");
        let there = handler_address(Signal::USR1);
        assert!(range.contains(&ptr::without_provenance(there)));
        assert_eq!(guard.stack().start(), range.start.addr());
    });
}

/// Uses up the stack, one kilobyte after the other.
#[expect(unconditional_recursion, reason = "on purpose")]
fn dig(depth: usize) -> usize {
    let room = [depth; 128];
    core::hint::black_box(&room);
    dig(depth + 1) + core::hint::black_box(room[0])
}

fn used_up_stack_of_the_thread_is_survived() {
    unsafe extern "C" fn leave(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {
        // SAFETY: `_exit` ends the process and touches nothing of it.
        unsafe { libc::_exit(7) }
    }
    let child = Child::start(|_| {
        without_stack();
        let _guard = StackGuard::map(stack::usual_size()).expect("map");
        let action = Action::handler(leave, SaFlags::ONSTACK, SigSet::empty());
        // SAFETY: the handler ends the process.
        unsafe { action::install(Signal::SEGV, &action) }.expect("install");
        dig(0);
    });
    child.wait().assert_exited(7);
}

fn used_up_alternate_stack_ends_the_process() {
    unsafe extern "C" fn dig_deep(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {
        dig(0);
    }
    let child = Child::start(|_| {
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let zone = format!("-{:x} ---p", guard.stack().start());
        assert!(fs::read_to_string("/proc/self/maps").expect("maps").contains(&zone));
        action::default(Signal::SEGV).expect("default");
        let action = Action::handler(dig_deep, SaFlags::ONSTACK, SigSet::empty());
        // SAFETY: the handler uses its stack and nothing else, and does not return.
        unsafe { action::install(Signal::USR1, &action) }.expect("install");
        send::raise(Signal::USR1).expect("raise");
        drop(guard);
    });
    child.wait().assert_died_by(libc::SIGSEGV);
}

fn too_small_is_refused() {
    in_children(|| {
        let state = SignalState::now();
        let before = stack::query();
        for size in [0, 1, 16, sys::MINSIGSTKSZ - 1, stack::min_size() - 1] {
            assert_eq!(StackGuard::map(size).map(drop), Err(Errno::NOMEM), "{size}");
            let memory = vec![0; size].leak();
            // SAFETY: it is refused.
            let result = unsafe { StackGuard::install(memory) };
            assert_eq!(result.map(drop), Err(Errno::NOMEM), "{size}");
            assert_eq!(stack::query(), before);
        }
        state.assert_unchanged("stacks that are too small");
        StackGuard::map(stack::min_size()).expect("the smallest").remove().expect("remove");
    });
}

fn too_large_is_refused() {
    in_children(|| {
        let before = (stack::query(), mappings());
        // More than there are addresses for, on 32 bits nearly all of them.
        let many = usize::MAX / 16;
        let not_so_many = if usize::BITS == 64 { many } else { many * 15 };
        for size in [usize::MAX, usize::MAX - 65_536, many * 15, not_so_many] {
            assert_eq!(StackGuard::map(size).map(drop), Err(Errno::NOMEM), "{size}");
            assert_eq!((stack::query(), mappings()), before);
        }
    });
}

fn guard_puts_back_what_was_there() {
    in_children(|| {
        let before = stack::query();
        for _ in 0..3 {
            let guard = StackGuard::map(stack::usual_size()).expect("map");
            assert_eq!(guard.remove(), Ok(()));
            assert_eq!(stack::query(), before);
            drop(StackGuard::map(stack::usual_size()).expect("map"));
            assert_eq!(stack::query(), before);
        }
    });
}

fn guards_nest() {
    in_children(|| {
        let outer = StackGuard::map(stack::usual_size()).expect("map");
        {
            let inner = StackGuard::map(stack::usual_size()).expect("map");
            assert_eq!(stack::query(), Ok(Some(inner.stack())));
        }
        assert_eq!(stack::query(), Ok(Some(outer.stack())));
    });
}

/// The inner one restores the outer one, whose memory must be there.
fn guard_under_another_stays() {
    in_child(|| {
        install(Signal::USR1, SaFlags::ONSTACK);
        for take_back in [StackGuard::remove, |guard| {
            drop(guard);
            Err(Errno::BUSY)
        }] {
            let outer = StackGuard::map(stack::usual_size()).expect("map");
            let first = outer.stack();
            let inner = StackGuard::map(stack::usual_size()).expect("map");
            assert_eq!(take_back(outer), Err(Errno::BUSY));
            assert_eq!(stack::query(), Ok(Some(inner.stack())));
            assert!(inner.stack().range().contains(&handler_address(Signal::USR1)));
            assert_eq!(inner.remove(), Ok(()));
            assert_eq!(stack::query(), Ok(Some(first)));
            assert!(first.range().contains(&handler_address(Signal::USR1)));
        }
        // Its lower part was set over it.
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let part = AltStack::new(
            core::ptr::with_exposed_provenance_mut(guard.stack().start()),
            stack::min_size(),
        );
        // SAFETY: it is part of a stack that stays as long as this process.
        unsafe { stack::set(Some(part)) }.expect("set");
        assert_eq!(guard.remove(), Err(Errno::BUSY));
        assert_eq!(stack::query(), Ok(Some(part)));
        // None was set over it.
        without_stack();
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        without_stack();
        assert_eq!(guard.remove(), Err(Errno::BUSY));
        assert_eq!(stack::query(), Ok(None));
    });
}

thread_local! {
    /// The guard that a handler finds.
    static GUARD: RefCell<Option<StackGuard>> = const { RefCell::new(None) };
}

fn guard_in_use_stays() {
    unsafe extern "C" fn remove(_: c_int, _: *mut KernelSiginfo, _: *mut c_void) {
        let guard = GUARD.take().expect("a guard");
        let stack = guard.stack();
        let now = stack::query().expect("query").expect("a stack");
        assert_eq!((now.range(), now.in_use()), (stack.range(), true));
        assert_eq!(StackGuard::map(stack::usual_size()).map(drop), Err(Errno::PERM));
        assert_eq!(guard.remove(), Err(Errno::PERM));
        WHERE.store(stack.start(), Ordering::Relaxed);
    }
    in_child(|| {
        let guard = StackGuard::map(stack::usual_size() * 8).expect("map");
        let ours = guard.stack();
        GUARD.set(Some(guard));
        let action = Action::handler(remove, SaFlags::ONSTACK, SigSet::full());
        // SAFETY: it runs where `raise` is called, not in the middle of other code.
        unsafe { action::install(Signal::USR1, &action) }.expect("install");
        assert_eq!(handler_address(Signal::USR1), ours.start());
        // It is there, and usable, for good.
        assert_eq!(stack::query(), Ok(Some(ours)));
        install(Signal::USR2, SaFlags::ONSTACK);
        assert!(ours.range().contains(&handler_address(Signal::USR2)));
    });
}

/// How many mappings the process has.
/// How many mappings there are. Nothing is allocated meanwhile, which could add one.
fn mappings() -> usize {
    let mut maps = fs::File::open("/proc/self/maps").expect("/proc is mounted");
    let (mut bytes, mut lines) = ([0; 4096], 0_usize);
    loop {
        let length = maps.read(&mut bytes).expect("a file of /proc");
        if length == 0 {
            return lines;
        }
        lines += bytes.iter().take(length).filter(|byte| **byte == b'\n').count();
    }
}

fn memory_is_given_back() {
    in_children(|| {
        drop(StackGuard::map(stack::usual_size()).expect("map"));
        let before = mappings();
        for _ in 0..100 {
            drop(StackGuard::map(stack::usual_size()).expect("map"));
            StackGuard::map(stack::min_size()).expect("map").remove().expect("remove");
        }
        assert_eq!(mappings(), before);
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        // A zone without access, and the stack.
        assert_eq!(mappings(), before + 2);
        drop(guard);
    });
}

fn threads_have_their_own() {
    in_child(|| {
        install(Signal::USR1, SaFlags::ONSTACK);
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let ours = guard.stack();
        let theirs = thread::spawn(move || {
            assert_ne!(stack::query(), Ok(Some(ours)));
            let guard = StackGuard::map(stack::usual_size()).expect("map");
            assert!(guard.stack().range().contains(&handler_address(Signal::USR1)));
            guard.stack()
        });
        let theirs = theirs.join().expect("a thread");
        assert_ne!(theirs.range(), ours.range());
        assert_eq!(stack::query(), Ok(Some(ours)));
        assert!(ours.range().contains(&handler_address(Signal::USR1)));
    });
}

/// Its guard is dropped after Rust's runtime has taken its own stack away.
fn guard_of_a_thread_that_ends() {
    in_child(|| {
        for _ in 0..20 {
            let thread = thread::spawn(|| {
                GUARD.set(Some(StackGuard::map(stack::usual_size()).expect("map")));
                send::raise(Signal::WINCH).expect("raise");
            });
            thread.join().expect("a thread");
        }
    });
}

fn forked_child_has_its_parents() {
    in_child(|| {
        install(Signal::USR1, SaFlags::ONSTACK);
        let guard = StackGuard::map(stack::usual_size()).expect("map");
        let ours = guard.stack();
        in_child(|| {
            assert_eq!(stack::query(), Ok(Some(ours)));
            assert!(ours.range().contains(&handler_address(Signal::USR1)));
            // SAFETY: the value is not used again: this process ends without dropping it.
            let copy = unsafe { ptr::read(&raw const guard) };
            assert_eq!(copy.remove(), Ok(()));
        });
        assert!(ours.range().contains(&handler_address(Signal::USR1)));
    });
}

/// With every way to ask closed, the constant is left.
fn sizes_without_proc() {
    in_child(|| {
        let told = stack::min_size();
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        recorder::install(libc::SIGUSR1);
        // SAFETY: the limit is initialised and only read.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const none) }, 0);
        // No descriptor can be opened: the kernel is asked by a call, or is too old for it.
        assert!([told, sys::MINSIGSTKSZ].contains(&stack::min_size()));
    });
}

/// Memory for a stack, for good.
fn memory(size: usize) -> *mut c_void {
    Box::leak(vec![0_u8; size].into_boxed_slice()).as_mut_ptr().cast()
}

fn set_and_taken_away_without_a_guard() {
    in_children(|| {
        let before = stack::query().expect("query");
        let size = stack::usual_size();
        let start = memory(size);
        // SAFETY: the memory is for this alone, and large enough for the handler below.
        let replaced = unsafe { stack::set(Some(AltStack::new(start, size))) };
        assert_eq!(replaced, Ok(before));
        let now = stack::query().expect("query").expect("one is set");
        assert_eq!((now.start(), now.size(), now.disarms()), (start.addr(), size, false));
        assert!(now.range().contains(&handler_address_on_stack(Signal::USR1)));
        // SAFETY: the handlers of this process have room on the thread's own stack.
        assert_eq!(unsafe { stack::set(None) }, Ok(Some(now)));
        assert_eq!(stack::query(), Ok(None));
        assert!(!now.range().contains(&handler_address_on_stack(Signal::USR1)));
        // What a query tells can be set again.
        // SAFETY: as above, or what Rust's runtime has set.
        assert_eq!(unsafe { stack::set(before) }, Ok(None));
        assert_eq!(stack::query(), Ok(before));
    });
}

/// Where the handler of a signal has its variables that is to run on the alternate stack.
fn handler_address_on_stack(signal: Signal) -> usize {
    install(signal, SaFlags::ONSTACK);
    handler_address(signal)
}

fn disarmed_while_a_handler_runs_on_it() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    fn look(_: siglatch::HookContext<'_>) -> siglatch::HookVerdict {
        let set = stack::query().expect("query").is_some();
        INSIDE.store(if set { 1 } else { 2 }, Ordering::Relaxed);
        siglatch::HookVerdict::Taken
    }
    // SAFETY: the function makes a system call and changes an atomic.
    static HOOK: siglatch::Hook = unsafe { siglatch::Hook::new(look) };
    in_children(|| {
        HOOK.catch(Signal::USR1).expect("catch");
        let before = stack::query().expect("query");
        let size = stack::usual_size() * 2;
        for (disarms, inside) in [(false, 1), (true, 2)] {
            let plain = AltStack::new(memory(size), size);
            let new = if disarms { plain.autodisarm() } else { plain };
            // SAFETY: the memory is for this alone, and large enough for the handler.
            unsafe { stack::set(Some(new)) }.expect("set");
            assert_eq!(stack::query().expect("query").map(|stack| stack.disarms()), Some(disarms));
            send::raise(Signal::USR1).expect("raise");
            assert_eq!(INSIDE.load(Ordering::Relaxed), inside);
            // It is set again when the handler has returned.
            let set = stack::query().expect("query").map(|stack| stack.start());
            assert_eq!(set, Some(new.start()));
        }
        // SAFETY: it is what was set before.
        unsafe { stack::set(before) }.expect("set");
    });
}

fn what_the_kernel_refuses_to_set() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    fn change(_: siglatch::HookContext<'_>) -> siglatch::HookVerdict {
        // SAFETY: it is refused.
        let result = unsafe { stack::set(None) };
        REFUSED.store(usize::from(result == Err(Errno::PERM)), Ordering::Relaxed);
        siglatch::HookVerdict::Taken
    }
    // SAFETY: the function makes a system call and changes an atomic.
    static HOOK: siglatch::Hook = unsafe { siglatch::Hook::new(change) };
    in_child(|| {
        HOOK.catch(Signal::USR1).expect("catch");
        let before = SignalState::now();
        for size in [0, 1, 1024] {
            // SAFETY: it is refused.
            let result = unsafe { stack::set(Some(AltStack::new(memory(2048), size))) };
            assert_eq!(result, Err(Errno::NOMEM), "{size}");
        }
        before.assert_unchanged("stacks that are too small");
        let size = stack::usual_size() * 2;
        // SAFETY: the memory is for this alone, and large enough for the handler.
        unsafe { stack::set(Some(AltStack::new(memory(size), size))) }.expect("set");
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(REFUSED.load(Ordering::Relaxed), 1);
    });
}
