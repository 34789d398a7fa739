//! Signals as a C program has them: the bare handler that is the limit, and how everybody is sent
//! signals, the same way for all.
#![expect(unsafe_code, reason = "calls libc")]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use libc::c_int;

/// The flag of the bare handler.
pub(crate) static FLAG: AtomicBool = AtomicBool::new(false);

/// The least that a handler can do and be of any use.
extern "C" fn store(_: c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    FLAG.store(true, Ordering::SeqCst);
}

/// The flags that everybody's handler has here: those of siglatch and signal-hook by default, but
/// for the alternate stack, which no thread of these programs has.
const FLAGS: c_int = libc::SA_RESTART | libc::SA_SIGINFO;

/// Installs the bare handler, with all signals blocked while it runs, as siglatch has it.
pub(crate) fn install_bare(signal: c_int) -> Result<()> {
    // SAFETY: all zero is a value of the struct.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = store as *const () as usize;
    action.sa_flags = FLAGS;
    // SAFETY: writes the set that it is given.
    unsafe { libc::sigfillset(&raw mut action.sa_mask) };
    // SAFETY: reads the action; `store` is async-signal-safe.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    ensure!(result == 0, "sigaction: {}", std::io::Error::last_os_error());
    Ok(())
}

/// The action that is installed, as read by [`install_bare_and_back`].
pub(crate) fn install_bare_and_back(signal: c_int) -> Result<()> {
    // SAFETY: all zero is a value of the struct.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut before = action;
    action.sa_sigaction = store as *const () as usize;
    action.sa_flags = FLAGS;
    // SAFETY: reads one action and writes the other; `store` is async-signal-safe.
    let set = unsafe { libc::sigaction(signal, &raw const action, &raw mut before) };
    // SAFETY: restores what was installed.
    let back = unsafe { libc::sigaction(signal, &raw const before, std::ptr::null_mut()) };
    ensure!(set == 0 && back == 0, "sigaction: {}", std::io::Error::last_os_error());
    Ok(())
}

/// Sends signals to the calling thread. The ids are asked once: all contenders are sent to by it.
#[derive(Clone, Copy)]
pub(crate) struct Raiser {
    pid: libc::c_long,
    tid: libc::c_long,
}

impl Raiser {
    pub(crate) fn new() -> Self {
        // SAFETY: no argument, no effect.
        let pid = unsafe { libc::syscall(libc::SYS_getpid) };
        // SAFETY: no argument, no effect.
        let tid = unsafe { libc::syscall(libc::SYS_gettid) };
        Self { pid, tid }
    }

    #[inline]
    pub(crate) fn raise(self, signal: c_int) -> Result<()> {
        // SAFETY: the code that installed the signal's action answers for it.
        let result = unsafe { libc::syscall(libc::SYS_tgkill, self.pid, self.tid, signal) };
        ensure!(result == 0, "tgkill: {}", std::io::Error::last_os_error());
        Ok(())
    }

    /// Sends `signal` with a value, to the thread.
    #[inline]
    pub(crate) fn queue(self, signal: c_int, value: usize) -> Result<()> {
        #[repr(C)]
        struct Info {
            head: [c_int; 4], // number, errno, code, padding
            pid: libc::pid_t,
            uid: libc::uid_t,
            value: usize,
            rest: [usize; 12],
        }
        const _: () = assert!(size_of::<Info>() == size_of::<libc::siginfo_t>());
        let info = Info {
            head: [signal, 0, libc::SI_QUEUE, 0],
            pid: self.pid as libc::pid_t,
            uid: 0,
            value,
            rest: [0; 12],
        };
        // SAFETY: reads the details, which have the kernel's layout on 64-bit machines.
        let result = unsafe {
            libc::syscall(libc::SYS_rt_tgsigqueueinfo, self.pid, self.tid, signal, &raw const info)
        };
        ensure!(result == 0, "rt_tgsigqueueinfo: {}", std::io::Error::last_os_error());
        Ok(())
    }
}

/// A set with one signal in it.
pub(crate) fn set_of(signal: c_int) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: writes the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was just made.
    unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    // SAFETY: as above.
    unsafe { set.assume_init() }
}

/// Blocks a signal in this thread.
pub(crate) fn block(signal: c_int) {
    change_mask(libc::SIG_BLOCK, signal);
}

/// Unblocks it: what is pending is delivered before this returns.
pub(crate) fn unblock(signal: c_int) {
    change_mask(libc::SIG_UNBLOCK, signal);
}

fn change_mask(how: c_int, signal: c_int) {
    let set = set_of(signal);
    // SAFETY: reads the set.
    unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) };
}

/// The value that came with a signal.
pub(crate) fn value(info: &libc::siginfo_t) -> usize {
    // SAFETY: only read of signals that were queued with a value.
    unsafe { info.si_value() }.sival_ptr as usize
}

/// Waits for a blocked signal: plain sigwaitinfo(2).
pub(crate) fn sigwaitinfo(set: &libc::sigset_t) -> Result<libc::siginfo_t> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: reads the set and writes the details.
    let result = unsafe { libc::sigwaitinfo(set, info.as_mut_ptr()) };
    ensure!(result > 0, "sigwaitinfo: {}", std::io::Error::last_os_error());
    // SAFETY: the kernel wrote it.
    Ok(unsafe { info.assume_init() })
}

/// Sleeps until a handler has run, with no signal blocked meanwhile.
pub(crate) fn sigsuspend_with_none_blocked() {
    let mut none = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: writes the set.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: reads the set, which was just made. It always fails, with EINTR.
    unsafe { libc::sigsuspend(none.as_ptr()) };
}

/// A descriptor from which the signal is read, one by one: plain signalfd(2).
pub(crate) fn signalfd(signal: c_int) -> Result<c_int> {
    let set = set_of(signal);
    // SAFETY: reads the set.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC) };
    ensure!(fd >= 0, "signalfd: {}", std::io::Error::last_os_error());
    Ok(fd)
}

/// Reads one record of it.
pub(crate) fn read_signalfd(fd: c_int) -> Result<libc::signalfd_siginfo> {
    let mut record = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: writes at most one record.
    let read = unsafe { libc::read(fd, record.as_mut_ptr().cast(), size) };
    ensure!(usize::try_from(read) == Ok(size), "read: {}", std::io::Error::last_os_error());
    // SAFETY: all zero is a value of it, and so is what the kernel wrote.
    Ok(unsafe { record.assume_init() })
}
