//! kill(1): sends signals to processes, by their numbers, and lists signals.
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::time::Duration;

use bare::options::{Known, Options, Wrong, known};
use bare::say::{Line, STDERR, STDOUT};
use siglatch::fd::PidFd;
use siglatch::send::{self, Target};
use siglatch::{Errno, Pid, Signal, SigVal, sys};
use siglatch_start::{Arg, Process, start};

const NAME: &str = "kill";

/// Something could not be done, or was not to be understood.
const FAILED: i32 = 1;

const HELP: &str = "\
Usage: kill [-SIGNAL | -s SIGNAL] [-q VALUE] [--timeout MS SIGNAL]... TARGET...
       kill -l [SIGNAL | STATUS]...
       kill -L

Sends SIGTERM, or SIGNAL, to each TARGET: a process; 0, the own process group; -1, every process;
-N, process group N.

  -s, --signal=SIGNAL    by name or number; 0 only asks
  -q, --queue=VALUE      send this number with it
      --timeout MS SIGNAL
                         if it still runs after MS milliseconds, send SIGNAL; and so on
  -l, --list             print names; of numbers and exit statuses, or the number of a name
  -L, --table            print numbers and names
  -h, --help
  -V, --version
";

const TIMEOUT_ID: u8 = 1;

const OPTIONS: [Known; 8] = [
    known(b's', "signal", true),
    known(b'n', "number", true),
    known(b'q', "queue", true),
    known(b'l', "list", false),
    known(b'L', "table", false),
    known(TIMEOUT_ID, "timeout", true),
    known(b'h', "help", false),
    known(b'V', "version", false),
];

/// The most that follow one another.
const STEPS: usize = 16;

start!(main);

/// How it was called. No signal is 0, which sends nothing.
struct Call {
    signal: Option<Signal>,
    value: Option<SigVal>,
    /// After how long which signal follows.
    steps: [(Duration, Option<Signal>); STEPS],
    count: usize,
}

fn main(process: Process) -> u8 {
    let arguments = process.args().get(1..).unwrap_or_default();
    match read(arguments) {
        Ok((call, targets)) => {
            let mut failed = false;
            for target in targets {
                failed |= one(&call, target);
            }
            failed.into()
        }
        Err(Wrong) => {
            let _lost = Line::new(STDERR).text("Try 'kill --help' for more information.").end();
            FAILED as u8
        }
    }
}

/// Reads the arguments; what only prints something does that, and ends.
fn read(arguments: &'static [Arg]) -> Result<(Call, &'static [Arg]), Wrong> {
    let mut call = Call {
        signal: Some(Signal::TERM),
        value: None,
        steps: [(Duration::ZERO, None); STEPS],
        count: 0,
    };
    let mut is_given = false;
    let mut options = Options::new(NAME, &OPTIONS, arguments);
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
                Err(_) if is_number => return wrong(short, "': invalid signal"),
                _ => {}
            }
        }
        let Some((option, value)) = options.next()? else { break };
        let text = value.to_bytes();
        match option {
            b's' | b'n' => {
                (call.signal, is_given) = (signal_or_wrong(text)?, true);
            }
            b'q' => match number(text) {
                Some(number) => call.value = Some(SigVal::from_int(number)),
                None => return wrong(text, "': invalid value"),
            },
            TIMEOUT_ID => {
                let milliseconds = number(text).and_then(|number| u64::try_from(number).ok());
                let Some(milliseconds) = milliseconds else {
                    return wrong(text, "': invalid time");
                };
                let follows = options.value().ok_or(Wrong)?;
                let step =
                    (Duration::from_millis(milliseconds), signal_or_wrong(follows.to_bytes())?);
                match call.steps.get_mut(call.count) {
                    Some(place) => *place = step,
                    None => return wrong(text, "': too many of --timeout"),
                }
                call.count += 1;
            }
            b'l' => end(list(options.rest())),
            b'L' => end(table()),
            b'h' => end(Line::new(STDOUT).text(HELP.trim_ascii_end()).end()),
            _ => end(Line::new(STDOUT).text("kill (siglatch) 0.1.0").end()),
        }
    }
    if options.rest().is_empty() {
        let _lost = Line::error(NAME).text("no process is given").end();
        return Err(Wrong);
    }
    Ok((call, options.rest()))
}

fn wrong<T>(text: &[u8], why: &str) -> Result<T, Wrong> {
    let _lost = Line::error(NAME).text("'").bytes(text).text(why).end();
    Err(Wrong)
}

/// Ends the program after something was printed.
fn end(result: Result<(), Errno>) -> ! {
    match result {
        Ok(()) => sys::exit_group(0),
        // A signal that there is none of was told.
        Err(Errno::INVAL) => {}
        Err(errno) => Line::error(NAME).text("write error").because(errno),
    }
    sys::exit_group(FAILED)
}

/// A signal by name or number; 0 is none.
fn signal(text: &[u8]) -> Result<Option<Signal>, Errno> {
    if text == b"0" { Ok(None) } else { Signal::from_name(text).map(Some) }
}

fn signal_or_wrong(text: &[u8]) -> Result<Option<Signal>, Wrong> {
    signal(text).or_else(|_| wrong(text, "': invalid signal"))
}

/// A decimal number and nothing else, with a sign if it is negative.
fn number(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() || number > 1 << 32 {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    i32::try_from(sign * number).ok()
}

/// Sends to one target. Returns `true` if that failed, which was told.
fn one(call: &Call, target: &Arg) -> bool {
    let text = target.as_bytes();
    let Some(number) = number(text) else {
        let _lost =
            Line::error(NAME).text("failed to parse argument: '").bytes(text).text("'").end();
        return true;
    };
    match send(call, number) {
        Ok(()) => false,
        Err(errno) => {
            Line::error(NAME).text("(").bytes(text).text(")").because(errno);
            true
        }
    }
}

fn send(call: &Call, number: i32) -> Result<(), Errno> {
    let target = match number {
        0 => Target::OwnGroup,
        -1 => Target::Everything,
        group @ ..0 => Target::Group(Pid::from_raw(group.checked_neg().ok_or(Errno::SRCH)?)?),
        process => Target::Process(Pid::from_raw(process)?),
    };
    let Target::Process(pid) = target else {
        // A value goes to one process, and only one can be waited for.
        if call.value.is_some() || call.count > 0 {
            return Err(Errno::INVAL);
        }
        return match call.signal {
            Some(signal) => send::kill(target, signal),
            None => send::probe(target),
        };
    };
    if call.count == 0 {
        return match (call.signal, call.value) {
            (Some(signal), None) => send::kill(target, signal),
            (Some(signal), Some(value)) => send::queue(pid, signal, value),
            (None, _) => send::probe(target),
        };
    }
    // All go to the process that has the number now, even if another has it later.
    let process = PidFd::open(pid)?;
    send_through(&process, call.signal, call.value)?;
    for &(time, signal) in call.steps.get(..call.count).unwrap_or_default() {
        if process.wait(Some(time))? {
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

/// Without arguments all names, 16 in a line; else what each argument is.
fn list(arguments: &[Arg]) -> Result<(), Errno> {
    if arguments.is_empty() {
        let mut line = Line::new(STDOUT);
        for (at, signal) in (1..).zip(Signal::all()) {
            line.text(name(signal)).text(if at % 16 == 0 || at == 31 { "\n" } else { " " });
        }
        return line.end_of_list();
    }
    let mut result = Ok(());
    for text in arguments {
        let mut line = Line::new(STDOUT);
        let asked = number_asked(text);
        match asked.map_or_else(|| Signal::from_name(text.as_bytes()), Signal::from_raw) {
            Ok(signal) if asked.is_some() => line.text(name(signal)).end()?,
            Ok(signal) => line.number(signal.as_raw().into()).end()?,
            Err(errno) => {
                let mut line = Line::error(NAME);
                let _lost = line.text("unknown signal name ").bytes(text.as_bytes()).end();
                result = Err(errno);
            }
        }
    }
    result
}

/// The number that an argument is: of a signal, or the exit status of what it has ended.
fn number_asked(text: &CStr) -> Option<i32> {
    let number = number(text.to_bytes())?;
    Some(if number > 128 { number - 128 } else { number })
}

/// Numbers and names, seven in a line.
fn table() -> Result<(), Errno> {
    let mut line = Line::new(STDOUT);
    let mut column = 0;
    for signal in Signal::all() {
        let (number, name) = (signal.as_raw(), name(signal));
        line.text(if number < 10 { " " } else { "" }).number(number.into()).text(" ").text(name);
        column = (column + 1) % 7;
        if column == 0 {
            line.text("\n");
        } else {
            line.text("          ".get(name.len()..).unwrap_or(" "));
        }
    }
    line.end_of_list()
}

/// As it is listed: the first real-time signal has no number behind it.
fn name(signal: Signal) -> &'static str {
    let name = signal.short_name();
    name.strip_suffix("+0").unwrap_or(name)
}
