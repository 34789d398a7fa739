//! System calls by inline assembly, their numbers, and the kernel's structs.
//!
//! 1. [`syscall0`] to [`syscall6`] and [`nr`], by architecture. The result is what the kernel
//!    leaves in the register: a value, or −4095 to −1, which is `-errno`.
//! 2. The kernel's own structs ([`KernelSigaction`], [`KernelSigset`], …), which are not libc's.
//! 3. One typed wrapper a system call: the [`Errno`](crate::Errno) decoded, and nothing else.
//!
//! It is public for programs without libc; others should use the safe layer, the rest of the crate.
//!
//! # Safety
//!
//! The bare calls are `unsafe`: the kernel reads and writes memory through the integers and
//! pointers that are passed, and replaces process-wide state that other code relies on. A wrapper
//! whose types exclude both is safe; each other one lists its caller's duties. No function of libc
//! is called and errno is never touched, so each function is as async-signal-safe as its system
//! call.
//!
//! No assembly block claims `nomem`, `readonly` or `pure`: any system call may deliver a signal on
//! its way back to user space, and the handler writes memory.
#![expect(unsafe_code, reason = "the only place where the kernel is called")]

mod abi;
mod calls;
mod time32;

// Each file opens with its registers and has the same items in the same order: `syscallN`, one
// block with as many argument registers as it takes; `nr`; what its kernel's structs look like;
// the restorer. Where the kernel returns from a handler through its vDSO, which unwinders know best,
// none is given. `TIME32` has the numbers that `time32` is about. On s390x alone, clone(2) takes the
// stack first and the flags second (`CLONE_STACK_FIRST`), and mmap(2) the address of its arguments
// (`MMAP_BY_ADDRESS`).
#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arch/arm.rs")]
#[cfg_attr(target_arch = "loongarch64", path = "arch/loongarch64.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "arch/powerpc64.rs")]
#[cfg_attr(target_arch = "riscv32", path = "arch/riscv32.rs")]
#[cfg_attr(target_arch = "riscv64", path = "arch/riscv64.rs")]
#[cfg_attr(target_arch = "s390x", path = "arch/s390x.rs")]
#[cfg_attr(target_arch = "x86", path = "arch/x86.rs")]
#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64.rs")]
#[cfg_attr(
    not(any(
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "loongarch64",
        target_arch = "powerpc64",
        target_arch = "riscv32",
        target_arch = "riscv64",
        target_arch = "s390x",
        target_arch = "x86",
        target_arch = "x86_64",
    )),
    path = "arch/unsupported.rs"
)]
mod arch;

#[cfg(not(target_os = "linux"))]
compile_error!("siglatch is for Linux: it speaks to the kernel directly");

#[cfg(all(target_pointer_width = "32", any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!(
    "siglatch has no system call layer for x32 and for ILP32 of aarch64: their system calls and structs \
     are others than those of x86_64 and aarch64, which it has"
);

pub use abi::{
    KernelItimerspec, KernelItimerval, KernelPollfd, KernelRestorer, KernelSigaction,
    KernelSigevent, KernelSiginfo, KernelSignalfdSiginfo, KernelSigset, KernelStack,
    KernelTimespec, KernelTimeval, MAX_ERRNO, MINSIGSTKSZ, SI_MAX_SIZE, SIG_DFL, SIG_IGN,
    SIGSET_SIZE,
};
pub use arch::{
    RESTORER_WORDS, SIGACTION_FLAGS, UCONTEXT_SIGMASK, nr, sigaction_restorer, syscall0, syscall1,
    syscall2, syscall3, syscall4, syscall5, syscall6,
};
pub use calls::{
    clock_gettime, clock_nanosleep, close, eventfd2, execve, exit_group, fcntl_getfl, fork,
    fork_with_pidfd, futex_wait, futex_wake, getdents64, getitimer, getpid, getppid, gettid,
    getuid, kill, mmap_stack, mprotect, munmap, open_to_read, pidfd_open, pidfd_send_signal, ppoll,
    prctl_get_auxv, prctl_get_child_subreaper, prctl_get_pdeathsig, prctl_set_child_subreaper,
    prctl_set_dumpable, prctl_set_pdeathsig, read, rt_sigaction, rt_sigpending, rt_sigprocmask,
    rt_sigqueueinfo, rt_sigsuspend, rt_sigtimedwait, rt_tgsigqueueinfo, setitimer, sigaltstack,
    signalfd4, tgkill, timer_create, timer_delete, timer_getoverrun, timer_gettime, timer_settime,
    waitid, write,
};
