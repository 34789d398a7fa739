//! Programs that are not there, not executable, or none.

#![expect(unsafe_code, reason = "executes programs")]

use super::table::{answer, done, table};
use core::ffi::c_char;
use core::ptr;
use siglatch::child::ExecSignals;
use siglatch::{Latch, Signal, sys};
use std::env;
use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process;
use support::state::SignalState;

pub(super) fn check() {
    let table = table! {
        Program: Missing | Unnamed | Folder | Through | Plain  | Text    | Script | Written | Long         | Much  | There;
        exec:    ENOENT  | ENOENT  | EACCES | ENOTDIR | EACCES | ENOEXEC | ENOENT | ETXTBSY | ENAMETOOLONG | E2BIG | "exit 7";
        execve:  ENOENT  | ENOENT  | EACCES | ENOTDIR | EACCES | ENOEXEC | ENOENT | ETXTBSY | ENAMETOOLONG | E2BIG | "exit 7";
    };
    let folder = env::temp_dir().join(format!("programs-of-{}", process::id()));
    fs::create_dir_all(&folder).expect("a directory");
    table.check(|call, program| answer(|| call(program.command(&folder))));
    fs::remove_dir_all(&folder).expect("a directory that is there");
}

#[derive(Clone, Copy, PartialEq)]
enum Program {
    Missing,
    Unnamed,
    Folder,
    /// A file stands where a directory has to.
    Through,
    /// Not executable.
    Plain,
    /// Executable, and no program.
    Text,
    /// Its interpreter is missing.
    Script,
    /// Open for writing.
    Written,
    /// The name is too long.
    Long,
    /// The arguments are too large.
    Much,
    /// One that can be executed, after all that.
    There,
}

/// A path and arguments.
struct Command(CString, Vec<CString>);

fn text(text: impl Into<Vec<u8>>) -> CString {
    CString::new(text).expect("no zero in it")
}

/// A file with this text.
fn file(folder: &Path, content: &str, mode: u32) -> CString {
    let path = folder.join("file");
    fs::write(&path, content).expect("a file");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its mode");
    text(path.into_os_string().into_encoded_bytes())
}

impl Program {
    fn command(self, folder: &Path) -> Command {
        let path = match self {
            Self::Missing => text("/no/such/program"),
            Self::Unnamed => text(""),
            Self::Folder => text("/"),
            Self::Through => text("/etc/passwd/program"),
            Self::Plain => file(folder, "#!/bin/sh\n", 0o644),
            Self::Text => file(folder, "no program\n", 0o755),
            Self::Script => file(folder, "#!/no/such/shell\n", 0o755),
            Self::Written => file(folder, "#!/bin/sh\n", 0o755),
            Self::Long => text("x".repeat(5000)),
            Self::Much | Self::There => text("/bin/sh"),
        };
        if self == Self::Written {
            let opened = File::options().append(true).open(folder.join("file"));
            core::mem::forget(opened.expect("a file"));
        }
        let arguments = if self == Self::Much {
            vec![text("x".repeat(1 << 20)); 16]
        } else {
            ["sh", "-c", "exit 7"].map(text).into()
        };
        Command(path, arguments)
    }
}

/// Two signals are to be ignored, and one is to be blocked.
fn signals() -> ExecSignals {
    ExecSignals::new().ignore([Signal::HUP, Signal::PIPE]).block(Signal::USR2)
}

/// The state is applied, as it would be to the program.
fn exec(Command(path, arguments): Command) -> String {
    static LATCH: Latch = Latch::new();
    LATCH.catch(Signal::TERM).expect("catch");
    let arguments = pointers(&arguments);
    // SAFETY: the arguments end by a null pointer, and the process is for the program.
    let errno = unsafe { signals().exec(&path, arguments.as_ptr(), ptr::null()) };
    assert_eq!(ExecSignals::current(), Ok(signals()));
    done::<()>(Err(errno))
}

/// Nothing has changed.
fn execve(Command(path, arguments): Command) -> String {
    let before = SignalState::now();
    let arguments = pointers(&arguments);
    // SAFETY: the arguments end by a null pointer, and the process is for the program.
    let errno = unsafe { sys::execve(&path, arguments.as_ptr(), ptr::null()) };
    before.assert_unchanged("what cannot be executed");
    done::<()>(Err(errno))
}

fn pointers(arguments: &[CString]) -> Vec<*const c_char> {
    arguments.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}
