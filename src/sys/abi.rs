//! The kernel's structs for signals, as user space hands them over.
//!
//! They are not libc's: its `sigaction` has another field order and its `sigset_t` is 128 bytes,
//! where the kernel's are 8. Sources: include/linux/signal_types.h, include/uapi/asm-generic/signal.h
//! and siginfo.h, and the signal.h of each architecture (Linux 6.17).

use core::ffi::{c_int, c_long, c_short, c_ulong};
use core::mem::{align_of, offset_of, size_of};
use static_assertions::const_assert_eq;

use super::arch::{RESTORER_WORDS, UCONTEXT_SIGMASK};

/// The disposition "take the default action", where a handler's address would stand.
pub const SIG_DFL: usize = 0;

/// The disposition "ignore", where a handler's address would stand.
pub const SIG_IGN: usize = 1;

/// The largest errno: a result from −4095 to −1 is a failure.
pub const MAX_ERRNO: isize = 4095;

/// The `sigsetsize` argument: the size in bytes of the kernel's signal set, and no other value.
pub const SIGSET_SIZE: usize = size_of::<KernelSigset>();

/// The size in bytes of the kernel's `siginfo_t` in user space.
pub const SI_MAX_SIZE: usize = 128;

const WORDS: usize = 64 / c_ulong::BITS as usize;

/// The kernel's `sigset_t`: 64 bits in words of the machine, signal 1 lowest.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct KernelSigset {
    words: [c_ulong; WORDS],
}

impl KernelSigset {
    /// The set whose bit `n - 1` says whether signal `n` is in it.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        #[cfg(target_pointer_width = "64")]
        let words = [bits];
        #[cfg(target_pointer_width = "32")]
        let words = [bits as c_ulong, (bits >> 32) as c_ulong];
        Self { words }
    }

    /// Bit `n - 1` says whether signal `n` is in the set.
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
///
/// `handler` is [`SIG_DFL`], [`SIG_IGN`] or the address of a function that takes three arguments
/// when `SA_SIGINFO` is in `flags`, and one otherwise.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelSigaction {
    /// What to do: an address, [`SIG_DFL`] or [`SIG_IGN`].
    pub handler: usize,
    /// `SA_*` bits.
    pub flags: c_ulong,
    /// Where a handler returns to, if `SA_RESTORER` is set; else not looked at.
    pub restorer: KernelRestorer,
    /// What is blocked while the handler runs, besides the signal itself.
    pub mask: KernelSigset,
}

/// `sa_restorer` of the kernel's `struct sigaction`: an address, and nothing at all on an architecture
/// whose struct has no such field.
///
/// A mask that is one word off is no error to the kernel, so where this has a word too many, or too
/// few, all masks are lost in silence.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelRestorer([usize; RESTORER_WORDS]);

impl KernelRestorer {
    /// The restorer at `address`; where the struct has no field for one, none.
    #[must_use]
    pub const fn new(address: usize) -> Self {
        Self([address; RESTORER_WORDS])
    }

    /// The address, 0 if there is none.
    #[must_use]
    pub const fn address(self) -> usize {
        match self.0.first() {
            Some(address) => *address,
            None => 0,
        }
    }
}

/// The kernel's `siginfo_t`, not yet decoded.
///
/// Only its first 48 bytes ever carry anything (`struct kernel_siginfo`); the rest is there
/// because the kernel writes 128.
///
/// It is aligned as the kernel aligns it, which is to a word: a reference to one that a handler is
/// called with must be no more than that.
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
}

impl core::fmt::Debug for KernelSiginfo {
    #[inline]
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::SigInfo::copied(self).fmt(f)
    }
}

/// The kernel's `struct signalfd_siginfo`: one record that read(2) of a signalfd(2) hands over.
///
/// Which fields it filled follows from the signal and the code, as for `siginfo_t`; the others are
/// zero.
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
    /// Zero, as the one at the end.
    pub padding: u16,
    pub syscall: i32,
    pub call_addr: u64,
    pub arch: u32,
    /// Zero: room for fields to come.
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

/// The kernel's `struct sigevent`: what happens when a timer expires.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelSigevent {
    /// The value that is sent along, an int or a pointer.
    pub value: usize,
    /// The signal.
    pub signo: c_int,
    /// `SIGEV_*`.
    pub notify: c_int,
    /// Whom to notify, for `SIGEV_THREAD_ID`.
    pub tid: c_int,
    /// The rest of a union; not looked at.
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
    /// The descriptor; a negative one is passed over.
    pub fd: c_int,
    /// `POLL*`: what is asked for.
    pub events: c_short,
    /// `POLL*`: what is there.
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

#[cfg(not(all(target_arch = "powerpc64", target_env = "musl")))] // libc has not the type there
const_assert_eq!(UCONTEXT_SIGMASK, offset_of!(libc::ucontext_t, uc_sigmask));

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
