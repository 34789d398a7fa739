//! The C calls under the harness, each with a Rust face that cannot be misused.

use super::outcome::Status;
use super::recorder::gettid;
use core::mem::{self, MaybeUninit};
use core::ptr;
use core::sync::atomic::AtomicU64;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::thread;
use std::time::Instant;

/// A request of ptrace(2), as the C library declares it.
#[cfg(target_env = "gnu")]
pub type PtraceRequest = libc::c_uint;
#[cfg(not(target_env = "gnu"))]
pub type PtraceRequest = libc::c_int;

/// A change of a child process that `waitid` tells about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Ended(Status),
    Stopped { signal: i32 },
    Continued,
}

/// Which side of a [`fork`] this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Parent { child: i32 },
    Child,
}

/// `Err(errno)` for the −1 of a C call.
fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Whether this process has other threads. One that was joined is none, though the kernel may take a
/// while yet to end it, which is waited for.
fn has_other_threads() -> bool {
    loop {
        let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
        if status.lines().any(|line| line == "Threads:\t1") {
            return false;
        }
        let this = gettid().to_string();
        let tasks = fs::read_dir("/proc/self/task").expect("/proc is mounted").flatten();
        let mut others = tasks.filter(|task| *task.file_name() != *this);
        // One that is gone by now has ended, too.
        if others.any(|task| {
            fs::read_to_string(task.path().join("stat")).is_ok_and(|stat| is_running(&stat))
        }) {
            return true;
        }
        thread::yield_now();
    }
}

/// Whether the kernel's flags of a thread lack `PF_EXITING` (proc(5): the seventh field after the name).
fn is_running(stat: &str) -> bool {
    let flags = stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(6));
    flags.and_then(|flags| flags.parse::<u64>().ok()).is_none_or(|flags| flags & 4 == 0)
}

/// Forks, if this process has one thread only.
#[track_caller]
pub(crate) fn fork() -> Side {
    assert!(
        !has_other_threads(),
        "a fork beside other threads copies their locks as they are: start threads in a child"
    );
    // What is still buffered would be written by both sides.
    io::stdout().flush().expect("stdout can be written");

    // SAFETY: the one thread of this process is here, so the copy is a whole process in a
    // consistent state and may go on with any code.
    match checked(unsafe { libc::fork() }).expect("fork") {
        0 => Side::Child,
        child => Side::Parent { child },
    }
}

/// Ends this process at once: no `atexit` handler, no destructor, no flush of C's buffers.
pub fn exit_now(status: i32) -> ! {
    // What Rust's own stdout still holds belongs to the output.
    drop(io::stdout().flush());
    // SAFETY: `_exit` only ends the process; it reads and writes nothing of it.
    unsafe { libc::_exit(status) }
}

/// Has the kernel kill this process when `parent` ends.
pub(crate) fn die_with_parent(parent: i32) -> io::Result<()> {
    // SAFETY: this option takes a signal number and no pointer.
    checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
    // SAFETY: `getppid` has no precondition.
    if unsafe { libc::getppid() } == parent {
        Ok(())
    } else {
        // Before the call above took effect. (No allocation: this runs between fork and exec too.)
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

/// Keeps children that die on purpose from leaving core files in the source tree.
pub(crate) fn no_core_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    checked(unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) }).expect("getrlimit");
    limit.rlim_cur = 0;
    // SAFETY: `limit` is initialised and only read.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) }).expect("setrlimit");
}

/// An anonymous file in memory, where a child's output goes.
pub(crate) fn memory_file() -> File {
    // SAFETY: the name is a C string that the kernel copies.
    let fd = unsafe { libc::memfd_create(c"output".as_ptr(), libc::MFD_CLOEXEC) };
    let fd = checked(fd).expect("memfd_create");
    // SAFETY: the call has just made this descriptor, and nobody else knows it.
    File::from(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A counter that this process and all that it forks from now on have together.
pub fn shared_counter() -> &'static AtomicU64 {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping, at a place that the kernel chooses.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), size_of::<AtomicU64>(), access, kind, -1, 0) };
    assert!(memory != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // SAFETY: the mapping is a page of zeros, aligned as one, that stays for good.
    unsafe { &*memory.cast::<AtomicU64>() }
}

/// A copy of a descriptor, with a number above this one.
pub(crate) fn duplicate_above(fd: BorrowedFd<'_>, above: RawFd) -> OwnedFd {
    let least = above.saturating_add(1);
    // SAFETY: the call takes integers.
    let copy = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
    let copy = checked(copy).expect("a descriptor");
    // SAFETY: the call has just made this descriptor, and no other code knows it.
    unsafe { OwnedFd::from_raw_fd(copy) }
}

/// Makes stdout and stderr write to `file`.
pub(crate) fn redirect_output(file: &File) {
    for target in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both numbers are descriptors, not memory. Rust's handles for the two name them
        // by number, so they follow the change.
        checked(unsafe { libc::dup2(file.as_raw_fd(), target) }).expect("dup2");
    }
}

/// A descriptor that becomes readable when the process `pid`, a child of ours, ends.
pub(crate) fn pidfd(pid: i32) -> OwnedFd {
    // SAFETY: the call takes two integers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0);
    let fd = fd.expect("pidfd_open (Linux 5.3) knows the child");
    // SAFETY: the call has just made this descriptor, and nobody else knows it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Waits until one of `fds` can be read, and tells which; none if `until` comes first.
pub(crate) fn poll<const N: usize>(fds: [BorrowedFd<'_>; N], until: Instant) -> [bool; N] {
    let ask =
        |fd: BorrowedFd<'_>| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled = fds.map(ask);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Rounded up: a wait must not turn into a spin in its last millisecond.
        let left = left.as_nanos().div_ceil(1_000_000);
        let left = libc::c_int::try_from(left).unwrap_or(libc::c_int::MAX);
        // SAFETY: pointer and count are those of one live array, which the kernel may write to
        // until the call returns.
        let ready = unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, left) };
        match checked(ready) {
            Ok(_) => return polled.map(|one| one.revents != 0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// The change of the child `pid` that `options` (`WEXITED`, `WSTOPPED`, …) ask for, if there is
/// one or, without `WNOHANG`, when there is.
pub(crate) fn change(pid: i32, options: i32) -> Option<Change> {
    let id = libc::id_t::try_from(pid).expect("a process id is positive");
    // Zeroed, so that `si_pid` tells if `WNOHANG` found anything.
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: `info` is a valid place for the answer.
        let done = unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), options) };
        match checked(done) {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A zombie has its end to tell and nothing else.
            Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return None,
            Err(error) => panic!("waitid for {pid}: {error}"),
        }
    }
    // SAFETY: every byte pattern is a value of this plain C struct, and all bytes are set.
    let info = unsafe { info.assume_init() };
    // SAFETY: zeroed or filled by `waitid`: either way `si_pid` is an integer that is there.
    if unsafe { info.si_pid() } == 0 {
        return None;
    }
    // SAFETY: `waitid` has filled the fields of SIGCHLD, and `si_status` is one of them.
    let value = unsafe { info.si_status() };
    Some(match info.si_code {
        libc::CLD_EXITED => Change::Ended(Status::Exited(value)),
        libc::CLD_KILLED => Change::Ended(Status::Signaled { signal: value, core: false }),
        libc::CLD_DUMPED => Change::Ended(Status::Signaled { signal: value, core: true }),
        libc::CLD_STOPPED | libc::CLD_TRAPPED => Change::Stopped { signal: value },
        libc::CLD_CONTINUED => Change::Continued,
        code => panic!("waitid for {pid}: unknown si_code {code}"),
    })
}

/// kill(2).
pub(crate) fn kill(pid: i32, signo: i32) -> io::Result<()> {
    // SAFETY: the call takes two integers. What the signal does is the scenario's business.
    checked(unsafe { libc::kill(pid, signo) }).map(drop)
}

/// sigqueue(3): a signal with a value.
pub(crate) fn queue(pid: i32, signo: i32, value: i32) -> io::Result<()> {
    let value = sigval(value);
    // SAFETY: integers only: nobody follows `sival_ptr`.
    checked(unsafe { libc::sigqueue(pid, signo, value) }).map(drop)
}

/// C's `union sigval` with its integer set. `libc` declares the pointer only; the integer lies at
/// the same address.
fn sigval(int: i32) -> libc::sigval {
    let mut value = libc::sigval { sival_ptr: ptr::null_mut() };
    // SAFETY: the union is larger than an `int` and aligned for one.
    unsafe { (&raw mut value).cast::<i32>().write(int) };
    value
}

/// The integer of C's `union sigval`.
pub(crate) fn sigval_int(value: libc::sigval) -> i32 {
    // SAFETY: the union is larger than an `int`, aligned for one, and initialised.
    unsafe { (&raw const value).cast::<i32>().read() }
}

/// Unblocks every signal for the calling thread.
pub(crate) fn unblock_all() {
    // SAFETY: `sigset_t` is an array of integers, for which zero is a value: the empty set.
    let none: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: the set is initialised and only read; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) };
}

/// The set with this one signal in it.
#[track_caller]
pub(crate) fn one_signal(signo: i32) -> libc::sigset_t {
    // SAFETY: `sigset_t` is an array of integers, for which zero is a value.
    let mut set: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: the set is valid.
    unsafe { libc::sigemptyset(&raw mut set) };
    // SAFETY: the set is initialised; a number that is no signal is refused.
    checked(unsafe { libc::sigaddset(&raw mut set, signo) }).expect("a signal");
    set
}

/// A wait for SIGCHLD, the only news of a child that stops or goes on (a pidfd tells the end
/// alone). The signal is blocked while this lives, so one that comes between a look at the child
/// and the wait is kept.
#[derive(Debug)]
pub(crate) struct ChildNews {
    only: libc::sigset_t,
    before: libc::sigset_t,
}

impl ChildNews {
    pub(crate) fn listen() -> Self {
        let only = one_signal(libc::SIGCHLD);
        let mut before = only;
        // SAFETY: both sets are valid; the call reads the first and writes the second.
        unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const only, &raw mut before) };
        ChildNews { only, before }
    }

    /// Waits for the next SIGCHLD; false if `until` comes first.
    pub(crate) fn wait(&self, until: Instant) -> bool {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = timespec(left);
            // SAFETY: the set and the timeout are initialised and only read; no siginfo is asked.
            let signal = unsafe {
                libc::sigtimedwait(&raw const self.only, ptr::null_mut(), &raw const timeout)
            };
            match checked(signal) {
                Ok(_) => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

impl Drop for ChildNews {
    fn drop(&mut self) {
        // SAFETY: `before` is the set that the kernel wrote in `listen`.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        // A musl's time_t may have 32 bits.
        tv_sec: i32::try_from(duration.as_secs()).unwrap_or(i32::MAX).into(),
        tv_nsec: duration.subsec_nanos() as usize as libc::c_long,
    }
}
