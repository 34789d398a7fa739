//! The kernel's rule of which fields a signal's details have, and C's of where they are.
//!
//! `siginfo_layout` in kernel/signal.c (Linux 6.17) is the rule, include/uapi/asm-generic/siginfo.h
//! the structs. Every architecture but mips has these; x86_64 and aarch64 differ from 32-bit ones
//! in the size of a pointer only, from which all offsets follow.

use super::Bytes;

/// `enum siginfo_layout`, in our words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    Kill,
    Timer,
    Poll,
    Fault,
    FaultMceerr,
    FaultBnderr,
    FaultPkuerr,
    FaultPerf,
    Child,
    Rt,
    Sys,
}

/// `siginfo_layout`: which layout, from the signal and the code.
pub fn layout_of(signo: i32, code: i32) -> Layout {
    const LIMITS: [(i32, i32, Layout); 8] = [
        (libc::SIGILL, 11, Layout::Fault),
        (libc::SIGFPE, 15, Layout::Fault),
        (libc::SIGSEGV, 10, Layout::Fault),
        (libc::SIGBUS, 5, Layout::Fault),
        (libc::SIGTRAP, 6, Layout::Fault),
        (libc::SIGCHLD, 6, Layout::Child),
        (libc::SIGIO, 6, Layout::Poll),
        (libc::SIGSYS, 2, Layout::Sys),
    ];
    const POLL_LIMIT: i32 = 6;
    if !(1..libc::SI_KERNEL).contains(&code) {
        return match code {
            libc::SI_TIMER => Layout::Timer,
            libc::SI_SIGIO => Layout::Poll,
            ..0 => Layout::Rt,
            _ => Layout::Kill,
        };
    }
    let own = LIMITS.iter().find(|(of, limit, _)| *of == signo && code <= *limit);
    match (own.map(|(_, _, layout)| *layout), signo, code) {
        (Some(_), libc::SIGBUS, 4 | 5) => Layout::FaultMceerr,
        (Some(_), libc::SIGSEGV, 3) => Layout::FaultBnderr,
        (Some(_), libc::SIGSEGV, 4) => Layout::FaultPkuerr,
        (Some(_), libc::SIGTRAP, 6) => Layout::FaultPerf,
        (Some(layout), ..) => layout,
        (None, ..) if code <= POLL_LIMIT => Layout::Poll,
        (None, ..) => Layout::Kill,
    }
}

/// The first three fields, which all layouts have.
pub fn ints(bytes: &Bytes) -> [i32; 3] {
    [0, 4, 8].map(|at| i32::from_ne_bytes(*bytes[at..].first_chunk().unwrap()))
}

/// What the offsets follow from.
#[derive(Clone, Copy)]
pub struct Abi {
    /// The size of a pointer and of a long.
    word: usize,
}

impl Abi {
    /// Of the running program.
    pub const NATIVE: Self = Self { word: size_of::<usize>() };

    /// The offsets of a union's fields: each at the next multiple of its size, the union itself at
    /// that of a word. `i` int, `u` unsigned, `s` short, `l` long, `p` pointer, `b` what stands
    /// between an address and what follows `_addr_bnd` and the like, as wide as a pointer.
    fn offsets(self, fields: &str) -> impl Iterator<Item = (char, usize, usize)> {
        let mut at = 12_usize.next_multiple_of(self.word);
        fields.chars().map(move |kind| {
            let size = match kind {
                's' => 2,
                'i' | 'u' => 4,
                _ => self.word,
            };
            let start = at.next_multiple_of(size);
            at = start + size;
            (kind, start, size)
        })
    }

    /// The fields, integers with a sign extended by it.
    pub fn read<const N: usize>(self, bytes: &Bytes, fields: &str) -> [u64; N] {
        let mut values = [0; N];
        assert_eq!(fields.len(), N);
        for (value, (kind, start, size)) in values.iter_mut().zip(self.offsets(fields)) {
            let field = &bytes[start..start + size];
            let signed = matches!(kind, 'i' | 's' | 'l');
            *value = integer(field, signed);
        }
        values
    }
}

/// An integer of the machine's byte order, of two, four or eight bytes.
fn integer(field: &[u8], signed: bool) -> u64 {
    let bits = field.len() * 8;
    let first_is_lowest = cfg!(target_endian = "little");
    let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    let value =
        if first_is_lowest { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) };
    let unused = 64 - bits;
    if signed { ((value << unused) as i64 >> unused) as u64 } else { value }
}

#[cfg(test)]
mod tests {
    use super::Abi;

    /// The offsets that arch/*/kernel/signal*.c assert, of 64-bit and of 32-bit architectures.
    #[test]
    fn offsets_are_those_that_the_kernel_asserts() {
        let cases: [(&str, &[usize], &[usize]); 6] = [
            ("iup", &[16, 20, 24], &[12, 16, 20]),
            ("iuill", &[16, 20, 24, 32, 40], &[12, 16, 20, 24, 28]),
            ("ps", &[16, 24], &[12, 16]),
            ("pbpp", &[16, 24, 32, 40], &[12, 16, 20, 24]),
            ("pluu", &[16, 24, 32, 36], &[12, 16, 20, 24]),
            ("piu", &[16, 24, 28], &[12, 16, 20]),
        ];
        for (fields, wide, narrow) in cases {
            for (word, wanted) in [(8, wide), (4, narrow)] {
                let found = Abi { word }.offsets(fields).map(|(_, start, _)| start);
                assert!(found.eq(wanted.iter().copied()), "{fields}, words of {word}");
            }
        }
    }
}
