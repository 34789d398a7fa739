//! A traced process, and the few calls of ptrace(2) that step it and send it signals.
//!
//! The calls come from `libc`: nix's ptrace speaks of signals by a type that has no real-time ones.

use super::arch;
pub(crate) use super::arch::stop_here;
use core::ptr;
use siglatch::Signal;
use std::io;
use std::sync::OnceLock;
use support::PtraceRequest;
use support::watchdog::{self, Watchdog};

/// What the status of waitpid(2) says of a traced process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// At a breakpoint, or after a step.
    Trap,
    /// At the entry of a system call.
    Syscall,
    /// This signal is about to be delivered.
    Signal(i32),
    Exited(i32),
    Killed(i32),
    /// It neither stopped nor ended.
    Hangs,
}

/// One instance of a signal, as the tracer sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) signal: Signal,
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    pub(crate) value: i32,
}

/// A forked process that is traced; killed when dropped before its end.
#[derive(Debug)]
pub(crate) struct Tracee {
    pid: i32,
    watchdog: Watchdog,
    ended: bool,
}

extern "C" fn interrupt_the_wait(_: i32) {}

/// Has the kernel interrupt each wait now and then, for the watchdog to look.
pub(crate) fn watch_for_hangs() {
    // SAFETY: zero is a value of this plain C struct: an empty mask, and no SA_RESTART.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = interrupt_the_wait as *const () as usize;
    // SAFETY: the handler does nothing, and the action is only read.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) };
    let microseconds = watchdog::TICK.as_micros() as i32;
    let tick = libc::timeval { tv_sec: 0, tv_usec: microseconds.into() };
    let timer = libc::itimerval { it_interval: tick, it_value: tick };
    // SAFETY: the timer is only read, and the old one is not asked for. Processes that are forked do
    // not have it.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
}

/// Whether a process may be traced here, or why not.
pub(crate) fn is_permitted() -> Result<(), String> {
    if let Some(why) = arch::WHY_NOT {
        return Err(why.to_owned());
    }
    let mut tracee = Tracee::start(|| {
        stop_here();
        0
    });
    match tracee.wait() {
        Stop::Trap => tracee.set_up().map_err(|error| format!("ptrace(2) is refused: {error}")),
        other => Err(format!("a process cannot be traced: {other:?}")),
    }
}

/// The registers of a process that has stopped, word by word (`NT_PRSTATUS`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registers {
    words: [usize; Self::MOST],
    /// How many bytes of them the kernel has filled.
    size: usize,
}

impl Registers {
    /// No architecture has so many.
    const MOST: usize = 64;

    fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().expect("a register") as u64
    }

    /// The address of the next instruction.
    pub(crate) fn pc(&self) -> u64 {
        self.word(arch::PROGRAM_COUNTER)
    }

    /// The stack pointer.
    pub(crate) fn sp(&self) -> u64 {
        self.word(arch::STACK_POINTER)
    }

    /// The number of the system call, before the instruction that makes it.
    pub(crate) fn call_number(&self) -> u64 {
        self.word(arch::CALL_NUMBER)
    }
}

/// The whole life of a traced process: `body` is an `Option<F>`.
extern "C" fn begin<F: FnOnce() -> i32>(body: *mut libc::c_void) -> i32 {
    let nothing = ptr::null_mut::<libc::c_void>();
    // SAFETY: the request has no other argument.
    let traced = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, nothing, nothing) };
    // SAFETY: SIG_DFL is no function.
    unsafe { libc::signal(libc::SIGALRM, libc::SIG_DFL) };
    // Handlers run on the process's own stack: the alternate one that Rust's runtime has made is too
    // small for one on top of another in a debug build.
    let none = libc::stack_t { ss_sp: nothing, ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: this process runs on another stack, and nothing here needs one to overflow on.
    unsafe { libc::sigaltstack(&raw const none, ptr::null_mut()) };
    // SAFETY: `Tracee::start` hands over such an option, of which this process has its own copy.
    let body = unsafe { &mut *body.cast::<Option<F>>() };
    match body.take() {
        Some(body) if traced == 0 => body(),
        _ => 99,
    }
}

/// The end of the memory that traced processes have as their stack.
fn stack_top() -> *mut libc::c_void {
    const SIZE: usize = 1 << 20;
    static STACK: OnceLock<usize> = OnceLock::new();
    let start = *STACK.get_or_init(|| {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let memory = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
        assert!(memory != libc::MAP_FAILED, "mmap");
        memory.expose_provenance()
    });
    ptr::with_exposed_provenance_mut(start + SIZE)
}

impl Tracee {
    /// Forks a process that runs `body`, traced, and exits with the status that it returns.
    ///
    /// It runs on a stack of its own, at the same addresses each time: copies that memory functions
    /// make take another path where the alignment is another.
    pub(crate) fn start<F: FnOnce() -> i32>(body: F) -> Self {
        let top = stack_top();
        let mut body = Some(body);
        let argument = (&raw mut body).cast::<libc::c_void>();
        // SAFETY: the test process has one thread, so the copy may go on with any code. It has a
        // copy of all memory, of the stack that nobody uses and of `body` too; `begin` is for its
        // type.
        let pid = unsafe { libc::clone(begin::<F>, top, libc::SIGCHLD, argument) };
        assert!(pid > 0, "clone: {}", io::Error::last_os_error());
        Self { pid, watchdog: Watchdog::new(pid), ended: false }
    }

    pub(crate) const fn pid(&self) -> i32 {
        self.pid
    }

    /// Once it has stopped: stops at system calls are told from others, and it dies with the tracer.
    pub(crate) fn set_up(&self) -> io::Result<()> {
        let options = libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACESYSGOOD;
        self.request(libc::PTRACE_SETOPTIONS, 0, options as usize).map(drop)
    }

    /// Waits until it stops or ends.
    pub(crate) fn wait(&mut self) -> Stop {
        let mut status = 0;
        // SAFETY: `status` is a valid place for the answer.
        while unsafe { libc::waitpid(self.pid, &raw mut status, 0) } != self.pid {
            if self.hangs() {
                return Stop::Hangs;
            }
        }
        self.watchdog.renew();
        support::progress();
        if libc::WIFEXITED(status) {
            self.ended = true;
            return Stop::Exited(libc::WEXITSTATUS(status));
        }
        if libc::WIFSIGNALED(status) {
            self.ended = true;
            return Stop::Killed(libc::WTERMSIG(status));
        }
        match libc::WSTOPSIG(status) {
            libc::SIGTRAP => Stop::Trap,
            signo if signo == libc::SIGTRAP | 0x80 => Stop::Syscall,
            signo => Stop::Signal(signo),
        }
    }

    /// Whether it makes no progress. The report of a failure tells how it is then.
    pub(crate) fn hangs(&mut self) -> bool {
        let hangs = self.watchdog.look();
        if let Some(why) = &hangs {
            support::attach(format!("process {}: {why}{}", self.pid, watchdog::report(self.pid)));
        }
        hangs.is_some()
    }

    /// Runs one instruction; if `signo` is not 0, the one that is about to be delivered is, and the
    /// stop is before the first instruction of its handler.
    pub(crate) fn step(&self, signo: i32) {
        self.resume(libc::PTRACE_SINGLESTEP, signo);
    }

    /// Runs on.
    pub(crate) fn go(&self, signo: i32) {
        self.resume(libc::PTRACE_CONT, signo);
    }

    /// Runs on until it enters a system call.
    pub(crate) fn go_to_syscall(&self) {
        self.resume(libc::PTRACE_SYSCALL, 0);
    }

    fn resume(&self, request: PtraceRequest, signo: i32) {
        // It may have been killed meanwhile: the next wait tells.
        drop(self.request(request, 0, signo.unsigned_abs() as usize));
    }

    /// Makes a signal pending for it, with details.
    pub(crate) fn send(&self, sent: &Sent) {
        let mut words = [0_i32; size_of::<libc::siginfo_t>() / 4];
        // si_signo, si_errno, si_code, where a pointer has 64 bits padding; then si_pid, si_uid, si_value.
        let head = [sent.signal.as_raw(), 0, libc::SI_QUEUE];
        let padding = [0; size_of::<usize>() / 4 - 1];
        let tail = [sent.pid, sent.uid as i32, sent.value];
        let all = head.into_iter().chain(padding).chain(tail);
        for (word, value) in words.iter_mut().zip(all) {
            *word = value;
        }
        // SAFETY: the words are as large as a siginfo_t, and only read.
        let result = unsafe {
            libc::syscall(
                libc::SYS_rt_tgsigqueueinfo,
                self.pid,
                self.pid,
                sent.signal.as_raw(),
                words.as_ptr(),
            )
        };
        assert!(result == 0, "rt_tgsigqueueinfo: {}", io::Error::last_os_error());
    }

    pub(crate) fn registers(&self) -> Registers {
        let mut registers = Registers { words: [0; Registers::MOST], size: 0 };
        registers.size = size_of_val(&registers.words);
        self.exchange(libc::PTRACE_GETREGSET, &mut registers);
        registers
    }

    fn exchange(&self, request: PtraceRequest, registers: &mut Registers) {
        let base = registers.words.as_mut_ptr().cast();
        let mut part = libc::iovec { iov_base: base, iov_len: registers.size };
        self.request(request, libc::NT_PRSTATUS as usize, (&raw mut part) as usize)
            .expect("the registers of a process that has stopped");
        registers.size = part.iov_len;
    }

    /// The address of the next instruction.
    pub(crate) fn pc(&self) -> u64 {
        self.registers().pc()
    }

    pub(crate) fn set_pc(&self, pc: u64) {
        let mut registers = self.registers();
        *registers.words.get_mut(arch::PROGRAM_COUNTER).expect("a register") = pc as usize;
        self.exchange(libc::PTRACE_SETREGSET, &mut registers);
    }

    /// Goes on behind the breakpoint of [`stop_here`], if it has stopped at one.
    pub(crate) fn pass_breakpoint(&self) {
        if arch::STOPS_BEHIND == 0 && is_code(self.pc(), arch::BREAKPOINT) {
            self.set_pc(self.pc() + arch::BREAKPOINT.len() as u64);
        }
    }

    /// The word of its memory at `address`.
    pub(crate) fn word(&self, address: u64) -> usize {
        // SAFETY: C's wrapper returns the word; the request reads of the process alone.
        unsafe { libc::ptrace(libc::PTRACE_PEEKTEXT, self.pid, address as usize, 0) as usize }
    }

    pub(crate) fn set_word(&self, address: u64, word: usize) {
        self.request(libc::PTRACE_POKETEXT, address as usize, word).expect("PTRACE_POKETEXT");
    }

    fn request(
        &self,
        request: PtraceRequest,
        address: usize,
        data: usize,
    ) -> io::Result<libc::c_long> {
        // SAFETY: the requests of this file change the traced process only, and write at most the
        // registers, to the place that `registers` gives.
        match unsafe { libc::ptrace(request, self.pid, address, data) } {
            -1 => Err(io::Error::last_os_error()),
            result => Ok(result),
        }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: the process is ours, and not reaped yet.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            // SAFETY: no status is asked for.
            unsafe { libc::waitpid(self.pid, ptr::null_mut(), 0) };
        }
    }
}

/// Whether this instruction is at `pc`. It is read from the tracer's own memory, of which the traced
/// process is a copy.
pub(crate) fn is_code(pc: u64, instruction: &[u8]) -> bool {
    instruction.iter().zip(pc as usize..).all(|(wanted, address)| {
        // SAFETY: the traced process is about to run what is there, so there is code that both have
        // mapped. A byte behind the first is of the same instruction, if the ones before are; or else
        // it is not looked at, or belongs to the page.
        *wanted == unsafe { ptr::with_exposed_provenance::<u8>(address).read() }
    })
}
