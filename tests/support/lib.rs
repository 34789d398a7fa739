//! The fork harness that every integration test stands on.
//!
//! A signal test changes its whole process, so each scenario here forks a [`Child`] and does its
//! work there, while the parent sends signals, follows a handshake and reads the exit status:
//!
//! ```ignore
//! use support::{Child, Scenario, scenarios};
//!
//! pub(crate) fn scenarios() -> Vec<Scenario> {
//!     scenarios![term_ends_the_loop]
//! }
//!
//! fn term_ends_the_loop() {
//!     let mut child = Child::start(|link| {
//!         // … catch SIGTERM …
//!         link.ready();
//!         // … wait for it …
//!         link.say("caught");
//!     });
//!     child.await_ready();
//!     child.kill(libc::SIGTERM);
//!     child.expect("caught");
//!     child.wait().assert_exited(0);
//! }
//! ```
//!
//! Three rules make that reliable:
//! - **The parent has one thread.** A fork copies only the thread that calls it, and with it every
//!   lock that another thread held. So the test binaries are `harness = false`, `main` runs each
//!   scenario in a process of its own that has one thread, and a fork beside other threads is
//!   refused. Threads belong in children.
//! - **Nobody sleeps to wait.** Every wait is for a descriptor or for SIGCHLD, and ends
//!   when the process makes no progress: the [`watchdog`] is the only one that loses patience.
//! - **A failure tells the story.** Anything that panics while a child lives, or while its
//!   [`Outcome`] does, gets their report added: what was said, the captured output, the kernel's
//!   view of the process.
//!
//! A child starts with the signal state of a Rust program: SIGPIPE ignored, SIGSEGV and SIGBUS
//! caught by the runtime on an alternate stack, all else default, an empty mask. What the test
//! binary inherited beyond that is undone once, in [`main`]; a fork changes none of it.
//!
//! The system calls come from `libc` and not from `nix`, because nix's `Signal` has no real-time
//! signals and its `waitpid` fails on a process that died by one.

#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "helpers of this package's tests, which fail by a panic; most names say it all"
)]
#![expect(unsafe_code, reason = "fork, signals and waits are calls into C")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

pub mod c;
pub mod callbacks;
mod child;
pub mod core_files;
pub mod ending;
mod example;
mod failure;
pub mod first_process;
pub mod foreign;
pub mod limits;
pub mod names;
pub mod oracle;
mod outcome;
mod process;
mod program;
pub mod recorder;
mod report;
pub mod seccomp;
pub mod siginfo;
pub mod signalfd;
mod spawner;
pub mod state;
mod sys;
pub mod terminal;
pub mod thread;
pub mod timers;
mod traced;
mod tree;
pub mod watchdog;
pub mod window;

pub use self::child::{Child, Link, in_child};
pub use self::example::{bare, example, root, scratch};
pub use self::failure::{assert_contains, attach, failure_of, skip, tell_at_the_end};
pub use self::outcome::{Outcome, Status};
pub use self::process::Process;
pub use self::program::{Program, spawn};
pub use self::report::signal_name;
pub use self::sys::{PtraceRequest, exit_now, shared_counter};
pub use self::traced::{AT_A_CALL, Traced};
pub use self::watchdog::{progress, rounds, steps};

use self::spawner::Spawners;
use libtest_mimic::{Arguments, Completion, Trial};
use siglatch::timer::IntervalTimer;
use std::env;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::available_parallelism;

/// A named test: a plain function that panics when it fails. Made by [`scenarios!`].
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub run: fn(),
}

/// The scenarios of a family, each named by its module and function.
#[macro_export]
macro_rules! scenarios {
    ($($run:ident),+ $(,)?) => {
        vec![$($crate::Scenario {
            name: $crate::in_binary(concat!(module_path!(), "::", stringify!($run))),
            run: $run,
        }),+]
    };
}

/// A path without the name of the test binary, with which it begins.
pub fn in_binary(path: &'static str) -> &'static str {
    path.split_once("::").map_or(path, |(_, name)| name)
}

/// Runs the scenarios as `cargo test` asks (filters, `--list`, `--exact`, …).
pub fn main(scenarios: impl IntoIterator<Item = Scenario>) -> ExitCode {
    main_after(|| (), scenarios)
}

/// The same, with something that each scenario's process does first.
pub fn main_after(prepare: fn(), scenarios: impl IntoIterator<Item = Scenario>) -> ExitCode {
    let arguments = Arguments::from_args();
    failure::install_hook();
    start_from_a_known_state();

    LazyLock::force(&example::BUILT);
    let scenarios: Vec<Scenario> = scenarios.into_iter().collect();
    let threads = if arguments.list { 0 } else { arguments.test_threads.unwrap_or_else(threads) };
    let spawners = Arc::new(Spawners::start(threads, &scenarios, prepare));
    let skipped = Arc::new(Mutex::new(Vec::new()));
    let trials = scenarios.iter().enumerate().map(|(index, scenario)| {
        trial(scenario.name, index, Arc::clone(&spawners), Arc::clone(&skipped))
    });
    let arguments = Arguments { test_threads: Some(threads), ..arguments };
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    for line in failure::lines_to_tell() {
        println!("{line}");
    }
    // Last and on stderr, so that a skip is seen in every output format.
    for line in skipped.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        eprintln!("{line}");
    }
    conclusion.exit_code()
}

/// How many scenarios run at a time: two a processor, for many wait for something.
fn threads() -> usize {
    available_parallelism().map_or(2, |processors| processors.get().saturating_mul(2))
}

/// Undoes what this process has inherited, so that a run under `nohup`, in the background or from a
/// supervisor is like any other. SIGCHLD matters to the harness too: while it is ignored, children
/// leave no status. If there is something to undo, the program restarts: what notes the signal
/// state of a start has noted another.
fn start_from_a_known_state() {
    // SIGPIPE is ignored by the runtime on purpose.
    let is_ignored = |signo: &i32| {
        *signo != libc::SIGPIPE && oracle::raw_action(*signo).handler == libc::SIG_IGN
    };
    let ignored: Vec<i32> = (1..=64).filter(is_ignored).collect();
    if ignored.is_empty() && state::raw_mask() == 0 {
        return;
    }
    for signo in ignored {
        oracle::set_default(signo);
    }
    // A tracer's, which would outlive this program.
    let _before = IntervalTimer::Real.cancel();
    sys::unblock_all();
    let this = env::current_exe().expect("the path of this test");
    let error = Command::new(this).args(env::args_os().skip(1)).exec();
    panic!("the test does not start again: {error}");
}

/// The command that runs this scenario alone.
fn again(name: &str) -> String {
    let this = env::current_exe().unwrap_or_default();
    let binary = this.file_name().and_then(OsStr::to_str).unwrap_or_default();
    // scenarios-0123456789abcdef
    let binary = binary.rsplit_once('-').map_or(binary, |(binary, _)| binary);
    let release = if cfg!(debug_assertions) { "" } else { " --release" };
    let features = if cfg!(feature = "std") { " --features std" } else { "" };
    let asked = env::var("EVERY_INSTRUCTION").map(|asked| format!("EVERY_INSTRUCTION={asked} "));
    let asked = asked.unwrap_or_default();
    format!("{asked}cargo test{release}{features} --test {binary} -- --exact '{name}'")
}

fn trial(
    name: &'static str,
    index: usize,
    spawners: Arc<Spawners>,
    skipped: Arc<Mutex<Vec<String>>>,
) -> Trial {
    Trial::ignorable_test(name, move || {
        let end = spawners.run(index);
        let reason = end.map_err(|text| format!("{text}\n\nonce more: {}\n", again(name)))?;
        Ok(match reason {
            Some(reason) => {
                let line = format!("skipped: {name}: {reason}");
                skipped.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                Completion::ignored_with(reason)
            }
            None => Completion::Completed,
        })
    })
}
