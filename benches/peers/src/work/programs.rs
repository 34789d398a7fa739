//! (i) A program that shuts down gracefully: its file, its memory, its start.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::Part;
use crate::measure::{Contender, Effort, compare_in};
use crate::outcome::{Outcome, Ratio};
use crate::program::Program;
use crate::{place, stats, tools};

pub(super) const PARTS: &[(&str, Part)] = &[("i-programs", programs)];

/// Ours without libc: the base of the sizes and of the starts.
const BARE: &str = "siglatch-no-libc";

/// What the C programs are compiled with, but for what they are linked with.
const C_FLAGS: [&str; 5] = ["-Os", "-s", "-Wall", "-fno-asynchronous-unwind-tables", "-fno-ident"];
const NO_LIBC: [&str; 7] = [
    "-static",
    "-nostdlib",
    "-no-pie",
    "-fno-pie",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-Wl,--build-id=none",
];

/// The programs in C: name, compiler, file, further flags.
const IN_C: [(&str, &str, &str, &[&str]); 6] = [
    ("c-no-libc-linked-as-usual", "cc", "c/no_libc.c", &["-Wl,-z,noseparate-code"]),
    // The headers that examples/bare is linked with, which no linker writes as small.
    ("c-no-libc", "cc", "c/no_libc.c", &LINK_SCRIPT),
    ("c-musl-static", "musl-gcc", "c/libc.c", &["-static"]),
    ("c-musl-static-packed", "musl-gcc", "c/libc.c", &["-static", "-Wl,-z,noseparate-code"]),
    ("c-glibc-static", "cc", "c/libc.c", &["-static"]),
    ("c-glibc-dynamic", "cc", "c/libc.c", &[]),
];
const LINK_SCRIPT: [&str; 7] = [
    "-fuse-ld=lld",
    "-Wl,--oformat=binary",
    "-Wl,--defsym=MACHINE=62",
    "-Wl,--defsym=MACHINE_FLAGS=0",
    "-Wl,--defsym=BYTE_ORDER=1",
    concat!("-Wl,-L,", env!("CARGO_MANIFEST_DIR"), "/../../examples/bare/elf64"),
    concat!("-Wl,-T,", env!("CARGO_MANIFEST_DIR"), "/../../examples/bare/small.ld"),
];

fn programs(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    // Compilers work side by side; the programs do not.
    place::anywhere()?;
    let folder = tempfile::tempdir()?;
    let mut all = vec![bare()?];
    for (name, compiler, source, flags) in IN_C {
        match in_c(name, compiler, source, flags, folder.path()) {
            Ok(program) => all.push(program),
            Err(why) => outcome.skip(&format!("i, {name}"), why),
        }
    }
    for (name, command) in [
        ("go", tools::go("go/shutdown.go", folder.path())),
        ("cpython", tools::python("python/shutdown.py")),
    ] {
        match command {
            Ok(command) => all.push(Program::new(name, &command)),
            Err(why) => outcome.skip(&format!("i, {name}"), why),
        }
    }
    if effort.quick {
        outcome
            .skip("i, programs in Rust with std", "they take minutes to build, not with --quick");
    } else {
        hosted(&mut all)?;
    }
    files(&mut outcome, &all)?;
    place::pin()?;
    starts(effort, &mut outcome, &all)?;
    Ok(outcome)
}

fn bare() -> Result<Program> {
    let folder = tools::file("../../examples/bare");
    let mut cargo = tools::cargo(&folder);
    tools::run(cargo.args(["build", "--release", "--bin", "shutdown", "--target-dir", "target"]))?;
    Ok(Program::of_path(BARE, folder.join("target/release/shutdown")))
}

fn in_c(
    name: &'static str,
    compiler: &str,
    source: &str,
    flags: &[&str],
    folder: &Path,
) -> Result<Program> {
    let no_libc = source == "c/no_libc.c";
    ensure!(!no_libc || cfg!(target_arch = "x86_64"), "only written for x86_64");
    let output = folder.join(name);
    let mut command = Command::new(compiler);
    command.args(C_FLAGS).args(if no_libc { &NO_LIBC[..] } else { &[] }).args(flags);
    // For the linker that comes with Rust.
    command.arg(format!("-B{}/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld", tools::sysroot()?));
    tools::run(command.arg("-o").arg(&output).arg(tools::file(source)))?;
    Ok(Program::of_path(name, output))
}

/// Those of the package `programs`, dynamic as they come, and some static.
fn hosted(all: &mut Vec<Program>) -> Result<()> {
    const DYNAMIC: [(&str, &str); 5] = [
        ("siglatch-std", "siglatch"),
        ("signal-hook-std", "signal_hook"),
        ("ctrlc-std", "ctrlc"),
        ("tokio-std", "tokio"),
        ("async-signal-std", "async_signal"),
    ];
    const STATIC: [(&str, &str); 2] =
        [("siglatch-std-static", "siglatch"), ("signal-hook-std-static", "signal_hook")];

    let folder = tools::file("programs");
    let target = tools::file("target/programs");
    tools::run(tools::cargo(&folder).args(["build", "--release", "--target-dir"]).arg(&target))?;
    for (name, bin) in DYNAMIC {
        all.push(Program::of_path(name, target.join("release").join(bin)));
    }
    let target = tools::file("target/programs-static");
    let mut cargo = tools::cargo(&folder);
    cargo.env("RUSTFLAGS", "-Ctarget-feature=+crt-static -Crelocation-model=static");
    cargo.args(["build", "--release", "--target-dir"]).arg(&target);
    for (_, bin) in STATIC {
        cargo.args(["--bin", bin]);
    }
    tools::run(&mut cargo)?;
    for (name, bin) in STATIC {
        all.push(Program::of_path(name, target.join("release").join(bin)));
    }
    Ok(())
}

/// What is in the files. An interpreter's is its own.
fn files(outcome: &mut Outcome, all: &[Program]) -> Result<()> {
    let mut base = 0;
    for program in all {
        let file = program.file()?;
        let kind = if file.dynamic { "dynamic" } else { "static" };
        let name = program.name;
        outcome.figure(format!("i/{name}: file, {kind}"), file.size as f64, "bytes");
        outcome.figure(format!("i/{name}: static RAM"), file.writable as f64, "bytes");
        if name == BARE {
            base = file.size;
        }
        if !file.dynamic && name != BARE {
            let row = format!("i/static-size/{name}");
            outcome.ratios.push(Ratio::exact(row, base as f64, file.size as f64, "bytes"));
        }
    }
    Ok(())
}

fn starts(effort: Effort, outcome: &mut Outcome, all: &[Program]) -> Result<()> {
    let runs = if effort.quick { 1 } else { 11 };
    for program in all {
        let name = program.name;
        let runs = (0..runs).map(|_| program.run()).collect::<Result<Vec<_>>>()?;
        let faults: Vec<f64> = runs.iter().map(|run| run.page_faults as f64).collect();
        let peaks: Vec<f64> = runs.iter().map(|run| run.peak_memory as f64).collect();
        outcome.figure(format!("i/{name}: page faults until ready"), stats::median(&faults), "");
        outcome.figure(format!("i/{name}: peak memory when ready"), stats::median(&peaks), "KiB");
    }
    let start = |program: &'static str| {
        let program = all.iter().find(|other| other.name == program);
        move || {
            let program = program.ok_or_else(|| anyhow::anyhow!("it is not there"))?;
            Ok(program.start_time()?.as_secs_f64() * 1e6)
        }
    };
    let contender = |program: &Program| Contender::new(program.name, start(program.name));
    let blocks = if effort.quick { 5 } else { 200 };
    let others = all.iter().filter(|program| program.name != BARE).map(contender).collect();
    let ours = Contender::new(BARE, start(BARE));
    compare_in(blocks, "µs", outcome, "i-start", ours, others)
}
