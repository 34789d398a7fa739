//! (c) From `kill` in another process to the waiting thread running.
//!
//! Each way to wait has a process of its own, which waits, takes the time when it runs, and writes it
//! to a pipe. This process takes the time, sends a signal to one of them, and reads. All are on the
//! same processor, so that no time goes into waking another one up; the sender sleeps in between, so
//! that the receiver waits when the signal comes.

use std::io::{BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal as NixSignal, kill};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use super::Part;
use crate::measure::{Contender, Effort, compare_in};
use crate::outcome::{Delays, Outcome};
use crate::{child, stats, tools};

pub(super) const PARTS: &[(&str, Part)] = &[("c-wake", wake)];

const BLOCK: usize = 100;

/// How long the receiver has to go back to waiting.
const REST: Duration = Duration::from_micros(30);

/// Those that are this same program; `waiters` has them.
const OURS: &str = "futex";
const PEERS: [&str; 10] = [
    "signalfd",
    "sigwaitinfo",
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
    times: BufReader<ChildStdout>,
    delays: Vec<f64>,
}

impl Receiver {
    fn start(name: &str, mut command: Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("it has no output")?;
        let mut receiver = Self {
            name: name.to_owned(),
            process,
            times: BufReader::new(stdout),
            delays: Vec::new(),
        };
        let _ready = receiver.time().with_context(|| format!("{name} does not start"))?;
        Ok(receiver)
    }

    fn time(&mut self) -> Result<u64> {
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

fn wake(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let this =
        |name: &str| Receiver::start(name, child::command(&["--child", &format!("wake:{name}")])?);
    let mut ours = this(OURS)?;
    let mut peers = PEERS.iter().map(|name| this(name)).collect::<Result<Vec<_>>>()?;
    let folder = tempfile::tempdir()?;
    for (name, command) in [
        ("Go", tools::go("go/wake.go", folder.path())),
        ("CPython", tools::python("python/wake.py")),
    ] {
        match command {
            Ok(command) => peers.push(Receiver::start(name, command)?),
            Err(why) => outcome.skip(&format!("c, {name}"), why),
        }
    }

    let contenders = peers.iter_mut().map(Receiver::contender).collect();
    let blocks = effort.blocks() / 5;
    compare_in(blocks, "µs", &mut outcome, "c", ours.contender(), contenders)?;
    best_of_two(&mut outcome);
    for receiver in std::iter::once(&mut ours).chain(&mut peers) {
        let mut sorted = std::mem::take(&mut receiver.delays);
        stats::sort(&mut sorted);
        outcome.delays.push(Delays { name: receiver.name.clone(), sorted });
    }
    Ok(outcome)
}

/// The row that is held: against the faster one of the two that read blocked signals.
fn best_of_two(outcome: &mut Outcome) {
    let of = |peer: &str| {
        let name = format!("c/{OURS}/{peer}");
        outcome.ratios.iter().find(move |ratio| ratio.name == name)
    };
    let best = [of("signalfd"), of("sigwaitinfo")].into_iter().flatten();
    let best = best.max_by(|a, b| f64::total_cmp(&a.median, &b.median)).cloned();
    if let Some(mut best) = best {
        best.name = format!("c/{OURS}/best-of-signalfd-and-sigwaitinfo");
        outcome.ratios.push(best);
    }
}
