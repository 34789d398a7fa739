//! A `siginfo_t` as the kernel filled it, and the ways to get hold of one.
//!
//! The fields come from libc's accessors, so that they can be held against what the crate makes of
//! the same bytes.

use super::{oracle, sys};
use core::mem::{MaybeUninit, transmute};
use core::{fmt, ptr};
use siglatch::SigInfo;
use siglatch::sys::KernelSiginfo;
use std::io;

/// The size of `siginfo_t`.
pub const SIZE: usize = size_of::<libc::siginfo_t>();

/// What the kernel tells of the address that was accessed: s390x knows the page only.
pub const fn told_address(address: usize) -> usize {
    if cfg!(target_arch = "s390x") { address & !0xfff } else { address }
}

/// One `siginfo_t`, all of its bytes set.
#[derive(Clone, Copy)]
pub struct RawInfo(libc::siginfo_t);

/// One line a field: a function of [`RawInfo`], its type, and libc's accessor.
macro_rules! fields {
    ($($name:ident: $kind:ty = $accessor:ident;)*) => {
        impl RawInfo {
            $(
                pub fn $name(&self) -> $kind {
                    // SAFETY: all bytes are set, so this field of the union is an integer or an
                    // address, if of no meaning for another kind of signal.
                    unsafe { self.0.$accessor() }
                }
            )*
        }
    };
}

fields! {
    pid: i32 = si_pid;
    uid: u32 = si_uid;
    value: libc::sigval = si_value;
    status: i32 = si_status;
    utime: libc::c_long = si_utime;
    stime: libc::c_long = si_stime;
    addr: *mut libc::c_void = si_addr;
}

impl RawInfo {
    pub fn signo(&self) -> i32 {
        self.0.si_signo
    }

    pub fn errno(&self) -> i32 {
        self.0.si_errno
    }

    pub fn code(&self) -> i32 {
        self.0.si_code
    }

    pub fn value_int(&self) -> i32 {
        sys::sigval_int(self.value())
    }

    pub fn value_ptr(&self) -> usize {
        self.value().sival_ptr.addr()
    }

    pub fn bytes(&self) -> [u8; SIZE] {
        // SAFETY: the sizes are the same and all bytes are set, padding included: they were zeroed,
        // or the kernel wrote all of them.
        unsafe { transmute::<libc::siginfo_t, [u8; SIZE]>(self.0) }
    }

    pub fn from_bytes(bytes: [u8; SIZE]) -> Self {
        // SAFETY: every byte pattern is a value of this plain C struct.
        Self(unsafe { transmute::<[u8; SIZE], libc::siginfo_t>(bytes) })
    }

    /// What the crate makes of it.
    pub fn decoded(&self) -> SigInfo {
        SigInfo::from_kernel(&KernelSiginfo { bytes: self.bytes() }).expect("a signal")
    }
}

impl fmt::Debug for RawInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.bytes())
    }
}

/// Waits for a signal that is blocked, and takes it: by the bare system call, for the C library's
/// own makes `SI_USER` of `SI_TKILL`.
#[track_caller]
pub fn take(signo: i32) -> RawInfo {
    let set = oracle::bit(signo);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let for_ever = ptr::null::<libc::timespec>();
    // SAFETY: the set has the size that is told, and `info` is a valid place for the answer.
    let taken = unsafe {
        let (set, info) = (&raw const set, info.as_mut_ptr());
        libc::syscall(libc::SYS_rt_sigtimedwait, set, info, for_ever, size_of::<u64>())
    };
    assert_eq!(taken, signo.into(), "rt_sigtimedwait: {}", io::Error::last_os_error());
    // SAFETY: every byte pattern is a value of this plain C struct, and all bytes are set.
    RawInfo(unsafe { info.assume_init() })
}

/// The same, with what the crate makes of it. What every `siginfo_t` has agrees with libc's view.
#[track_caller]
pub fn take_decoded(signo: i32) -> (RawInfo, SigInfo) {
    let raw = take(signo);
    let info = raw.decoded();
    assert_eq!(info.signal().as_raw(), signo);
    assert_eq!((info.errno(), info.code()), (raw.errno(), raw.code()));
    (raw, info)
}

/// Queues a signal with a pointer-sized value to this thread's process, by sigqueue(3).
#[track_caller]
pub fn queue_to_self(signo: i32, value: usize) {
    let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(value) };
    // SAFETY: integers only: nobody follows `sival_ptr`.
    let result = unsafe { libc::sigqueue(std::process::id() as i32, signo, value) };
    assert_eq!(result, 0, "sigqueue({signo}): {}", io::Error::last_os_error());
}
