//! The names of signals as text that is in the program, without formatting.
#![expect(unsafe_code, reason = "a name is ASCII")]

use core::str;

use super::Signal;
use crate::texts;

const PREFIX: &[u8; 9] = b"SIGRTMIN+";

/// As long as the longest, `SIGRTMIN+30`; shorter ones are padded with zeros.
const LENGTH: usize = PREFIX.len() + 2;

/// Those of the real-time signals, by their offsets.
static REAL_TIME: [[u8; LENGTH]; Signal::rt_count() as usize] = real_time_names();

#[expect(clippy::indexing_slicing, reason = "only called in a constant")]
#[expect(clippy::arithmetic_side_effects, reason = "likewise")]
const fn real_time_names() -> [[u8; LENGTH]; Signal::rt_count() as usize] {
    let mut names = [[0; LENGTH]; Signal::rt_count() as usize];
    let mut n = 0;
    while n < names.len() {
        let mut at = 0;
        while at < PREFIX.len() {
            names[n][at] = PREFIX[at];
            at += 1;
        }
        if n >= 10 {
            names[n][at] = b'0' + n as u8 / 10;
            at += 1;
        }
        names[n][at] = b'0' + n as u8 % 10;
        n += 1;
    }
    names
}

impl Signal {
    /// The name, text that is in the program: `SIGTERM`, `SIGRTMIN+3`.
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
        match self.rt_offset() {
            Some(n) => real_time_name(n),
            None => {
                match texts::nth(Self::STANDARD_NAMES, self.as_raw().wrapping_sub(1) as usize) {
                    Some(name) => name,
                    None => "",
                }
            }
        }
    }

    /// The name without `SIG`, as `kill -l` lists it: `TERM`, `RTMIN+3`.
    #[doc(alias = "sigabbrev_np")]
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self.as_str().as_bytes() {
            // SAFETY: all of it is ASCII.
            [b'S', b'I', b'G', short @ ..] => unsafe { str::from_utf8_unchecked(short) },
            _ => "",
        }
    }
}

const fn real_time_name(mut n: u8) -> &'static str {
    let mut left: &[[u8; LENGTH]] = &REAL_TIME;
    while let Some((name, rest)) = left.split_first() {
        if n == 0 {
            let mut name: &[u8] = name;
            while let Some((0, shorter)) = name.split_last() {
                name = shorter;
            }
            // SAFETY: all of it is ASCII.
            return unsafe { str::from_utf8_unchecked(name) };
        }
        (left, n) = (rest, n.wrapping_sub(1));
    }
    ""
}
