//! Times as sleep(1) reads them: a decimal number, with a fraction and an exponent if wanted, and a
//! unit.

use crate::number;

/// More than 70 years, which no process lives: no limit.
pub const NEVER: u64 = 1 << 61;

/// The time in nanoseconds, rounded up; `None` where it is no time. `inf`, and all that is longer
/// than can be counted, is longer than any process lives.
#[must_use]
pub fn read(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (unit, text) = match text.split_last()? {
        (b's', text) => (1, text),
        (b'm', text) => (60, text),
        (b'h', text) => (3_600, text),
        (b'd', text) => (86_400, text),
        _ => (1, text),
    };
    if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
        return Some(NEVER);
    }
    Some(nanoseconds(text)?.saturating_mul(unit).min(NEVER))
}

/// As many nanoseconds as a number of seconds are.
fn nanoseconds(text: &[u8]) -> Option<u64> {
    let mut left = text.iter();
    let mut count = 0_u64;
    // It is to be multiplied by ten to this.
    let mut exponent = 9_i64;
    let (mut has_digits, mut is_fraction, mut is_more) = (false, false, false);
    while let Some(&byte) = left.next() {
        match byte {
            b'.' if !is_fraction => is_fraction = true,
            b'0'..=b'9' => {
                has_digits = true;
                // No text is so long that these are out of range.
                exponent -= i64::from(is_fraction);
                if count < u64::MAX / 100 {
                    count = count * 10 + u64::from(byte - b'0');
                } else {
                    // Too small to count, but for rounding up.
                    is_more |= byte != b'0';
                    exponent += 1;
                }
            }
            b'e' | b'E' if has_digits => {
                let power = left.as_slice();
                // One sign at most.
                let unsigned = power.strip_prefix(b"+").filter(|power| !power.starts_with(b"-"));
                exponent = exponent.saturating_add(number(unsigned.unwrap_or(power))?);
                break;
            }
            _ => return None,
        }
    }
    if !has_digits {
        return None;
    }
    while exponent < 0 && count > 0 {
        is_more |= !count.is_multiple_of(10);
        count /= 10;
        exponent += 1;
    }
    while exponent > 0 && 0 < count && count < NEVER {
        count = count.saturating_mul(10);
        exponent -= 1;
    }
    Some(count.saturating_add(is_more.into()))
}
