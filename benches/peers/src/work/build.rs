//! (j) How long a clean build of a program takes, and how many crates it pulls in.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;

use super::Part;
use crate::measure::{Contender, Effort, compare_in};
use crate::outcome::Outcome;
use crate::{place, tools};

pub(super) const PARTS: &[(&str, Part)] = &[("j-build", build)];

/// The crates: name in the row, dependency, the program of the package `programs`.
const OURS: (&str, &str) = ("clean-build", "siglatch");
const PEERS: [(&str, &str); 3] =
    [("signal-hook", "signal_hook"), ("ctrlc", "ctrlc"), ("tokio", "tokio")];
/// The one whose builds are measured; of the others, the crates are counted.
const BUILT: &str = "signal-hook";

fn build(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    // Compilers work side by side.
    place::anywhere()?;
    let folder = tempfile::tempdir()?;
    let ours = package(folder.path(), OURS.1, OURS.1)?;
    outcome.figure("j/siglatch: crates", crates(&ours)?, "");
    let mut peers = Vec::new();
    for (name, bin) in PEERS {
        let package = package(folder.path(), name, bin)?;
        outcome.figure(format!("j/{name}: crates"), crates(&package)?, "");
        if name == BUILT {
            peers.push(Contender::new(name, move || clean_build(&package)));
        }
    }
    let blocks = if effort.quick { 1 } else { 5 };
    let ours = Contender::new(OURS.0, || clean_build(&ours));
    compare_in(blocks, "s", &mut outcome, "j", ours, peers)?;
    Ok(outcome)
}

/// A package with one program and one dependency, in the version of the package `programs`.
fn package(folder: &Path, dependency: &str, bin: &str) -> Result<PathBuf> {
    let package = folder.join(bin);
    let programs = tools::file("programs");
    std::fs::create_dir_all(package.join("src"))?;
    std::fs::copy(programs.join(format!("src/bin/{bin}.rs")), package.join("src/main.rs"))?;
    std::fs::copy(programs.join("Cargo.lock"), package.join("Cargo.lock"))?;
    let manifest = std::fs::read_to_string(programs.join("Cargo.toml"))?;
    let line = manifest.lines().find(|line| line.starts_with(&format!("{dependency} =")));
    let line = line.unwrap_or_default();
    let root = tools::file("../..").canonicalize()?;
    let line = line.replace("../../..", &root.to_string_lossy());
    std::fs::write(
        package.join("Cargo.toml"),
        format!(
            "[package]\nname = \"{bin}-program\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{line}\n"
        ),
    )?;
    // What has to be downloaded is, before the clock starts.
    tools::run(tools::cargo(&package).arg("fetch"))?;
    Ok(package)
}

/// From nothing to the program, in seconds.
fn clean_build(package: &Path) -> Result<f64> {
    let target = package.join("target");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let start = Instant::now();
    let mut cargo = tools::cargo(package);
    tools::run(cargo.args(["build", "--release", "--offline", "--target-dir"]).arg(&target))?;
    Ok(start.elapsed().as_secs_f64())
}

/// How many crates are built besides the program.
fn crates(package: &Path) -> Result<f64> {
    let mut cargo = tools::cargo(package);
    let tree =
        tools::run(cargo.args(["tree", "--prefix=none", "--edges=normal,build", "--no-dedupe"]))?;
    let mut lines: Vec<&str> = tree.lines().skip(1).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines.len() as f64)
}
