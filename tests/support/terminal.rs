//! A pseudo-terminal with a program on it, and what the programs started there say.
//!
//! What is typed and shown goes through the terminal. What the programs under test say comes by a
//! pipe beside it, [`WORDS`], which is still there when the terminal is not. A shell says something by
//! `>&9`.

use super::process::Process;
use super::sys;
use core::ops::Deref;
use core::ptr;
use os_pipe::PipeReader;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, Stdio};

/// The descriptor of the pipe, for programs: a login shell closes those below twenty.
pub const WORDS: i32 = 25;

/// The same, for shells: they take one digit.
const SHELLS: i32 = 9;

/// A program, a shell for example, that is the leader of a session on a terminal of its own.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    /// The other end of the terminal, until it is closed.
    keyboard: Option<File>,
    pipe: PipeReader,
    words: Vec<u8>,
}

impl Terminal {
    /// Starts a program there.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let (keyboard, terminal) = open_terminal();
        let (pipe, writer) = os_pipe::pipe().expect("pipe");
        for side in [Command::stdin, Command::stdout, Command::stderr] {
            side(command, Stdio::from(terminal.try_clone().expect("dup")));
        }
        let us = process::id() as i32;
        // Above both: a descriptor that is one of them already would be closed by execve(2).
        let writer = sys::duplicate_above(writer.as_fd(), WORDS);
        let words = writer.as_raw_fd();
        let set_up = move || {
            sys::die_with_parent(us)?;
            take_terminal()?;
            for fd in [WORDS, SHELLS] {
                // SAFETY: both are descriptors, no memory.
                if unsafe { libc::dup2(words, fd) } == -1 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        };
        // SAFETY: between fork and exec this makes a few system calls and nothing else.
        unsafe { command.pre_exec(set_up) };
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("cannot start {command:?}: {error}"),
        };
        // Our copies of the terminal would keep it from hanging up.
        for side in [Command::stdin, Command::stdout, Command::stderr] {
            side(command, Stdio::null());
        }
        let process = Process::new(child.id() as i32);
        process.note(format!("started as {command:?}"));
        Terminal { process, keyboard: Some(keyboard), pipe, words: Vec::new() }
    }

    /// Types a text: `\x03` is Ctrl-C.
    #[track_caller]
    pub fn press(&mut self, text: &str) {
        self.process.note(format!("we type {text:?}"));
        let keyboard = self.keyboard.as_mut().expect("a terminal that is not closed");
        keyboard.write_all(text.as_bytes()).expect("the terminal takes input");
    }

    /// Closes the terminal's window.
    pub fn close(&mut self) {
        self.process.note("we close the terminal".to_owned());
        self.keyboard = None;
    }

    /// The next line that a program says by the pipe. What the terminal shows meanwhile is read away.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        loop {
            if let Some(end) = self.words.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.words.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                self.process.note(format!("we hear {line:?}"));
                return line;
            }
            let mut bytes = [0; 4096];
            let shown = self.keyboard.as_ref().map_or(self.pipe.as_fd(), |file| file.as_fd());
            let [words, shows] = self.process.readable_of([self.pipe.as_fd(), shown], "a word");
            if words {
                let length = self.pipe.read(&mut bytes).expect("a pipe can be read");
                assert_ne!(length, 0, "all are gone, and there is no word");
                self.words.extend(bytes.iter().take(length));
            } else if shows {
                // It fails when nobody has the terminal.
                match self.keyboard.as_mut().map(|keyboard| keyboard.read(&mut bytes)) {
                    Some(Ok(length)) => {
                        let text = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
                        self.process.note(format!("it shows {text:?}"));
                    }
                    _ => self.keyboard = None,
                }
            }
        }
    }

    /// Waits for a line that a program says, which has to be this one.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.hear(), line);
    }
}

impl Deref for Terminal {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            super::failure::attach(self.process.report(""));
        }
    }
}

/// A terminal: where it is typed into, and what a program reads from.
#[track_caller]
pub fn open_terminal() -> (File, OwnedFd) {
    let (mut keyboard, mut terminal) = (-1, -1);
    // SAFETY: two integers are written; no name, settings or size is asked for or given.
    let done = unsafe {
        libc::openpty(
            &raw mut keyboard,
            &raw mut terminal,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    assert_eq!(done, 0, "openpty: {}", io::Error::last_os_error());
    for fd in [keyboard, terminal] {
        // SAFETY: no memory is passed.
        let set = unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        assert_eq!(set, 0, "fcntl: {}", io::Error::last_os_error());
    }
    // SAFETY: the call has just made this descriptor, and nobody else knows it.
    let keyboard = unsafe { OwnedFd::from_raw_fd(keyboard) };
    // SAFETY: the same.
    let terminal = unsafe { OwnedFd::from_raw_fd(terminal) };
    (File::from(keyboard), terminal)
}

/// Makes standard input the controlling terminal of this process, in a session of its own.
pub fn take_terminal() -> io::Result<()> {
    // SAFETY: the call has no argument.
    if unsafe { libc::setsid() } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: this request takes an integer: the terminal is not to be taken from others.
    if unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
