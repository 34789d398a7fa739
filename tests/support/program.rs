//! An external program under test: an example of this crate, a shell, anything.

use super::failure;
use super::outcome::Outcome;
use super::process::Process;
use super::sys;
use core::ops::Deref;
use os_pipe::PipeReader;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command};
use std::thread;

/// A running program whose output (stdout and stderr, in order) comes here. It dies with the test
/// process, and is killed when dropped before it was waited for.
#[derive(Debug)]
pub struct Program {
    process: Process,
    pipe: PipeReader,
    output: Vec<u8>,
    /// Up to where [`expect_line`](Program::expect_line) has read.
    read: usize,
}

/// Starts a program: `spawn(Command::new(example("quit_flag")).arg("--once"))`.
///
/// It starts with an empty mask and no signal ignored: `Command` gives SIGPIPE its default back.
#[track_caller]
pub fn spawn(command: &mut Command) -> Program {
    Program::start(command)
}

impl Program {
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let (pipe, writer) = os_pipe::pipe().expect("pipe");
        let errors = writer.try_clone().expect("dup");
        let us = process::id() as i32;
        command.stdout(writer).stderr(errors);
        // SAFETY: between fork and exec this makes two system calls and nothing else: it takes no
        // lock and does not allocate.
        unsafe { command.pre_exec(move || sys::die_with_parent(us)) };
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("cannot start {command:?}: {error}"),
        };
        // Our copies of the pipe's writing end would keep it open after the program's end.
        command.stdout(process::Stdio::null()).stderr(process::Stdio::null());

        let process = Process::new(child.id() as i32);
        process.note(format!("started as {command:?}"));
        Program { process, pipe, output: Vec::new(), read: 0 }
    }

    /// Waits for a line that contains `part`, and gives it. Lines before it are passed over.
    #[track_caller]
    pub fn expect_line(&mut self, part: &str) -> String {
        let awaited = format!("a line with {part:?}");
        loop {
            while let Some(line) = self.next_line() {
                if line.contains(part) {
                    return line;
                }
            }
            if !self.read_more(&awaited) {
                let status = self.process.reap();
                panic!("waited for {awaited}, but the program {status}");
            }
        }
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        while self.read_more("the end of the program") {}
        let status = self.process.reap();
        let output = self.output();
        let report = self.process.report(&output);
        Outcome::new(status, output, Vec::new(), None, report)
    }

    /// The next whole line, if it is here already.
    fn next_line(&mut self) -> Option<String> {
        let rest = self.output.get(self.read..)?;
        let line = rest.split_inclusive(|byte| *byte == b'\n').next()?;
        let text = line.strip_suffix(b"\n")?;
        self.read = self.read.checked_add(line.len())?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// Reads what comes next; false when nothing more will come.
    #[track_caller]
    fn read_more(&mut self, awaited: &str) -> bool {
        if !self.process.readable(self.pipe.as_fd(), awaited) {
            return false;
        }
        let mut bytes = [0; 4096];
        let length = self.pipe.read(&mut bytes).expect("a pipe can be read");
        self.output.extend(bytes.iter().take(length));
        length != 0
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

impl Deref for Program {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            failure::attach(self.process.report(&self.output()));
        }
    }
}
