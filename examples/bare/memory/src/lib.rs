//! The memory functions that compilers call for copies, comparisons and clearing: `memcpy`,
//! `memmove`, `memset`, `memcmp`, `bcmp`; and `strlen`, which `CStr` calls.
//!
//! They are in a package of their own because of `no_builtins`: without it a compiler makes a call of
//! `memcpy` out of the loop that is `memcpy`, and with it a package takes no part in optimisation
//! over all of a program. So they are found by their names when a program is linked, and only those
//! that it calls are in it.
//!
//! In plain Rust, a word at a time, for every architecture; x86_64 has instructions of its own for
//! copying and filling, which are faster there and three bytes long.
#![cfg_attr(not(test), no_std)]
#![no_builtins]

use core::ffi::{c_char, c_int};

type Word = usize;

const WORD: usize = size_of::<Word>();

/// Copies `count` bytes, which do not overlap.
///
/// # Safety
///
/// As memcpy(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise; it may overlap, if `to` is not above `from`.
    unsafe { copy_upwards(to, from, count) };
    to
}

/// Copies `count` bytes, which may overlap.
///
/// # Safety
///
/// As memmove(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // One comparison: below `from`, the difference wraps to a large number.
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: the caller's promise, and what is written is below what is still to be read, or
        // beyond all of it.
        unsafe { copy_upwards(to, from, count) };
    } else {
        // SAFETY: the caller's promise, and what is written is above what is still to be read.
        unsafe { copy_downwards(to, from, count) };
    }
    to
}

/// Sets `count` bytes to the lowest byte of `value`.
///
/// # Safety
///
/// As memset(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memset(to: *mut u8, value: c_int, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { fill(to, value as u8, count) };
    to
}

/// Below zero, zero or above zero, as the first byte that differs is less in `left` or in `right`.
///
/// # Safety
///
/// As memcmp(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> c_int {
    for at in 0..count {
        // SAFETY: the caller's promise: there are `count` bytes.
        let one = unsafe { left.add(at).read() };
        // SAFETY: likewise.
        let other = unsafe { right.add(at).read() };
        if one != other {
            return c_int::from(one) - c_int::from(other);
        }
    }
    0
}

/// Zero if all `count` bytes are the same.
///
/// # Safety
///
/// As bcmp(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { memcmp(left, right, count) }
}

/// How many bytes there are before the zero.
///
/// # Safety
///
/// As strlen(3).
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut length = 0;
    // SAFETY: the caller's promise: the zero, which ends the text, was not met yet.
    while unsafe { text.add(length).read() } != 0 {
        length += 1;
    }
    length
}

/// From the first byte to the last.
///
/// # Safety
///
/// There are `count` bytes to read and to write, and none is written before it is read.
#[cfg(target_arch = "x86_64")]
unsafe fn copy_upwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the caller's promise; the direction flag is clear, as the ABI has it.
    unsafe {
        core::arch::asm!(
            "rep movsb",
            inout("rcx") count => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
}

/// From the first byte to the last.
///
/// # Safety
///
/// There are `count` bytes to read and to write, and none is written before it is read.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn copy_upwards(to: *mut u8, from: *const u8, count: usize) {
    let mut at = 0;
    while count - at >= WORD {
        // SAFETY: the caller's promise: there is a word left.
        let word = unsafe { from.add(at).cast::<Word>().read_unaligned() };
        // SAFETY: likewise.
        unsafe { to.add(at).cast::<Word>().write_unaligned(word) };
        at += WORD;
    }
    while at < count {
        // SAFETY: the caller's promise: there is a byte left.
        let byte = unsafe { from.add(at).read() };
        // SAFETY: likewise.
        unsafe { to.add(at).write(byte) };
        at += 1;
    }
}

/// From the last byte to the first.
///
/// # Safety
///
/// There are `count` bytes to read and to write, and none is written before it is read.
unsafe fn copy_downwards(to: *mut u8, from: *const u8, count: usize) {
    let mut left = count;
    while left >= WORD {
        left -= WORD;
        // SAFETY: the caller's promise: there was a word left.
        let word = unsafe { from.add(left).cast::<Word>().read_unaligned() };
        // SAFETY: likewise.
        unsafe { to.add(left).cast::<Word>().write_unaligned(word) };
    }
    while left > 0 {
        left -= 1;
        // SAFETY: the caller's promise: there was a byte left.
        let byte = unsafe { from.add(left).read() };
        // SAFETY: likewise.
        unsafe { to.add(left).write(byte) };
    }
}

/// # Safety
///
/// There are `count` bytes to write.
#[cfg(target_arch = "x86_64")]
unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    // SAFETY: the caller's promise; the direction flag is clear, as the ABI has it.
    unsafe {
        core::arch::asm!(
            "rep stosb",
            inout("rcx") count => _,
            inout("rdi") to => _,
            in("al") value,
            options(nostack, preserves_flags),
        );
    }
}

/// # Safety
///
/// There are `count` bytes to write.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    let word = Word::from_ne_bytes([value; WORD]);
    let mut at = 0;
    while count - at >= WORD {
        // SAFETY: the caller's promise: there is room for a word.
        unsafe { to.add(at).cast::<Word>().write_unaligned(word) };
        at += WORD;
    }
    while at < count {
        // SAFETY: the caller's promise: there is room for a byte.
        unsafe { to.add(at).write(value) };
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{bcmp, memcmp, memcpy, memmove, memset, strlen};

    /// Different bytes, with room on both sides of what a test writes.
    fn bytes() -> [u8; 96] {
        core::array::from_fn(|at| at as u8 + 1)
    }

    /// Every length up to five words, from and to every place in a word.
    fn each(test: impl Fn(usize, usize, usize)) {
        for count in 0..=40 {
            for to in 0..16 {
                for from in 0..16 {
                    test(to, from, count);
                }
            }
        }
    }

    #[test]
    fn a_copy_writes_what_it_reads_and_nothing_beside() {
        each(|to, from, count| {
            let source = bytes();
            let mut copy = [0; 96];
            let end = copy.as_mut_ptr().wrapping_add(to);
            // SAFETY: both are within their arrays.
            let result = unsafe { memcpy(end, source.as_ptr().add(from), count) };
            assert_eq!(result, end);
            assert_eq!(copy[to..to + count], source[from..from + count]);
            assert!(copy[..to].iter().chain(&copy[to + count..]).all(|&byte| byte == 0));
        });
    }

    #[test]
    fn a_move_within_an_array_reads_before_it_writes() {
        each(|to, from, count| {
            let mut moved = bytes();
            let start = moved.as_mut_ptr();
            // SAFETY: both are within the array.
            let result = unsafe { memmove(start.add(to), start.add(from), count) };
            assert_eq!(result, start.wrapping_add(to));
            let mut expected = bytes();
            expected.copy_within(from..from + count, to);
            assert_eq!(moved, expected, "{count} from {from} to {to}");
        });
    }

    #[test]
    fn memory_is_filled_with_the_lowest_byte() {
        each(|to, _, count| {
            let mut filled = bytes();
            // SAFETY: it is within the array.
            unsafe { memset(filled.as_mut_ptr().add(to), 0x1ee, count) };
            let mut expected = bytes();
            expected[to..to + count].fill(0xee);
            assert_eq!(filled, expected);
        });
    }

    #[test]
    fn the_first_byte_that_differs_decides_as_an_unsigned_number() {
        for count in 0..=20 {
            let one = [0x7f; 20];
            for different in 0..20 {
                for byte in [0, 0x7e, 0x80, 0xff] {
                    let mut other = one;
                    other[different] = byte;
                    // Behind the first one, a difference the other way round.
                    other[different + 1..].fill(!byte);
                    // SAFETY: both have 20 bytes.
                    let order = unsafe { memcmp(one.as_ptr(), other.as_ptr(), count) };
                    assert_eq!(order.cmp(&0), one[..count].cmp(&other[..count]));
                    // SAFETY: likewise.
                    let same = unsafe { bcmp(one.as_ptr(), other.as_ptr(), count) } == 0;
                    assert_eq!(same, one[..count] == other[..count]);
                }
            }
        }
    }

    #[test]
    fn a_string_ends_at_its_first_zero() {
        for text in [c"", c"a", c"Working...", c"\xff\x01"] {
            // SAFETY: it is a C string.
            assert_eq!(unsafe { strlen(text.as_ptr()) }, text.to_bytes().len());
        }
        // SAFETY: it has a zero.
        assert_eq!(unsafe { strlen(b"ab\0cd\0".as_ptr().cast()) }, 2);
    }
}
