//! Processes of this same program, and what they do.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};

use crate::outcome::Outcome;
use crate::work::{self, receivers};

/// This program, to be run again.
pub(crate) fn command(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

/// Runs one part of a work in a process of its own.
pub(crate) fn part(name: &str, quick: bool) -> Result<Outcome> {
    let mut command = command(&["--part", name])?;
    if quick {
        command.arg("--quick");
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{name}: {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{name}: its result"))
}

/// A process that waits to be traced, before its first instruction.
pub(crate) fn traced(child: &str) -> Result<Child> {
    let mut command = command(&["--child", child])?;
    #[expect(unsafe_code, reason = "runs between fork and exec")]
    // SAFETY: it makes one system call.
    unsafe {
        command.pre_exec(|| Ok(ptrace::traceme()?));
    }
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
}

/// Stops this process, for the one that traces it.
pub(crate) fn stop() -> Result<()> {
    Ok(raise(Signal::SIGSTOP)?)
}

/// What `--child` asks for.
pub(crate) fn run(child: &str) -> Result<()> {
    let words: Vec<&str> = child.split(':').collect();
    match words[..] {
        ["steps", who, count] => receivers::traced(who, count.parse()?),

        ["wake", who] => work::wait_as(who),
        _ => bail!("no child '{child}'"),
    }
}
