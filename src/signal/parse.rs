//! Reading a signal from its name or number, as kill(1) does.

use core::str::FromStr;

use super::{MAX, RT_MIN, Signal};
use crate::Errno;

impl FromStr for Signal {
    type Err = Errno;

    /// Reads a signal as kill(1) does: `TERM`, `SIGTERM` or `15`; `RTMIN`, `RTMIN+3`, `RTMAX-2`,
    /// with or without `SIG`; in capitals or not.
    ///
    /// `IOT`, `CLD` and `POLL` are read as `ABRT`, `CHLD` and `IO`.
    ///
    /// # Errors
    ///
    /// `EINVAL`: no such signal, or a number that a C library keeps for itself.
    fn from_str(text: &str) -> Result<Self, Errno> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::from_raw(number(text)?);
        }
        let name = strip_prefix(text, "SIG").unwrap_or(text);
        if let Some(offset) = strip_prefix(name, "RTMIN") {
            return Self::from_raw(RT_MIN.saturating_add(signed_number(offset, '+')?)).and_then(rt);
        }
        if let Some(offset) = strip_prefix(name, "RTMAX") {
            return Self::from_raw(MAX.saturating_sub(signed_number(offset, '-')?)).and_then(rt);
        }
        let known = |signal: &Self| {
            let short = signal.standard_name().and_then(|full| full.strip_prefix("SIG"));
            short.is_some_and(|short| short.eq_ignore_ascii_case(name))
        };
        let alias =
            |(alias, signal): &(&str, Self)| alias.eq_ignore_ascii_case(name).then_some(*signal);
        Self::STANDARD
            .into_iter()
            .find(known)
            .or_else(|| ALIASES.iter().find_map(alias))
            .ok_or(Errno::INVAL)
    }
}

/// Other names of the same numbers.
const ALIASES: [(&str, Signal); 3] =
    [("IOT", Signal::ABRT), ("CLD", Signal::CHLD), ("POLL", Signal::IO)];

fn rt(signal: Signal) -> Result<Signal, Errno> {
    if signal.is_rt() { Ok(signal) } else { Err(Errno::INVAL) }
}

/// What follows `prefix` in `text`, in capitals or not.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// Nothing, or `sign` and a number.
fn signed_number(text: &str, sign: char) -> Result<i32, Errno> {
    match text.strip_prefix(sign) {
        Some(digits) => number(digits),
        None if text.is_empty() => Ok(0),
        None => Err(Errno::INVAL),
    }
}

/// Decimal digits and nothing else (`str::parse` would take a sign).
fn number(text: &str) -> Result<i32, Errno> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| Errno::INVAL)
    } else {
        Err(Errno::INVAL)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Errno, Signal};
    use std::string::ToString as _;

    #[test]
    fn every_name_is_read_back() {
        for signal in Signal::all() {
            let name = signal.to_string();
            assert_eq!(name.parse(), Ok(signal), "{name}");
            assert_eq!(name.to_lowercase().parse(), Ok(signal));
            assert_eq!(name[3..].parse(), Ok(signal));
            assert_eq!(signal.as_raw().to_string().parse(), Ok(signal));
        }
    }

    #[test]
    fn other_spellings_are_read() {
        for (text, signal) in [
            ("iot", Signal::ABRT),
            ("SIGCLD", Signal::CHLD),
            ("POLL", Signal::IO),
            ("RTMIN", Signal::rt(0).unwrap()),
            ("sigrtmax", Signal::from_raw(64).unwrap()),
            ("RTMAX-1", Signal::from_raw(63).unwrap()),
        ] {
            assert_eq!(text.parse(), Ok(signal), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "SIG",
            "SIGSIGTERM",
            "0",
            "32",
            "33",
            "65",
            "-1",
            "+9",
            " 9",
            "9 ",
            "1e1",
            "TERMS",
            "RTMIN-1",
            "RTMIN+",
            "RTMIN++1",
            "RTMIN+-1",
            "RTMIN+31",
            "RTMAX+1",
            "RTMAX-40",
            "RTMAX-64",
            "RTMAX-30x",
            "99999999999999999999",
            "SIGТERM",
            "é",
        ] {
            assert_eq!(text.parse::<Signal>(), Err(Errno::INVAL), "{text:?}");
        }
    }
}
