//! x86, the 32-bit ABI.
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `int 0x80` | eax | ebx ecx edx esi edi ebp | eax | nothing |
//!
//! System V ABI for i386; arch/x86/entry/entry_32.S, entry_64_compat.S; syscall(2). `sysenter`, by
//! way of the vDSO, is several times faster; its address is in the auxiliary vector, which a
//! handler cannot search.

use core::arch::{asm, global_asm};
use core::ffi::c_ulong;

use super::time32::Time32;

// A call with more than three arguments needs esi, by which the compiler may address its own frame,
// and one with six ebp, by which unwinders may find that frame: a backtrace may start in a handler
// that runs during the call. So it is a function, whose unwind table says where each of them is at
// every instruction. The symbol is weak and hidden: two versions of this crate in one program bring
// the same.
global_asm!(
    ".pushsection .text.__siglatch_syscall6, \"ax\", @progbits",
    ".weak __siglatch_syscall6",
    ".hidden __siglatch_syscall6",
    ".type __siglatch_syscall6, @function",
    "__siglatch_syscall6:",
    ".cfi_startproc",
    "push ebp",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset ebp, 0",
    "push edi",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset edi, 0",
    "push esi",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset esi, 0",
    "push ebx",
    ".cfi_adjust_cfa_offset 4",
    ".cfi_rel_offset ebx, 0",
    "mov eax, [esp + 20]",
    "mov ebx, [esp + 24]",
    "mov ecx, [esp + 28]",
    "mov edx, [esp + 32]",
    "mov esi, [esp + 36]",
    "mov edi, [esp + 40]",
    "mov ebp, [esp + 44]",
    "int 0x80",
    "pop ebx",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore ebx",
    "pop esi",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore esi",
    "pop edi",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore edi",
    "pop ebp",
    ".cfi_adjust_cfa_offset -4",
    ".cfi_restore ebp",
    "ret",
    ".cfi_endproc",
    ".size __siglatch_syscall6, . - __siglatch_syscall6",
    ".popsection",
);

unsafe extern "C" {
    fn __siglatch_syscall6(
        number: usize,
        a: usize,
        b: usize,
        c: usize,
        d: usize,
        e: usize,
        f: usize,
    ) -> isize;
}

macro_rules! syscall {
    ($(#[$doc:meta])* $name:ident($($arg:ident in $reg:tt),*)) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// The caller answers for what the call does to memory and to the process.
        #[inline(always)]
        #[must_use = "a failure is in the value: -4095 to -1 is -errno"]
        pub unsafe fn $name(number: usize $(, $arg: usize)*) -> isize {
            let result: isize;
            // SAFETY: registers are those of the table above: eax in and out, the arguments in, all
            // others kept by the kernel. Memory: the caller answers for what the kernel reads and
            // writes. `nostack`: the instruction pushes nothing on this stack, and a handler's
            // frame goes below the stack pointer, where nothing of ours lives.
            unsafe {
                asm!(
                    "int 0x80",
                    inlateout("eax") number as isize => result,
                    $(in($reg) $arg,)*
                    options(nostack),
                );
            }
            result
        }
    };
}

syscall!(/// A system call with no argument.
    syscall0());
syscall!(/// A system call with one argument.
    syscall1(a in "ebx"));
syscall!(/// A system call with two arguments.
    syscall2(a in "ebx", b in "ecx"));
syscall!(/// A system call with three arguments.
    syscall3(a in "ebx", b in "ecx", c in "edx"));

// Calls the function above; what the call does not take is zero.
macro_rules! syscall_by_function {
    ($(#[$doc:meta])* $name:ident($($arg:ident),*), $($zero:literal),*) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// The caller answers for what the call does to memory and to the process.
        #[inline]
        #[must_use = "a failure is in the value: -4095 to -1 is -errno"]
        pub unsafe fn $name(number: usize $(, $arg: usize)*) -> isize {
            // SAFETY: the caller's promise; the kernel does not look at more than the call takes.
            unsafe { __siglatch_syscall6(number $(, $arg)* $(, $zero)*) }
        }
    };
}

syscall_by_function!(/// A system call with four arguments.
    syscall4(a, b, c, d), 0, 0);
syscall_by_function!(/// A system call with five arguments.
    syscall5(a, b, c, d, e), 0);
syscall_by_function!(/// A system call with six arguments.
    syscall6(a, b, c, d, e, f),);

/// System call numbers of x86 (arch/x86/entry/syscalls/syscall_32.tbl).
pub mod nr {
    #![allow(missing_docs, reason = "each is the number of the call it names")]
    pub const READ: usize = 3;
    pub const WRITE: usize = 4;
    pub const CLOSE: usize = 6;
    pub const EXECVE: usize = 11;
    pub const GETPID: usize = 20;
    pub const KILL: usize = 37;
    pub const GETPPID: usize = 64;
    pub const MUNMAP: usize = 91;
    pub const SETITIMER: usize = 104;
    pub const GETITIMER: usize = 105;
    pub const CLONE: usize = 120;
    pub const MPROTECT: usize = 125;
    pub const PRCTL: usize = 172;
    pub const RT_SIGACTION: usize = 174;
    pub const RT_SIGPROCMASK: usize = 175;
    pub const RT_SIGPENDING: usize = 176;
    pub const RT_SIGQUEUEINFO: usize = 178;
    pub const RT_SIGSUSPEND: usize = 179;
    pub const SIGALTSTACK: usize = 186;
    pub const MMAP: usize = 192;
    pub const GETUID: usize = 199;
    pub const GETDENTS64: usize = 220;
    pub const FCNTL: usize = 221;
    pub const GETTID: usize = 224;
    pub const EXIT_GROUP: usize = 252;
    pub const TIMER_CREATE: usize = 259;
    pub const TIMER_GETOVERRUN: usize = 262;
    pub const TIMER_DELETE: usize = 263;
    pub const TGKILL: usize = 270;
    pub const WAITID: usize = 284;
    pub const OPENAT: usize = 295;
    pub const SIGNALFD4: usize = 327;
    pub const EVENTFD2: usize = 328;
    pub const RT_TGSIGQUEUEINFO: usize = 335;
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

pub(in crate::sys) const TIME32: Option<Time32> = Some(Time32 {
    clock_gettime: 265,
    clock_nanosleep: 267,
    futex: 240,
    ppoll: 309,
    rt_sigtimedwait: 177,
    timer_gettime: 261,
    timer_settime: 260,
});

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 108;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: one.
pub const RESTORER_WORDS: usize = 1;

/// The flags of every action of ours: none, the kernel returns from a handler through its vDSO.
// With SA_RESTORER, every copy of the action would need the restorer; glibc restores one without.
pub const SIGACTION_FLAGS: c_ulong = 0;

/// The code that a handler returns to: the kernel's own, so none is given.
#[must_use]
pub const fn sigaction_restorer() -> usize {
    0
}

pub(in crate::sys) const CLONE_STACK_FIRST: bool = false;

pub(in crate::sys) const MMAP_BY_ADDRESS: bool = false;
