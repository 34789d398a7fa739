//! powerpc64, both byte orders.
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `sc` | r0 | r3 r4 r5 r6 r7 r8 | r3 | r0, r4 to r12, ctr, xer, cr0 |
//!
//! A failure sets the summary overflow bit of cr0, with the errno above zero in r3. Power
//! Architecture 64-bit ELF ABI; Documentation/arch/powerpc/syscall64-abi.rst; syscall(2).

use core::arch::asm;
use core::ffi::c_ulong;

use super::time32::Time32;

macro_rules! syscall {
    ($(#[$doc:meta])* $name:ident($first:ident $(, $arg:ident in $reg:tt)*); $($unused:tt)*) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// The caller answers for what the call does to memory and to the process.
        #[inline(always)]
        #[must_use = "a failure is in the value: -4095 to -1 is -errno"]
        pub unsafe fn $name(number: usize, $first: usize $(, $arg: usize)*) -> isize {
            let result: isize;
            // SAFETY: registers are those of the table above: r0 and the arguments in, r3 out and
            // negative after a failure, the rest of the table lost. Memory: the caller answers for
            // what the kernel reads and writes. `nostack`: the instruction pushes nothing, and a
            // handler's frame goes below the red zone.
            unsafe {
                asm!(
                    "sc",
                    "bns+ 2f",
                    "neg 3, 3",
                    "2:",
                    inlateout("r0") number => _,
                    inlateout("r3") $first as isize => result,
                    $(inlateout($reg) $arg => _,)*
                    $(lateout($unused) _,)*
                    lateout("r9") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
                    lateout("ctr") _, lateout("xer") _, lateout("cr0") _,
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
    // SAFETY: the caller's promise; a call without arguments does not look at r3.
    unsafe { syscall1(number, 0) }
}

syscall!(/// A system call with one argument.
    syscall1(a); "r4" "r5" "r6" "r7" "r8");
syscall!(/// A system call with two arguments.
    syscall2(a, b in "r4"); "r5" "r6" "r7" "r8");
syscall!(/// A system call with three arguments.
    syscall3(a, b in "r4", c in "r5"); "r6" "r7" "r8");
syscall!(/// A system call with four arguments.
    syscall4(a, b in "r4", c in "r5", d in "r6"); "r7" "r8");
syscall!(/// A system call with five arguments.
    syscall5(a, b in "r4", c in "r5", d in "r6", e in "r7"); "r8");
syscall!(/// A system call with six arguments.
    syscall6(a, b in "r4", c in "r5", d in "r6", e in "r7", f in "r8"););

/// System call numbers of powerpc64 (arch/powerpc/kernel/syscalls/syscall.tbl).
pub mod nr {
    #![allow(missing_docs, reason = "each is the number of the call it names")]
    pub const READ: usize = 3;
    pub const WRITE: usize = 4;
    pub const CLOSE: usize = 6;
    pub const EXECVE: usize = 11;
    pub const GETPID: usize = 20;
    pub const GETUID: usize = 24;
    pub const KILL: usize = 37;
    pub const FCNTL: usize = 55;
    pub const GETPPID: usize = 64;
    pub const MMAP: usize = 90;
    pub const MUNMAP: usize = 91;
    pub const SETITIMER: usize = 104;
    pub const GETITIMER: usize = 105;
    pub const CLONE: usize = 120;
    pub const MPROTECT: usize = 125;
    pub const PRCTL: usize = 171;
    pub const RT_SIGACTION: usize = 173;
    pub const RT_SIGPROCMASK: usize = 174;
    pub const RT_SIGPENDING: usize = 175;
    pub const RT_SIGTIMEDWAIT: usize = 176;
    pub const RT_SIGQUEUEINFO: usize = 177;
    pub const RT_SIGSUSPEND: usize = 178;
    pub const SIGALTSTACK: usize = 185;
    pub const GETDENTS64: usize = 202;
    pub const GETTID: usize = 207;
    pub const FUTEX: usize = 221;
    pub const EXIT_GROUP: usize = 234;
    pub const TIMER_CREATE: usize = 240;
    pub const TIMER_SETTIME: usize = 241;
    pub const TIMER_GETTIME: usize = 242;
    pub const TIMER_GETOVERRUN: usize = 243;
    pub const TIMER_DELETE: usize = 244;
    pub const CLOCK_GETTIME: usize = 246;
    pub const CLOCK_NANOSLEEP: usize = 248;
    pub const TGKILL: usize = 250;
    pub const WAITID: usize = 272;
    pub const PPOLL: usize = 281;
    pub const OPENAT: usize = 286;
    pub const SIGNALFD4: usize = 313;
    pub const EVENTFD2: usize = 314;
    pub const RT_TGSIGQUEUEINFO: usize = 322;
    pub const PIDFD_SEND_SIGNAL: usize = 424;
    pub const PIDFD_OPEN: usize = 434;
}

pub(in crate::sys) const TIME32: Option<Time32> = None;

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 40;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: one.
pub const RESTORER_WORDS: usize = 1;

/// The flags of every action of ours: none, the kernel returns from a handler through its vDSO.
pub const SIGACTION_FLAGS: c_ulong = 0;

/// The code that a handler returns to: the kernel's own, so none is given.
#[must_use]
pub const fn sigaction_restorer() -> usize {
    0
}

pub(in crate::sys) const CLONE_STACK_FIRST: bool = false;

pub(in crate::sys) const MMAP_BY_ADDRESS: bool = false;
