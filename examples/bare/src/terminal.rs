//! Process groups, sessions and the terminal of standard input: setpgid(2), setsid(2), ioctl_tty(2).
//!
//! rustix has all of this, but without libc on fewer architectures than this crate.

use linux_raw_sys::general::{__NR_getpgid, __NR_ioctl, __NR_setpgid, __NR_setsid};
use linux_raw_sys::ioctl::{TIOCGPGRP, TIOCSCTTY, TIOCSPGRP};
use siglatch::sys::{syscall0, syscall1, syscall2, syscall3};

/// The caller's process group.
#[must_use]
pub fn own_group() -> i32 {
    // SAFETY: integers only.
    let group = unsafe { syscall1(__NR_getpgid as usize, 0) };
    group as i32
}

/// Makes a process the leader of a group of its own; 0 is the caller. It fails for one that is the
/// leader of a session, or that executed another program.
pub fn lead_group(process: i32) {
    // SAFETY: integers only.
    let _failed = unsafe { syscall2(__NR_setpgid as usize, process as usize, 0) };
}

/// Makes the caller the leader of a session of its own, with this terminal if it can be had.
pub fn lead_session() {
    // SAFETY: no argument.
    let _failed = unsafe { syscall0(__NR_setsid as usize) };
    // SAFETY: integers only.
    let _failed = unsafe { syscall3(__NR_ioctl as usize, STDIN, TIOCSCTTY as usize, 0) };
}

/// The group in the foreground; none where this is no terminal of the caller's session.
#[must_use]
pub fn foreground() -> Option<i32> {
    let mut group = 0_i32;
    let place = (&raw mut group).expose_provenance();
    // SAFETY: it writes one integer of 32 bits, which `group` is.
    let result = unsafe { syscall3(__NR_ioctl as usize, STDIN, TIOCGPGRP as usize, place) };
    (result == 0).then_some(group)
}

/// Puts a group of this session in the foreground.
pub fn set_foreground(group: i32) {
    let place = (&raw const group).expose_provenance();
    // SAFETY: it reads one integer of 32 bits, which `group` is.
    let _failed = unsafe { syscall3(__NR_ioctl as usize, STDIN, TIOCSPGRP as usize, place) };
}

const STDIN: usize = 0;
