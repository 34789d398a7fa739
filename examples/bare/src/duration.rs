//! Times as sleep(1) reads them: a decimal number, with a fraction and an exponent if wanted, and a
//! unit.

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
    if is_infinite(text) {
        return Some(NEVER);
    }
    Some(nanoseconds(text)?.saturating_mul(unit).min(NEVER))
}

/// Whether it is `inf` or `infinity`, in capitals or not.
fn is_infinite(text: &[u8]) -> bool {
    let letters = text.iter().zip(b"infinity").all(|(byte, letter)| byte | 0x20 == *letter);
    letters && matches!(text.len(), 3 | 8)
}

/// As many nanoseconds as a number of seconds are.
fn nanoseconds(text: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    // The number is to be multiplied by ten to this.
    let mut exponent = 9_i32;
    let (mut digits, mut is_fraction, mut is_more) = (0, false, false);
    let mut left = text;
    while let Some((&byte, rest)) = left.split_first() {
        match byte {
            b'.' if !is_fraction => is_fraction = true,
            b'0'..=b'9' => {
                digits += 1;
                if number < u64::MAX / 100 {
                    number = number * 10 + u64::from(byte - b'0');
                    exponent = exponent.saturating_sub(is_fraction.into());
                } else {
                    // Too small to count, but for rounding up.
                    is_more |= byte != b'0';
                    exponent = exponent.saturating_add((!is_fraction).into());
                }
            }
            b'e' | b'E' if digits > 0 => {
                exponent = exponent.saturating_add(signed(rest)?);
                break;
            }
            _ => return None,
        }
        left = rest;
    }
    if digits == 0 {
        return None;
    }
    if number == 0 {
        return Some(0);
    }
    while exponent < 0 && number > 0 {
        is_more |= !number.is_multiple_of(10);
        number /= 10;
        exponent += 1;
    }
    while exponent > 0 && number < NEVER {
        number = number.saturating_mul(10);
        exponent -= 1;
    }
    Some(number.saturating_add(is_more.into()))
}

/// A whole number, with a sign if wanted, which stays at the largest where it is larger.
fn signed(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text.split_first()? {
        (b'-', digits) => (-1, digits),
        (b'+', digits) => (1, digits),
        _ => (1, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_i32;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
    }
    Some(sign * number)
}
