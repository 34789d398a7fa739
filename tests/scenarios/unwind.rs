//! What debuggers, profilers and `std::backtrace` see from inside a handler: the signal frame, and
//! behind it the function that was interrupted and those that called it.

#![expect(unsafe_code, reason = "handlers are installed, and code is read as bytes")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::ffi::{c_int, c_void};
use core::hint::black_box;
use siglatch::action::{self, Action, SaFlags};
use siglatch::{Latch, SigSet, Signal, send, sys::KernelSiginfo};
use std::backtrace::Backtrace;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, io};
use support::{self, Child, Scenario, recorder, scenarios, spawn, thread};

/// Set in the environment of this very program when a debugger runs it.
pub(crate) const DEBUGGED: &str = "SIGLATCH_DEBUGGED";

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        backtrace_in_a_chained_handler,
        backtrace_in_an_installed_handler,
        backtrace_in_a_nested_handler,
        backtrace_in_a_handler_that_interrupts_a_wait,
        gdb_in_a_chained_handler,
        restorer_is_what_unwinders_compare,
        restorer_has_no_unwind_table,
    ]
}

/// What the handler saw, the innermost function first.
static SEEN: OnceLock<Backtrace> = OnceLock::new();

static LATCH: Latch = Latch::new();

/// A handler as C programs have it, to be there before ours.
// Not mangled: the name is a breakpoint.
#[unsafe(no_mangle)]
extern "C" fn handler_that_was_there(_signo: c_int) {
    see();
}

/// A handler for `action::install`.
extern "C" fn installed_handler(_signo: c_int, _info: *mut KernelSiginfo, _context: *mut c_void) {
    see();
}

/// A handler that is interrupted by another signal.
extern "C" fn interrupted_handler(_signo: c_int, _info: *mut KernelSiginfo, _context: *mut c_void) {
    black_box(send::raise(Signal::USR2)).expect("raise");
}

/// Only the addresses are taken here: finding the names takes more stack than a handler may have.
///
/// The signal comes while this process is in [`interrupted_function`], so what that allocates and
/// locks is fine: no allocation is interrupted, and no lock is held.
fn see() {
    SEEN.get_or_init(Backtrace::force_capture);
}

#[inline(never)]
extern "C" fn outer_function() {
    interrupted_function();
    black_box(()); // the call above is not the last thing, so its caller stays on the stack
}

#[inline(never)]
extern "C" fn interrupted_function() {
    black_box(send::raise(Signal::USR1)).expect("raise");
}

/// What gdb looks into.
pub(crate) fn program() {
    catch_over_the_handler_that_was_there();
    outer_function();
}

fn catch_over_the_handler_that_was_there() {
    let handler = handler_that_was_there as extern "C" fn(c_int) as *const () as usize;
    // SAFETY: the handler allocates, which is fine where this process raises the signal.
    let before = unsafe { libc::signal(libc::SIGUSR1, handler) };
    assert_eq!(before, libc::SIG_DFL);
    LATCH.catch(Signal::USR1).expect("catch");
}

fn install(signal: Signal, handler: extern "C" fn(c_int, *mut KernelSiginfo, *mut c_void)) {
    let action = Action::handler(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handlers of this file are fit for where this process raises their signals.
    unsafe { action::install(signal, &action) }.expect("install");
}

/// Whether the unwinder here knows the frames of signals.
fn unwinds() -> bool {
    if cfg!(not(target_env = "gnu")) {
        support::skip("LLVM's unwinder, with musl, knows no frame of a signal");
        return false;
    }
    true
}

/// Each of `functions` is in what the handler saw, further out than the one before.
#[track_caller]
fn assert_seen(functions: &[&str]) {
    let backtrace = SEEN.get().expect("a backtrace").to_string();
    // A frame is a line `  12: name`; where it is in the source follows on a line of its own.
    let mut frames = backtrace.lines().filter_map(|line| line.trim_start().split_once(": "));
    for function in functions {
        assert!(
            frames.any(|(_, name)| name.contains(function)),
            "{function} is not where it was to be in:\n{backtrace}"
        );
    }
}

fn backtrace_in_a_chained_handler() {
    if !unwinds() {
        return;
    }
    Child::start(|_| {
        catch_over_the_handler_that_was_there();
        outer_function();
        assert!(LATCH.is_set());
        // `on_signal` jumps to `finish` at its end, and has no frame then.
        let functions =
            ["handler_that_was_there", "finish", "interrupted_function", "outer_function"];
        assert_seen(&functions);
    })
    .wait()
    .assert_exited(0);
}

fn backtrace_in_an_installed_handler() {
    if !unwinds() {
        return;
    }
    Child::start(|_| {
        install(Signal::USR1, installed_handler);
        outer_function();
        assert_seen(&["installed_handler", "interrupted_function", "outer_function"]);
    })
    .wait()
    .assert_exited(0);
}

fn backtrace_in_a_nested_handler() {
    if !unwinds() {
        return;
    }
    Child::start(|_| {
        install(Signal::USR1, interrupted_handler);
        install(Signal::USR2, installed_handler);
        outer_function();
        let functions =
            ["installed_handler", "interrupted_handler", "interrupted_function", "outer_function"];
        assert_seen(&functions);
    })
    .wait()
    .assert_exited(0);
}

/// The call that sleeps has six arguments: on some architectures it needs a register by which unwinders
/// find the caller.
fn backtrace_in_a_handler_that_interrupts_a_wait() {
    #[inline(never)]
    extern "C" fn waiting_function() {
        assert_eq!(LATCH.wait(None), Ok(true));
        black_box(()); // the call above is not the last thing
    }
    if !unwinds() {
        return;
    }
    Child::start(|_| {
        install(Signal::USR1, installed_handler);
        LATCH.catch(Signal::USR2).expect("catch");
        let me = recorder::gettid();
        let others = std::thread::spawn(move || {
            thread::await_sleep(me, libc::SYS_futex);
            thread::kill(me, libc::SIGUSR1);
            while SEEN.get().is_none() {
                std::thread::yield_now();
            }
            thread::kill(me, libc::SIGUSR2);
        });
        waiting_function();
        others.join().expect("a thread that ends");
        assert_seen(&["installed_handler", "waiting_function"]);
    })
    .wait()
    .assert_exited(0);
}

fn gdb_in_a_chained_handler() {
    const SCRIPT: [&str; 7] = [
        "set debuginfod enabled off",
        "set backtrace past-main on",
        "handle SIGUSR1 nostop noprint pass",
        "break handler_that_was_there",
        "run",
        "backtrace",
        "continue",
    ];
    if let Err(error) = Command::new("gdb").arg("--version").output() {
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "gdb: {error}");
        return support::skip("there is no gdb");
    }
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx"]).args(SCRIPT.iter().flat_map(|command| ["-ex", command]));
    gdb.arg(env::current_exe().expect("the path of this test")).env(DEBUGGED, "1");
    // It reads the debug information of all of std.
    let outcome = spawn(&mut gdb).wait();
    if outcome.output.contains("Could not trace the inferior process") {
        return support::skip("no process may be traced here");
    }
    if outcome.output.contains("cannot get thread info") {
        return support::skip(
            "this gdb does not know threads of a program for another architecture",
        );
    }
    outcome.assert_exited(0);
    if !outcome.output.contains("exited normally") && !gdb_runs_a_shell() {
        return support::skip(
            "the kernel or the emulator runs no program in gdb: a shell dies there, too",
        );
    }

    let mut frames = outcome.output.lines().filter(|line| line.starts_with('#'));
    for part in [
        "handler_that_was_there",
        "<signal handler called>",
        "interrupted_function",
        "outer_function",
    ] {
        assert!(frames.any(|frame| frame.contains(part)), "no {part} in gdb's backtrace");
    }
    assert!(outcome.output.contains("exited normally"), "the program did not go on to its end");
}

fn gdb_runs_a_shell() -> bool {
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "run"]);
    gdb.args(["--args", "sh", "-c", "exit 0"]);
    spawn(&mut gdb).wait().output.contains("exited normally")
}

/// The code that the kernel was told to have handlers return to: by a latch, and by an action of
/// one's own.
#[track_caller]
fn restorer() -> usize {
    LATCH.catch(Signal::USR1).expect("catch");
    install(Signal::USR2, installed_handler);
    let [latch, own] =
        [libc::SIGUSR1, libc::SIGUSR2].map(|signo| support::oracle::raw_action(signo).restorer);
    assert_eq!(latch, own);
    latch
}

fn restorer_is_what_unwinders_compare() {
    // A `nop` in front, since unwinders look up the address before the one that is returned to.
    #[cfg(target_arch = "x86_64")] // `mov rax, 15` in the form of seven bytes, `syscall`
    const CODE: &[u8] = &[0x90, 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05];
    #[cfg(target_arch = "arm")] // `mov r7, #173`, `svc 0`, in ARM code
    const CODE: &[u8] = &[0x00, 0xf0, 0x20, 0xe3, 0xad, 0x70, 0xa0, 0xe3, 0x00, 0x00, 0x00, 0xef];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "arm")))]
    return support::skip("the kernel brings its own restorer on this architecture");
    #[cfg(any(target_arch = "x86_64", target_arch = "arm"))]
    Child::start(|_| {
        let nop = if cfg!(target_arch = "arm") { 4 } else { 1 };
        let start = restorer().checked_sub(nop).expect("an address");
        let start = core::ptr::with_exposed_provenance(start);
        // SAFETY: the code is in this program's text, which is mapped as a whole and readable; a
        // byte has no alignment.
        let code: &[u8] = unsafe { core::slice::from_raw_parts(start, CODE.len()) };
        assert_eq!(code, CODE, "found {code:02x?}");
    })
    .wait()
    .assert_exited(0);
}

fn restorer_has_no_unwind_table() {
    unsafe extern "C" {
        /// The start of the function that the unwind tables have at the address before `pc`, or
        /// null: the look-up of libgcc's unwinder, which compares bytes only where it is null.
        fn _Unwind_FindEnclosingFunction(pc: *mut c_void) -> *mut c_void;
    }
    if !cfg!(target_arch = "x86_64") {
        return support::skip("no restorer of this architecture is told by its bytes alone");
    }
    Child::start(|_| {
        let enclosing = |pc: usize| {
            // SAFETY: the address is looked up, and not followed.
            unsafe { _Unwind_FindEnclosingFunction(core::ptr::without_provenance_mut(pc)) }
        };
        let function = interrupted_function as extern "C" fn() as *const () as usize;
        // The look-up finds what is there…
        let inside = function.checked_add(2).expect("an address");
        assert_eq!(enclosing(inside).addr(), function);
        // … and nothing where a handler returns to.
        assert!(enclosing(restorer()).is_null());
    })
    .wait()
    .assert_exited(0);
}
