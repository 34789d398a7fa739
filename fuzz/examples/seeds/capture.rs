//! Details of signals from everything that sends them, each caught in a child of its own.

use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::io::{Read as _, Write as _, pipe};
use std::os::fd::AsRawFd as _;

/// Makes a signal come, to a child whose handler tells its details.
pub type Trigger = fn();

/// The part of `siginfo_t` that ever carries anything.
const FILLED: usize = 48;

/// A call of C's, whose result says that it went well.
macro_rules! c {
    ($call:expr) => {{
        // SAFETY: in a child of one thread that ends at once, with values made on the spot.
        #[expect(unsafe_code, reason = "C's functions")]
        let result = unsafe { $call };
        assert!(i64::from(result) >= 0, "{}", std::io::Error::last_os_error());
        result
    }};
}

pub const SOURCES: [(&str, Trigger); 20] = [
    ("kill-user", || {
        c!(libc::kill(libc::getpid(), libc::SIGHUP));
    }),
    ("tgkill-thread", || {
        c!(libc::raise(libc::SIGTERM));
    }),
    ("sigqueue-int", || queue(libc::SIGUSR1, 0xffff_fffe)),
    ("sigqueue-pointer", || queue(libc::SIGRTMAX(), 0x7fff_1234_5678)),
    ("timer-posix", posix_timer),
    ("timer-interval", || {
        c!(libc::alarm(1));
    }),
    ("message-queue", message_queue),
    ("sigchld-exited", || {
        child(|| exit(3));
    }),
    ("sigchld-killed", || {
        child(|| {
            c!(libc::raise(libc::SIGKILL));
        });
    }),
    ("sigchld-stopped", || {
        child(stop);
    }),
    ("sigchld-continued", continued),
    ("sigchld-trapped", || {
        child(trapped);
    }),
    ("sigsegv-maperr", || write_to(16)),
    ("sigsegv-accerr", || write_to(map(-1, libc::PROT_READ))),
    ("sigbus-adrerr", past_the_end),
    ("sigfpe-intdiv", divide),
    ("sigtrap-breakpoint", breakpoint),
    ("sigio-in", || ready(None)),
    ("sigio-chosen-signal", || ready(Some(libc::SIGRTMIN() + 1))),
    ("sigsys-seccomp", forbidden_call),
];

/// Where the handler writes to.
static TELL: AtomicI32 = AtomicI32::new(-1);

extern "C" fn tell(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    c!(libc::write(TELL.load(SeqCst), info.cast_const().cast(), FILLED) as i64);
    exit(0)
}

#[expect(unsafe_code, reason = "C's function")]
fn exit(status: i32) -> ! {
    // SAFETY: it only ends the process.
    unsafe { libc::_exit(status) }
}

/// A struct of C's, all zero.
#[expect(unsafe_code, reason = "C's structs")]
fn zeroed<T: Copy>() -> T {
    // SAFETY: only called for plain C structs of integers and pointers.
    unsafe { mem::zeroed() }
}

/// The details of the first signal of a child that catches all of them and runs `trigger`.
pub fn details(trigger: Trigger) -> Option<[u8; FILLED]> {
    let (mut reader, writer) = pipe().expect("a pipe");
    let pid = child(|| {
        TELL.store(writer.as_raw_fd(), SeqCst);
        for signo in (1..=31).chain(libc::SIGRTMIN()..=libc::SIGRTMAX()) {
            if signo != libc::SIGKILL && signo != libc::SIGSTOP {
                let mut action: libc::sigaction = zeroed();
                action.sa_sigaction = tell as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO;
                c!(libc::sigaction(signo, &raw const action, ptr::null_mut()));
            }
        }
        trigger();
        // What has not come by then never does.
        c!(libc::poll(ptr::null_mut(), 0, 2_000));
    });
    drop(writer);
    let mut bytes = [0; FILLED];
    let told = reader.read_exact(&mut bytes);
    c!(libc::waitpid(pid, ptr::null_mut(), 0));
    told.is_ok().then_some(bytes)
}

/// A child that runs `body` and ends, and has no signal caught.
fn child(body: impl FnOnce()) -> i32 {
    let pid = c!(libc::fork());
    if pid == 0 {
        // A fault or a failure of it is not for the handler of the one above.
        for signo in 1..=31 {
            if signo != libc::SIGKILL && signo != libc::SIGSTOP {
                let default: libc::sigaction = zeroed();
                c!(libc::sigaction(signo, &raw const default, ptr::null_mut()));
            }
        }
        body();
        exit(0)
    }
    pid
}

fn stop() {
    c!(libc::raise(libc::SIGSTOP));
}

fn queue(signo: i32, bits: usize) {
    let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(bits) };
    c!(libc::sigqueue(libc::getpid(), signo, value));
}

fn posix_timer() {
    let mut event: libc::sigevent = zeroed();
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = libc::SIGRTMIN() + 2;
    event.sigev_value.sival_ptr = ptr::without_provenance_mut(0x0123_4567_89ab_cdef);
    let mut timer = ptr::null_mut();
    let soon = libc::timespec { tv_sec: 0, tv_nsec: 100_000 };
    let often = libc::itimerspec { it_interval: soon, it_value: soon };
    let mut mask: libc::sigset_t = zeroed();
    c!(libc::sigaddset(&raw mut mask, event.sigev_signo));
    c!(libc::sigprocmask(libc::SIG_BLOCK, &raw const mask, ptr::null_mut()));
    c!(libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer));
    c!(libc::timer_settime(timer, 0, &raw const often, ptr::null_mut()));
    // Long enough to run out more than once.
    c!(libc::poll(ptr::null_mut(), 0, 2));
    c!(libc::sigprocmask(libc::SIG_UNBLOCK, &raw const mask, ptr::null_mut()));
}

fn message_queue() {
    let (name, mode) = (c"/siglatch-seeds", libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK);
    let none = ptr::null_mut::<libc::mq_attr>();
    let queue = c!(libc::mq_open(name.as_ptr(), mode, 0o600, none));
    c!(libc::mq_unlink(name.as_ptr()));
    let mut event: libc::sigevent = zeroed();
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = libc::SIGUSR2;
    event.sigev_value.sival_ptr = ptr::without_provenance_mut(7);
    c!(libc::mq_notify(queue, &raw const event));
    c!(libc::mq_send(queue, c"x".as_ptr(), 1, 0));
}

/// A child that goes on after it has stopped; of its SIGCHLDs, the first is let pass.
fn continued() {
    let mut action: libc::sigaction = zeroed();
    action.sa_sigaction = libc::SIG_IGN;
    let mut ours: libc::sigaction = zeroed();
    c!(libc::sigaction(libc::SIGCHLD, &raw const action, &raw mut ours));
    let pid = child(|| {
        stop();
        c!(libc::poll(ptr::null_mut(), 0, 1_000));
    });
    c!(libc::waitpid(pid, ptr::null_mut(), libc::WUNTRACED));
    c!(libc::sigaction(libc::SIGCHLD, &raw const ours, ptr::null_mut()));
    c!(libc::kill(pid, libc::SIGCONT));
}

fn trapped() {
    c!(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0));
    c!(libc::raise(libc::SIGUSR1));
}

/// Writes where it is not allowed.
#[expect(unsafe_code, reason = "a fault")]
fn write_to(address: usize) {
    // SAFETY: it faults, and the handler ends the process.
    unsafe { ptr::without_provenance_mut::<u8>(address).write_volatile(1) }
}

fn map(fd: i32, protection: i32) -> usize {
    let flags = if fd < 0 { libc::MAP_PRIVATE | libc::MAP_ANONYMOUS } else { libc::MAP_SHARED };
    let address = c!(libc::mmap(ptr::null_mut(), 4096, protection, flags, fd, 0).addr() as i64);
    address as usize
}

/// A page of a file that has none.
fn past_the_end() {
    let file = c!(libc::memfd_create(c"empty".as_ptr(), 0));
    write_to(map(file, libc::PROT_READ | libc::PROT_WRITE));
}

/// By zero: a fault where the machine has one.
#[expect(unsafe_code, reason = "a fault")]
fn divide() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it faults, and the handler ends the process.
    unsafe {
        core::arch::asm!("div {0:e}", in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _);
    }
}

#[expect(unsafe_code, reason = "a trap")]
fn breakpoint() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it traps, and the handler ends the process.
    unsafe {
        core::arch::asm!("int3");
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("brk #0");
    }
}

/// A pipe with something to read.
fn ready(signal: Option<i32>) {
    const F_SETSIG: i32 = 10;
    let (reader, mut writer) = pipe().expect("a pipe");
    c!(libc::fcntl(reader.as_raw_fd(), libc::F_SETOWN, libc::getpid()));
    if let Some(signo) = signal {
        c!(libc::fcntl(reader.as_raw_fd(), F_SETSIG, signo));
    }
    c!(libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK));
    writer.write_all(b"x").expect("write");
}

/// A system call that a filter turns into SIGSYS.
fn forbidden_call() {
    let mut allow_all_but = [
        // The number of the call, which is the first field.
        filter(0x20, 0, 0, 0),
        filter(0x15, 0, 1, libc::SYS_getppid as u32),
        filter(0x06, 0, 0, libc::SECCOMP_RET_TRAP),
        filter(0x06, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: allow_all_but.as_mut_ptr() };
    c!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    c!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program));
    c!(libc::getppid());
}

fn filter(code: u16, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}
