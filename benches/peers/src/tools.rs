//! Compilers and interpreters that may or may not be on this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// A file of this package.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a command to its end; its error is the first line that it wrote to stderr.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no {program}")
        }
        output => output.with_context(|| program.clone())?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said.lines().find(|line| line.contains("error")).or(said.lines().next());
        bail!("{program}: {}: {}", output.status, line.unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where Rust's own tools and libraries are.
pub(crate) fn sysroot() -> Result<String> {
    Ok(run(Command::new("rustc").args(["--print", "sysroot"]))?.trim().to_owned())
}

/// A program in Go, compiled into `folder`.
pub(crate) fn go(source: &str, folder: &Path) -> Result<Command> {
    let source = file(source);
    let program = folder.join(source.file_stem().unwrap_or(OsStr::new("go")));
    let mut compiler = Command::new("go");
    compiler.args(["build", "-ldflags=-s -w", "-o"]).arg(&program).arg(&source);
    compiler.env("GO111MODULE", "off").env("GOCACHE", folder.join("cache"));
    run(&mut compiler)?;
    Ok(Command::new(program))
}

/// A program in Python.
pub(crate) fn python(source: &str) -> Result<Command> {
    run(Command::new("python3").arg("--version"))?;
    // A launcher that stays in between would get the signals.
    let interpreter =
        run(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]))?;
    let mut command = Command::new(interpreter.trim());
    command.arg(file(source));
    Ok(command)
}

/// Cargo in a folder, without what the one that started this process left in the environment.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder);
    for variable in
        ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"]
    {
        cargo.env_remove(variable);
    }
    cargo
}
