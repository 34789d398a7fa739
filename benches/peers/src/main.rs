//! siglatch and what a user would pick instead, on the same work, in one run.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml              # everything
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- a e g    # these works
//! ```
//!
//! `benches/README.md` says how it measures and what it found.

mod child;
mod holds;
mod measure;
mod outcome;
mod place;
mod plot;
mod program;
mod report;
mod signals;
mod stats;
mod steps;
mod tools;
mod work;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;

use crate::measure::Effort;
use crate::outcome::Outcome;
use crate::work::Work;

/// Runs siglatch and what a user would pick instead on the same work, and prints ratios: siglatch
/// over the other, so lower is better.
#[derive(Parser)]
struct Arguments {
    /// The works, by letter or by name; all of them if none is named
    works: Vec<String>,
    /// Says which works there are
    #[arg(long)]
    list: bool,
    /// Few blocks: shows that everything runs, not how fast
    #[arg(long)]
    quick: bool,
    /// Prints one line of JSON instead of the table
    #[arg(long)]
    json: bool,
    /// Where the plot of the delays of work c is written to
    #[arg(long, value_name = "FILE")]
    plot: Option<std::path::PathBuf>,
    #[arg(long, hide = true)]
    part: Option<String>,
    #[arg(long, hide = true)]
    child: Option<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(child) = &arguments.child {
        child::run(child)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(part) = &arguments.part {
        run_part(part, arguments.quick)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.list {
        for work in work::ALL {
            println!("{}  {:<10} {}", work.letter, work.name, work.title);
        }
        return Ok(ExitCode::SUCCESS);
    }
    run(&arguments)
}

/// One part, in this process; its result goes to standard output.
fn run_part(name: &str, quick: bool) -> Result<()> {
    let mut parts = work::ALL.iter().flat_map(|work| work.parts);
    let Some((_, part)) = parts.find(|(part, _)| *part == name) else { bail!("no part '{name}'") };
    let outcome = part(Effort { quick })?;
    serde_json::to_writer(std::io::stdout(), &outcome)?;
    Ok(())
}

fn chosen(words: &[String]) -> Result<Vec<&'static Work>> {
    for word in words {
        ensure!(work::ALL.iter().any(|work| work.is(word)), "no work '{word}'; --list tells them");
    }
    let named = |work: &&Work| words.is_empty() || words.iter().any(|word| work.is(word));
    Ok(work::ALL.iter().filter(named).collect())
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let works = chosen(&arguments.works)?;
    let machine = machine();
    let say = |line: &str| {
        if !arguments.json {
            println!("{line}");
        }
    };
    say(&machine);
    say(
        "ratio NAME MEDIAN LOW HIGH HOLD VERDICT   ours / theirs: lower is better, quartiles beside",
    );
    let mut all = Outcome::default();
    for work in &works {
        say(&format!("\n({}) {}: {}", work.letter, work.name, work.title));
        for (part, _) in work.parts {
            let outcome = child::part(part, arguments.quick)?;
            if !arguments.json {
                report::print(&outcome);
            }
            all.add(outcome);
        }
    }
    if arguments.json {
        println!("{}", report::json(&machine, &all)?);
    }
    if let Some(path) = arguments.plot.as_ref().filter(|_| !all.delays.is_empty()) {
        plot::write(path, &machine, &all.delays)?;
    }
    let absent: Vec<_> = works.iter().flat_map(|work| report::absent(&all, work.letter)).collect();
    ensure!(absent.is_empty(), "these rows are absent: {}", absent.join(", "));
    let noisy = report::noisy(&all);
    if noisy.is_empty() || arguments.quick {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("too noisy: against itself, this is not 1: {}", noisy.join(", "));
    Ok(ExitCode::from(2))
}

/// What it runs on, and whether this process could be kept on one processor.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("?");
    let place = match place::pin().context("pinning") {
        Ok(processor) => format!("on processor {processor}"),
        Err(error) => format!("on any processor ({error:#})"),
    };
    format!(
        "Linux {}, {}, {place}",
        read("/proc/sys/kernel/osrelease").trim(),
        model.trim_start_matches([':', ' ', '\t'])
    )
}
