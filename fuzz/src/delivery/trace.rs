//! The tracer: steps a child by ptrace(2), and sends it a signal where the plan says.
#![expect(unsafe_code, reason = "fork, wait and ptrace are calls into C")]

use core::ptr;
use siglatch::child::set_parent_death_signal;
use siglatch::{Pid, SigVal, Signal, send};
use std::io;

use super::child::{self, signals};
use super::{Landing, Plan};

/// Which word of a thread's registers (`NT_PRSTATUS`) is the address of its next instruction.
const PROGRAM_COUNTER: usize = if cfg!(target_arch = "x86_64") {
    16 // rip
} else if cfg!(target_arch = "x86") {
    12 // eip
} else if cfg!(target_arch = "arm") {
    15 // pc
} else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
    0 // pc
} else if cfg!(target_arch = "s390x") {
    1 // the address of the psw
} else if cfg!(target_arch = "loongarch64") {
    33 // csr_era
} else {
    32 // pc of aarch64, nip of powerpc64
};

/// What the child stopped for.
#[derive(PartialEq, Eq)]
enum Event {
    /// It is between two operations.
    Between,
    /// It has done what it was resumed for: an instruction, or the way to a system call's entry or
    /// exit.
    There,
    Ended,
}

struct Tracee {
    pid: i32,
    /// The signal that it stopped for and is to have when it goes on.
    signal: i32,
}

/// Runs the plan; tells at which instructions the signals came, by address.
pub fn run(plan: &Plan) -> Vec<usize> {
    let sender = Pid::this();
    // SAFETY: the child uses nothing that another thread may hold: a fuzzer's other threads only
    // measure.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", io::Error::last_os_error());
    if pid == 0 {
        in_child(plan, sender);
    }
    let mut tracee = Tracee { pid, signal: 0 };
    let mut places = Vec::new();
    assert!(tracee.wait() == Event::Between);
    for operation in 0..plan.operations.len() {
        let mut event = Event::There;
        for landing in plan.landings.iter().filter(|landing| landing.operation == operation) {
            event = tracee.reach(landing, event);
            places.push(tracee.place());
            let value = SigVal::from_addr(landing.value);
            let (signal, pid) = (signals()[landing.signal].0, Pid::from_raw(pid).expect("a pid"));
            send::queue_thread(pid, child::thread(tracee.pid), signal, value).expect("queue");
        }
        while event != Event::Between {
            event = tracee.resume(libc::PTRACE_CONT);
            assert!(event != Event::Ended, "it ended in the middle of {plan:?}");
        }
    }
    assert!(tracee.resume(libc::PTRACE_CONT) == Event::Ended, "one stop too many in {plan:?}");
    places
}

/// Whether a child may be traced here and steps, all the way to its end. Some kernels answer `EIO`
/// (arm, riscv64), and an emulated s390x takes wrong branches where it is stepped.
#[must_use]
pub fn is_possible() -> bool {
    // SAFETY: the child makes system calls only.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: asks to be traced by the parent.
        if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } == 0 {
            // SAFETY: stops this process, for the tracer.
            unsafe { libc::raise(libc::SIGSTOP) };
        }
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) }
    }
    let wait = || {
        let mut status = 0;
        // SAFETY: our child, and `status` is a place for the answer.
        let reaped = unsafe { libc::waitpid(pid, &raw mut status, 0) };
        if reaped == pid { status } else { -1 }
    };
    let (mut status, mut stop, mut steps) = (wait(), libc::SIGSTOP, 0);
    while libc::WIFSTOPPED(status) {
        // SAFETY: our child, which is stopped.
        let goes_on = libc::WSTOPSIG(status) == stop
            && unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, pid, 0, 0) } == 0;
        if !goes_on {
            // SAFETY: our child, which is not waited for yet.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        (stop, steps) = (libc::SIGTRAP, steps + 1);
        status = wait();
    }
    steps > 1 && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

/// The child of the fork. If it hangs, so does the tracer, and who ends that ends it.
fn in_child(plan: &Plan, sender: Pid) -> ! {
    set_parent_death_signal(sender, Signal::KILL).expect("the tracer is there");
    // SAFETY: asks to be traced by the parent.
    if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } != 0 {
        // SAFETY: ends the process.
        unsafe { libc::_exit(3) }
    }
    child::live(plan, sender.as_raw(), || {
        // SAFETY: stops this process, for the tracer.
        unsafe { libc::raise(libc::SIGSTOP) };
    });
    // SAFETY: ends the process.
    unsafe { libc::_exit(0) }
}

/// A request of ptrace(2), as the C library declares it.
#[cfg(target_env = "gnu")]
type Request = libc::c_uint;
#[cfg(not(target_env = "gnu"))]
type Request = libc::c_int;

impl Tracee {
    /// Goes to the instruction of a landing, or to the end of the operation if it has no such.
    fn reach(&mut self, landing: &Landing, mut event: Event) -> Event {
        let stops = core::iter::repeat_n(libc::PTRACE_SYSCALL, landing.syscall_stops.into());
        let steps = core::iter::repeat_n(libc::PTRACE_SINGLESTEP, landing.instructions.into());
        for request in stops.chain(steps) {
            if event == Event::Between {
                break;
            }
            event = self.resume(request);
            assert!(event != Event::Ended, "it ended in the middle of an operation");
        }
        event
    }

    /// Lets it go on until it stops again, and takes the signals that come on the way.
    fn resume(&mut self, request: Request) -> Event {
        let signal = core::mem::take(&mut self.signal);
        // SAFETY: our child, which is stopped.
        let result = unsafe { libc::ptrace(request, self.pid, 0, signal) };
        assert_eq!(result, 0, "ptrace: {}", io::Error::last_os_error());
        let event = self.wait();
        if self.signal == 0 { event } else { self.resume(request) }
    }

    /// Waits until it stops or ends.
    fn wait(&mut self) -> Event {
        let mut status = 0;
        loop {
            // SAFETY: `status` is a place for the answer.
            if unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) } == self.pid {
                break;
            }
            let error = io::Error::last_os_error();
            assert_eq!(error.kind(), io::ErrorKind::Interrupted, "waitpid: {error}");
        }
        if libc::WIFEXITED(status) {
            assert_eq!(libc::WEXITSTATUS(status), 0, "the child's status");
            return Event::Ended;
        }
        assert!(libc::WIFSTOPPED(status), "the child ended with {status:#x}");
        match libc::WSTOPSIG(status) {
            libc::SIGSTOP => Event::Between,
            libc::SIGTRAP => Event::There,
            signal if signals().iter().any(|(of, _)| of.as_raw() == signal) => {
                self.signal = signal;
                Event::There
            }
            signal => {
                let name = Signal::from_raw(signal).map(Signal::name);
                let (code, address) = self.details();
                let place = self.place();
                self.end();
                panic!(
                    "the child got {name:?} at {place:#x} (code {code}, address {address:#x}): \
                     SIGABRT is a check"
                );
            }
        }
    }

    /// The code of the signal that it stopped for, and the address where that is of a fault.
    fn details(&self) -> (i32, usize) {
        let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: our child, which is stopped; `info` is a place for the answer.
        let result =
            unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, self.pid, 0, info.as_mut_ptr()) };
        assert_eq!(result, 0, "ptrace: {}", io::Error::last_os_error());
        // SAFETY: plain C data, which the kernel has written over the zeros.
        let info = unsafe { info.assume_init() };
        // SAFETY: the word is there with every signal; of a fault it is the address.
        let address = unsafe { info.si_addr() };
        (info.si_code, address.addr())
    }

    /// Ends it before its own signal does, which the fuzzer may have caught in it.
    fn end(&self) {
        // SAFETY: our child, which is not waited for yet.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        // SAFETY: as above; the status is not wanted.
        unsafe { libc::waitpid(self.pid, ptr::null_mut(), libc::__WALL) };
    }

    /// The address of the instruction that comes next.
    fn place(&self) -> usize {
        let mut registers = [0_usize; 128];
        let size = size_of_val(&registers);
        let mut part = libc::iovec { iov_base: registers.as_mut_ptr().cast(), iov_len: size };
        let (request, kind) = (libc::PTRACE_GETREGSET, libc::NT_PRSTATUS);
        // SAFETY: our child, which is stopped; the kernel writes no more than there is room for.
        let result = unsafe { libc::ptrace(request, self.pid, kind, &raw mut part) };
        assert_eq!(result, 0, "ptrace: {}", io::Error::last_os_error());
        registers[PROGRAM_COUNTER]
    }
}
