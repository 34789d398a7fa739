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

use core::ffi::c_int;
use core::time::Duration;

use bare::options::Options;
use bare::say::{Line, STDERR};
use bare::{Utility, command, number, terminal};
use siglatch::fd::{PidFd, Scope};
use siglatch::send;
use siglatch::sys::{self, KernelSiginfo, KernelSigset};
use siglatch::{Cause, ChildState, Errno, Pid, SigInfo, SigVal, Signal, action, child, stop};
use siglatch_start::{Arg, Process, start};

/// Something is wrong with this program, or with how it was called.
const FAILED: u8 = 1;

const INIT: Utility = Utility {
    name: "init",
    help: "\
Usage: % [OPTION]... [--] COMMAND [ARGUMENT]...
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
  -V, --version",
    failed: FAILED as i32,
};

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
        Ok(_) => run(process, &read(process.args().get(1..).unwrap_or_default())),
    };
    result.unwrap_or_else(|(what, errno)| INIT.fail(what, errno))
}

/// Reads the arguments.
fn read(arguments: &'static [Arg]) -> Call {
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
    let mut options = Options::new(&INIT, arguments);
    while let Some((option, value)) = options.next() {
        let value = value.as_bytes();
        match option {
            b'e' => match u8::try_from(number(value).unwrap_or(-1)) {
                Ok(status) => call.zero(status),
                Err(_) => INIT.misused("invalid value for -e: '%'", value),
            },
            b'g' => call.group = true,
            b'p' => match Signal::from_name(value) {
                Ok(signal) => call.parent_death = Some(signal),
                Err(_) => INIT.misused("invalid value for -p: '%'", value),
            },
            b'r' => {
                if call.rewrite(value).is_none() {
                    INIT.misused("invalid value for -r: '%'", value);
                }
            }
            b's' => call.subreaper = true,
            b'S' => call.session = true,
            b'v' => call.verbose = true,
            b'w' => call.warn = true,
            b'h' => INIT.print_help(),
            _ => INIT.print_version(),
        }
    }
    call.command = options.rest();
    if call.command.is_empty() {
        INIT.misused("no command is given", b"");
    }
    call
}

impl Call {
    /// Notes an exit status that becomes 0.
    fn zero(&mut self, status: u8) {
        if let Some(word) = self.zeroed.get_mut(usize::from(status / 32)) {
            *word |= 1 << (status % 32);
        }
    }

    fn is_zeroed(&self, status: u8) -> bool {
        let word = self.zeroed.get(usize::from(status / 32)).copied();
        word.unwrap_or_default() >> (status % 32) & 1 != 0
    }

    /// Notes two signals, of which the second may be 0.
    fn rewrite(&mut self, text: &[u8]) -> Option<()> {
        let mut signals = text.splitn(2, |&byte| byte == b':');
        let from = Signal::from_name(signals.next()?).ok()?;
        let to = match signals.next()? {
            b"0" => 0,
            to => Signal::from_name(to).ok()?.as_raw() as u8,
        };
        *self.rewritten.get_mut(from.as_raw() as usize)? = Some(to);
        Some(())
    }

    /// With `-v`, says what was done.
    fn say(&self, text: &str, number: c_int) {
        if self.verbose {
            say(text, number);
        }
    }
}

/// A message with a number.
fn say(text: &str, number: c_int) {
    let mut line = Line::new(STDERR);
    let _lost = line.text(INIT.name).text(": ").text(text).number(number.into()).end();
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

    let own_group = terminal::own_group();
    let has_terminal = terminal::foreground() == Some(own_group);
    // SAFETY: there is one thread, and the child executes a program or exits.
    let child = match unsafe { sys::fork() } {
        Ok(0) => {
            if call.session {
                terminal::lead_session();
            } else {
                terminal::lead_group(0);
                if has_terminal {
                    // Not stopped for this, since SIGTTOU is blocked.
                    terminal::set_foreground(terminal::own_group());
                }
            }
            command::execute(&INIT, process, call.command, &signals)
        }
        Ok(child) => child,
        Err(errno) => return Err(("fork", errno)),
    };
    if !call.session {
        // Here as well: a signal to the group must not come before there is one.
        terminal::lead_group(child);
    }
    let child = Pid::from_raw(child).map_err(|errno| ("fork", errno))?;
    call.say("started ", child.as_raw());
    let mut init = Init { call, child, has_terminal: has_terminal && !call.session, end: None };
    let status = init.run_to_its_end();
    if init.has_terminal {
        terminal::set_foreground(own_group);
    }
    status
}

/// The command that runs.
struct Init<'a> {
    call: &'a Call,
    child: Pid,
    /// Whether the command has the terminal.
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
                Ok(signo) => {
                    let info = SigInfo::from_kernel(&info);
                    self.forward(signo, info.ok().and_then(|info| info.value()));
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(("signals", errno)),
            }
            if let Some(end) = self.end {
                let status = end.shell_status().unwrap_or(FAILED);
                self.call.say("ended with status ", status.into());
                return Ok(if self.call.is_zeroed(status) { 0 } else { status });
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
            let cause = SigInfo::from_kernel(&info).map(|info| info.cause());
            let Ok(Cause::Child { pid, state, .. }) = cause else { break };
            match state {
                ChildState::Stopped(signal) if pid == self.child.as_raw() => self.stop(signal),
                _ if !state.is_end() => {}
                _ if pid == self.child.as_raw() => self.end = Some(state),
                _ if self.call.warn || self.call.verbose => say("reaped process ", pid),
                _ => {}
            }
        }
    }

    /// The command was stopped at its terminal: this process stops with it, so that the shell which
    /// has started both is told, and goes on with it.
    fn stop(&self, signal: Signal) {
        self.call.say("stopped by ", signal.as_raw());
        if !self.has_terminal {
            return;
        }
        let own_group = terminal::own_group();
        terminal::set_foreground(own_group);
        let _stopped = stop::stop_by(signal);
        // Continued, in the foreground or in the background.
        if terminal::foreground() == Some(own_group) {
            terminal::set_foreground(self.child.as_raw());
        }
        let _gone = send::kill_group(self.child, Signal::CONT);
    }

    /// Sends the command a signal that has come, and the value that came with it.
    fn forward(&self, signo: c_int, value: Option<SigVal>) {
        let rewritten = self.call.rewritten.get(signo as usize).copied().flatten();
        let signo = rewritten.map_or(signo, c_int::from);
        if signo == 0 {
            return;
        }
        self.call.say("forwarding signal ", signo);
        let signal = Signal::from_raw(signo);
        if let (Ok(signal), Some(value)) = (signal, value)
            && self.queue(signal, value).is_ok()
        {
            return;
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
