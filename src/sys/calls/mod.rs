//! One typed wrapper a system call. A file holds the calls of one subject.

mod child;
mod fd;
mod futex;
mod io;
mod process;
mod send;
mod signal;
mod stack;
mod time;
mod timer;
mod wait;

pub use child::{execve, fork, fork_with_pidfd, waitid};
pub use fd::{close, getdents64, open_to_read, pidfd_open, read, signalfd4};
pub use futex::{futex_wait, futex_wake};
pub use io::{eventfd2, fcntl_getfl, write};
pub use process::{
    exit_group, getpid, getppid, gettid, getuid, prctl_get_child_subreaper, prctl_get_pdeathsig,
    prctl_set_child_subreaper, prctl_set_dumpable, prctl_set_pdeathsig,
};
pub use send::{pidfd_send_signal, rt_sigqueueinfo, rt_tgsigqueueinfo};
pub use signal::{kill, rt_sigaction, rt_sigprocmask, tgkill};
pub use stack::{mmap_stack, mprotect, munmap, prctl_get_auxv, sigaltstack};
pub use time::{clock_gettime, clock_nanosleep};
pub use timer::{
    getitimer, setitimer, timer_create, timer_delete, timer_getoverrun, timer_gettime,
    timer_settime,
};
pub use wait::{ppoll, rt_sigpending, rt_sigsuspend, rt_sigtimedwait};

use core::ffi::c_int;

use super::arch::{CLONE_STACK_FIRST, MMAP_BY_ADDRESS};
use super::time32::{self, Itimerspec32, Timespec32};

/// A signed argument as the register wants it: sign-extended.
const fn signed(value: c_int) -> usize {
    value as isize as usize
}
