//! s390x, 64-bit, big-endian.
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `svc 0` | r1 | r2 r3 r4 r5 r6 r7 | r2 | nothing |
//!
//! s390x ELF ABI; arch/s390/kernel/entry.S; syscall(2).

use core::arch::asm;
use core::ffi::c_ulong;

use super::time32::Time32;

macro_rules! syscall {
    ($(#[$doc:meta])* $name:ident($first:ident $(, $arg:ident in $reg:tt)*)) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// The caller answers for what the call does to memory and to the process.
        #[inline(always)]
        #[must_use = "a failure is in the value: -4095 to -1 is -errno"]
        pub unsafe fn $name(number: usize, $first: usize $(, $arg: usize)*) -> isize {
            let result: isize;
            // SAFETY: registers are those of the table above: r1 and the arguments in, r2 out, all
            // others kept by the kernel. Memory: the caller answers for what the kernel reads and
            // writes. `nostack`: the instruction pushes nothing, and a handler's frame goes below
            // the stack pointer, where nothing of ours lives.
            unsafe {
                asm!(
                    "svc 0",
                    in("r1") number,
                    inlateout("r2") $first as isize => result,
                    $(in($reg) $arg,)*
                    options(nostack),
                );
            }
            result
        }
    };
}

/// A system call with no argument.
///
/// # Safety
///
/// The caller answers for what the call does to memory and to the process.
#[inline(always)]
#[must_use = "a failure is in the value: -4095 to -1 is -errno"]
pub unsafe fn syscall0(number: usize) -> isize {
    // SAFETY: the caller's promise; a call without arguments does not look at r2.
    unsafe { syscall1(number, 0) }
}

syscall!(/// A system call with one argument.
    syscall1(a));
syscall!(/// A system call with two arguments.
    syscall2(a, b in "r3"));
syscall!(/// A system call with three arguments.
    syscall3(a, b in "r3", c in "r4"));
syscall!(/// A system call with four arguments.
    syscall4(a, b in "r3", c in "r4", d in "r5"));
syscall!(/// A system call with five arguments.
    syscall5(a, b in "r3", c in "r4", d in "r5", e in "r6"));
syscall!(/// A system call with six arguments.
    syscall6(a, b in "r3", c in "r4", d in "r5", e in "r6", f in "r7"));

/// System call numbers of s390x (arch/s390/kernel/syscalls/syscall.tbl).
pub mod nr {
    #![allow(missing_docs, reason = "each is the number of the call it names")]
    pub const READ: usize = 3;
    pub const WRITE: usize = 4;
    pub const CLOSE: usize = 6;
    pub const EXECVE: usize = 11;
    pub const GETPID: usize = 20;
    pub const KILL: usize = 37;
    pub const FCNTL: usize = 55;
    pub const GETPPID: usize = 64;
    pub const MMAP: usize = 90;
    pub const MUNMAP: usize = 91;
    pub const SETITIMER: usize = 104;
    pub const GETITIMER: usize = 105;
    pub const CLONE: usize = 120;
    pub const MPROTECT: usize = 125;
    pub const PRCTL: usize = 172;
    pub const RT_SIGACTION: usize = 174;
    pub const RT_SIGPROCMASK: usize = 175;
    pub const RT_SIGPENDING: usize = 176;
    pub const RT_SIGTIMEDWAIT: usize = 177;
    pub const RT_SIGQUEUEINFO: usize = 178;
    pub const RT_SIGSUSPEND: usize = 179;
    pub const SIGALTSTACK: usize = 186;
    pub const GETUID: usize = 199;
    pub const GETDENTS64: usize = 220;
    pub const GETTID: usize = 236;
    pub const FUTEX: usize = 238;
    pub const TGKILL: usize = 241;
    pub const EXIT_GROUP: usize = 248;
    pub const TIMER_CREATE: usize = 254;
    pub const TIMER_SETTIME: usize = 255;
    pub const TIMER_GETTIME: usize = 256;
    pub const TIMER_GETOVERRUN: usize = 257;
    pub const TIMER_DELETE: usize = 258;
    pub const CLOCK_GETTIME: usize = 260;
    pub const CLOCK_NANOSLEEP: usize = 262;
    pub const WAITID: usize = 281;
    pub const OPENAT: usize = 288;
    pub const PPOLL: usize = 302;
    pub const SIGNALFD4: usize = 322;
    pub const EVENTFD2: usize = 323;
    pub const RT_TGSIGQUEUEINFO: usize = 330;
    pub const PIDFD_SEND_SIGNAL: usize = 424;
    pub const PIDFD_OPEN: usize = 434;
}

pub(in crate::sys) const TIME32: Option<Time32> = None;

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 384;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: one.
pub const RESTORER_WORDS: usize = 1;

/// The flags of every action of ours: none, the kernel returns from a handler through its vDSO.
pub const SIGACTION_FLAGS: c_ulong = 0;

/// The code that a handler returns to: the kernel's own, so none is given.
#[must_use]
pub const fn sigaction_restorer() -> usize {
    0
}

pub(in crate::sys) const CLONE_STACK_FIRST: bool = true;

pub(in crate::sys) const MMAP_BY_ADDRESS: bool = true;
