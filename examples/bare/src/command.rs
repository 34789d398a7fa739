//! A command that takes this process's place, as execvp(3) finds it.

use core::ffi::CStr;

use siglatch::child::ExecSignals;
use siglatch::{Errno, sys};
use siglatch_start::{Arg, Process};

use crate::Utility;

/// Where commands are looked for without `PATH`.
const DEFAULT_PATH: &CStr = c"/bin:/usr/bin";

/// The longest path, its zero included, as the kernel has it.
const PATH_MAX: usize = 4096;

/// A command that could not be executed.
const FOUND: i32 = 126;

/// A command that is not there.
const NOT_FOUND: i32 = 127;

/// Executes a command, which is not empty and ends the program's arguments, with the signals that
/// it is to have; or says why not, and ends this process as shells do.
pub fn execute(
    utility: &Utility,
    process: Process,
    command: &'static [Arg],
    signals: &ExecSignals,
) -> ! {
    let Some(name) = command.first() else { sys::exit_group(NOT_FOUND) };
    let errno = match signals.apply() {
        Ok(()) => search(process, *name, command),
        Err(errno) => errno,
    };
    utility.say("failed to run command '%'", name.as_bytes(), Some(errno));
    sys::exit_group(if errno == Errno::NOENT { NOT_FOUND } else { FOUND })
}

/// Tries each place. Returns why the last one failed, or the first that was there.
fn search(process: Process, name: Arg, command: &'static [Arg]) -> Errno {
    // SAFETY: the kernel's list ends with null, and this process is for the command.
    let exec = |path: &CStr| unsafe { sys::execve(path, command.as_ptr().cast(), process.envp()) };
    if name.is_empty() || name.as_bytes().contains(&b'/') {
        return exec(&name);
    }
    let mut result = Errno::NOENT;
    let mut folders = process.var(b"PATH").unwrap_or(DEFAULT_PATH.into());
    loop {
        let mut path = Path { bytes: [0; PATH_MAX], length: 0 };
        let next = loop {
            match folders.split_first() {
                Some((b':', others)) => break Some(others),
                Some((byte, rest)) => {
                    path.push(byte);
                    folders = rest;
                }
                None => break None,
            }
        };
        // An empty one is the working directory.
        if path.length > 0 {
            path.push(b'/');
        }
        for &byte in name.as_bytes() {
            path.push(byte);
        }
        let errno = match CStr::from_bytes_until_nul(&path.bytes) {
            Ok(path) => exec(path),
            Err(_) => Errno::NAMETOOLONG,
        };
        match errno {
            Errno::NOENT | Errno::NOTDIR => {}
            // There may be one elsewhere that is allowed, or shorter.
            Errno::ACCES | Errno::NAMETOOLONG => result = errno,
            _ => return errno,
        }
        let Some(others) = next else { return result };
        folders = others;
    }
}

/// A path that is being put together, with a zero behind it if it is not too long.
struct Path {
    bytes: [u8; PATH_MAX],
    length: usize,
}

impl Path {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }
}
