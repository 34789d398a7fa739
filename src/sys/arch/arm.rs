//! arm, the EABI, in ARM and in Thumb state.
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `svc 0` | r7 | r0 r1 r2 r3 r4 r5 | r0 | r7, as `riscv64.rs` explains of a7 |
//!
//! Arm AAPCS32; arch/arm/kernel/{entry-common.S,signal.c}; syscall(2). No argument of ours has 64
//! bits, which would have to begin with an even register.

use core::arch::global_asm;
use core::ffi::c_ulong;

use super::time32::Time32;

// The number's register r7 is the frame pointer of Thumb code, by which unwinders may find the
// frame: a backtrace may start in a handler that runs during the call. So all calls are made by a
// function, whose unwind tables say where each register is. It is ARM code, and says so: of a crate in
// Thumb code, LLVM assembles this as Thumb and marks it as ARM, unless it is linked with LTO. The
// symbol is weak and hidden: two versions of this crate in one program bring the same.
global_asm!(
    ".pushsection .text.__siglatch_syscall6, \"ax\", %progbits",
    ".weak __siglatch_syscall6",
    ".hidden __siglatch_syscall6",
    ".type __siglatch_syscall6, %function",
    ".arm",
    ".p2align 2",
    "__siglatch_syscall6:",
    ".fnstart",
    ".cfi_sections .debug_frame",
    ".cfi_startproc",
    "push {{r4, r5, r7, lr}}",
    ".save {{r4, r5, r7, lr}}",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset lr, -4",
    ".cfi_offset r7, -8",
    ".cfi_offset r5, -12",
    ".cfi_offset r4, -16",
    "mov r7, r0",
    "mov r0, r1",
    "mov r1, r2",
    "mov r2, r3",
    "ldr r3, [sp, #16]",
    "ldr r4, [sp, #20]",
    "ldr r5, [sp, #24]",
    "svc #0",
    "pop {{r4, r5, r7, pc}}",
    ".cfi_endproc",
    ".fnend",
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

syscall_by_function!(/// A system call with no argument.
    syscall0(), 0, 0, 0, 0, 0, 0);
syscall_by_function!(/// A system call with one argument.
    syscall1(a), 0, 0, 0, 0, 0);
syscall_by_function!(/// A system call with two arguments.
    syscall2(a, b), 0, 0, 0, 0);
syscall_by_function!(/// A system call with three arguments.
    syscall3(a, b, c), 0, 0, 0);
syscall_by_function!(/// A system call with four arguments.
    syscall4(a, b, c, d), 0, 0);
syscall_by_function!(/// A system call with five arguments.
    syscall5(a, b, c, d, e), 0);
syscall_by_function!(/// A system call with six arguments.
    syscall6(a, b, c, d, e, f),);

/// System call numbers of arm (arch/arm/tools/syscall.tbl).
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
    pub const GETDENTS64: usize = 217;
    pub const FCNTL: usize = 221;
    pub const GETTID: usize = 224;
    pub const EXIT_GROUP: usize = 248;
    pub const TIMER_CREATE: usize = 257;
    pub const TIMER_GETOVERRUN: usize = 260;
    pub const TIMER_DELETE: usize = 261;
    pub const TGKILL: usize = 268;
    pub const WAITID: usize = 280;
    pub const OPENAT: usize = 322;
    pub const SIGNALFD4: usize = 355;
    pub const EVENTFD2: usize = 356;
    pub const RT_TGSIGQUEUEINFO: usize = 363;
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
    clock_gettime: 263,
    clock_nanosleep: 265,
    futex: 240,
    ppoll: 336,
    rt_sigtimedwait: 177,
    timer_gettime: 259,
    timer_settime: 258,
});

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 104;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: one.
pub const RESTORER_WORDS: usize = 1;

// The kernel has a page to return by, which no unwinder has a table of, and whose `svc 0x9000ad`
// gdb does not compare. So this architecture has a restorer, as its C libraries do; they keep what an
// action names.
//
// The two instructions are those that gdb compares (arm_eabi_rt_sigreturn_tramp_frame); others read
// the table: above the stack pointer are the `siginfo_t` and 32 bytes of the `ucontext_t`, then r0 to
// pc. The nop is there because unwinders look up the address before the return address. ARM code,
// weak and hidden, as above.
global_asm!(
    ".pushsection .text.__siglatch_sigaction_restorer, \"ax\", %progbits",
    ".arm",
    ".p2align 2",
    ".fnstart",
    ".save {{r0-r15}}",
    ".pad #160",
    "nop",
    ".weak __siglatch_sigaction_restorer",
    ".hidden __siglatch_sigaction_restorer",
    ".type __siglatch_sigaction_restorer, %function",
    "__siglatch_sigaction_restorer:",
    "mov r7, #173", // rt_sigreturn
    "svc #0",
    ".fnend",
    ".size __siglatch_sigaction_restorer, . - __siglatch_sigaction_restorer",
    ".popsection",
);

unsafe extern "C" {
    fn __siglatch_sigaction_restorer();
}

/// The flags of every action of ours: the restorer is given.
pub const SIGACTION_FLAGS: c_ulong = 0x0400_0000; // SA_RESTORER

/// The code that a handler returns to: it calls `rt_sigreturn` and nothing else.
#[must_use]
pub fn sigaction_restorer() -> usize {
    __siglatch_sigaction_restorer as *const () as usize
}

pub(in crate::sys) const CLONE_STACK_FIRST: bool = false;

pub(in crate::sys) const MMAP_BY_ADDRESS: bool = false;
