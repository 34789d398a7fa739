//! x86_64, the 64-bit ABI (x32 has other numbers and structs and is refused in `sys`).
//!
//! | instruction | number | arguments | result | clobbered |
//! |---|---|---|---|---|
//! | `syscall` | rax | rdi rsi rdx r10 r8 r9 | rax | rcx (return address), r11 (flags) |
//!
//! System V psABI for x86-64, appendix A.2.1; syscall(2).

use core::arch::{asm, global_asm};
use core::ffi::c_ulong;

use super::time32::Time32;

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
            // SAFETY: registers are those of the table above: rax in and out, the arguments in,
            // rcx and r11 lost. Memory: the caller answers for what the kernel reads and writes.
            // `nostack`: the instruction pushes nothing, and a handler's frame goes below the red
            // zone. Flags are not claimed preserved: rflags comes back through r11.
            unsafe {
                asm!(
                    "syscall",
                    inlateout("rax") number as isize => result,
                    $(in($reg) $arg,)*
                    lateout("rcx") _,
                    lateout("r11") _,
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
    syscall1(a in "rdi"));
syscall!(/// A system call with two arguments.
    syscall2(a in "rdi", b in "rsi"));
syscall!(/// A system call with three arguments.
    syscall3(a in "rdi", b in "rsi", c in "rdx"));
syscall!(/// A system call with four arguments.
    syscall4(a in "rdi", b in "rsi", c in "rdx", d in "r10"));
syscall!(/// A system call with five arguments.
    syscall5(a in "rdi", b in "rsi", c in "rdx", d in "r10", e in "r8"));
syscall!(/// A system call with six arguments.
    syscall6(a in "rdi", b in "rsi", c in "rdx", d in "r10", e in "r8", f in "r9"));

/// System call numbers of x86_64 (arch/x86/entry/syscalls/syscall_64.tbl).
pub mod nr {
    #![allow(missing_docs, reason = "each is the number of the call it names")]
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const MMAP: usize = 9;
    pub const MPROTECT: usize = 10;
    pub const MUNMAP: usize = 11;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const GETITIMER: usize = 36;
    pub const SETITIMER: usize = 38;
    pub const GETPID: usize = 39;
    pub const CLONE: usize = 56;
    pub const EXECVE: usize = 59;
    pub const KILL: usize = 62;
    pub const FCNTL: usize = 72;
    pub const GETUID: usize = 102;
    pub const GETPPID: usize = 110;
    pub const RT_SIGPENDING: usize = 127;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const RT_SIGQUEUEINFO: usize = 129;
    pub const RT_SIGSUSPEND: usize = 130;
    pub const SIGALTSTACK: usize = 131;
    pub const PRCTL: usize = 157;
    pub const GETTID: usize = 186;
    pub const FUTEX: usize = 202;
    pub const GETDENTS64: usize = 217;
    pub const TIMER_CREATE: usize = 222;
    pub const TIMER_SETTIME: usize = 223;
    pub const TIMER_GETTIME: usize = 224;
    pub const TIMER_GETOVERRUN: usize = 225;
    pub const TIMER_DELETE: usize = 226;
    pub const CLOCK_GETTIME: usize = 228;
    pub const CLOCK_NANOSLEEP: usize = 230;
    pub const EXIT_GROUP: usize = 231;
    pub const TGKILL: usize = 234;
    pub const WAITID: usize = 247;
    pub const OPENAT: usize = 257;
    pub const PPOLL: usize = 271;
    pub const SIGNALFD4: usize = 289;
    pub const EVENTFD2: usize = 290;
    pub const RT_TGSIGQUEUEINFO: usize = 297;
    pub const PIDFD_SEND_SIGNAL: usize = 424;
    pub const PIDFD_OPEN: usize = 434;
}

pub(in crate::sys) const TIME32: Option<Time32> = None;

/// The offset in bytes of `uc_sigmask` in the kernel's `ucontext_t`: the interrupted code's mask.
pub const UCONTEXT_SIGMASK: usize = 296;

/// The words of `sa_restorer` in the kernel's `struct sigaction`: one.
pub const RESTORER_WORDS: usize = 1;

// The kernel demands a restorer here and nowhere else of ours (x64_setup_rt_frame: without it the
// frame is refused and the process dies of SIGSEGV).
//
// The bytes are the ones that gdb (amd64_linux_sigtramp_code) and libgcc compare: `mov rax, 15` in
// its seven-byte form, `syscall`. No CFI covers them, so that an unwinder comes to its comparison
// at all, and the nop in front is there because unwinders look up the address before the return
// address. gdb compares the bytes only where the symbol's name contains "sigaction". The symbol is
// weak and hidden: two versions of this crate in one program bring the same nine bytes.
global_asm!(
    ".pushsection .text.__siglatch_sigaction_restorer, \"ax\", @progbits",
    "nop",
    ".weak __siglatch_sigaction_restorer",
    ".hidden __siglatch_sigaction_restorer",
    ".type __siglatch_sigaction_restorer, @function",
    "__siglatch_sigaction_restorer:",
    ".byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00", // mov rax, 15 (rt_sigreturn)
    ".byte 0x0f, 0x05",                               // syscall
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
