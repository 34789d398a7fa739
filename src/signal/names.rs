//! The names of signals as text that is in the program: no formatting, and no text in a program that
//! asks for none.
#![expect(unsafe_code, reason = "a name is ASCII")]

use core::str;

use super::{MAX, Signal};

/// As long as the longest, `SIGRTMIN+30`; what is shorter has zeros behind it.
const LENGTH: usize = 11;

// Bytes and not `&str`s: those are addresses and lengths, and take more room than the names.
static NAMES: [[u8; LENGTH]; MAX as usize] = names();

#[expect(clippy::indexing_slicing, reason = "only called in a constant")]
#[expect(clippy::arithmetic_side_effects, reason = "likewise")]
const fn names() -> [[u8; LENGTH]; MAX as usize] {
    let mut names = [[0; LENGTH]; MAX as usize];
    let mut at = 0;
    while at < names.len() {
        if let Ok(signal) = Signal::from_raw(at as i32 + 1) {
            if let Some(name) = signal.standard_name() {
                write(&mut names[at], 0, name.as_bytes());
            }
            if let Some(n) = signal.rt_offset() {
                let prefix = b"SIGRTMIN+";
                write(&mut names[at], 0, prefix);
                let digits = [b'0' + n / 10, b'0' + n % 10];
                let digits = if n < 10 { digits.split_at(1).1 } else { &digits };
                write(&mut names[at], prefix.len(), digits);
            }
        }
        at += 1;
    }
    names
}

#[expect(clippy::indexing_slicing, reason = "only called in a constant")]
#[expect(clippy::arithmetic_side_effects, reason = "likewise")]
const fn write(name: &mut [u8; LENGTH], start: usize, text: &[u8]) {
    let mut at = 0;
    while at < text.len() {
        name[start + at] = text[at];
        at += 1;
    }
}

impl Signal {
    /// The name, as [`name`](Self::name) has it, as a text that is in the program.
    ///
    /// ```
    /// use siglatch::Signal;
    ///
    /// assert_eq!(Signal::TERM.as_str(), "SIGTERM");
    /// assert_eq!(Signal::rt(3)?.as_str(), "SIGRTMIN+3");
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.name_from(0)
    }

    /// The name without `SIG`, as `kill -l` lists it: `TERM`, `RTMIN+3`.
    ///
    /// ```
    /// use siglatch::Signal;
    ///
    /// const NAME: &str = Signal::TERM.short_name();
    /// assert_eq!(NAME, "TERM");
    /// ```
    #[doc(alias = "sigabbrev_np")]
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        self.name_from("SIG".len())
    }

    /// The name without its first bytes.
    const fn name_from(self, start: usize) -> &'static str {
        let mut left: &[[u8; LENGTH]] = &NAMES;
        let mut number = self.as_raw();
        while let Some((name, rest)) = left.split_first() {
            number = number.wrapping_sub(1);
            if number == 0 {
                return text(name, start);
            }
            left = rest;
        }
        ""
    }
}

/// What is in `name` from `start` on, up to its end or its first zero.
const fn text(name: &'static [u8; LENGTH], start: usize) -> &'static str {
    let Some((_, mut name)) = name.split_at_checked(start) else { return "" };
    while let Some((&0, shorter)) = name.split_last() {
        name = shorter;
    }
    // SAFETY: all names are ASCII, so any part of one is UTF-8.
    unsafe { str::from_utf8_unchecked(name) }
}
