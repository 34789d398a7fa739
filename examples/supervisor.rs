//! Keeps a command running: starts it again when it fails, later each time; hands `SIGHUP` on to it;
//! stops it and all that it has started at `SIGTERM` or Ctrl-C, first by `SIGTERM`, after a while by
//! `SIGKILL`; and ends as the command ended. It adopts what the command leaves behind, so it does as
//! process 1 of a container, too.
//!
//! ```text
//! $ cargo run --example supervisor -- sh -c 'echo working; sleep 1; exit 3'
//! working
//! ended: Exited(3), again in 200ms
//! working
//! ```

#![expect(unsafe_code, reason = "says what runs between fork and exec")]
#![expect(clippy::arithmetic_side_effects, reason = "times here are short")]

use core::{error::Error, time::Duration};
use siglatch::child::{self, set_parent_death_signal};
use siglatch::send::{Target, kill, probe};
use siglatch::{ChildState, Errno, Latch, Pid, Signal, action, exit, mask};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;
use std::{env, io};

siglatch::inherited_signals!(static START);

static SIGNALS: Latch = Latch::new();
const CAUGHT: [Signal; 4] = [Signal::CHLD, Signal::HUP, Signal::INT, Signal::TERM];
/// How long the command has to end; and after what time it is started again.
const PATIENCE: Duration = Duration::from_secs(2);
const DELAYS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

fn main() -> Result<(), Box<dyn Error>> {
    action::default(Signal::CHLD)?; // or an inherited "ignore" leaves nothing to wait for
    SIGNALS.catch(CAUGHT)?;
    mask::unblock(CAUGHT)?;
    child::set_subreaper(true)?;
    let [mut delay, longest] = DELAYS;
    loop {
        let began = Instant::now();
        let (state, asked) = supervise(start()?)?;
        delay = if began.elapsed() > longest { DELAYS[0] } else { longest.min(delay * 2) };
        if asked || state == ChildState::Exited(0) || asked_within(delay, state)? {
            exit::exit_as(state);
        }
    }
}

/// Sleeps before the command is started again. Returns whether it is asked to stop meanwhile.
fn asked_within(delay: Duration, state: ChildState) -> Result<bool, Errno> {
    println!("ended: {state:?}, again in {delay:?}");
    let restart = Instant::now() + delay;
    while SIGNALS.wait(Some(restart.saturating_duration_since(Instant::now())))? {
        if SIGNALS.drain().any(|signal| [Signal::INT, Signal::TERM].contains(&signal)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Starts the command, in a process group of its own, with the signals that we were started with.
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

/// Waits until the command has ended, and all of its group. Returns how, and whether it was asked to.
fn supervise(command: Pid) -> Result<(ChildState, bool), Errno> {
    let group = Target::Group(command);
    let (mut ended, mut asked, mut deadline) = (None, false, None::<Instant>);
    loop {
        SIGNALS.wait(deadline.map(|end| end.saturating_duration_since(Instant::now())))?;
        for signal in SIGNALS.drain() {
            match signal {
                Signal::HUP => drop(kill(command, Signal::HUP)),
                Signal::INT | Signal::TERM => asked = true,
                _ => {}
            }
        }
        for orphan in child::reap_any(|pid| pid == command && ended.is_none()) {
            println!("adopted {}: {:?}", orphan.pid, orphan.state);
        }
        ended = if ended.is_none() { child::try_wait(command)? } else { ended };
        match (ended, deadline) {
            (Some(state), _) if probe(group).is_err() => return Ok((state, asked)),
            (None, None) if !asked => continue,
            (_, None) => drop(kill(group, Signal::TERM)),
            (_, Some(end)) if end <= Instant::now() => drop(kill(group, Signal::KILL)),
            _ => continue,
        }
        deadline = Some(Instant::now() + PATIENCE);
    }
}
