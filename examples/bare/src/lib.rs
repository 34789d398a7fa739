//! What the utilities share: options, messages, a command that is executed.
#![no_std]

pub mod command;
pub mod duration;
mod errors;
pub mod options;
pub mod say;
pub mod terminal;
mod utility;

pub use utility::Utility;

/// A decimal number and nothing else, with a minus sign if it is negative; the largest, or the smallest,
/// that there is for one beyond it.
#[must_use]
pub fn number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_i64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.saturating_mul(10).saturating_add((digit - b'0').into());
    }
    Some(if digits.len() == text.len() { number } else { -number })
}
