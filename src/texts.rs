//! Texts in one constant, each with a zero behind it: as `&str`s, short ones would need twice that.
#![expect(unsafe_code, reason = "what is between two zeros of a text is a text")]

use core::str;

/// The text that has `index` others in front of it.
pub(crate) const fn nth(texts: &'static str, mut index: usize) -> Option<&'static str> {
    let mut texts = texts.as_bytes();
    while let Some((text, behind)) = split_first(texts) {
        if index == 0 {
            // SAFETY: it is what is between two zeros of a text, or in front of the first.
            return Some(unsafe { str::from_utf8_unchecked(text) });
        }
        (texts, index) = (behind, index.wrapping_sub(1));
    }
    None
}

/// The first text, and what is behind its zero; `None` where there is none.
pub(crate) const fn split_first(texts: &'static [u8]) -> Option<(&'static [u8], &'static [u8])> {
    let mut left = texts;
    while let Some((&byte, behind)) = left.split_first() {
        if byte == 0 {
            return match texts.split_at_checked(texts.len().wrapping_sub(left.len())) {
                Some((text, _)) => Some((text, behind)),
                None => None,
            };
        }
        left = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::nth;

    #[test]
    fn texts_are_counted_from_zero() {
        let texts = "one\0\0three, é\0";
        let all = [0, 1, 2, 3, usize::MAX].map(|index| nth(texts, index));
        assert_eq!(all, [Some("one"), Some(""), Some("three, é"), None, None]);
        assert_eq!(nth("", 0), None);
    }
}
