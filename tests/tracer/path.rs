//! The instructions that a traced process runs through, and the way to stop it before one of them
//! again in a fresh copy, at full speed.
//!
//! A path is recorded once, step by step. A copy of the process takes the same path, because it is
//! forked from the same state. It is sent to a breakpoint shortly before the instruction, and
//! stepped from there: a step costs two switches of process, and a path of 3,000 instructions would
//! take millions of them.

use super::ptrace::{Stop, Tracee};
use std::collections::HashMap;

/// The most instructions that are stepped behind a breakpoint.
const NEAR: usize = 200;

/// What a stop at a breakpoint costs, in steps.
const BREAK_COST: usize = 4;

/// No operation has so many instructions: something loops.
const LONGEST: usize = 200_000;

/// The instruction `int3`.
const INT3: u8 = 0xCC;

/// The instruction `syscall`.
const SYSCALL: [u8; 2] = [0x0F, 0x05];

/// The number of rt_sigreturn(2).
const SIGRETURN: u64 = libc::SYS_rt_sigreturn as u64;

/// System calls that may sleep for ever.
const SLEEPS: [i64; 6] = [
    libc::SYS_futex,
    libc::SYS_read,
    libc::SYS_pause,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_sigsuspend,
    libc::SYS_clock_nanosleep,
];

/// Where a recording ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the breakpoint behind the operation.
    End,
    /// At the first system call that may sleep for ever.
    Asleep,
    /// Behind the rt_sigreturn(2) of the handler that it is in.
    Returned,
}

/// A place on a path: before an instruction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) pc: u64,
    /// The number of the system call, if the instruction makes one.
    pub(crate) syscall: Option<u64>,
    /// How often the path has been here, this time included.
    nth: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    pub(crate) places: Vec<Place>,
}

impl Path {
    /// Steps a process that has stopped at the path's begin to its end.
    pub(crate) fn record(tracee: &mut Tracee, until: Until) -> Result<Self, String> {
        let mut times = HashMap::<u64, usize>::new();
        let mut path = Self::default();
        loop {
            let pc = tracee.pc();
            let nth = times.entry(pc).or_default();
            *nth += 1;
            let syscall = (code_at(pc) == SYSCALL).then(|| tracee.registers().rax);
            path.places.push(Place { pc, syscall, nth: *nth });
            let done = match until {
                Until::End => code_at(pc).starts_with(&[INT3]),
                Until::Asleep => {
                    syscall.is_some_and(|number| SLEEPS.contains(&number.cast_signed()))
                }
                Until::Returned => false,
            };
            if done {
                return Ok(path);
            }
            if path.places.len() > LONGEST {
                return Err(format!("a path of more than {LONGEST} instructions"));
            }
            step(tracee)?;
            if until == Until::Returned && syscall == Some(SIGRETURN) {
                return Ok(path);
            }
        }
    }

    /// Brings a process that has stopped at the path's begin to its place number `index`.
    pub(crate) fn reach(&self, tracee: &mut Tracee, index: usize) -> Result<(), String> {
        let from = self.breakpoint_for(index);
        if let Some(place) = self.places.get(from).filter(|_| from > 0) {
            Self::run_to(tracee, *place)?;
        }
        for _ in from..index {
            step(tracee)?;
        }
        let (pc, wanted) = (tracee.pc(), self.places.get(index).map(|place| place.pc));
        if Some(pc) == wanted {
            Ok(())
        } else {
            Err(format!("the path has changed: at {pc:#x}, not {wanted:x?}"))
        }
    }

    /// The place from which to step, which is the cheapest to get to; 0 for none.
    fn breakpoint_for(&self, index: usize) -> usize {
        let near = index.saturating_sub(NEAR).max(1)..=index;
        let cost = |from: usize| {
            let nth = self.places.get(from).map_or(LONGEST, |place| place.nth);
            nth * BREAK_COST + (index - from)
        };
        let best = near.min_by_key(|from| cost(*from)).unwrap_or(0);
        if index == 0 || cost(best) >= index { 0 } else { best }
    }

    /// Runs to a place at full speed.
    fn run_to(tracee: &mut Tracee, place: Place) -> Result<(), String> {
        let code = tracee.word(place.pc);
        let with_breakpoint = code & !0xFF | u64::from(INT3);
        let mut times = usize::from(tracee.pc() == place.pc);
        while times < place.nth {
            if tracee.pc() == place.pc {
                // It has to get past the place first. One step of a `rep` does not.
                step(tracee)?;
                if tracee.pc() == place.pc {
                    times += 1;
                    continue;
                }
            }
            tracee.set_word(place.pc, with_breakpoint);
            tracee.go(0);
            until_trap(tracee)?;
            tracee.set_word(place.pc, code);
            if tracee.pc() != place.pc + 1 {
                return Err(format!("a trap at {:#x}, not {:#x}", tracee.pc(), place.pc));
            }
            tracee.set_pc(place.pc);
            times += 1;
        }
        Ok(())
    }
}

/// Waits for a breakpoint. Signals that the process sends itself are delivered.
fn until_trap(tracee: &mut Tracee) -> Result<(), String> {
    loop {
        match tracee.wait() {
            Stop::Trap => return Ok(()),
            Stop::Signal(signo) => tracee.go(signo),
            other => return Err(format!("on the way to a breakpoint: {other:?}")),
        }
    }
}

/// Runs one instruction. Signals that it makes the process send itself are delivered.
pub(crate) fn step(tracee: &mut Tracee) -> Result<(), String> {
    tracee.step(0);
    loop {
        match tracee.wait() {
            Stop::Trap => return Ok(()),
            Stop::Signal(signo) => tracee.step(signo),
            other => return Err(format!("in a step: {other:?}")),
        }
    }
}

/// The bytes of the instruction at `pc`. They are read from the tracer's own memory, of which the
/// traced process is a copy.
fn code_at(pc: u64) -> [u8; 2] {
    let address = pc as *const [u8; 2];
    // SAFETY: the traced process is about to run the instruction, so there is one in the code that
    // both have mapped; the byte behind a last one of a mapping belongs to its page.
    unsafe { address.read() }
}
