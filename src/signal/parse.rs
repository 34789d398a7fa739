//! Reading a signal from its name or number, as kill(1) does.

use core::str::FromStr;

use super::{MAX, RT_MIN, Signal};
use crate::{Errno, texts};

impl FromStr for Signal {
    type Err = Errno;

    /// Reads a signal as [`from_name`](Self::from_name) does.
    fn from_str(text: &str) -> Result<Self, Errno> {
        Self::from_name(text.as_bytes())
    }
}

impl Signal {
    /// Reads a signal as kill(1) does: `TERM`, `SIGTERM` or `15`; `RTMIN`, `RTMIN+3`, `RTMAX-2`;
    /// with or without `SIG`, in capitals or not. `IOT`, `CLD`, `POLL` are `ABRT`, `CHLD`, `IO`.
    ///
    /// # Errors
    ///
    /// `EINVAL`: no such signal, or a number that a C library reserves.
    ///
    /// # Examples
    ///
    /// ```
    /// use siglatch::{Errno, Signal};
    ///
    /// const HUP: Result<Signal, Errno> = Signal::from_name(b"hup");
    /// assert_eq!(HUP, Ok(Signal::HUP));
    /// assert_eq!(Signal::from_name(b"rtmin+3"), Signal::rt(3));
    /// ```
    pub const fn from_name(name: &[u8]) -> Result<Self, Errno> {
        if let Some(raw) = number(name) {
            return Self::from_raw(raw);
        }
        let name = match strip_prefix(name, b"SIG") {
            Some(short) => short,
            None => name,
        };
        if let Some(offset) = strip_prefix(name, b"RTMIN") {
            return match signed_number(offset, b'+') {
                Some(n) => real_time(RT_MIN.saturating_add(n)),
                None => Err(Errno::INVAL),
            };
        }
        if let Some(offset) = strip_prefix(name, b"RTMAX") {
            return match signed_number(offset, b'-') {
                Some(n) => real_time(MAX.saturating_sub(n)),
                None => Err(Errno::INVAL),
            };
        }
        match position(Self::STANDARD_NAMES, name) {
            Some(at) => Self::from_raw(at.saturating_add(1)),
            None => match position("SIGIOT\0SIGCLD\0SIGPOLL\0", name) {
                Some(0) => Ok(Self::ABRT),
                Some(1) => Ok(Self::CHLD),
                Some(2) => Ok(Self::IO),
                _ => Err(Errno::INVAL),
            },
        }
    }
}

/// Which of these texts is the name, with `SIG` in front of it.
const fn position(texts: &'static str, name: &[u8]) -> Option<i32> {
    let (mut texts, mut at) = (texts.as_bytes(), 0_i32);
    while let Some((text, behind)) = texts::split_first(texts) {
        if let Some(short) = strip_prefix(text, b"SIG") {
            if let Some([]) = strip_prefix(name, short) {
                return Some(at);
            }
        }
        (texts, at) = (behind, at.saturating_add(1));
    }
    None
}

const fn real_time(raw: i32) -> Result<Signal, Errno> {
    match Signal::from_raw(raw) {
        Ok(signal) if signal.is_rt() => Ok(signal),
        _ => Err(Errno::INVAL),
    }
}

/// What follows `prefix`, which is in capitals, in `text`, in capitals or not.
const fn strip_prefix<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Option<&'a [u8]> {
    while let Some((expected, rest)) = prefix.split_first() {
        let Some((byte, behind)) = text.split_first() else { return None };
        if byte.to_ascii_uppercase() != *expected {
            return None;
        }
        (text, prefix) = (behind, rest);
    }
    Some(text)
}

const fn signed_number(text: &[u8], sign: u8) -> Option<i32> {
    match text.split_first() {
        None => Some(0),
        Some((&first, digits)) if first == sign => number(digits),
        Some(_) => None,
    }
}

/// Decimal digits and nothing else. What is too large is as large as can be.
const fn number(mut text: &[u8]) -> Option<i32> {
    if text.is_empty() {
        return None;
    }
    let mut number = 0_i32;
    while let Some((byte, rest)) = text.split_first() {
        if !byte.is_ascii_digit() {
            return None;
        }
        number =
            number.saturating_mul(10).saturating_add((*byte as i32).saturating_sub(b'0' as i32));
        text = rest;
    }
    Some(number)
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
            assert_eq!((signal.as_str(), signal.short_name()), (&*name, &name[3..]));
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
            "2 ",
            "1:",
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
