//! timeout(1): runs a command, and ends it when its time is up.
//!
//! No handler is installed. What is to be forwarded, and the end of the command, is blocked and waited
//! for, together with the time.
#![no_std]
#![no_main]

use core::time::Duration;

use bare::duration::{self, NEVER};
use bare::options::Options;
use bare::say::{Line, STDERR};
use bare::{Utility, command, terminal};
use siglatch::wait::wait_timeout;
use siglatch::{ChildState, Errno, Pid, SigSet, Signal, action, child, exit, mask, send, sys};
use siglatch_start::{Arg, Process, start};

/// The time was up.
const TIMED_OUT: u8 = 124;

/// The clock that counts while the machine runs.
const CLOCK_MONOTONIC: i32 = 1;

/// Something is wrong with this utility, or with how it was called.
const FAILED: u8 = 125;

const TIMEOUT: Utility = Utility {
    name: "timeout",
    help: "\
Usage: % [OPTION]... DURATION COMMAND [ARGUMENT]...
Runs COMMAND, and sends it SIGTERM when it still runs after DURATION.

  -f, --foreground       stay in the caller's process group: COMMAND may read from the
                         terminal, and what it starts is not timed out
  -k, --kill-after=TIME  send SIGKILL when it still runs TIME after that
  -p, --preserve-status  exit with COMMAND's status in any case
  -s, --signal=SIGNAL    send this, by name or number
  -v, --verbose          say what is sent
      --help
      --version

DURATION is a decimal number of seconds (s), minutes (m), hours (h) or days (d); 0 is no limit.

The exit status is COMMAND's; 124 when its time was up, 125 for a failure here, 126 when COMMAND
cannot be executed, 127 when it is not there, 137 after SIGKILL.",
    failed: FAILED as i32,
};

siglatch::inherited_signals!(static START);

start!(main);

/// How it was called.
struct Call {
    foreground: bool,
    preserve_status: bool,
    verbose: bool,
    /// Sent when the time is up; `None` is 0, which sends nothing.
    signal: Option<Signal>,
    /// Nanoseconds, both; 0 is none.
    limit: u64,
    kill_after: u64,
    command: &'static [Arg],
}

fn main(process: Process) -> u8 {
    let call = read(process.args().get(1..).unwrap_or_default());
    match run(process, &call) {
        Ok(status) => status,
        Err((what, errno)) => TIMEOUT.fail(what, errno),
    }
}

/// Reads the arguments.
fn read(arguments: &'static [Arg]) -> Call {
    let mut call = Call {
        foreground: false,
        preserve_status: false,
        verbose: false,
        signal: Some(Signal::TERM),
        limit: 0,
        kill_after: 0,
        command: &[],
    };
    let mut options = Options::new(&TIMEOUT, arguments);
    while let Some((option, value)) = options.next() {
        match option {
            b'f' => call.foreground = true,
            b'k' => call.kill_after = time(value),
            b'p' => call.preserve_status = true,
            b's' => call.signal = signal(value),
            b'v' => call.verbose = true,
            b'H' => TIMEOUT.print_help(),
            _ => TIMEOUT.print_version(),
        }
    }
    let [limit, command @ ..] = options.rest() else { TIMEOUT.refer_to_help() };
    if command.is_empty() {
        TIMEOUT.refer_to_help();
    }
    call.limit = time(*limit);
    call.command = command;
    call
}

fn time(text: Arg) -> u64 {
    let text = text.as_bytes();
    duration::read(text).unwrap_or_else(|| TIMEOUT.misused("invalid time interval '%'", text))
}

/// A signal by name, by number, or by the exit status of a command that it has ended.
fn signal(text: Arg) -> Option<Signal> {
    let name = text.as_bytes();
    if matches!(name, b"0" | b"128") || name.eq_ignore_ascii_case(b"EXIT") {
        return None;
    }
    // Three digits that begin with 1 are such a status.
    let signal = match (name.len(), bare::number(name)) {
        (3, Some(status @ 100..)) => Signal::from_raw(status as i32 - 128),
        _ => Signal::from_name(name),
    };
    match signal {
        Ok(signal) => Some(signal),
        Err(_) => TIMEOUT.misused("'%': invalid signal", name),
    }
}

/// What is forwarded: all that would end this program, or that a terminal sends to end one, but for
/// faults.
const FORWARDED: SigSet = SigSet::full()
    .difference(SigSet::from_bits(0x7fff_ffff))
    .with(Signal::HUP)
    .with(Signal::INT)
    .with(Signal::QUIT)
    .with(Signal::USR1)
    .with(Signal::USR2)
    .with(Signal::PIPE)
    .with(Signal::TERM)
    .with(Signal::STKFLT)
    .with(Signal::XCPU)
    .with(Signal::XFSZ)
    .with(Signal::VTALRM)
    .with(Signal::PROF)
    .with(Signal::IO)
    .with(Signal::PWR);

const FORK: &str = "fork system call failed";

/// What failed, and why.
type Failure = (&'static str, Errno);

fn run(process: Process, call: &Call) -> Result<u8, Failure> {
    let start = START.exec_signals().ok_or(("signals", Errno::NOSYS))?;
    if !call.foreground {
        // A group of its own, to which the signals are sent. The leader of a session has one already.
        terminal::lead_group(0);
    }
    // Not ended by what the command is to be ended by.
    let mut waited_for = FORWARDED.with(Signal::CHLD).with(Signal::ALRM);
    if let Some(signal) = call.signal
        && !signal.is_unchangeable()
        && !signal.is_synchronous()
    {
        waited_for.insert(signal);
    }
    mask::block(waited_for).map_err(|errno| ("signals", errno))?;
    // Not stopped for a look at the terminal, in the background; and told of the child.
    for signal in [Signal::TTIN, Signal::TTOU] {
        action::ignore(signal).map_err(|errno| ("signals", errno))?;
    }
    action::default(Signal::CHLD).map_err(|errno| ("signals", errno))?;

    // SAFETY: there is one thread and no handler, and the child executes a program or exits.
    let child = unsafe { sys::fork() }.map_err(|errno| (FORK, errno))?;
    if child == 0 {
        // A shell in the background ignores none of these two for its own sake.
        let signals = start.default_action([Signal::TTIN, Signal::TTOU]);
        command::execute(&TIMEOUT, process, call.command, &signals)
    }
    let child = Pid::from_raw(child).map_err(|errno| (FORK, errno))?;
    Watch { call, child, deadline: deadline(call.limit), signal: call.signal, timed_out: false }
        .run_to_its_end(waited_for)
}

/// What the clock shows, in nanoseconds.
fn now() -> u64 {
    // It exists, and what it shows is not negative.
    sys::clock_gettime(CLOCK_MONOTONIC).map_or(0, |time| {
        (time.seconds as u64 * 1_000_000_000).wrapping_add(time.nanoseconds as u64)
    })
}

/// When a time that begins now is up.
fn deadline(limit: u64) -> u64 {
    if limit == 0 { u64::MAX } else { now().saturating_add(limit) }
}

/// A command that runs.
struct Watch<'a> {
    call: &'a Call,
    child: Pid,
    /// When the time is up, by [`now`].
    deadline: u64,
    /// What is sent when the time is up.
    signal: Option<Signal>,
    timed_out: bool,
}

impl Watch<'_> {
    /// Waits for its end.
    fn run_to_its_end(mut self, waited_for: SigSet) -> Result<u8, Failure> {
        loop {
            match child::try_wait(self.child) {
                Ok(Some(state)) => return Ok(self.status(state)),
                Ok(None) => {}
                Err(errno) => return Err(("error waiting for command", errno)),
            }
            match self.wait(waited_for) {
                Ok(Some(Signal::CHLD)) => {}
                Ok(None | Some(Signal::ALRM)) => {
                    self.timed_out = true;
                    self.end_by(self.signal);
                }
                Ok(Some(signal)) => self.end_by(Some(signal)),
                Err(errno) => return Err(("signals", errno)),
            }
        }
    }

    /// The next signal; `None` when the time is up.
    fn wait(&self, signals: SigSet) -> Result<Option<Signal>, Errno> {
        let left = self.deadline.saturating_sub(now()).min(NEVER);
        let info = wait_timeout(signals, Duration::from_nanos(left))?;
        Ok(info.map(|info| info.signal()))
    }

    /// Sends a signal to the command, and to what it has started; then the time until `SIGKILL`
    /// begins.
    fn end_by(&mut self, signal: Option<Signal>) {
        self.deadline = u64::MAX;
        if signal != Some(Signal::KILL) && self.call.kill_after != 0 {
            self.deadline = deadline(self.call.kill_after);
            self.signal = Some(Signal::KILL);
        }
        if self.call.verbose {
            let mut line = Line::new(STDERR);
            line.text(TIMEOUT.name).text(": sending signal ");
            match signal {
                Some(signal) => line.signal(signal),
                None => line.text("EXIT"),
            };
            let command = self.call.command.first().map_or(&b""[..], |name| name.as_bytes());
            let _lost = line.text(" to command '").bytes(command).text("'").end();
        }
        let Some(signal) = signal else { return };
        self.send(signal);
        if signal != Signal::KILL && signal != Signal::CONT {
            // One that is stopped has to run to end.
            self.send(Signal::CONT);
        }
    }

    /// One that has ended is a zombie still, so its number is not another's.
    fn send(&self, signal: Signal) {
        let _gone = send::kill(self.child, signal);
        if !self.call.foreground {
            let _gone = send::kill_own_group(signal);
            // What came to this process, too, was not for it. It is pending, if it is blocked.
            let _own = wait_timeout(signal, Duration::ZERO);
        }
    }

    /// What the exit status is, or the signal that this program dies by.
    fn status(&self, state: ChildState) -> u8 {
        if matches!(state, ChildState::Dumped(_)) {
            TIMEOUT.say("the monitored command dumped core", b"", None);
        }
        let killed = matches!(state, ChildState::Killed(Signal::KILL));
        if !self.timed_out {
            exit::exit_as(state);
        }
        if self.call.preserve_status || killed {
            return state.shell_status().unwrap_or(FAILED);
        }
        TIMED_OUT
    }
}
