//! What errors are called, in half the memory: a byte above 127 stands for two others, each of which may
//! be such a byte, too (byte pair encoding).

mod packed;

use siglatch::Errno;

use crate::say::Line;
use packed::{BYTES, PAIRS};

/// A number that belongs to no error, and whose text is for all such.
const UNKNOWN: usize = 41;

/// Goes on with what an error is called.
pub(crate) fn describe(line: &mut Line, errno: Errno) {
    let raw = errno.as_raw() as usize;
    let known = if raw > Errno::HWPOISON.as_raw() as usize { UNKNOWN } else { raw };
    for &code in BYTES.split(|&byte| byte == 0).nth(known - 1).unwrap_or_default() {
        unpack(line, code);
    }
}

fn unpack(line: &mut Line, code: u8) {
    let pair = usize::from(code).wrapping_sub(0x80).wrapping_mul(2);
    match PAIRS.get(pair..).and_then(<[u8]>::first_chunk::<2>) {
        Some(pair) => {
            for &code in pair {
                unpack(line, code);
            }
        }
        None => line.byte(code),
    }
}
