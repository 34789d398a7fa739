//! Weakens the shipped code in a copy, one place after the other, and tells which model notices.
//!
//! `weaken --check`: only that each row still fits the code, and that no comment is without one.
//!
//! `weaken DIRECTORY [PART…]`: makes the copy in the directory; only the rows whose file or model
//! contains one of the parts. It fails if a row is not as the table says, or if an `ORDERING:` comment
//! of the sources has no row.
#![expect(clippy::arithmetic_side_effects, reason = "counts rows and lines")]

mod coverage;
mod steps;
mod table;

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, io};

use table::Weakened;

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("weaken: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many rows are not as the table says.
fn run() -> io::Result<usize> {
    let mut arguments = env::args().skip(1);
    let directory =
        arguments.next().ok_or_else(|| io::Error::other("in which directory is the copy?"))?;
    let parts: Vec<String> = arguments.collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = PathBuf::from(directory);
    let mut wrong = coverage::missing(&root.join("src"))?;
    let rows = table::ORDERINGS.iter().chain(steps::STEPS);
    if copy == Path::new("--check") {
        for row in rows {
            if let Err(why) = weakened(row, &root)? {
                wrong += 1;
                println!("{}: {}: {why}", row.file, one_line(row.from));
            }
        }
        return Ok(wrong);
    }
    for name in ["src", "loom"] {
        copy_folder(&root.join(name), &copy.join(name))?;
    }
    fs::copy(root.join("README.md"), copy.join("README.md"))?;
    let mut noticed = 0_usize;
    for row in rows {
        if !parts.is_empty() && !parts.iter().any(|part| row.file.contains(part) || row.by == part)
        {
            continue;
        }
        let site = format!("{}: {}", row.file, one_line(row.from));
        let to = one_line(row.to);
        let (said, result) = match verdict(row, &root, &copy)? {
            Verdict::Red(model) => {
                noticed += 1;
                ("red  ", model)
            }
            Verdict::Green => {
                wrong += 1;
                ("WRONG", format!("not noticed by {:?}", row.by))
            }
            Verdict::Broken(why) => {
                wrong += 1;
                ("WRONG", why)
            }
        };
        println!("{said}  {site}\n    →  {to}\n       {result}");
    }
    println!("weakened and noticed: {noticed}, wrong: {wrong}");
    Ok(wrong)
}

enum Verdict {
    /// The model that fails.
    Red(String),
    Green,
    /// The change does not fit, or does not compile.
    Broken(String),
}

fn verdict(row: &Weakened, root: &Path, copy: &Path) -> io::Result<Verdict> {
    let text = match weakened(row, root)? {
        Ok(text) => text,
        Err(why) => return Ok(Verdict::Broken(why)),
    };
    let changed = copy.join("src").join(row.file);
    fs::write(&changed, text)?;
    let verdict = run_models(copy, row.by);
    fs::copy(root.join("src").join(row.file), &changed)?;
    verdict
}

/// The text of the file with the change, or why it does not fit.
fn weakened(row: &Weakened, root: &Path) -> io::Result<Result<String, String>> {
    let shipped = fs::read_to_string(root.join("src").join(row.file))?;
    let count = shipped.matches(row.from).count();
    if count != 1 {
        return Ok(Err(format!("it is there {count} times")));
    }
    let changed = shipped.replacen(row.from, row.to, 1);
    // For the names that a change needs.
    Ok(Ok(changed.replacen(
        "Ordering::{Relaxed, SeqCst}",
        "Ordering::{AcqRel, Acquire, Relaxed, SeqCst}",
        1,
    )))
}

fn run_models(copy: &Path, models: &str) -> io::Result<Verdict> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "--bin", "models", "--manifest-path"]);
    build.arg(copy.join("loom/Cargo.toml")).arg("--target-dir").arg(copy.join("target"));
    let build = build.output()?;
    if !build.status.success() {
        return Ok(Verdict::Broken(String::from_utf8_lossy(&build.stderr).into_owned()));
    }
    let run = Command::new(copy.join("target/release/models"))
        .arg(models)
        .env_remove("RUST_BACKTRACE")
        .stderr(Stdio::null())
        .output()?;
    let output = String::from_utf8_lossy(&run.stdout);
    let failed = output.lines().find_map(|line| line.trim().strip_prefix("FAILED"));
    Ok(match failed {
        Some(line) => Verdict::Red(one_line(line)),
        None if run.status.success() => Verdict::Green,
        // A second panic, when loom clears up after the first.
        None if run.status.signal() == Some(libc::SIGABRT) => {
            let before = output.lines().last().map_or("none".to_owned(), one_line);
            Verdict::Red(format!("the model after: {before}"))
        }
        None => Verdict::Broken(format!("the models end by {}", run.status)),
    })
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), to)?;
        } else if entry.file_name() != "target" {
            copy_folder(&entry.path(), &to)?;
        }
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
