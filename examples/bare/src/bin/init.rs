//! A first process for containers and embedded systems: runs one command, forwards signals to it,
//! reaps what loses its parent, and ends as the command ends.
//!
//! All signals are blocked from the start and taken one by one, so none is lost: what comes before
//! the command is there waits for it. No handler is installed.
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "signals that a C library would keep for itself are forwarded, too"
)]

use core::ffi::{CStr, c_int};
use core::time::Duration;

use bare::command;
use bare::options::{Known, Options, Wrong, known};
use bare::say::{Line, STDOUT};
use rustix::process::{getpgrp, ioctl_tiocsctty, setpgid, setsid};
use rustix::stdio::stdin;
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use siglatch::fd::{PidFd, Scope};
use siglatch::send;
use siglatch::sys::{self, KernelSiginfo, KernelSigset};
use siglatch::{Cause, ChildState, Errno, Pid, SigInfo, Signal, SigVal, action, child, stop};
use siglatch_start::{Arg, Process, start};

const NAME: &str = "init";

/// Something is wrong with this program, or with how it was called.
const FAILED: u8 = 1;

const HELP: &str = "\
Usage: init [OPTION]... [--] COMMAND [ARGUMENT]...
Runs COMMAND, forwards signals to it, reaps all children, and ends with COMMAND's status, or 128
and the number of the signal that ended it.

  -e, --exit-zero=STATUS  exit with 0 for this status of COMMAND
  -g, --group             forward to COMMAND's process group
  -p, --parent-death=SIG  have SIG sent when the parent ends
  -r, --rewrite=SIG:SIG   forward the second for the first; 0 for nothing
  -s, --subreaper         adopt what loses its parent, when not process 1
  -S, --session           run COMMAND in a session of its own
  -v, --verbose           say what is done
  -w, --warn              say what else than COMMAND was reaped
  -h, --help
  -V, --version
";

const OPTIONS: [Known; 10] = [
    known(b'e', "exit-zero", true),
    known(b'g', "group", false),
    known(b'p', "parent-death", true),
    known(b'r', "rewrite", true),
    known(b's', "subreaper", false),
    known(b'S', "session", false),
    known(b'v', "verbose", false),
    known(b'w', "warn", false),
    known(b'h', "help", false),
    known(b'V', "version", false),
];

/// All signals, those as well that a C library keeps for itself.
const ALL: KernelSigset = KernelSigset::from_bits(u64::MAX);

/// How many signals the kernel has, and a place for none.
const SIGNALS: usize = 65;

siglatch::inherited_signals!(static START);

start!(main);

/// How it was called.
struct Call {
    group: bool,
    session: bool,
    subreaper: bool,
    verbose: bool,
    warn: bool,
    parent_death: Option<Signal>,
    /// What is forwarded for a signal: itself where there is nothing, 0 for nothing.
    rewritten: [Option<u8>; SIGNALS],
    /// A bit for each exit status that becomes 0.
    zeroed: [u32; 8],
    command: &'static [Arg],
}

fn main(process: Process) -> u8 {
    // First of all: from here on each signal is forwarded.
    //
    // SAFETY: there is no C library that would miss one.
    let blocked = unsafe { sys::rt_sigprocmask(0, Some(ALL)) };
    let result = match blocked {
        Err(errno) => Err(("signals", errno)),
        Ok(_) => match read(process.args().get(1..).unwrap_or_default()) {
            Ok(Some(call)) => run(process, &call),
            Ok(None) => return 0,
            Err(Wrong) => {
                let _lost = Line::new(2).text("Try 'init --help' for more information.").end();
                return FAILED;
            }
        },
    };
    result.unwrap_or_else(|(what, errno)| {
        Line::error(NAME).text(what).because(errno);
        FAILED
    })
}

/// Reads the arguments. `None` if that was all there was to do.
fn read(arguments: &'static [Arg]) -> Result<Option<Call>, Wrong> {
    let mut call = Call {
        group: false,
        session: false,
        subreaper: false,
        verbose: false,
        warn: false,
        parent_death: None,
        rewritten: [None; SIGNALS],
        zeroed: [0; 8],
        command: &[],
    };
    let mut options = Options::new(NAME, &OPTIONS, arguments);
    while let Some((option, value)) = options.next()? {
        match option {
            b'e' => zero(&mut call.zeroed, value)?,
            b'g' => call.group = true,
            b'p' => match Signal::from_name(value.to_bytes()) {
                Ok(signal) => call.parent_death = Some(signal),
                Err(_) => return wrong("-p", value),
            },
            b'r' => rewrite(&mut call.rewritten, value)?,
            b's' => call.subreaper = true,
            b'S' => call.session = true,
            b'v' => call.verbose = true,
            b'w' => call.warn = true,
            b'h' => return print(HELP.trim_ascii_end()),
            _ => return print("init (siglatch) 0.1.0"),
        }
    }
    call.command = options.rest();
    if call.command.is_empty() {
        let _lost = Line::error(NAME).text("no command is given").end();
        return Err(Wrong);
    }
    Ok(Some(call))
}

fn print(text: &str) -> Result<Option<Call>, Wrong> {
    match Line::new(STDOUT).text(text).end() {
        Ok(()) => Ok(None),
        Err(errno) => {
            Line::error(NAME).text("write error").because(errno);
            sys::exit_group(FAILED.into())
        }
    }
}

fn wrong<T>(option: &str, value: &CStr) -> Result<T, Wrong> {
    let mut line = Line::error(NAME);
    let _lost = line.text("invalid value for ").text(option).text(": '").bytes(value.to_bytes());
    let _lost = line.text("'").end();
    Err(Wrong)
}

/// Notes an exit status, 0 to 255.
fn zero(zeroed: &mut [u32; 8], value: &CStr) -> Result<(), Wrong> {
    let text = value.to_bytes();
    let mut status = 0_usize;
    for digit in text {
        if !digit.is_ascii_digit() {
            return wrong("-e", value);
        }
        // No number of more digits than that is small enough.
        status = (status * 10 + usize::from(digit - b'0')).min(1000);
    }
    match zeroed.get_mut(status / 32) {
        Some(word) if !text.is_empty() => *word |= 1 << (status % 32),
        _ => return wrong("-e", value),
    }
    Ok(())
}

/// Notes two signals, of which the second may be 0.
fn rewrite(rewritten: &mut [Option<u8>; SIGNALS], value: &CStr) -> Result<(), Wrong> {
    let text = value.to_bytes();
    let colon = text.iter().take_while(|&&byte| byte != b':').count();
    let (from, to) = text.split_at_checked(colon).unwrap_or_default();
    let to = match to.strip_prefix(b":") {
        Some(b"0") => Some(0),
        Some(to) => Signal::from_name(to).ok().map(|signal| signal.as_raw() as u8),
        None => None,
    };
    let from = Signal::from_name(from).ok();
    match (from.and_then(|signal| rewritten.get_mut(signal.as_raw() as usize)), to) {
        (Some(place), Some(_)) => *place = to,
        _ => return wrong("-r", value),
    }
    Ok(())
}

/// What failed, and why.
type Failure = (&'static str, Errno);

fn run(process: Process, call: &Call) -> Result<u8, Failure> {
    let signals = START.exec_signals().ok_or(("signals", Errno::NOSYS))?;
    if call.subreaper {
        child::set_subreaper(true).map_err(|errno| ("subreaper", errno))?;
    }
    if let Some(signal) = call.parent_death {
        // SAFETY: it is forwarded like any other, unless it cannot be caught.
        unsafe { sys::prctl_set_pdeathsig(signal.as_raw()) }
            .map_err(|errno| ("parent death signal", errno))?;
    }
    // If it was ignored, no child could be waited for.
    action::default(Signal::CHLD).map_err(|errno| ("signals", errno))?;

    // SAFETY: it is open, or the calls below tell that it is not.
    let terminal = unsafe { stdin() };
    let own_group = getpgrp();
    let has_terminal = tcgetpgrp(terminal) == Ok(own_group);
    // SAFETY: there is one thread, and the child executes a program or exits.
    let child = match unsafe { sys::fork() } {
        Ok(0) => {
            if call.session {
                let _leader = setsid();
                let _terminal = ioctl_tiocsctty(terminal);
            } else {
                let _leader = setpgid(None, None);
                if has_terminal {
                    // Not stopped for this, since SIGTTOU is blocked.
                    let _foreground = tcsetpgrp(terminal, getpgrp());
                }
            }
            command::execute(NAME, process, call.command, &signals)
        }
        Ok(child) => child,
        Err(errno) => return Err(("fork", errno)),
    };
    if !call.session {
        // Here as well: a signal to the group must not come before there is one.
        let _leader = setpgid(rustix::process::Pid::from_raw(child), None);
    }
    let child = Pid::from_raw(child).map_err(|errno| ("fork", errno))?;
    say(call, "started", child.as_raw());
    let mut init = Init { call, child, has_terminal: has_terminal && !call.session, end: None };
    let status = init.run_to_its_end();
    if init.has_terminal {
        let _back = tcsetpgrp(terminal, own_group);
    }
    status
}

/// With `-v`, says what was done.
fn say(call: &Call, what: &str, number: c_int) {
    if call.verbose {
        let _lost = Line::error(NAME).text(what).text(" ").number(number.into()).end();
    }
}

/// The command that runs.
struct Init<'a> {
    call: &'a Call,
    child: Pid,
    /// Whether the terminal was handed over to the command.
    has_terminal: bool,
    end: Option<ChildState>,
}

impl Init<'_> {
    /// Forwards and reaps until the command has ended. Returns the exit status.
    fn run_to_its_end(&mut self) -> Result<u8, Failure> {
        loop {
            let mut info = KernelSiginfo::zeroed();
            // SAFETY: all signals are this program's to take.
            match unsafe { sys::rt_sigtimedwait(ALL, Some(&mut info), None) } {
                Ok(signo) if signo == Signal::CHLD.as_raw() => self.reap(),
                Ok(signo) => self.forward(signo, &SigInfo::from_kernel(&info)),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(("signals", errno)),
            }
            if let Some(end) = self.end {
                let status = end.shell_status().unwrap_or(FAILED);
                say(self.call, "ended with status", status.into());
                let word = self.call.zeroed.get(usize::from(status / 32)).copied();
                let is_zeroed = word.unwrap_or_default() >> (status % 32) & 1 != 0;
                return Ok(if is_zeroed { 0 } else { status });
            }
        }
    }

    /// Takes note of all that has become of children.
    fn reap(&mut self) {
        let options = wait_options::WNOHANG | wait_options::WEXITED | wait_options::WSTOPPED;
        loop {
            let info = match sys::waitid(wait_options::P_ALL, 0, options) {
                Ok(info) => info,
                Err(Errno::INTR) => continue,
                Err(_) => break,
            };
            let Cause::Child { pid, state, .. } = SigInfo::from_kernel(&info).cause() else {
                break;
            };
            match state {
                ChildState::Stopped(signo) if pid == self.child.as_raw() => self.stop(signo),
                _ if !state.is_end() => {}
                _ if pid == self.child.as_raw() => self.end = Some(state),
                _ if self.call.warn => {
                    let mut line = Line::error(NAME);
                    let _lost = line.text("reaped process ").number(pid.into()).end();
                }
                _ => say(self.call, "reaped process", pid),
            }
        }
    }

    /// The command was stopped at its terminal: this process stops with it, so that the shell which
    /// has started both is told, and goes on with it.
    fn stop(&self, signo: c_int) {
        say(self.call, "stopped by", signo);
        // SAFETY: it was open when it was looked at.
        let terminal = unsafe { stdin() };
        let (Ok(signal), true) = (Signal::from_raw(signo), self.has_terminal) else { return };
        let own_group = getpgrp();
        let _back = tcsetpgrp(terminal, own_group);
        let _stopped = stop::stop_by(signal);
        // Continued, in the foreground or in the background.
        if tcgetpgrp(terminal) == Ok(own_group) {
            if let Some(group) = rustix::process::Pid::from_raw(self.child.as_raw()) {
                let _foreground = tcsetpgrp(terminal, group);
            }
        }
        let _gone = send::kill_group(self.child, Signal::CONT);
    }

    /// Sends the command a signal that has come, and the value that came with it.
    fn forward(&self, signo: c_int, info: &SigInfo) {
        let rewritten = self.call.rewritten.get(signo as usize).copied().flatten();
        let signo = rewritten.map_or(signo, c_int::from);
        if signo == 0 {
            return;
        }
        say(self.call, "forwarding signal", signo);
        let signal = Signal::from_raw(signo);
        if let (Ok(signal), Some(value)) = (signal, info.value()) {
            if self.queue(signal, value).is_ok() {
                return;
            }
        }
        let pid = self.child.as_raw();
        let target = if self.call.group || self.call.session { pid.wrapping_neg() } else { pid };
        // SAFETY: it is another process, or a group of others.
        let _gone = unsafe { sys::kill(target, signo) };
    }

    /// The same with a value. Where the command has as many waiting as it may have, it is given time
    /// to take some.
    fn queue(&self, signal: Signal, value: SigVal) -> Result<(), Errno> {
        let process = PidFd::open(self.child)?;
        let to_group = self.call.group || self.call.session;
        loop {
            let result = if to_group {
                process.queue_to(Scope::Group, signal, value)
            } else {
                process.queue(signal, value)
            };
            if result != Err(Errno::AGAIN) {
                return result;
            }
            if process.wait(Some(Duration::from_millis(1)))? {
                return Err(Errno::SRCH);
            }
        }
    }
}

/// Of `<linux/wait.h>`.
mod wait_options {
    pub(super) const P_ALL: u32 = 0;
    pub(super) const WNOHANG: i32 = 1;
    pub(super) const WSTOPPED: i32 = 2;
    pub(super) const WEXITED: i32 = 4;
}
