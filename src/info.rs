//! [`SigInfo`]: what the kernel reports about a signal, decoded from its `siginfo_t`.
//!
//! Which fields of the union are filled follows from the signal and `si_code`, by the kernel's own
//! rule (`siginfo_layout` in kernel/signal.c): that is in `decode`, the offset of each field in
//! `layout`. A field that the kernel did not fill is never shown.

pub(crate) mod decode;
mod layout;

use core::fmt;

use crate::sys::KernelSiginfo;
use crate::{Errno, Pid, Signal};

/// The part of `siginfo_t` that the kernel ever fills (`struct kernel_siginfo`, 64-bit).
const FILLED: usize = 48;

/// What the kernel reports about an instance of a signal: siginfo_t of sigaction(2), without the 80
/// of its 128 bytes that never carry anything.
#[doc(alias = "siginfo_t")]
#[doc(alias = "struct_siginfo")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigInfo {
    bytes: [u8; FILLED],
}

/// Why a signal was sent, with its details: one variant a layout of the union.
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
        /// The value.
        value: SigVal,
    },
    /// A POSIX timer of timer_create(2) expired (`SI_TIMER`).
    Timer {
        /// The kernel's id of the timer.
        id: i32,
        /// How often it expired again before the signal was taken.
        overrun: i32,
        /// The value it was made with.
        value: SigVal,
    },
    /// A message came to an empty POSIX queue, mq_notify(3) (`SI_MESGQ`).
    MessageQueue {
        /// The sender of the message.
        pid: i32,
        /// The real user id of the sender.
        uid: u32,
        /// The value given to mq_notify(3).
        value: SigVal,
    },
    /// Asynchronous input or output ended, aio(7) (`SI_ASYNCIO`).
    AsyncIo {
        /// The process that requested it.
        pid: i32,
        /// Its real user id.
        uid: u32,
        /// The value given with the request.
        value: SigVal,
    },
    /// The kernel, without details (`SI_KERNEL`): Ctrl-C at a terminal, a timer of setitimer(2).
    Kernel,
    /// A child ended, stopped or continued (`SIGCHLD`).
    Child {
        /// The child.
        pid: i32,
        /// The child's real user id.
        uid: u32,
        /// What became of it.
        state: ChildState,
        /// User time in clock ticks (sysconf(3), `_SC_CLK_TCK`: mostly 100 a second), as clock
        /// interrupts have found it running: of a short life maybe none.
        user_ticks: i64,
        /// System time in clock ticks.
        system_ticks: i64,
    },
    /// A fault of the running instruction (`SIGILL`, `SIGFPE`, `SIGSEGV`, `SIGBUS`, `SIGTRAP`).
    Fault {
        /// The address that was accessed, of which s390x knows only the page, or that of the instruction.
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
        value: SigVal,
    },
}

/// What became of a child, from `si_code` and `si_status`.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChildState {
    /// It ended by itself, with this exit status (`CLD_EXITED`).
    Exited(i32),
    /// This signal ended it (`CLD_KILLED`).
    Killed(Signal),
    /// A signal that a C library reserves, and that is no [`Signal`], ended it: its number.
    KilledByReserved(i32),
    /// This signal ended it, and it dumped core (`CLD_DUMPED`).
    Dumped(Signal),
    /// It is traced and trapped, with this code of ptrace(2) (`CLD_TRAPPED`).
    Trapped(i32),
    /// This signal stopped it (`CLD_STOPPED`).
    Stopped(Signal),
    /// It continued (`CLD_CONTINUED`).
    Continued,
}

impl ChildState {
    /// Returns `true` if the child has ended. Once that is waited for, its number is free.
    #[doc(alias = "WIFEXITED")]
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(
            self,
            Self::Exited(_) | Self::Killed(_) | Self::KilledByReserved(_) | Self::Dumped(_)
        )
    }

    /// The signal that ended or stopped the child, unless a C library reserves it.
    #[doc(alias = "WTERMSIG")]
    #[doc(alias = "WSTOPSIG")]
    #[must_use]
    pub const fn signal(self) -> Option<Signal> {
        match self {
            Self::Killed(signal) | Self::Dumped(signal) | Self::Stopped(signal) => Some(signal),
            _ => None,
        }
    }

    /// A shell's `$?`: the exit status, or 128 plus the number of the signal that ended or stopped
    /// the child. `None` if it runs or is traced. [`exit::exit_as`](crate::exit::exit_as) ends a
    /// process the same way, and shows more: a shell script ends, too, if the child died by Ctrl-C.
    ///
    /// ```
    /// use siglatch::{ChildState, Signal};
    ///
    /// assert_eq!(ChildState::Exited(3).shell_status(), Some(3));
    /// assert_eq!(ChildState::Killed(Signal::TERM).shell_status(), Some(143));
    /// ```
    #[doc(alias = "WEXITSTATUS")]
    #[must_use]
    pub const fn shell_status(self) -> Option<u8> {
        match self {
            // The kernel keeps 8 bits of a status, and no signal has a number above 64.
            Self::Exited(status) => Some(status as u8),
            Self::Killed(signal) | Self::Dumped(signal) | Self::Stopped(signal) => {
                Some((signal.as_raw() as u8).wrapping_add(128))
            }
            Self::KilledByReserved(signo) => Some((signo as u8).wrapping_add(128)),
            Self::Trapped(_) | Self::Continued => None,
        }
    }
}

/// What is known of a fault besides its address.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultDetail {
    /// Nothing more.
    None,
    /// Memory failed (`BUS_MCEERR_AR`, `BUS_MCEERR_AO`).
    HardwareError {
        /// So many low bits of the address do not count.
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
    /// A performance event requested it (`TRAP_PERF`), perf_event_open(2).
    Perf {
        /// The event's `sig_data`.
        data: usize,
        /// The event's type.
        kind: u32,
        /// `TRAP_PERF_FLAG_*`.
        flags: u32,
    },
}

/// How far a [`SigInfo`] can be relied on. What a process queues to itself may claim anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SigInfoTrust {
    /// The sender may have made it up, pid and uid included: any sender may set a negative code.
    Claimed,
    /// A process sent it, and the kernel filled in which (`SI_USER`, `SI_TKILL`). Not if pid and
    /// uid are both 0, as in a signal whose details had no room (`RLIMIT_SIGPENDING`).
    KernelStamped,
    /// The kernel made it; no other process can.
    Kernel,
}

/// The value that sigqueue(3) or a timer sends along: `union sigval`, an int or a pointer.
#[doc(alias = "sigval")]
#[doc(alias = "si_value")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SigVal(usize);

impl SigVal {
    /// A pointer-sized value (`sival_ptr`).
    #[must_use]
    pub const fn from_addr(bits: usize) -> Self {
        Self(bits)
    }

    /// An int (`sival_int`); the rest of the union is zero.
    #[must_use]
    pub fn from_int(int: i32) -> Self {
        let mut bytes = [0; size_of::<usize>()];
        if let Some(member) = bytes.first_chunk_mut() {
            *member = int.to_ne_bytes();
        }
        Self(usize::from_ne_bytes(bytes))
    }

    /// As the sender's `sival_ptr`.
    #[must_use]
    pub const fn as_addr(self) -> usize {
        self.0
    }

    /// As the sender's `sival_int`: the first four bytes of the union, the low half of a pointer
    /// only on little-endian machines.
    #[must_use]
    pub fn as_int(self) -> i32 {
        let bytes = self.0.to_ne_bytes();
        i32::from_ne_bytes(bytes.first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for SigVal {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl SigInfo {
    /// Takes the filled part of the kernel's struct.
    ///
    /// # Errors
    ///
    /// `EINVAL`: its `si_signo` is not a [`Signal`].
    #[inline]
    pub fn from_kernel(info: &KernelSiginfo) -> Result<Self, Errno> {
        Signal::from_raw(info.signo()).map(|_| Self::copied(info))
    }

    #[inline]
    pub(crate) fn copied(info: &KernelSiginfo) -> Self {
        Self { bytes: info.bytes.first_chunk().copied().unwrap_or([0; FILLED]) }
    }

    pub(crate) const fn zeroed() -> Self {
        Self { bytes: [0; FILLED] }
    }

    /// Only which signal it was, with a code that the kernel never uses.
    pub(crate) fn without_details(signal: Signal) -> Self {
        let mut info = Self::zeroed();
        let fields = signal.as_raw().to_ne_bytes().into_iter();
        let unknown = [0; 4].into_iter().chain(i32::MIN.to_ne_bytes());
        for (to, from) in info.bytes.iter_mut().zip(fields.chain(unknown)) {
            *to = from;
        }
        info
    }

    /// `si_signo`: which signal.
    #[doc(alias = "si_signo")]
    #[must_use]
    pub fn signal(&self) -> Signal {
        // Nothing else is ever put into one that a caller gets.
        let index = self.int(0).wrapping_sub(1) as u32;
        Signal::from_bit_index(index).unwrap_or(Signal::KILL)
    }

    /// `si_errno`: mostly 0.
    #[doc(alias = "si_errno")]
    #[must_use]
    pub fn errno(&self) -> i32 {
        self.int(4)
    }

    /// `si_code`: why it was sent, as a number; [`cause`](Self::cause) has it decoded.
    #[doc(alias = "si_code")]
    #[must_use]
    pub fn code(&self) -> i32 {
        self.int(8)
    }

    /// How far the rest can be relied on.
    #[must_use]
    pub fn trust(&self) -> SigInfoTrust {
        decode::trust(self)
    }

    /// The process that sent the signal; `None` for the kernel, a timer, or a process outside this
    /// pid namespace. It is the kernel's word if [`trust`](Self::trust) is at least
    /// [`KernelStamped`](SigInfoTrust::KernelStamped), else the sender's own.
    #[doc(alias = "si_pid")]
    #[must_use]
    pub fn sender(&self) -> Option<Pid> {
        decode::sender(self)
    }

    /// The value of sigqueue(3), of a timer, or of another source that has one.
    #[doc(alias = "si_int")]
    #[doc(alias = "si_ptr")]
    #[must_use]
    pub fn value(&self) -> Option<SigVal> {
        self.cause().value()
    }

    /// Why it was sent, decoded.
    #[inline]
    #[must_use]
    pub fn cause(&self) -> Cause {
        decode::cause(self)
    }
}

impl fmt::Debug for SigInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigInfo")
            .field("signal", &self.int(0))
            .field("code", &self.code())
            .field("cause", &self.cause())
            .finish()
    }
}
