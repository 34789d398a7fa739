//! A program that works until SIGINT asks it to stop: what is in its file, and what it costs to
//! start it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use object::LittleEndian;
use object::elf::{FileHeader64, PF_W, PT_INTERP, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

/// A program to start.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    path: PathBuf,
    arguments: Vec<PathBuf>,
}

/// What its file says.
pub(crate) struct File {
    pub(crate) size: u64,
    /// The memory that it writes to, stack and heap apart.
    pub(crate) writable: u64,
    pub(crate) dynamic: bool,
}

/// What one run of it cost until it was ready.
pub(crate) struct Run {
    pub(crate) page_faults: u64,
    /// KiB.
    pub(crate) peak_memory: u64,
}

impl Program {
    pub(crate) fn new(name: &'static str, command: &Command) -> Self {
        Self {
            name,
            path: command.get_program().into(),
            arguments: command.get_args().map(Into::into).collect(),
        }
    }

    pub(crate) fn of_path(name: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { name, path: path.into(), arguments: Vec::new() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Reads the file.
    pub(crate) fn file(&self) -> Result<File> {
        let data = std::fs::read(&self.path).with_context(|| self.path.display().to_string())?;
        let header = FileHeader64::<LittleEndian>::parse(&*data)?;
        let parts = header.program_headers(LittleEndian, &*data)?;
        let writable = parts.iter().filter(|part| {
            part.p_type(LittleEndian) == PT_LOAD && part.p_flags(LittleEndian).contains(PF_W)
        });
        Ok(File {
            size: data.len() as u64,
            writable: writable.map(|part| part.p_memsz(LittleEndian)).sum(),
            dynamic: parts.iter().any(|part| part.p_type(LittleEndian) == PT_INTERP),
        })
    }

    /// How long it takes from exec until it says that it works.
    pub(crate) fn start_time(&self) -> Result<Duration> {
        let mut command = self.command();
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| self.name)?;
        let mut lines = self.wait_until_ready(&mut child)?;
        let took = start.elapsed();
        self.finish(&mut child, &mut lines)?;
        Ok(took)
    }

    /// What a run costs. It is stopped at its first instruction, so that what this process did in
    /// its place before is not counted.
    pub(crate) fn run(&self) -> Result<Run> {
        let mut command = self.command();
        #[expect(unsafe_code, reason = "runs between fork and exec")]
        // SAFETY: it makes one system call.
        unsafe {
            command.pre_exec(|| Ok(ptrace::traceme()?));
        }
        let mut child = command.spawn().with_context(|| self.name)?;
        let pid = pid(&child);
        waitpid(pid, None)?;
        let before = page_faults(pid)?;
        ptrace::detach(pid, None)?;
        let mut lines = self.wait_until_ready(&mut child)?;
        let run = Run { page_faults: page_faults(pid)? - before, peak_memory: peak_memory(pid)? };
        self.finish(&mut child, &mut lines)?;
        Ok(run)
    }

    fn wait_until_ready(&self, child: &mut Child) -> Result<BufReader<ChildStdout>> {
        let stdout = child.stdout.take().context("it has no output")?;
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        while line != "Working...\n" {
            line.clear();
            ensure!(lines.read_line(&mut line)? > 0, "{} ended before it worked", self.name);
        }
        Ok(lines)
    }

    /// Asks it to stop, and sees that it does.
    fn finish(&self, child: &mut Child, lines: &mut BufReader<ChildStdout>) -> Result<()> {
        kill(pid(child), Signal::SIGINT)?;
        let mut said = String::new();
        lines.read_to_string(&mut said)?;
        let status = child.wait()?;
        ensure!(status.success(), "{}: {status}", self.name);
        ensure!(said.ends_with("Program exited safely\n"), "{} said: {said}", self.name);
        Ok(())
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// The minor and major ones of a process so far: proc_pid_stat(5).
fn page_faults(pid: Pid) -> Result<u64> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))?;
    // After the name, which may have anything in it: the state, then numbers.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let [minor, major] = [7, 9].map(|at| fields.get(at).and_then(|text| text.parse::<u64>().ok()));
    Ok(minor.context("minflt")? + major.context("majflt")?)
}

fn peak_memory(pid: Pid) -> Result<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|text| text.trim().strip_suffix(" kB"));
    Ok(kibibytes.context("VmHWM")?.trim().parse()?)
}
