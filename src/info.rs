//! [`SigInfo`]: what the kernel tells about a signal, decoded from its `siginfo_t`.
//!
//! Which fields of the union are filled follows from the signal and `si_code`, by the rule that
//! the kernel itself uses when it copies them (`siginfo_layout` in kernel/signal.c). A field that
//! the kernel did not fill is never shown.

use core::fmt;

use crate::Signal;
use crate::sys::KernelSiginfo;

/// `si_code` values that are the same for every signal (include/uapi/asm-generic/siginfo.h).
mod code {
    pub(super) const USER: i32 = 0;
    pub(super) const KERNEL: i32 = 0x80;
    pub(super) const QUEUE: i32 = -1;
    pub(super) const TIMER: i32 = -2;
    pub(super) const MESGQ: i32 = -3;
    pub(super) const ASYNCIO: i32 = -4;
    pub(super) const SIGIO: i32 = -5;
    pub(super) const TKILL: i32 = -6;
}

/// The part of `siginfo_t` that the kernel ever fills (`struct kernel_siginfo`, 64-bit).
const FILLED: usize = 48;

/// The size of a pointer or a long, which the union is laid out by.
const WORD: usize = size_of::<usize>();

/// Where the union starts: after three ints, aligned to a word.
const UNION: usize = if WORD == 8 { 16 } else { 12 };

/// What the kernel tells about one instance of a signal: siginfo_t of sigaction(2).
///
/// 48 bytes, the part of the kernel's 128 that ever carries anything.
#[doc(alias = "siginfo_t")]
#[doc(alias = "struct_siginfo")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigInfo {
    bytes: [u8; FILLED],
}

/// Why a signal was sent, with the details that came along: one variant a layout of the union.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// kill(2), from another process or this one (`SI_USER`).
    User {
        /// The sender; 0 from outside this pid namespace, or when the kernel ran out of memory.
        pid: i32,
        /// The sender's real user id.
        uid: u32,
    },
    /// tgkill(2), pthread_kill(3) or raise(3) (`SI_TKILL`).
    Thread {
        /// The sender; 0 from outside this pid namespace.
        pid: i32,
        /// The sender's real user id.
        uid: u32,
    },
    /// sigqueue(3) (`SI_QUEUE`).
    Queue {
        /// The sender, as it says itself.
        pid: i32,
        /// The sender's real user id, as it says itself.
        uid: u32,
        /// The value that was sent along.
        value: Value,
    },
    /// A POSIX timer of timer_create(2) ran out (`SI_TIMER`).
    Timer {
        /// The kernel's id of the timer.
        id: i32,
        /// How often it ran out again before the signal was taken.
        overrun: i32,
        /// The value it was made with.
        value: Value,
    },
    /// A message came to an empty POSIX queue, mq_notify(3) (`SI_MESGQ`).
    MessageQueue {
        /// The sender of the message.
        pid: i32,
        /// The real user id of the sender.
        uid: u32,
        /// The value given to mq_notify(3).
        value: Value,
    },
    /// Asynchronous input or output ended, aio(7) (`SI_ASYNCIO`).
    AsyncIo {
        /// The process that asked for it.
        pid: i32,
        /// Its real user id.
        uid: u32,
        /// The value given with the request.
        value: Value,
    },
    /// The kernel, without details (`SI_KERNEL`): Ctrl-C at a terminal, a timer of setitimer(2).
    Kernel,
    /// A child ended, stopped or went on (`SIGCHLD`).
    Child {
        /// The child.
        pid: i32,
        /// The child's real user id.
        uid: u32,
        /// What became of it.
        state: ChildState,
        /// User time in clock ticks (sysconf(3), `_SC_CLK_TCK`: mostly 100 a second).
        user_ticks: i64,
        /// System time in clock ticks.
        system_ticks: i64,
    },
    /// A fault of the running instruction (`SIGILL`, `SIGFPE`, `SIGSEGV`, `SIGBUS`, `SIGTRAP`).
    Fault {
        /// The address that was accessed, or that of the instruction.
        address: usize,
        /// What else is known of it.
        detail: FaultDetail,
    },
    /// A file descriptor is ready (`SIGIO`, or the signal that `F_SETSIG` named).
    Poll {
        /// The events, as poll(2) reports them.
        band: isize,
        /// The file descriptor.
        fd: i32,
    },
    /// A system call that a seccomp(2) filter does not allow (`SIGSYS`).
    Syscall {
        /// The address of the instruction.
        address: usize,
        /// The number of the system call.
        number: i32,
        /// The ABI it was made by, `AUDIT_ARCH_*`.
        arch: u32,
    },
    /// A code that this crate does not know; [`SigInfo::code`] has it.
    Other {
        /// The sender, if the code has one.
        pid: i32,
        /// The sender's user id, if the code has one.
        uid: u32,
        /// The value, if the code has one.
        value: Value,
    },
}

/// What became of a child, from `si_code` and `si_status`.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChildState {
    /// It ended by itself, with this exit status (`CLD_EXITED`).
    Exited(i32),
    /// The signal of this number ended it (`CLD_KILLED`).
    Killed(i32),
    /// The signal of this number ended it, and it dumped core (`CLD_DUMPED`).
    Dumped(i32),
    /// It is traced and trapped, with this code of ptrace(2) (`CLD_TRAPPED`).
    Trapped(i32),
    /// The signal of this number stopped it (`CLD_STOPPED`).
    Stopped(i32),
    /// It went on (`CLD_CONTINUED`).
    Continued,
}

/// What is known of a fault besides its address.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultDetail {
    /// Nothing more.
    None,
    /// Memory failed (`BUS_MCEERR_AR`, `BUS_MCEERR_AO`): this many low bits of the address do not
    /// count.
    HardwareError {
        /// The bits that do not count.
        address_lsb: i16,
    },
    /// A pointer went outside its bounds (`SEGV_BNDERR`).
    Bounds {
        /// The lower bound.
        lower: usize,
        /// The upper bound.
        upper: usize,
    },
    /// A protection key does not allow it (`SEGV_PKUERR`), pkeys(7).
    ProtectionKey {
        /// The key of the page.
        key: u32,
    },
    /// A performance event asked for it (`TRAP_PERF`), perf_event_open(2).
    Perf {
        /// The event's `sig_data`.
        data: usize,
        /// The event's type.
        kind: u32,
        /// `TRAP_PERF_FLAG_*`.
        flags: u32,
    },
}

/// How far what a [`SigInfo`] says can be relied on.
///
/// A process can always deceive itself: what it queues to itself may claim anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trust {
    /// Whoever sent it may have made it up: any sender may set a negative code and what goes with
    /// it, a sender's pid and uid included.
    Claimed,
    /// Somebody sent it, and the kernel filled in who (`SI_USER`, `SI_TKILL`).
    Stamped,
    /// The kernel made it; no other process can.
    Kernel,
}

/// The value that sigqueue(3) or a timer sends along: `union sigval`, an int or a pointer.
#[doc(alias = "sigval")]
#[doc(alias = "si_value")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Value(usize);

impl Value {
    /// A pointer-sized value (`sival_ptr`).
    #[must_use]
    pub const fn from_ptr(bits: usize) -> Self {
        Self(bits)
    }

    /// An int (`sival_int`); the rest of the union is zero.
    #[must_use]
    pub fn from_int(int: i32) -> Self {
        let mut bytes = [0; WORD];
        for (to, from) in bytes.iter_mut().zip(int.to_ne_bytes()) {
            *to = from;
        }
        Self(usize::from_ne_bytes(bytes))
    }

    /// As the sender's `sival_ptr`.
    #[must_use]
    pub const fn as_ptr(self) -> usize {
        self.0
    }

    /// As the sender's `sival_int`: the union's first four bytes, which are the low half of the
    /// pointer only where the lowest byte comes first.
    #[must_use]
    pub fn as_int(self) -> i32 {
        let bytes = self.0.to_ne_bytes();
        i32::from_ne_bytes(bytes.first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl SigInfo {
    /// Takes the filled part of the kernel's struct.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn from_kernel(info: &KernelSiginfo) -> Self {
        Self { bytes: info.bytes.first_chunk().copied().unwrap_or([0; FILLED]) }
    }

    /// `si_signo`: which signal; `None` if the number is not one of a program's signals.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "si_signo")]
    #[must_use]
    pub fn signal(&self) -> Option<Signal> {
        Signal::from_raw(self.int(0)).ok()
    }

    /// `si_errno`: mostly 0.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "si_errno")]
    #[must_use]
    pub fn errno(&self) -> i32 {
        self.int(4)
    }

    /// `si_code`: why it was sent, as a number; [`cause`](Self::cause) has it decoded.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "si_code")]
    #[must_use]
    pub fn code(&self) -> i32 {
        self.int(8)
    }

    /// How far the rest can be relied on.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self.code() {
            1.. => Trust::Kernel,
            code::USER | code::TKILL => Trust::Stamped,
            _ => Trust::Claimed,
        }
    }

    /// The sender's process id, where there is a sender.
    ///
    /// Told by the kernel if [`trust`](Self::trust) is at least [`Stamped`](Trust::Stamped), by
    /// the sender itself otherwise.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[doc(alias = "si_pid")]
    #[must_use]
    pub fn sender(&self) -> Option<i32> {
        match self.cause() {
            Cause::User { pid, .. } | Cause::Thread { pid, .. } | Cause::Queue { pid, .. } => {
                Some(pid)
            }
            _ => None,
        }
    }

    /// Why it was sent, with the details that came along.
    ///
    /// # Async-signal-safety
    ///
    /// Async-signal-safe.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let (pid, uid) = (self.int(UNION), self.int(UNION + 4).cast_unsigned());
        let value = Value(self.word(UNION + 8));
        match self.code() {
            code::USER => Cause::User { pid, uid },
            code::KERNEL => Cause::Kernel,
            code::QUEUE => Cause::Queue { pid, uid, value },
            code::TIMER => Cause::Timer { id: pid, overrun: self.int(UNION + 4), value },
            code::MESGQ => Cause::MessageQueue { pid, uid, value },
            code::ASYNCIO => Cause::AsyncIo { pid, uid, value },
            code::TKILL => Cause::Thread { pid, uid },
            code::SIGIO => self.poll(),
            code @ 1..code::KERNEL => self.by_signal(code),
            ..0 => Cause::Other { pid, uid, value },
            _ => Cause::Other { pid, uid, value: Value(0) },
        }
    }

    /// The codes from 1 to 127, which mean something else for each signal. The limits are the
    /// kernel's `NSIGILL`, `NSIGFPE`, …; past them the codes up to 6 are those of a ready file
    /// descriptor, for whatever signal `F_SETSIG` chose.
    fn by_signal(&self, code: i32) -> Cause {
        match (self.int(0), code) {
            (libc::SIGILL, ..=11)
            | (libc::SIGFPE, ..=15)
            | (libc::SIGSEGV, ..=10)
            | (libc::SIGBUS, ..=5)
            | (libc::SIGTRAP, ..=6) => self.fault(code),
            (libc::SIGCHLD, ..=6) => self.child(code),
            (libc::SIGSYS, ..=2) => Cause::Syscall {
                address: self.word(UNION),
                number: self.int(UNION + WORD),
                arch: self.int(UNION + WORD + 4).cast_unsigned(),
            },
            (_, ..=6) => self.poll(),
            _ => Cause::Other {
                pid: self.int(UNION),
                uid: self.int(UNION + 4).cast_unsigned(),
                value: Value(0),
            },
        }
    }

    fn poll(&self) -> Cause {
        Cause::Poll { band: self.word(UNION).cast_signed(), fd: self.int(UNION + WORD) }
    }

    fn fault(&self, code: i32) -> Cause {
        let detail = match (self.int(0), code) {
            (libc::SIGBUS, 4 | 5) => {
                FaultDetail::HardwareError { address_lsb: self.short(UNION + WORD) }
            }
            (libc::SIGSEGV, 3) => FaultDetail::Bounds {
                lower: self.word(UNION + 2 * WORD),
                upper: self.word(UNION + 3 * WORD),
            },
            (libc::SIGSEGV, 4) => {
                FaultDetail::ProtectionKey { key: self.int(UNION + 2 * WORD).cast_unsigned() }
            }
            (libc::SIGTRAP, 6) => FaultDetail::Perf {
                data: self.word(UNION + WORD),
                kind: self.int(UNION + 2 * WORD).cast_unsigned(),
                flags: self.int(UNION + 2 * WORD + 4).cast_unsigned(),
            },
            _ => FaultDetail::None,
        };
        Cause::Fault { address: self.word(UNION), detail }
    }

    fn child(&self, code: i32) -> Cause {
        let status = self.int(UNION + 8);
        let state = match code {
            1 => ChildState::Exited(status),
            2 => ChildState::Killed(status),
            3 => ChildState::Dumped(status),
            4 => ChildState::Trapped(status),
            5 => ChildState::Stopped(status),
            _ => ChildState::Continued,
        };
        // clock_t is a long, so it stands at the next multiple of its size after `si_status`.
        let times = UNION + if WORD == 8 { 16 } else { 12 };
        Cause::Child {
            pid: self.int(UNION),
            uid: self.int(UNION + 4).cast_unsigned(),
            state,
            user_ticks: self.word(times).cast_signed() as i64,
            system_ticks: self.word(times + WORD).cast_signed() as i64,
        }
    }

    fn short(&self, at: usize) -> i16 {
        i16::from_ne_bytes(self.read(at))
    }

    fn int(&self, at: usize) -> i32 {
        i32::from_ne_bytes(self.read(at))
    }

    fn word(&self, at: usize) -> usize {
        usize::from_ne_bytes(self.read(at))
    }

    /// `N` bytes from `at` on; zeros past the end, where no field stands.
    fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }
}

impl fmt::Debug for SigInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigInfo")
            .field("signal", &self.int(0))
            .field("code", &self.code())
            .field("cause", &self.cause())
            .finish()
    }
}
