//! Runs a command as if this program were not there: with the signals ignored and blocked that it
//! was itself started with, whatever it does with signals of its own, and ends as the command did.
//!
//! ```text
//! $ cargo run --example run -- sh -c 'kill -TERM $$'
//! running
//! it ended: Killed(SIGTERM)
//! Terminated
//! ```
//!
//! `kill` it: the signal goes on to the command.

#![forbid(unsafe_op_in_unsafe_fn)]
#![expect(unsafe_code, reason = "says what runs between fork and exec")]

use siglatch::child::{Children, ForkWindow};
use siglatch::{Latch, Pid, Signal, exit, send};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::{env, error, io};

siglatch::inherited_signals!(static START);

static STOP: Latch = Latch::new();
static CHILDREN: Children<1> = Children::new();

type Error = Box<dyn error::Error>;

fn main() -> Result<(), Error> {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else { return Err("which command?".into()) };
    let mut command = Command::new(program);
    command.args(arguments);

    // One latch to sleep on, told by both.
    STOP.catch_unless_ignored([Signal::INT, Signal::TERM, Signal::HUP])?;
    STOP.catch(Signal::CHLD)?;
    CHILDREN.catch()?; // or an inherited "ignore" has the kernel wait for the command
    println!("running");
    let child = start(&mut command)?;
    CHILDREN.add(child)?;
    let state = loop {
        STOP.wait(None)?;
        for signal in STOP.drain() {
            if signal != Signal::CHLD {
                // It may have ended just now.
                let _sent = send::kill(child, signal);
            }
        }
        if let Some(change) = CHILDREN.reap().next() {
            break change.state;
        }
    };
    let state = state.ok_or("somebody else has waited for it")?;
    println!("it ended: {state:?}");
    exit::exit_as(state)
}

/// Starts the command with what we were started with.
fn start(command: &mut Command) -> io::Result<Pid> {
    let restore =
        || START.restore_for_exec().map_err(|errno| io::Error::from_raw_os_error(errno.as_raw()));
    // SAFETY: the closure makes system calls and nothing else.
    unsafe { command.pre_exec(restore) };
    // A Ctrl-C must not reach a command that still has our handlers.
    let window =
        ForkWindow::open().map_err(|errno| io::Error::from_raw_os_error(errno.as_raw()))?;
    let child = command.spawn()?;
    drop(window);
    Pid::try_from(child.id()).map_err(|errno| io::Error::from_raw_os_error(errno.as_raw()))
}
