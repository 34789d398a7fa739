//! kill(1): sends signals to processes, by their numbers, and lists signals.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "a target is a number to kill(2) as it is")]

use core::time::Duration;

use bare::Utility;
use bare::options::Options;
use bare::say::{Line, STDOUT};
use siglatch::fd::PidFd;
use siglatch::{Errno, Pid, SigVal, Signal, send, sys};
use siglatch_start::{Arg, Process, start};

const KILL: Utility = Utility {
    name: "kill",
    help: "\
Usage: % [-SIGNAL] [OPTION]... TARGET...
       % -l [SIGNAL | STATUS]...

Sends SIGTERM, or SIGNAL, to each TARGET: a process; 0, the own process group; -1, every process;
-N, process group N.

  -s, --signal=SIGNAL    by name or number; 0 only asks
  -n, --number=SIGNAL    the same
  -q, --queue=VALUE      send this number with it
      --timeout=MS SIGNAL
                         if it still runs after MS milliseconds, send SIGNAL; and so on
  -l, --list             print names; of numbers and exit statuses, or the number of a name
  -L, --table            print numbers and names
  -h, --help
  -V, --version",
    failed: 1,
};

/// The most that follow one another.
const STEPS: usize = 16;

start!(main);

/// How it was called. No signal is 0, which sends nothing.
struct Call {
    signal: Option<Signal>,
    value: Option<SigVal>,
    /// What follows, one after the other.
    steps: [Step; STEPS],
    count: usize,
}

/// Milliseconds, and what is sent when they are over.
type Step = (u32, Option<Signal>);

fn main(process: Process) -> u8 {
    let mut call =
        Call { signal: Some(Signal::TERM), value: None, steps: [(0, None); STEPS], count: 0 };
    let targets = read(&mut call, process.args().get(1..).unwrap_or_default());
    let mut failed = false;
    for target in targets {
        failed |= one(&call, *target);
    }
    failed.into()
}

/// Reads the arguments, and returns the targets; what only prints something does that, and ends.
fn read(call: &mut Call, arguments: &'static [Arg]) -> &'static [Arg] {
    let mut is_given = false;
    let mut options = Options::new(&KILL, arguments);
    loop {
        // In front of the targets, a dash and a signal; behind one, a dash and a process group.
        if let Some(short) =
            options.rest().first().and_then(|text| text.as_bytes().strip_prefix(b"-"))
        {
            let is_number = short.first().is_some_and(u8::is_ascii_digit);
            if is_given && is_number {
                break;
            }
            match signal(short) {
                Ok(signal) if !is_given => {
                    (call.signal, is_given) = (signal, true);
                    options.value();
                    continue;
                }
                Err(_) if is_number => KILL.misused(INVALID_SIGNAL, short),
                _ => {}
            }
        }
        let Some((option, value)) = options.next() else { break };
        let text = value.as_bytes();
        match option {
            b's' | b'n' => (call.signal, is_given) = (signal_or_end(text), true),
            b'q' => match number(text) {
                Some(number) => call.value = Some(SigVal::from_int(number)),
                None => KILL.misused("'%': invalid value", text),
            },
            b'T' => {
                let Some(milliseconds @ 0..) = number(text) else {
                    KILL.misused("'%': invalid time", text)
                };
                let Some(signal) = options.value() else { KILL.refer_to_help() };
                let step = (milliseconds as u32, signal_or_end(signal.as_bytes()));
                match call.steps.get_mut(call.count) {
                    Some(place) => *place = step,
                    None => KILL.misused("'%': too many of --timeout", text),
                }
                call.count += 1;
            }
            b'l' => list(options.rest()),
            b'L' => table(),
            b'h' => KILL.print_help(),
            _ => KILL.print_version(),
        }
    }
    if options.rest().is_empty() {
        KILL.misused("no process is given", b"");
    }
    options.rest()
}

/// A signal by name or number; 0 is none.
fn signal(text: &[u8]) -> Result<Option<Signal>, Errno> {
    if text == b"0" { Ok(None) } else { Signal::from_name(text).map(Some) }
}

fn signal_or_end(text: &[u8]) -> Option<Signal> {
    signal(text).unwrap_or_else(|_| KILL.misused(INVALID_SIGNAL, text))
}

const INVALID_SIGNAL: &str = "'%': invalid signal";

/// A number as the kernel has them.
fn number(text: &[u8]) -> Option<i32> {
    i32::try_from(bare::number(text)?).ok()
}

/// Sends to one target. Returns `true` if that failed, which was told.
fn one(call: &Call, target: Arg) -> bool {
    let text = target.as_bytes();
    let (message, errno) = match number(text).map(|number| send(call, number)) {
        Some(Ok(())) => return false,
        Some(Err(errno)) => ("(%)", Some(errno)),
        None => ("failed to parse argument: '%'", None),
    };
    KILL.say(message, text, errno);
    true
}

fn send(call: &Call, number: i32) -> Result<(), Errno> {
    // A value goes to one process, and only one can be waited for.
    let pid = Pid::from_raw(number).or(Err(Errno::INVAL));
    if call.count == 0 {
        return match (call.signal, call.value) {
            (Some(signal), Some(value)) => send::queue(pid?, signal, value),
            // SAFETY: it is what this program is for; with 0 nothing is sent.
            (signal, _) => unsafe { sys::kill(number, signal.map_or(0, Signal::as_raw)) },
        };
    }
    // All go to the process that has the number now, even if another has it later.
    let process = PidFd::open(pid?)?;
    send_through(&process, call.signal, call.value)?;
    for &(time, signal) in call.steps.get(..call.count).unwrap_or_default() {
        if process.wait(Some(Duration::from_millis(time.into())))? {
            break;
        }
        match send_through(&process, signal, call.value) {
            // It has ended meanwhile.
            Err(Errno::SRCH) => break,
            result => result?,
        }
    }
    Ok(())
}

fn send_through(
    process: &PidFd,
    signal: Option<Signal>,
    value: Option<SigVal>,
) -> Result<(), Errno> {
    match (signal, value) {
        (Some(signal), None) => process.send(signal),
        (Some(signal), Some(value)) => process.queue(signal, value),
        (None, _) => process.probe(),
    }
}

/// Without arguments all names; else what each argument is. Ends the program.
fn list(arguments: &[Arg]) -> ! {
    let mut line = Line::new(STDOUT);
    if arguments.is_empty() {
        for signal in Signal::all() {
            let begins_row = match signal.rt_offset() {
                Some(n) => n % 8 == 0,
                None => signal == Signal::CHLD,
            };
            if signal != Signal::HUP {
                line.byte(if begins_row { b'\n' } else { b' ' });
            }
            line.signal(signal);
        }
        KILL.end(line.end());
    }
    let mut failed = 0;
    for text in arguments {
        let text = text.as_bytes();
        let known = match number(text) {
            // Of a signal, or the exit status of what it has ended.
            Some(number) => Signal::from_raw(if number > 128 { number - 128 } else { number })
                .map(|signal| line.signal(signal)),
            None => Signal::from_name(text).map(|signal| line.number(signal.as_raw().into())),
        };
        match known.map(Line::end) {
            Ok(Ok(())) => {}
            Ok(result) => KILL.end(result),
            Err(_) => {
                KILL.say("unknown signal name %", text, None);
                failed = 1;
            }
        }
    }
    sys::exit_group(failed)
}

/// Numbers and names, seven in a line. Ends the program.
fn table() -> ! {
    let mut line = Line::new(STDOUT);
    for (at, signal) in (0..).zip(Signal::all()) {
        let column = at % 7;
        if at > 0 && column == 0 {
            // The last one tells.
            let _result = line.end();
        }
        let number = signal.as_raw();
        line.fill(column * 13 + usize::from(number < 10));
        line.number(number.into()).text(" ").signal(signal);
    }
    KILL.end(line.end())
}
