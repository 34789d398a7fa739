//! Where each field of the kernel's `siginfo_t` is (include/uapi/asm-generic/siginfo.h).

use super::decode::{Fields, code};
use super::{FILLED, FaultDetail, SigInfo, SigVal};
use crate::Signal;
use crate::sys::KernelSiginfo;

/// The size of a pointer or a long, which the union is laid out by.
const WORD: usize = size_of::<usize>();

/// Where the union starts: after three ints, aligned to a word.
const UNION: usize = if WORD == 8 { 16 } else { 12 };

/// Where the value of a queued signal is: after two ints.
const VALUE: usize = UNION + 8;

/// Where the times of a child are: `clock_t` is a long, aligned as one after `si_status`.
const TIMES: usize = UNION + if WORD == 8 { 16 } else { 12 };

impl SigInfo {
    /// What sigqueue(3) sends.
    pub(crate) fn queued(signal: Signal, pid: i32, uid: u32, value: SigVal) -> Self {
        let mut info = Self { bytes: [0; FILLED] };
        info.write(0, signal.as_raw().to_ne_bytes());
        info.write(8, code::QUEUE.to_ne_bytes());
        info.write(UNION, pid.to_ne_bytes());
        info.write(UNION + 4, uid.to_ne_bytes());
        info.write(VALUE, value.0.to_ne_bytes());
        info
    }

    /// The kernel's struct, with zeros where the kernel never fills anything.
    #[must_use]
    pub fn to_kernel(self) -> KernelSiginfo {
        let mut kernel = KernelSiginfo::zeroed();
        if let Some(filled) = kernel.bytes.first_chunk_mut() {
            *filled = self.bytes;
        }
        kernel
    }

    fn short(&self, at: usize) -> i16 {
        i16::from_ne_bytes(self.read(at))
    }

    pub(super) fn int(&self, at: usize) -> i32 {
        i32::from_ne_bytes(self.read(at))
    }

    fn word(&self, at: usize) -> usize {
        usize::from_ne_bytes(self.read(at))
    }

    /// `N` bytes from `at` on; zeros past the end, where no field is.
    fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    fn write<const N: usize>(&mut self, at: usize, field: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = field;
        }
    }
}

impl Fields for SigInfo {
    fn signo(&self) -> i32 {
        self.int(0)
    }

    fn code(&self) -> i32 {
        self.int(8)
    }

    fn pid(&self) -> i32 {
        self.int(UNION)
    }

    fn uid(&self) -> u32 {
        self.int(UNION + 4) as u32
    }

    fn value(&self) -> SigVal {
        SigVal(self.word(VALUE))
    }

    fn timer_id(&self) -> i32 {
        self.int(UNION)
    }

    fn overrun(&self) -> i32 {
        self.int(UNION + 4)
    }

    fn band(&self) -> isize {
        self.word(UNION) as isize
    }

    fn fd(&self) -> i32 {
        self.int(UNION + WORD)
    }

    fn status(&self) -> i32 {
        self.int(UNION + 8)
    }

    fn user_ticks(&self) -> i64 {
        self.word(TIMES) as i64
    }

    fn system_ticks(&self) -> i64 {
        self.word(TIMES + WORD) as i64
    }

    fn address(&self) -> usize {
        self.word(UNION)
    }

    fn address_lsb(&self) -> i16 {
        self.short(UNION + WORD)
    }

    fn call_address(&self) -> usize {
        self.word(UNION)
    }

    fn syscall(&self) -> i32 {
        self.int(UNION + WORD)
    }

    fn arch(&self) -> u32 {
        self.int(UNION + WORD + 4) as u32
    }

    fn bounds(&self) -> FaultDetail {
        FaultDetail::Bounds {
            lower: self.word(UNION + 2 * WORD),
            upper: self.word(UNION + 3 * WORD),
        }
    }

    fn protection_key(&self) -> FaultDetail {
        FaultDetail::ProtectionKey { key: self.int(UNION + 2 * WORD) as u32 }
    }

    fn perf(&self) -> FaultDetail {
        FaultDetail::Perf {
            data: self.word(UNION + WORD),
            kind: self.int(UNION + 2 * WORD) as u32,
            flags: self.int(UNION + 2 * WORD + 4) as u32,
        }
    }
}
