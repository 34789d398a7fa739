//! What is run, and what should come of it.

use core::ffi::CStr;

/// A program that works until it is sent SIGTERM or SIGINT.
pub(crate) const VICTIM: &CStr = c"/shutdown";

pub(crate) struct Situation {
    /// The program and its arguments; `VICTIM` is the number of that process.
    pub(crate) words: &'static [&'static CStr],
    /// The exit status, or 128 and a signal.
    pub(crate) status: u32,
    /// Part of what is printed.
    pub(crate) says: &'static [u8],
    /// It is sent SIGTERM as soon as it, or what it runs, says that it works.
    pub(crate) is_terminated: bool,
    /// A process runs beside it, which ends with this status.
    pub(crate) victim: Option<u32>,
}

const fn ends(status: u32, says: &'static [u8], words: &'static [&'static CStr]) -> Situation {
    Situation { words, status, says, is_terminated: false, victim: None }
}

const fn terminated(says: &'static [u8], words: &'static [&'static CStr]) -> Situation {
    Situation { is_terminated: true, ..ends(0, says, words) }
}

const fn ended_by(signal: u32, words: &'static [&'static CStr]) -> Situation {
    Situation { victim: Some(128 + signal), ..ends(0, b"", words) }
}

/// `pid1` is the utility `init`, since this program has that name.
#[rustfmt::skip]
pub(crate) static SITUATIONS: &[Situation] = &[
    terminated(b"SIGTERM asked to stop", &[c"/shutdown"]),

    ends(0, b"ok\n", &[c"/aligned"]),
    ends(0, b"ok\n", &[c"/compare"]),
    ends(0, b"ok\n", &[c"/copies"]),
    ends(0, b"ok\n", &[c"/data"]),
    ends(0, b"     1234.57|SIGTERM|(-1, \"text\")|0xff\nok\n", &[c"/format"]),
    ends(0, b"ok\n", &[c"/stack"]),
    ends(0, b"ok\n", &[c"/statics"]),
    ends(0, b"ok\n", &[c"/tables"]),
    ends(0, b"ok\n", &[c"/wide"]),
    ends(0, b"\n\n", &[c"/inherited_signals"]),
    ends(134, b"panicked at kinds/src/bin/panics.rs:11\n", &[c"/panics"]),
    ends(4, b"argument \nargument two words\n", &[c"/args", c"one", c"", c"two words"]),

    ends(0, b"ok\n", &[c"/timeout", c"60", c"/compare"]),
    ends(134, b"panicked", &[c"/timeout", c"60", c"/panics"]),
    ends(124, b"Working", &[c"/timeout", c"0.2", c"/shutdown"]),
    ends(137, b"Working", &[c"/timeout", c"-p", c"-s", c"9", c"2e-1", c"/shutdown"]),
    ends(137, b"sending signal KILL to command '/shutdown'",
        &[c"/timeout", c"-vk.1", c"--signal=CONT", c"0.2s", c"/shutdown"]),
    terminated(b"Program exited safely", &[c"/timeout", c"60", c"/shutdown"]),
    ends(127, b"'/none': No such file or directory", &[c"/timeout", c"1", c"/none"]),
    ends(126, b"'/proc': Permission denied", &[c"/timeout", c"1", c"/proc"]),
    ends(125, b"timeout: invalid time interval 'x'", &[c"/timeout", c"x", c"/compare"]),
    ends(125, b"'timeout --help'", &[c"/timeout", c"1"]),
    ends(0, b"Usage: timeout ", &[c"/timeout", c"--help"]),

    ends(0, b"ok\n", &[c"/pid1", c"-s", c"--", c"/compare"]),
    ends(0, b"\n\n", &[c"/pid1", c"/inherited_signals"]),
    ends(2, b"argument one\n", &[c"/pid1", c"-gS", c"/args", c"one"]),
    ends(134, b"panicked", &[c"/pid1", c"/panics"]),
    ends(0, b"panicked", &[c"/pid1", c"-e", c"134", c"/panics"]),
    ends(124, b"Working", &[c"/pid1", c"-s", c"/timeout", c"0.2", c"/shutdown"]),
    terminated(b"init: forwarding signal 15\n", &[c"/pid1", c"-v", c"--", c"/shutdown"]),
    terminated(b"SIGINT asked to stop", &[c"/pid1", c"-r", c"15:2", c"/shutdown"]),
    terminated(b"SIGTERM asked to stop", &[c"/pid1", c"-S", c"/shutdown"]),
    ends(127, b"'/none': No such file or directory", &[c"/pid1", c"/none"]),
    ends(1, b"init: no command is given\n", &[c"/pid1"]),
    ends(1, b"init: invalid option -- 'z'\n", &[c"/pid1", c"-z", c"/compare"]),
    ends(1, b"init: invalid value for -r: '15:65'", &[c"/pid1", c"-r", c"15:65", c"/compare"]),

    ended_by(9, &[c"/kill", c"-9", c"VICTIM"]),
    ended_by(10, &[c"/kill", c"-s", c"usr1", c"VICTIM"]),
    ended_by(12, &[c"/kill", c"-USR2", c"-q", c"-7", c"VICTIM"]),
    ended_by(40, &[c"/kill", c"--queue=5", c"-RTMIN+6", c"VICTIM"]),
    ended_by(9, &[c"/kill", c"--timeout", c"50", c"KILL", c"-CONT", c"VICTIM"]),
    ended_by(1, &[c"/kill", c"--timeout=60000", c"KILL", c"-s", c"1", c"VICTIM"]),
    ends(0, b"", &[c"/kill", c"-0", c"1"]),
    ends(1, b"kill: (99999): No such process\n", &[c"/kill", c"99999"]),
    ends(1, b"kill: failed to parse argument: '1x'\n", &[c"/kill", c"1x"]),
    ends(1, b"kill: 'FOO': invalid signal\n", &[c"/kill", c"-s", c"FOO", c"1"]),
    ends(1, b"kill: no process is given\n", &[c"/kill"]),
    ends(0, b"15\n", &[c"/kill", c"-l", c"term"]),
    ends(0, b"TERM\nRTMIN+6\n", &[c"/kill", c"-l", c"143", c"40"]),
    ends(0, b"\n59 RTMIN+25", &[c"/kill", c"-L"]),
    ends(0, b"kill (siglatch) ", &[c"/kill", c"--version"]),
];
