//! The kernel's structs for signals. libc's `sigaction` has another field order, and its `sigset_t`
//! 128 bytes, where the kernel's has 8. Sources: include/linux/signal_types.h,
//! include/uapi/asm-generic/signal.h and siginfo.h, and each architecture's signal.h (Linux 6.17).

use core::ffi::{c_int, c_long, c_short, c_ulong};
use core::mem::{align_of, offset_of, size_of};
use static_assertions::const_assert_eq;

use super::arch::RESTORER_WORDS;

/// The disposition "take the default action", in place of a handler's address.
pub const SIG_DFL: usize = 0;

/// The disposition "ignore", in place of a handler's address.
pub const SIG_IGN: usize = 1;

/// The largest errno: a result from −4095 to −1 is a failure.
pub const MAX_ERRNO: isize = 4095;

/// The only valid `sigsetsize` argument: the size in bytes of the kernel's signal set.
pub const SIGSET_SIZE: usize = size_of::<KernelSigset>();

/// The size in bytes of the kernel's `siginfo_t` in user space.
pub const SI_MAX_SIZE: usize = 128;

/// The kernel's constant of that name: it takes no smaller alternate stack. C libraries may have
/// another: glibc on powerpc64 that of Linux before 5.18.
pub const MINSIGSTKSZ: usize = if cfg!(target_arch = "aarch64") {
    5120
} else if cfg!(target_arch = "loongarch64") {
    4096
} else if cfg!(target_arch = "powerpc64") {
    8192
} else {
    2048
};

const WORDS: usize = 64 / c_ulong::BITS as usize;

/// The kernel's `sigset_t`: 64 bits in words of the machine, signal 1 lowest.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct KernelSigset {
    words: [c_ulong; WORDS],
}

impl KernelSigset {
    /// The set of these bits: signal `n` is bit `n - 1`.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        #[cfg(target_pointer_width = "64")]
        let words = [bits];
        #[cfg(target_pointer_width = "32")]
        let words = [bits as c_ulong, (bits >> 32) as c_ulong];
        Self { words }
    }

    /// The bits: signal `n` is bit `n - 1`.
    #[must_use]
    pub const fn bits(self) -> u64 {
        #[cfg(target_pointer_width = "64")]
        let [bits] = self.words;
        #[cfg(target_pointer_width = "32")]
        let bits = {
            let [low, high] = self.words;
            low as u64 | (high as u64) << 32
        };
        bits
    }
}

/// The kernel's `struct sigaction`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelSigaction {
    /// [`SIG_DFL`], [`SIG_IGN`], or the address of a function: of three arguments with `SA_SIGINFO`
    /// in `flags`, of one without.
    pub handler: usize,
    /// `SA_*` bits.
    pub flags: c_ulong,
    /// The address that a handler returns to, if `SA_RESTORER` is set; else ignored.
    pub restorer: KernelRestorer,
    /// The signals blocked while the handler runs, besides its own.
    pub mask: KernelSigset,
}

/// `sa_restorer` of the kernel's `struct sigaction`: an address; no field on some architectures.
///
/// A wrong size would shift the mask by a word, which the kernel cannot notice.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelRestorer([usize; RESTORER_WORDS]);

impl KernelRestorer {
    /// The restorer at `address`; none where the struct has no such field.
    #[must_use]
    pub const fn new(address: usize) -> Self {
        Self([address; RESTORER_WORDS])
    }

    /// The address; 0 for none.
    #[must_use]
    pub const fn address(self) -> usize {
        match self.0.first() {
            Some(address) => *address,
            None => 0,
        }
    }
}

/// The kernel's `siginfo_t`, not decoded.
///
/// The kernel writes 128 bytes, of which the first 48 carry data (`struct kernel_siginfo`), aligned
/// to a word: a reference to a handler's argument may demand no more.
#[repr(C)]
#[cfg_attr(target_pointer_width = "64", repr(align(8)))]
#[cfg_attr(target_pointer_width = "32", repr(align(4)))]
#[derive(Clone, Copy)]
pub struct KernelSiginfo {
    /// `si_signo`, `si_errno`, `si_code`, then a union by [`Cause`](crate::Cause).
    pub bytes: [u8; SI_MAX_SIZE],
}

impl KernelSiginfo {
    /// All zero, for the kernel to fill in.
    #[must_use]
    pub const fn zeroed() -> Self {
        Self { bytes: [0; SI_MAX_SIZE] }
    }

    /// `si_signo`.
    #[inline]
    pub(crate) const fn signo(&self) -> c_int {
        let [a, b, c, d, ..] = self.bytes;
        c_int::from_ne_bytes([a, b, c, d])
    }

    /// `si_code`.
    #[inline]
    pub(crate) const fn code(&self) -> c_int {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = self.bytes;
        c_int::from_ne_bytes([a, b, c, d])
    }
}

impl core::fmt::Debug for KernelSiginfo {
    #[inline]
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::SigInfo::copied(self).fmt(f)
    }
}

/// The kernel's `struct signalfd_siginfo`: one record that read(2) of a signalfd(2) returns.
///
/// Signal and code determine which fields are filled, as in `siginfo_t`; the others are zero.
#[expect(missing_docs, reason = "each is the field of that name in signalfd(2)")]
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelSignalfdSiginfo {
    pub signo: u32,
    pub errno: i32,
    pub code: i32,
    pub pid: u32,
    pub uid: u32,
    pub fd: i32,
    pub tid: u32,
    pub band: u32,
    pub overrun: u32,
    pub trapno: u32,
    pub status: i32,
    pub int: i32,
    pub ptr: u64,
    pub utime: u64,
    pub stime: u64,
    pub addr: u64,
    pub addr_lsb: u16,
    /// Zero.
    pub padding: u16,
    pub syscall: i32,
    pub call_addr: u64,
    pub arch: u32,
    /// Zero: for future fields.
    pub reserved: [u8; 28],
}

impl KernelSignalfdSiginfo {
    /// All zero, for the kernel to fill in.
    #[must_use]
    pub const fn zeroed() -> Self {
        Self {
            signo: 0,
            errno: 0,
            code: 0,
            pid: 0,
            uid: 0,
            fd: 0,
            tid: 0,
            band: 0,
            overrun: 0,
            trapno: 0,
            status: 0,
            int: 0,
            ptr: 0,
            utime: 0,
            stime: 0,
            addr: 0,
            addr_lsb: 0,
            padding: 0,
            syscall: 0,
            call_addr: 0,
            arch: 0,
            reserved: [0; 28],
        }
    }
}

/// The kernel's `struct __kernel_timespec`: seconds and nanoseconds, 64 bits each.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelTimespec {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds, 0 to 999,999,999.
    pub nanoseconds: i64,
}

/// The kernel's `struct __kernel_itimerspec`, for POSIX timers.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelItimerspec {
    /// The time from one expiry to the next; zero for none.
    pub interval: KernelTimespec,
    /// The time to the first or next expiry; zero when disarmed.
    pub value: KernelTimespec,
}

/// The kernel's `struct __kernel_old_timeval`: seconds and microseconds, a word each.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelTimeval {
    /// Whole seconds.
    pub seconds: c_long,
    /// Microseconds, 0 to 999,999.
    pub microseconds: c_long,
}

/// The kernel's `struct __kernel_old_itimerval`, for interval timers.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelItimerval {
    /// The time from one expiry to the next; zero for none.
    pub interval: KernelTimeval,
    /// The time to the first or next expiry; zero when disarmed.
    pub value: KernelTimeval,
}

/// The kernel's `struct sigevent`: the notification of a timer that expires.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelSigevent {
    /// The value sent with the signal, an int or a pointer.
    pub value: usize,
    /// The signal.
    pub signo: c_int,
    /// `SIGEV_*`.
    pub notify: c_int,
    /// The thread to notify, for `SIGEV_THREAD_ID`.
    pub tid: c_int,
    /// The rest of a union; ignored.
    pub padding: [c_int; SIGEVENT_PADDING],
}

/// The struct has 64 bytes.
const SIGEVENT_PADDING: usize = if cfg!(target_pointer_width = "64") { 11 } else { 12 };

/// The kernel's `stack_t`: an alternate stack for signal handlers.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelStack {
    /// The lowest address.
    pub start: usize,
    /// `SS_*`.
    pub flags: c_int,
    /// The size in bytes.
    pub size: usize,
}

/// The kernel's `struct pollfd`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelPollfd {
    /// The descriptor; a negative one is ignored.
    pub fd: c_int,
    /// `POLL*`: the requested events.
    pub events: c_short,
    /// `POLL*`: the events that occurred.
    pub revents: c_short,
}

const_assert_eq!(SIGSET_SIZE, 8);
const_assert_eq!(align_of::<KernelSigset>(), align_of::<c_ulong>());
const_assert_eq!(size_of::<KernelSiginfo>(), size_of::<libc::siginfo_t>());
const_assert_eq!(align_of::<KernelSiginfo>(), align_of::<usize>());
const_assert_eq!(align_of::<KernelSiginfo>(), align_of::<libc::siginfo_t>());
const_assert_eq!(size_of::<KernelSignalfdSiginfo>(), 128);
const_assert_eq!(size_of::<KernelSignalfdSiginfo>(), size_of::<libc::signalfd_siginfo>());
const_assert_eq!(size_of::<KernelTimespec>(), 16);
const_assert_eq!(size_of::<KernelItimerspec>(), 32);
const_assert_eq!(size_of::<KernelItimerval>(), size_of::<[c_long; 4]>());
const_assert_eq!(size_of::<KernelSigevent>(), 64);
const_assert_eq!(size_of::<KernelSigevent>(), size_of::<libc::sigevent>());
const_assert_eq!(size_of::<KernelStack>(), size_of::<libc::stack_t>());
const_assert_eq!(size_of::<KernelPollfd>(), size_of::<libc::pollfd>());
const_assert_eq!(size_of::<c_int>(), 4);
const_assert_eq!(SIG_DFL, libc::SIG_DFL);
const_assert_eq!(SIG_IGN, libc::SIG_IGN);

// libc has no type for this one. The flags are a long, on 32 bits an int, which is as much there.
const_assert_eq!(offset_of!(KernelSigaction, handler), 0);
const_assert_eq!(offset_of!(KernelSigaction, flags), size_of::<usize>());
const_assert_eq!(offset_of!(KernelSigaction, restorer), size_of::<[usize; 2]>());
const_assert_eq!(
    offset_of!(KernelSigaction, mask),
    if RESTORER_WORDS == 0 { size_of::<[usize; 2]>() } else { size_of::<[usize; 3]>() }
);
const_assert_eq!(
    size_of::<KernelSigaction>().wrapping_sub(offset_of!(KernelSigaction, mask)),
    size_of::<KernelSigset>()
);

// The libc crate has not the type for uClibc, and on two architectures not for musl.
#[cfg(not(any(
    target_env = "uclibc",
    all(target_env = "musl", any(target_arch = "powerpc64", target_arch = "riscv32")),
)))]
const_assert_eq!(super::arch::UCONTEXT_SIGMASK, offset_of!(libc::ucontext_t, uc_sigmask));

/// Each field of a struct is where libc has the one of that name.
macro_rules! assert_fields {
    ($Ours:ident = $Libc:ident: $($ours:ident = $libc:ident,)*) => {
        $(const_assert_eq!(offset_of!($Ours, $ours), offset_of!(libc::$Libc, $libc));)*
    };
}

// On 32 bits, libc's have the width of that C library's time_t, whatever the kernel's have.
#[cfg(target_pointer_width = "64")]
assert_fields! { KernelItimerspec = itimerspec: interval = it_interval, value = it_value, }
#[cfg(target_pointer_width = "64")]
assert_fields! { KernelTimeval = timeval: seconds = tv_sec, microseconds = tv_usec, }
#[cfg(target_pointer_width = "64")]
assert_fields! { KernelItimerval = itimerval: interval = it_interval, value = it_value, }
assert_fields! {
    KernelSigevent = sigevent:
    value = sigev_value,
    signo = sigev_signo,
    notify = sigev_notify,
    tid = sigev_notify_thread_id,
}
assert_fields! { KernelStack = stack_t: start = ss_sp, flags = ss_flags, size = ss_size, }
assert_fields! { KernelPollfd = pollfd: fd = fd, events = events, revents = revents, }
assert_fields! {
    KernelSignalfdSiginfo = signalfd_siginfo:
    signo = ssi_signo,
    errno = ssi_errno,
    code = ssi_code,
    pid = ssi_pid,
    uid = ssi_uid,
    fd = ssi_fd,
    tid = ssi_tid,
    band = ssi_band,
    overrun = ssi_overrun,
    trapno = ssi_trapno,
    status = ssi_status,
    int = ssi_int,
    ptr = ssi_ptr,
    utime = ssi_utime,
    stime = ssi_stime,
    addr = ssi_addr,
    addr_lsb = ssi_addr_lsb,
    syscall = ssi_syscall,
    call_addr = ssi_call_addr,
    arch = ssi_arch,
}
