//! What errors are called, in half the memory: the texts are packed by the compiler. A byte above 127
//! stands for two others, each of which may be such a byte, too (byte pair encoding).

use siglatch::Errno;

use crate::say::Line;

/// The last error that has a name.
const LAST: usize = Errno::HWPOISON.as_raw() as usize;

/// One that has none, and so the text for all such.
const UNKNOWN: usize = 41;

/// The first byte that stands for a pair.
const FIRST: usize = 0x80;

/// All texts, each with a zero behind it, and what their pairs are.
struct Packed {
    bytes: [u8; 4096],
    length: usize,
    pairs: [[u8; 2]; FIRST],
}

const PACKED: Packed = packed();

static BYTES: [u8; PACKED.length] = {
    let mut bytes = [0; PACKED.length];
    bytes.copy_from_slice(PACKED.bytes.split_at(PACKED.length).0);
    bytes
};

static PAIRS: [[u8; 2]; FIRST] = PACKED.pairs;

/// Again and again, the pair that is there most often becomes one byte.
const fn packed() -> Packed {
    let mut packed = texts();
    let mut code = FIRST;
    while code <= 0xff {
        let mut counts = [0_u16; 1 << 16];
        let mut most = 0;
        let mut at = 1;
        while at < packed.length {
            let pair = [packed.bytes[at - 1], packed.bytes[at]];
            // A text is not to run into the next.
            if pair[0] != 0 && pair[1] != 0 {
                let count = &mut counts[u16::from_ne_bytes(pair) as usize];
                *count += 1;
                if *count > most {
                    (most, packed.pairs[code - FIRST]) = (*count, pair);
                }
            }
            at += 1;
        }
        packed.replace(packed.pairs[code - FIRST], code as u8);
        code += 1;
    }
    packed
}

/// As the crate has them.
const fn texts() -> Packed {
    let mut texts = Packed { bytes: [0; 4096], length: 0, pairs: [[0; 2]; FIRST] };
    let mut raw = 1;
    while raw <= LAST {
        let text = match Errno::from_raw(raw as i32) {
            Some(errno) => errno.description().as_bytes(),
            None => b"",
        };
        let mut at = 0;
        while at < text.len() {
            assert!(0 < text[at] && text[at] < FIRST as u8);
            texts.bytes[texts.length + at] = text[at];
            at += 1;
        }
        texts.length += text.len() + 1;
        raw += 1;
    }
    texts
}

/// Unpacked, they are what they were.
const _: () = {
    let (mut packed, texts) = (PACKED, texts());
    let mut code = 0xff;
    while code >= FIRST {
        packed.expand(code as u8, packed.pairs[code - FIRST]);
        code -= 1;
    }
    assert!(packed.length == texts.length);
    let mut at = 0;
    while at < texts.length {
        assert!(packed.bytes[at] == texts.bytes[at]);
        at += 1;
    }
};

impl Packed {
    const fn expand(&mut self, code: u8, pair: [u8; 2]) {
        let (bytes, length) = (self.bytes, self.length);
        let (mut from, mut to) = (0, 0);
        while from < length {
            self.bytes[to] = bytes[from];
            if bytes[from] == code {
                [self.bytes[to], self.bytes[to + 1]] = pair;
                to += 1;
            }
            (from, to) = (from + 1, to + 1);
        }
        self.length = to;
    }

    const fn replace(&mut self, pair: [u8; 2], code: u8) {
        let (mut from, mut to) = (0, 0);
        while from < self.length {
            self.bytes[to] = self.bytes[from];
            if self.bytes[from] == pair[0] && self.bytes[from + 1] == pair[1] {
                self.bytes[to] = code;
                from += 1;
            }
            (from, to) = (from + 1, to + 1);
        }
        self.length = to;
    }
}

/// Goes on with what an error is called.
pub(crate) fn describe(line: &mut Line, errno: Errno) {
    let raw = errno.as_raw() as usize;
    let skipped = if raw > LAST { UNKNOWN } else { raw } - 1;
    for &code in BYTES.split(|&byte| byte == 0).nth(skipped).unwrap_or_default() {
        unpack(line, code);
    }
}

fn unpack(line: &mut Line, code: u8) {
    match PAIRS.get((code as usize).wrapping_sub(FIRST)) {
        Some(pair) => {
            for &code in pair {
                unpack(line, code);
            }
        }
        None => line.byte(code),
    }
}
