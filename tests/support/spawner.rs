//! A process of its own for each scenario, several at a time.
//!
//! The runner has threads, so it cannot fork. Before they start it forks a *spawner* for each of
//! them: a process of one thread, which forks once for a scenario, watches over it, and answers how
//! it ended. What a scenario changes in its process is gone with it, and one that kills its process
//! has failed, alone.

use super::outcome::Status;
use super::process::Process;
use super::sys::{self, Side};
use super::{Scenario, failure, watchdog};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::{Mutex, PoisonError};

/// Begins the line of a report that says how the scenario ended. Before it is what it wants told,
/// behind it the text of its failure.
const PASSED: &str = "= passed";
const SKIPPED: &str = "= skipped ";
const FAILED: &str = "= failed";

/// Those that wait for a scenario.
#[derive(Debug)]
pub(crate) struct Spawners(Mutex<Vec<UnixStream>>);

impl Spawners {
    /// Forks so many. `prepare` is the first that each scenario's process does.
    pub(crate) fn start(count: usize, scenarios: &[Scenario], prepare: fn()) -> Self {
        let runner = process::id() as i32;
        let mut streams = Vec::new();
        for _ in 0..count {
            let (ours, theirs) = UnixStream::pair().expect("socketpair");
            if sys::fork() == Side::Child {
                drop((ours, streams));
                sys::die_with_parent(runner).expect("the runner is there");
                spawn_each(theirs, scenarios, prepare);
            }
            streams.push(ours);
        }
        Self(Mutex::new(streams))
    }

    /// Runs the scenario with this index. The reason if it was skipped, the text if it has failed.
    pub(crate) fn run(&self, index: usize) -> Result<Option<String>, String> {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spawner = idle().pop().ok_or("there are more threads than spawners")?;
        let report = ask(&mut spawner, index).map_err(|error| format!("the spawner: {error}"))?;
        idle().push(spawner);

        let end = report.lines().position(|line| line.starts_with("= ")).unwrap_or_default();
        report.lines().take(end).for_each(|line| failure::tell_at_the_end(line.to_owned()));
        let mut lines = report.lines().skip(end);
        let end = lines.next().unwrap_or_default();
        match end.strip_prefix(SKIPPED) {
            Some(reason) => Ok(Some(reason.to_owned())),
            None if end == PASSED => Ok(None),
            None => Err(lines.collect::<Vec<_>>().join("\n")),
        }
    }
}

/// Has a spawner run a scenario, and reads the report.
fn ask(spawner: &mut UnixStream, index: usize) -> io::Result<String> {
    spawner.write_all(&index.to_ne_bytes())?;
    let mut length = 0_usize.to_ne_bytes();
    spawner.read_exact(&mut length)?;
    let mut report = vec![0; usize::from_ne_bytes(length)];
    spawner.read_exact(&mut report)?;
    Ok(String::from_utf8_lossy(&report).into_owned())
}

/// The life of a spawner. It ends with the runner.
fn spawn_each(mut runner: UnixStream, scenarios: &[Scenario], prepare: fn()) -> ! {
    // Signs of progress of its scenarios are none of the others'.
    watchdog::share_signs(sys::shared_counter());
    let mut index = 0_usize.to_ne_bytes();
    while runner.read_exact(&mut index).is_ok() {
        let Some(scenario) = scenarios.get(usize::from_ne_bytes(index)) else { break };
        let report = in_a_process(*scenario, prepare);
        let answered = runner.write_all(&report.len().to_ne_bytes());
        if answered.and_then(|()| runner.write_all(report.as_bytes())).is_err() {
            break;
        }
    }
    sys::exit_now(0)
}

/// Runs a scenario in a process of its own. Returns its report.
fn in_a_process(scenario: Scenario, prepare: fn()) -> String {
    let mut file = sys::memory_file();
    let spawner = process::id() as i32;
    failure::enter(scenario.name);
    let child = match sys::fork() {
        Side::Child => {
            sys::die_with_parent(spawner).expect("the spawner is there");
            run(scenario, prepare, file)
        }
        Side::Parent { child } => child,
    };
    let process = Process::new(child);
    // What waits in the scenario is to be the first that loses patience.
    process.watch_for(watchdog::length().saturating_mul(2));
    let ended = failure::catch(|| process.reap());
    let mut report = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut report));
    let is_whole = read.is_ok() && report.lines().any(|line| line.starts_with("= "));
    match ended {
        Ok(Status::Exited(0)) if is_whole => report,
        Ok(status) => format!("{FAILED}\nthe scenario's own process {status}\n{report}"),
        Err(why) => format!("{FAILED}\nthe scenario itself: {why}\n{}", process.report("")),
    }
}

/// Runs a scenario in this process, which ends with it.
fn run(Scenario { name, run }: Scenario, prepare: fn(), mut report: File) -> ! {
    prepare();
    failure::enter(name);
    let end = match (failure::catch(run), failure::take_skip()) {
        (Err(text), _) => format!("{FAILED}\n{text}"),
        (Ok(()), Some(reason)) => format!("{SKIPPED}{reason}"),
        (Ok(()), None) => PASSED.to_owned(),
    };
    let told = failure::lines_to_tell().into_iter().map(|line| line + "\n");
    let text = told.collect::<String>() + &end;
    let written = report.write_all(text.as_bytes());
    sys::exit_now(i32::from(written.is_err()))
}
