//! Keeps a command running: starts it again when it fails, later each time; hands `SIGHUP` on to it;
//! stops it and all that it has started at `SIGTERM` or Ctrl-C, first by `SIGTERM`, after a while by
//! `SIGKILL`; and ends as the command ended. It adopts what the command leaves behind, so it does as
//! process 1 of a container, too.
//!
//! ```text
//! $ cargo run --example supervisor -- sh -c 'echo working; sleep 1; exit 3'
//! working
//! 4711: Some(Exited(3))
//! no restart for 200ms
//! working
//! ```

#![expect(unsafe_code, reason = "says what runs between fork and exec")]

use core::{error::Error, time::Duration};
use siglatch::child::{reap_any, set_parent_death_signal, set_subreaper};
use siglatch::{ChildState, Errno, Latch, Pid, Signal, action, exit, mask, send, wait};
use std::{env, io, os::unix::process::CommandExt as _, process::Command};

siglatch::inherited_signals!(static START);

/// A child has ended, or somebody wants something.
static NEWS: Latch = Latch::new();
/// Somebody wants an end. It is never taken.
static STOP: Latch = Latch::new();

/// How long the command has to end; and how long it rests after it has failed.
const PATIENCE: Duration = Duration::from_secs(2);
const REST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    action::default(Signal::CHLD)?; // or an inherited "ignore" leaves nothing to wait for
    STOP.catch([Signal::INT, Signal::TERM])?;
    NEWS.catch([Signal::CHLD, Signal::HUP, Signal::INT, Signal::TERM])?;
    mask::unblock(NEWS.caught())?; // as a launcher may have left them
    set_subreaper(true)?;
    let mut rest = REST;
    loop {
        let long = wait::now()?.saturating_add(LONGEST);
        let state = supervise(start()?)?;
        rest = if wait::now()? > long { REST } else { LONGEST.min(rest.saturating_mul(2)) };
        println!("no restart for {rest:?}");
        if state == ChildState::Exited(0) || STOP.wait(Some(rest))? {
            exit::exit_as(state);
        }
    }
}

/// Starts the command, in a process group of its own, with the signals that we were started with. It
/// does not outlive us.
fn start() -> Result<Pid, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let mut command = Command::new(arguments.next().ok_or("which command?")?);
    let us = Pid::this();
    let prepare = move || set_parent_death_signal(us, Signal::KILL).and(START.restore_for_exec());
    let prepare = move || prepare().map_err(|errno| io::Error::from_raw_os_error(errno.as_raw()));
    // SAFETY: the closure makes system calls and nothing else.
    unsafe { command.pre_exec(prepare) };
    Ok(command.args(arguments).process_group(0).spawn()?.id().try_into()?)
}

/// Waits until the command has ended, and all of its group. Returns how the command did.
fn supervise(command: Pid) -> Result<ChildState, Errno> {
    let group = send::Target::Group(command);
    let (mut ended, mut deadline) = (None, None);
    loop {
        NEWS.wait_until(deadline.unwrap_or(Duration::MAX))?;
        if NEWS.take().contains(Signal::HUP) {
            let _gone = send::kill(command, Signal::HUP);
        }
        for child in reap_any(|_| false) {
            println!("{}: {:?}", child.pid, child.state);
            ended = if child.pid == command { child.state } else { ended };
        }
        let signal = match (ended, deadline) {
            (Some(state), _) if send::probe(group).is_err() => return Ok(state),
            (_, None) if ended.is_some() || STOP.is_set() => Signal::TERM,
            (_, Some(end)) if end <= wait::now()? => Signal::KILL,
            _ => continue,
        };
        let _gone = send::kill(group, signal);
        deadline = Some(wait::now()?.saturating_add(PATIENCE));
    }
}
