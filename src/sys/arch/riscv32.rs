//! riscv32.
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `ecall` | a7 | a0 a1 a2 a3 a4 a5 | a0 | a7, and the V extension's, as `riscv64.rs` explains |
//!
//! RISC-V psABI; arch/riscv/kernel/{entry.S,signal.c}; Documentation/arch/riscv/vector.rst;
//! syscall(2).

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
            // SAFETY: registers are those of the table above: a7 and the arguments in, a0 out, a7
            // and the vector registers lost. Memory: the caller answers for what the kernel reads
            // and writes. `nostack`: the instruction pushes nothing, and a handler's frame goes
            // below the stack pointer, where nothing of ours lives.
            unsafe {
                asm!(
                    "ecall",
                    inlateout("a7") number => _,
                    inlateout("a0") $first as isize => result,
                    $(in($reg) $arg,)*
                    lateout("v0") _, lateout("v1") _, lateout("v2") _, lateout("v3") _,
                    lateout("v4") _, lateout("v5") _, lateout("v6") _, lateout("v7") _,
                    lateout("v8") _, lateout("v9") _, lateout("v10") _, lateout("v11") _,
                    lateout("v12") _, lateout("v13") _, lateout("v14") _, lateout("v15") _,
                    lateout("v16") _, lateout("v17") _, lateout("v18") _, lateout("v19") _,
                    lateout("v20") _, lateout("v21") _, lateout("v22") _, lateout("v23") _,
                    lateout("v24") _, lateout("v25") _, lateout("v26") _, lateout("v27") _,
                    lateout("v28") _, lateout("v29") _, lateout("v30") _, lateout("v31") _,
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
    // SAFETY: the caller's promise; a call without arguments does not look at a0.
    unsafe { syscall1(number, 0) }
}

syscall!(/// A system call with one argument.
    syscall1(a));
syscall!(/// A system call with two arguments.
    syscall2(a, b in "a1"));
syscall!(/// A system call with three arguments.
    syscall3(a, b in "a1", c in "a2"));
syscall!(/// A system call with four arguments.
    syscall4(a, b in "a1", c in "a2", d in "a3"));
syscall!(/// A system call with five arguments.
    syscall5(a, b in "a1", c in "a2", d in "a3", e in "a4"));
syscall!(/// A system call with six arguments.
    syscall6(a, b in "a1", c in "a2", d in "a3", e in "a4", f in "a5"));

/// System call numbers of riscv32 (include/uapi/asm-generic/unistd.h).
pub mod nr {
    #![allow(missing_docs, reason = "each is the number of the call it names")]
    pub const EVENTFD2: usize = 19;
    pub const FCNTL: usize = 25;
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const GETDENTS64: usize = 61;
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const SIGNALFD4: usize = 74;
    pub const EXIT_GROUP: usize = 94;
    pub const WAITID: usize = 95;
    pub const GETITIMER: usize = 102;
    pub const SETITIMER: usize = 103;
    pub const TIMER_CREATE: usize = 107;
    pub const TIMER_GETOVERRUN: usize = 109;
    pub const TIMER_DELETE: usize = 111;
    pub const KILL: usize = 129;
    pub const TGKILL: usize = 131;
    pub const SIGALTSTACK: usize = 132;
    pub const RT_SIGSUSPEND: usize = 133;
    pub const RT_SIGACTION: usize = 134;
    pub const RT_SIGPROCMASK: usize = 135;
    pub const RT_SIGPENDING: usize = 136;
    pub const RT_SIGQUEUEINFO: usize = 138;
    pub const PRCTL: usize = 167;
    pub const GETPID: usize = 172;
    pub const GETPPID: usize = 173;
    pub const GETUID: usize = 174;
    pub const GETTID: usize = 178;
    pub const MUNMAP: usize = 215;
    pub const CLONE: usize = 220;
    pub const EXECVE: usize = 221;
    pub const MMAP: usize = 222;
    pub const MPROTECT: usize = 226;
    pub const RT_TGSIGQUEUEINFO: usize = 240;
    pub const CLOCK_GETTIME: usize = 403;
    pub const CLOCK_NANOSLEEP: usize = 407;
    pub const TIMER_GETTIME: usize = 408;
    pub const TIMER_SETTIME: usize = 409;
    pub const PPOLL: usize = 414;
    pub const RT_SIGTIMEDWAIT: usize = 421;
    pub const FUTEX: usize = 422;
    pub const PIDFD_SEND_SIGNAL: usize = 424;
    pub const PIDFD_OPEN: usize = 434;
}

pub(in crate::sys) const TIME32: Option<Time32> = None;

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 20;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: none, it has no such field.
pub const RESTORER_WORDS: usize = 0;

/// The flags of every action of ours: none, the kernel returns from a handler through its vDSO.
pub const SIGACTION_FLAGS: c_ulong = 0;

/// The code that a handler returns to: the kernel's own, so none is given.
#[must_use]
pub const fn sigaction_restorer() -> usize {
    0
}

pub(in crate::sys) const CLONE_STACK_FIRST: bool = false;

pub(in crate::sys) const MMAP_BY_ADDRESS: bool = false;
