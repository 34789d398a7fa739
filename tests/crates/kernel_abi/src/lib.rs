//! System call numbers and structs of siglatch, compared while compiling with those that linux-raw-sys has
//! made from the kernel's headers. It is a package of its own, and without std, so that it can be checked
//! for every architecture: a port with a wrong number or a struct of another size does not compile.
#![no_std]

use core::mem::{align_of, offset_of, size_of};
use linux_raw_sys::general as linux;
use siglatch::sys::{
    KernelItimerspec, KernelItimerval, KernelPollfd, KernelSigaction, KernelSigevent,
    KernelSiginfo, KernelStack, KernelTimespec, MINSIGSTKSZ, SIGACTION_FLAGS, nr,
};
use static_assertions::const_assert_eq;

const_assert_eq!(MINSIGSTKSZ, linux::MINSIGSTKSZ as usize);

macro_rules! same_numbers {
    ($($ours:ident = $linux:ident,)*) => {
        $(const_assert_eq!(nr::$ours, linux::$linux as usize);)*
    };
}

same_numbers! {
    CLONE = __NR_clone,
    CLOSE = __NR_close,
    EVENTFD2 = __NR_eventfd2,
    EXECVE = __NR_execve,
    EXIT_GROUP = __NR_exit_group,
    GETDENTS64 = __NR_getdents64,
    GETITIMER = __NR_getitimer,
    GETPID = __NR_getpid,
    GETPPID = __NR_getppid,
    GETTID = __NR_gettid,
    KILL = __NR_kill,
    MPROTECT = __NR_mprotect,
    MUNMAP = __NR_munmap,
    OPENAT = __NR_openat,
    PIDFD_OPEN = __NR_pidfd_open,
    PIDFD_SEND_SIGNAL = __NR_pidfd_send_signal,
    PRCTL = __NR_prctl,
    READ = __NR_read,
    RT_SIGACTION = __NR_rt_sigaction,
    RT_SIGPENDING = __NR_rt_sigpending,
    RT_SIGPROCMASK = __NR_rt_sigprocmask,
    RT_SIGQUEUEINFO = __NR_rt_sigqueueinfo,
    RT_SIGSUSPEND = __NR_rt_sigsuspend,
    RT_TGSIGQUEUEINFO = __NR_rt_tgsigqueueinfo,
    SETITIMER = __NR_setitimer,
    SIGALTSTACK = __NR_sigaltstack,
    SIGNALFD4 = __NR_signalfd4,
    TGKILL = __NR_tgkill,
    TIMER_CREATE = __NR_timer_create,
    TIMER_DELETE = __NR_timer_delete,
    TIMER_GETOVERRUN = __NR_timer_getoverrun,
    WAITID = __NR_waitid,
    WRITE = __NR_write,
}

#[cfg(target_pointer_width = "64")]
same_numbers! {
    CLOCK_GETTIME = __NR_clock_gettime,
    CLOCK_NANOSLEEP = __NR_clock_nanosleep,
    FCNTL = __NR_fcntl,
    FUTEX = __NR_futex,
    GETUID = __NR_getuid,
    MMAP = __NR_mmap,
    PPOLL = __NR_ppoll,
    RT_SIGTIMEDWAIT = __NR_rt_sigtimedwait,
    TIMER_GETTIME = __NR_timer_gettime,
    TIMER_SETTIME = __NR_timer_settime,
}

// Times of 64 bits, and what has grown otherwise.
#[cfg(target_pointer_width = "32")]
same_numbers! {
    CLOCK_GETTIME = __NR_clock_gettime64,
    CLOCK_NANOSLEEP = __NR_clock_nanosleep_time64,
    FUTEX = __NR_futex_time64,
    PPOLL = __NR_ppoll_time64,
    RT_SIGTIMEDWAIT = __NR_rt_sigtimedwait_time64,
    TIMER_GETTIME = __NR_timer_gettime64,
    TIMER_SETTIME = __NR_timer_settime64,
    FCNTL = __NR_fcntl64,
}

#[cfg(any(target_arch = "x86", target_arch = "arm"))]
same_numbers! {
    GETUID = __NR_getuid32,
    MMAP = __NR_mmap2,
}

#[cfg(target_arch = "riscv32")]
same_numbers! {
    GETUID = __NR_getuid,
    MMAP = __NR_mmap2,
}

macro_rules! same_struct {
    ($Ours:ident = $Linux:ident $(: $($ours:ident = $linux:ident,)*)?) => {
        const_assert_eq!(size_of::<$Ours>(), size_of::<linux::$Linux>());
        const_assert_eq!(align_of::<$Ours>(), align_of::<linux::$Linux>());
        $($(const_assert_eq!(offset_of!($Ours, $ours), offset_of!(linux::$Linux, $linux));)*)?
    };
}

same_struct! {
    KernelSigaction = kernel_sigaction:
    handler = sa_handler_kernel,
    flags = sa_flags,
    mask = sa_mask,
}
same_struct! { KernelSiginfo = siginfo_t }
same_struct! { KernelStack = stack_t: start = ss_sp, flags = ss_flags, size = ss_size, }
same_struct! { KernelSigevent = sigevent: value = sigev_value, signo = sigev_signo, notify = sigev_notify, }
same_struct! { KernelTimespec = __kernel_timespec: seconds = tv_sec, nanoseconds = tv_nsec, }
same_struct! { KernelItimerspec = __kernel_itimerspec: interval = it_interval, value = it_value, }
same_struct! { KernelItimerval = __kernel_old_itimerval: interval = it_interval, value = it_value, }
same_struct! { KernelPollfd = pollfd: fd = fd, events = events, revents = revents, }

// A restorer is announced where the kernel demands one or no unwinder knows the kernel's own, and nowhere
// else.
const_assert_eq!(
    SIGACTION_FLAGS,
    if cfg!(any(target_arch = "x86_64", target_arch = "arm")) { 0x0400_0000 } else { 0 }
);
