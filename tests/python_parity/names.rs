//! Signals, strsignal, valid_signals.

use crate::row::{attempt, none, numbers, rows, say};
use siglatch::timer::IntervalTimer;
use siglatch::{Errno, SigSet, Signal};

/// Every public name of the module.
const NAMES: &str = include_str!("names.txt");

/// What strsignal(3) says, with the number of a real-time signal.
fn strsignal(number: i32) -> String {
    let Ok(signal) = Signal::from_raw(number) else { return "None".to_owned() };
    let text = signal.description();
    signal.rt_offset().map_or(text.to_owned(), |n| format!("{text} {n}"))
}

rows! {
    names_and_numbers
    "
for one in sorted(Signals):
    if one < 32:
        say(one.name, one.value)
" {
        for signal in Signal::STANDARD {
            say(format!("{} {}", signal.name(), signal.as_raw()));
        }
    }

    every_name_is_read
    "
for name in sorted(Signals.__members__):
    say(name, int(Signals[name]))
" {
        // Those of `Signals`, aliases too.
        for name in NAMES.lines().filter(|n| n.starts_with("SIG") && !n.starts_with("SIG_")) {
            attempt(name.parse().map(|signal: Signal| format!("{name} {}", signal.as_raw())));
        }
    }

    unknown_name
    "
for name in ['SIGNOPE', '', 'SIG']:
    try:
        say(int(Signals[name]))
    except KeyError:
        say('errno 22')
" {
        for name in ["SIGNOPE", "", "SIG"] {
            attempt(name.parse().map(Signal::as_raw));
        }
    }

    names_without_sig
    "
for name in ['TERM', 'term', 'RTMIN+1']:
    try:
        say(int(Signals[name]))
    except KeyError:
        say('errno 22')
" {
        for name in ["TERM", "term", "RTMIN+1"] {
            attempt(name.parse().map(Signal::as_raw));
        }
    }
    => "errno 22\nerrno 22\nerrno 22" "15\n15\n35" "what kill(1) reads is read"

    names_of_the_first_and_last_real_time_signal
    "say(Signals(34).name, Signals(64).name)"
    { say(format!("{} {}", Signal::from_raw(34)?, Signal::from_raw(64)?)) }
    => "SIGRTMIN SIGRTMAX" "SIGRTMIN+0 SIGRTMIN+30" "one form for all of them"

    real_time_signals_between
    "attempt(lambda: Signals(36).name)"
    { attempt(Signal::from_raw(36)) }
    => "errno 22" "SIGRTMIN+2" "they are signals, and have names"

    numbers_without_a_signal
    "
for one in [-1, 0, 32, 33, 65, 1 << 31]:
    attempt(lambda: Signals(one).name)
" {
        for number in [-1, 0, 32, 33, 65, 1_i64 << 31] {
            let number = i32::try_from(number).map_err(|_| Errno::INVAL);
            attempt(number.and_then(Signal::from_raw));
        }
    }

    valid_signals_are_all
    "say(numbers(valid_signals()))"
    { say(numbers(Signal::all().collect::<SigSet>())) }

    valid_signals_without_two_are_the_full_set
    "say(numbers(valid_signals() - {SIGKILL, SIGSTOP}))"
    { say(numbers(SigSet::full())) }

    valid_signals_one_by_one
    "
for one in sorted(valid_signals()):
    say(int(one))
say(NSIG - 1)
" {
        let mut last = 0;
        for signal in Signal::all() {
            last = signal.as_raw();
            say(last);
        }
        say(last);
    }

    strsignal_of_standard_signals
    "
for one in range(1, 32):
    say(one, strsignal(one))
" {
        for number in 1..=31 {
            say(format!("{number} {}", strsignal(number)));
        }
    }

    strsignal_of_the_others
    "
for one in range(32, 65):
    say(one, strsignal(one))
" {
        for number in 32..=64 {
            say(format!("{number} {}", strsignal(number)));
        }
    }

    strsignal_alone_of_a_real_time_signal
    "say(strsignal(37))"
    { say(Signal::from_raw(37)?.description()) }
    => "Real-time signal 3" "Real-time signal" "the text is a constant; rt_offset has the number"

    strsignal_of_no_signal
    "
for one in [-1, 0, 65]:
    attempt(lambda: strsignal(one))
" {
        for number in [-1, 0, 65] {
            none(Signal::from_raw(number).map(Signal::description));
        }
    }

    comparison_is_by_number
    "
say(SIGHUP < SIGINT, max(valid_signals()) == SIGRTMAX, SIGCLD == SIGCHLD, SIGIOT == SIGABRT)
" {
        let parsed = |name: &str| name.parse::<Signal>();
        let all = [
            Signal::HUP < Signal::INT,
            Signal::all().max() == Some(parsed("RTMAX")?),
            parsed("CLD")? == Signal::CHLD,
            parsed("IOT")? == Signal::ABRT,
        ];
        say(all.map(|one| if one { "True" } else { "False" }).join(" "));
    }

    each_timer_has_its_signal
    "
for which, one in [(ITIMER_REAL, SIGALRM), (ITIMER_VIRTUAL, SIGVTALRM), (ITIMER_PROF, SIGPROF)]:
    say(int(which), int(one))
" {
        for (number, timer) in
            [IntervalTimer::Real, IntervalTimer::Virtual, IntervalTimer::Prof].iter().enumerate()
        {
            say(format!("{number} {}", timer.signal().as_raw()));
        }
    }
}
