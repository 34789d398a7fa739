//! (c) From `kill` in another process to the waiting thread running.
//!
//! Each way to wait has a process of its own, which waits, takes the time when it runs, and writes it
//! to a pipe. This process takes the time, sends a signal to one of them, and reads. It sleeps in
//! between, so that the receiver waits when the signal comes.
//!
//! The rows that are held are with the sender on one processor and all receivers on another. Those
//! with all on the same one are printed besides: there the sender has to go to sleep first, and no
//! processor has to be woken up.

use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal as NixSignal, kill};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use super::Part;
use crate::measure::{Contender, Effort, compare_in};
use crate::outcome::{Delays, Outcome};
use crate::{child, place, stats, tools};

pub(super) const PARTS: &[(&str, Part)] =
    &[("c-two-processors", two_processors), ("c-one-processor", one_processor)];

/// Fewer than elsewhere: what counts is each of them, and each takes long.
const BLOCK: usize = 10;

/// How long the receiver has to go back to waiting.
const REST: Duration = Duration::from_micros(30);

/// A thread that takes longer hangs, or has lost a signal.
const DEADLINE: u16 = 20_000; // ms

/// Those that are this same program; `waiters` has them.
const OURS: &str = "futex";
const PEERS: [&str; 11] = [
    "signalfd",
    "sigwaitinfo",
    "sigsuspend",
    "siglatch-eventfd",
    "siglatch-signalfd",
    "siglatch-wait_info",
    "nix-SignalFd",
    "signal-hook-wait",
    "tokio",
    "async-signal",
    "ctrlc",
];

/// What the receivers write: the clock's nanoseconds.
pub(crate) fn now() -> Result<u64> {
    let time = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    Ok(u64::try_from(time.as_nanos())?)
}

/// A process that waits for signals.
struct Receiver {
    name: String,
    process: Child,
    times: ChildStdout,
    delays: Vec<f64>,
}

impl Receiver {
    fn start(name: &str, mut command: Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("it has no output")?;
        let mut receiver =
            Self { name: name.to_owned(), process, times: stdout, delays: Vec::new() };
        let _ready = receiver.time().with_context(|| format!("{name} does not start"))?;
        Ok(receiver)
    }

    fn time(&mut self) -> Result<u64> {
        let pipe = self.times.as_fd();
        let mut fds = [PollFd::new(pipe, PollFlags::POLLIN)];
        ensure!(poll(&mut fds, DEADLINE)? == 1, "{} does not answer", self.name);
        let mut bytes = [0; 8];
        self.times.read_exact(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// A block of signals, one by one: the median of how long they took, in microseconds.
    fn block(&mut self) -> Result<f64> {
        let pid = Pid::from_raw(self.process.id().cast_signed());
        let mut block = Vec::with_capacity(BLOCK);
        for _ in 0..BLOCK {
            std::thread::sleep(REST);
            let sent = now()?;
            kill(pid, NixSignal::SIGINT)?;
            let seen = self.time().with_context(|| format!("{} has ended", self.name))?;
            block.push(seen.saturating_sub(sent) as f64 / 1000.0);
        }
        self.delays.extend_from_slice(&block);
        Ok(stats::median(&block))
    }

    fn contender(&mut self) -> Contender<'_> {
        Contender::new(self.name.clone(), || self.block())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself, and there is nothing to do about a failure.
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}

fn two_processors(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut receivers = start(&mut outcome)?;
    if place::pin_elsewhere()? {
        wake(effort, &mut outcome, "c", &mut receivers)?;
    } else {
        outcome.skip("c", "there is only one processor to run on");
    }
    Ok(outcome)
}

fn one_processor(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut receivers = start(&mut outcome)?;
    wake(effort, &mut outcome, "c-one-processor", &mut receivers)?;
    Ok(outcome)
}

/// Ours first.
fn start(outcome: &mut Outcome) -> Result<Vec<Receiver>> {
    let this =
        |name: &str| Receiver::start(name, child::command(&["--child", &format!("wake:{name}")])?);
    let rust = std::iter::once(&OURS).chain(&PEERS);
    let mut receivers = rust.map(|name| this(name)).collect::<Result<Vec<_>>>()?;
    let folder = tempfile::tempdir()?;
    for (name, command) in [
        ("go", tools::go("go/wake.go", folder.path())),
        ("cpython", tools::python("python/wake.py")),
    ] {
        match command {
            Ok(command) => receivers.push(Receiver::start(name, command)?),
            Err(why) => outcome.skip(&format!("c, {name}"), why),
        }
    }

    Ok(receivers)
}

fn wake(
    effort: Effort,
    outcome: &mut Outcome,
    work: &str,
    receivers: &mut [Receiver],
) -> Result<()> {
    let [ours, peers @ ..] = &mut *receivers else { return Ok(()) };
    let contenders = peers.iter_mut().map(Receiver::contender).collect();
    compare_in(effort.blocks(), "µs", outcome, work, ours.contender(), contenders)?;
    best_of_two(outcome, work);
    for receiver in receivers {
        let mut sorted = std::mem::take(&mut receiver.delays);
        stats::sort(&mut sorted);
        outcome.delays.push(Delays { name: format!("{work}/{}", receiver.name), sorted });
    }
    Ok(())
}

/// The row that is held is against the faster one of the two that read blocked signals.
fn best_of_two(outcome: &mut Outcome, work: &str) {
    let of = |peer: &str| {
        let name = format!("{work}/{OURS}/{peer}");
        outcome.ratios.iter().find(move |ratio| ratio.name == name)
    };
    let best = [of("signalfd"), of("sigwaitinfo")].into_iter().flatten();
    let best = best.max_by(|a, b| f64::total_cmp(&a.median, &b.median)).cloned();
    if let Some(mut best) = best {
        best.name = format!("{work}/{OURS}/best-of-signalfd-and-sigwaitinfo");
        outcome.ratios.push(best);
    }
}
