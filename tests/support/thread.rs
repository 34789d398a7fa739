//! Threads of a child: signals to one of them, where one sleeps as the kernel sees it, and work
//! that goes on beside a scenario.

use super::recorder;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::{fs, process, thread};

/// Has the C library set the actions that it sets with the first thread of a process, so that they
/// do not look like somebody else's doing later.
pub fn settle() {
    thread::spawn(|| {}).join().expect("a thread that ends");
}

/// Sends a signal to a thread of this process.
#[track_caller]
pub fn kill(tid: i32, signo: i32) {
    assert!(try_kill(tid, signo), "tgkill({tid}, {signo}): {}", io::Error::last_os_error());
}

/// The same to one that may have ended. Returns `true` if it was there.
pub fn try_kill(tid: i32, signo: i32) -> bool {
    // SAFETY: the call takes three integers. What the signal does is the scenario's business.
    unsafe { libc::syscall(libc::SYS_tgkill, process::id(), tid, signo) == 0 }
}

/// Sends a signal to the calling thread. It has been taken when this returns, unless blocked.
#[track_caller]
pub fn raise(signo: i32) {
    kill(recorder::gettid(), signo);
}

/// Whether a thread, of this process or another of ours, sleeps in a system call, as the kernel
/// sees it.
pub fn sleeps(tid: i32, call: libc::c_long) -> bool {
    let sleeps = |call: libc::c_long| sleeps_in(tid, &format!("{call} "));
    sleeps(call) || with_long_times(call).is_some_and(sleeps)
}

/// On 32 bits, the call that does the same with times of 64 bits.
pub fn with_long_times(call: libc::c_long) -> Option<libc::c_long> {
    if cfg!(target_pointer_width = "64") {
        return None;
    }
    match call {
        libc::SYS_clock_nanosleep => Some(407),
        libc::SYS_ppoll => Some(414),
        libc::SYS_rt_sigtimedwait => Some(421),
        libc::SYS_futex => Some(422),
        _ => None,
    }
}

/// Waits until it does.
pub fn await_sleep(tid: i32, call: libc::c_long) {
    while !sleeps(tid, call) {
        thread::yield_now();
    }
}

/// `call` is the start of the line in `/proc`: the number, then the arguments in hexadecimal.
fn sleeps_in(tid: i32, call: &str) -> bool {
    let syscall = fs::read_to_string(format!("/proc/{tid}/syscall"));
    syscall.is_ok_and(|text| text.starts_with(call)) && is_asleep(tid)
}

/// Whether a thread sleeps, wherever.
pub fn is_asleep(tid: i32) -> bool {
    fs::read_to_string(format!("/proc/{tid}/stat")).is_ok_and(|text| text.contains(") S "))
}

/// How a read(2) of a pipe ends that sleeps while `interrupt` is called, and gets a byte after
/// that. `interrupt` runs on another thread, and is told which one to interrupt.
#[track_caller]
pub fn interrupted_read(interrupt: impl FnOnce(i32) + Send) -> io::Result<usize> {
    let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
    let (me, fd) = (recorder::gettid(), reader.as_raw_fd());
    thread::scope(|scope| {
        scope.spawn(move || {
            let this_read = format!("{} {fd:#x} ", libc::SYS_read);
            while !sleeps_in(me, &this_read) {
                thread::yield_now();
            }
            interrupt(me);
            writer.write_all(b"x").expect("a pipe with its reader");
        });
        reader.read(&mut [0])
    })
}

/// Runs `body` while `count` threads run `work` again and again, each told its number.
#[track_caller]
pub fn beside<R>(count: usize, work: impl Fn(usize) + Sync, body: impl FnOnce() -> R) -> R {
    /// Ends the others when `body` panics, too.
    struct SetWhenDropped<'a>(&'a AtomicBool);
    impl Drop for SetWhenDropped<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let _end = SetWhenDropped(&done);
        for number in 0..count {
            let (done, work) = (&done, &work);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    work(number);
                }
            });
        }
        body()
    })
}
