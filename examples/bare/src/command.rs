//! A command that takes this process's place, as execvp(3) finds it.

use core::ffi::CStr;

use siglatch::child::ExecSignals;
use siglatch::{Errno, sys};
use siglatch_start::{Arg, Process};

use crate::say::Line;

/// Where commands are looked for without `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The longest path, its zero included, as the kernel has it.
const PATH_MAX: usize = 4096;

/// A command that could not be executed.
const FOUND: i32 = 126;

/// A command that is not there.
const NOT_FOUND: i32 = 127;

/// Executes a command, which is not empty and ends the program's arguments, with the signals that
/// it is to have; or says why not, and ends this process as shells do.
pub fn execute(
    utility: &str,
    process: Process,
    command: &'static [Arg],
    signals: &ExecSignals,
) -> ! {
    let Some(name) = command.first() else { sys::exit_group(NOT_FOUND) };
    let errno = match signals.apply() {
        Ok(()) => search(process, name.as_c_str(), command),
        Err(errno) => errno,
    };
    Line::error(utility)
        .text("failed to run command '")
        .bytes(name.as_bytes())
        .text("'")
        .because(errno);
    sys::exit_group(if errno == Errno::NOENT { NOT_FOUND } else { FOUND })
}

/// Tries each place. Returns why the last one failed, or the first that was there.
fn search(process: Process, name: &'static CStr, command: &'static [Arg]) -> Errno {
    let exec = |path: *const u8| {
        // SAFETY: it is an argument, or ends with the zero that was written last.
        let path = unsafe { CStr::from_ptr(path.cast()) };
        // SAFETY: the kernel's list ends with null, and this process is for the command.
        unsafe { sys::execve(path, command.as_ptr().cast(), process.envp()) }
    };
    let bytes = name.to_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') {
        return exec(name.as_ptr().cast());
    }
    let mut result = Errno::NOENT;
    let mut path = [0; PATH_MAX];
    let mut folders = process.var(b"PATH").map_or(DEFAULT_PATH, CStr::to_bytes);
    loop {
        let length = folders.iter().take_while(|&&byte| byte != b':').count();
        let (folder, rest) = folders.split_at_checked(length).unwrap_or_default();
        // An empty one is the working directory.
        let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
        let mut length = 0;
        for part in [folder, slash, bytes, b"\0"] {
            for &byte in part {
                if let Some(place) = path.get_mut(length) {
                    *place = byte;
                }
                length += 1;
            }
        }
        let errno = if length > PATH_MAX { Errno::NAMETOOLONG } else { exec(path.as_ptr()) };
        match errno {
            Errno::NOENT | Errno::NOTDIR => {}
            // There may be one elsewhere that is allowed, or shorter.
            Errno::ACCES | Errno::NAMETOOLONG => result = errno,
            _ => return errno,
        }
        let Some((_colon, others)) = rest.split_first() else { return result };
        folders = others;
    }
}
