//! The packed texts of errors: examples/bare/src/errors/packed.rs is what this test makes of the crate's
//! texts. `WRITE=1` writes it.

use bare_tests::package;
use siglatch::Errno;
use std::fmt::Write as _;
use std::{env, fs};

/// The first byte that stands for a pair.
const FIRST: usize = 0x80;

/// One a number from 1 on, each with a zero behind it.
fn texts() -> Vec<u8> {
    let last = Errno::HWPOISON.as_raw();
    let texts = (1..=last).filter_map(Errno::from_raw).map(Errno::description);
    texts.flat_map(|text| [text.as_bytes(), b"\0"]).flatten().copied().collect()
}

/// Again and again, the pair that is there most often becomes one byte.
fn pack(mut bytes: Vec<u8>) -> (Vec<u8>, Vec<[u8; 2]>) {
    let mut pairs = Vec::new();
    for code in FIRST..=0xff {
        let mut counts = vec![0; 1 << 16];
        let mut best = (0, [0; 2]);
        for pair in bytes.windows(2) {
            let pair = [pair[0], pair[1]];
            // A text is not to run into the next.
            if !pair.contains(&0) {
                let count = &mut counts[usize::from(u16::from_be_bytes(pair))];
                *count += 1;
                best = best.max((*count, pair));
            }
        }
        let pair = best.1;
        let mut left = bytes.into_iter().peekable();
        bytes = Vec::new();
        while let Some(byte) = left.next() {
            let is_pair = byte == pair[0] && left.next_if_eq(&pair[1]).is_some();
            bytes.push(if is_pair { code as u8 } else { byte });
        }
        pairs.push(pair);
    }
    (bytes, pairs)
}

/// As examples/bare does it.
fn unpack(code: u8, pairs: &[[u8; 2]], text: &mut Vec<u8>) {
    match pairs.get(usize::from(code).wrapping_sub(FIRST)) {
        Some(pair) => pair.iter().for_each(|&code| unpack(code, pairs, text)),
        None => text.push(code),
    }
}

fn written(name: &str, what: &str, bytes: &[u8]) -> String {
    let mut text = format!("/// {what}\npub(super) static {name}: [u8; {}] = [", bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let before = if at % 16 == 0 { "\n    " } else { " " };
        write!(text, "{before}0x{byte:02x},").unwrap();
    }
    text + "\n];\n"
}

#[test]
fn packed_texts_are_those_of_the_crate() {
    let texts = texts();
    let (bytes, pairs) = pack(texts.clone());
    let mut unpacked = Vec::new();
    bytes.iter().for_each(|&code| unpack(code, &pairs, &mut unpacked));
    assert!(unpacked == texts);

    let file = package().join("src/errors/packed.rs");
    let expected = format!(
        "//! Written by tests/bare/tests/errors.rs.\n\n{}\n{}",
        written("BYTES", "The texts of the errors from 1 on, each with a zero behind it.", &bytes),
        written(
            "PAIRS",
            "What the bytes from 0x80 on stand for, two bytes each.",
            pairs.as_flattened()
        ),
    );
    if env::var_os("WRITE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &expected).unwrap();
    }
    assert!(fs::read_to_string(file).unwrap() == expected, "run this test with WRITE=1");
}
