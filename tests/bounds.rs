//! What the handler costs at most: instructions and stack, from its first instruction to
//! rt_sigreturn(2), for each path through it.
//!
//! Counted by single steps, so the figures are exact and the same on each run. In a release build for
//! x86_64 or aarch64 they are held to the limits, which are what was measured and a few more for another
//! compiler; a debug build and other architectures only print them, for comparison. Those of aarch64 are
//! of code for every processor, whose atomics are calls, on one with LSE. The table is in DESIGN.md:
//!
//! ```text
//! cargo test --release --test bounds
//! ```
//!
//! Stack is what the stack pointer spans; below it a function that calls nothing may use another
//! 128 bytes, the red zone of the ABI. What a handler of other code or a hook takes is counted in.

#![expect(unsafe_code, reason = "traces processes, and hooks run in signal context")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::arithmetic_side_effects, reason = "counts and addresses, far from any limit")]

mod tracer;

use core::sync::atomic::{AtomicI32, Ordering};
use siglatch::fd::EventFd;
use siglatch::{
    Dispatcher, Errno, Hook, HookContext, HookVerdict, InfoQueue, Latch, Shutdown, Signal, Tid,
    send,
};
use std::process::ExitCode;
use std::sync::{LazyLock, mpsc};
use std::thread;
use support::{Scenario, foreign, scenarios, tell_at_the_end, thread as threads};
use tracer::measure::{Cost, cost};
use tracer::{ptrace, shared};

static LATCH: Latch = Latch::new();
static OTHER: Latch = Latch::new();
static SEVEN: [Latch; 7] = [const { Latch::new() }; 7];
static QUEUE: InfoQueue<32> = InfoQueue::new();
static LARGEST: InfoQueue<1024> = InfoQueue::new();
static NEWEST: InfoQueue<16> = InfoQueue::new().keep_newest();
static SHUTDOWN: Shutdown = Shutdown::new();
static TABLE: Dispatcher = Dispatcher::new();

// SAFETY: `count` does one atomic addition.
static HOOK: Hook = unsafe { Hook::new(count) };

fn count(_: HookContext<'_>) -> HookVerdict {
    static CALLS: AtomicI32 = AtomicI32::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed);
    HookVerdict::Taken
}

/// Whether the limits are those of this build.
const IS_HELD: bool =
    cfg!(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(debug_assertions)));

/// The signal that is measured.
const SIGNAL: Signal = Signal::USR1;

/// A path through the handler, and what it may cost: on x86_64, and on aarch64 with LSE.
macro_rules! paths {
    ($($name:ident: $instructions:literal instructions, $stack:literal bytes;
        $aarch64_instructions:literal instructions, $aarch64_stack:literal bytes;)+) => {
        fn paths() -> Vec<Scenario> {
            vec![$(Scenario {
                name: stringify!($name),
                run: || hold(stringify!($name), $name, if cfg!(target_arch = "aarch64") {
                    Cost { instructions: $aarch64_instructions, stack: $aarch64_stack }
                } else {
                    Cost { instructions: $instructions, stack: $stack }
                }),
            }),+]
        }
    };
}

paths! {
    no_receiver: 290 instructions, 448 bytes; 345 instructions, 432 bytes;
    one_latch: 47 instructions, 32 bytes; 82 instructions, 80 bytes;
    one_queue: 146 instructions, 136 bytes; 190 instructions, 176 bytes;
    full_queue: 500 instructions, 296 bytes; 515 instructions, 400 bytes;
    full_queue_of_1024: 7700 instructions, 296 bytes; 7700 instructions, 400 bytes;
    newest_of_one_signal: 395 instructions, 296 bytes; 475 instructions, 400 bytes;
    eight_latches: 154 instructions, 32 bytes; 228 instructions, 80 bytes;
    seven_that_are_not_interested: 80 instructions, 32 bytes; 118 instructions, 80 bytes;
    theirs_is_chained_to: 200 instructions, 304 bytes; 260 instructions, 320 bytes;
    a_hook: 124 instructions, 144 bytes; 150 instructions, 144 bytes;
    deferred_handlers: 490 instructions, 296 bytes; 570 instructions, 400 bytes;
    shutdown_is_asked: 190 instructions, 400 bytes; 220 instructions, 400 bytes;
    a_thread_waits: 130 instructions, 152 bytes; 180 instructions, 144 bytes;
    an_eventfd_is_watched: 152 instructions, 160 bytes; 205 instructions, 192 bytes;
    nobody_is_left: 253 instructions, 448 bytes; 306 instructions, 432 bytes;
}

/// A debug build, which is held to nothing, takes ten times the steps.
fn is_measured(path: &Scenario) -> bool {
    !cfg!(debug_assertions) || path.name != "full_queue_of_1024"
}

fn main() -> ExitCode {
    shared::map();
    if let Err(why) = ptrace::is_permitted() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    if !IS_HELD {
        println!(
            "(not a release build for x86_64 or aarch64: the figures are for comparison, held to nothing)"
        );
    }
    let more = scenarios![each_further_latch_costs_little];
    support::main_after(tracer::begin, paths().into_iter().filter(is_measured).chain(more))
}

/// Measures a path, and holds a release build to its limit.
fn hold(name: &str, set_up: fn() -> Result<(), Errno>, limit: Cost) {
    let Cost { instructions, stack } = cost(SIGNAL, set_up);
    let told = |found: String, limit: String| {
        if IS_HELD { format!("{found} ≤ {limit}") } else { found }
    };
    tell_at_the_end(format!(
        "{name:<30} {:>12} instructions {:>12} bytes of stack",
        told(instructions.to_string(), limit.instructions.to_string()),
        told(stack.to_string(), limit.stack.to_string())
    ));
    if IS_HELD {
        assert!(instructions <= limit.instructions, "{instructions} instructions");
        assert!(stack <= limit.stack, "{stack} bytes of stack");
    }
}

/// Those that are not interested, and those that are.
fn each_further_latch_costs_little() {
    let alone = cost(SIGNAL, one_latch).instructions;
    let uninterested = cost(SIGNAL, seven_that_are_not_interested).instructions;
    let interested = cost(SIGNAL, eight_latches).instructions;
    let each = |of_eight: usize| (of_eight - alone).div_ceil(7);
    let (uninterested, interested) = (each(uninterested), each(interested));
    tell_at_the_end(format!(
        "each further latch that is not interested: {uninterested} instructions, else {interested}"
    ));
    assert!(2 * uninterested <= interested, "{uninterested} instructions, interested {interested}");
    if IS_HELD {
        let (most, interested_most) = if cfg!(target_arch = "aarch64") { (5, 22) } else { (4, 16) };
        assert!(
            uninterested <= most && interested <= interested_most,
            "{uninterested}, {interested}"
        );
    }
}

/// Ours is under a handler of other code, which chains to it.
fn no_receiver() -> Result<(), Errno> {
    foreign::first().come(SIGNAL.as_raw());
    LATCH.catch(SIGNAL)?;
    foreign::second().come(SIGNAL.as_raw());
    LATCH.release(SIGNAL)?;
    foreign::second().leave(SIGNAL.as_raw());
    Ok(())
}

fn one_latch() -> Result<(), Errno> {
    Ok(LATCH.catch(SIGNAL)?)
}

fn one_queue() -> Result<(), Errno> {
    Ok(QUEUE.catch(SIGNAL)?)
}

fn full_queue() -> Result<(), Errno> {
    QUEUE.catch(SIGNAL)?;
    (0..32).try_for_each(|_| send::raise(SIGNAL))
}

fn full_queue_of_1024() -> Result<(), Errno> {
    LARGEST.catch(SIGNAL)?;
    (0..1024).try_for_each(|_| send::raise(SIGNAL))
}

/// It takes the place of an older instance.
fn newest_of_one_signal() -> Result<(), Errno> {
    NEWEST.catch(SIGNAL)?;
    send::raise(SIGNAL)
}

fn eight_latches() -> Result<(), Errno> {
    LATCH.catch(SIGNAL)?;
    Ok(SEVEN.iter().try_for_each(|latch| latch.catch(SIGNAL))?)
}

fn seven_that_are_not_interested() -> Result<(), Errno> {
    SEVEN.iter().try_for_each(|latch| latch.catch(Signal::USR2))?;
    Ok(LATCH.catch(SIGNAL)?)
}

fn theirs_is_chained_to() -> Result<(), Errno> {
    foreign::first().come(SIGNAL.as_raw());
    Ok(LATCH.catch(SIGNAL)?)
}

fn a_hook() -> Result<(), Errno> {
    Ok(HOOK.catch(SIGNAL)?)
}

fn deferred_handlers() -> Result<(), Errno> {
    Ok(TABLE.catch(SIGNAL, |_| ())?)
}

fn shutdown_is_asked() -> Result<(), Errno> {
    Ok(SHUTDOWN.catch(SIGNAL)?)
}

fn a_thread_waits() -> Result<(), Errno> {
    LATCH.catch(SIGNAL)?;
    OTHER.catch(SIGNAL)?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let said = tell.send(Tid::this());
        said.is_ok() && OTHER.wait(None).is_ok()
    });
    let tid = told.recv().map_err(|_| Errno::SRCH)?;
    threads::await_sleep(tid.as_raw(), libc::SYS_futex);
    Ok(())
}

fn an_eventfd_is_watched() -> Result<(), Errno> {
    static EVENT: LazyLock<Result<EventFd, Errno>> = LazyLock::new(EventFd::new);
    LATCH.wake_through(EVENT.as_ref().map_err(|errno| *errno)?)?;
    Ok(LATCH.catch(SIGNAL)?)
}

fn nobody_is_left() -> Result<(), Errno> {
    LATCH.catch(SIGNAL)?;
    foreign::first().come(SIGNAL.as_raw());
    LATCH.release(SIGNAL)?;
    foreign::first().leave(SIGNAL.as_raw());
    Ok(())
}
