//! The instructions that a traced process runs through, and the way to stop it before one of them
//! again in a fresh copy, at full speed.
//!
//! A path is recorded once, step by step. A copy of the process takes the same path, because it is
//! forked from the same state. It is sent to a breakpoint shortly before the instruction, and
//! stepped from there: a step costs two switches of process, and a path of 3,000 instructions would
//! take millions of them.

use super::arch;
use super::op::Wrong;
use super::ptrace::{Registers, Stop, Tracee, is_code};
use siglatch::sys::nr;
use std::collections::HashMap;

/// The most instructions that are stepped behind a breakpoint.
const NEAR: usize = 200;

/// What a stop at a breakpoint costs, in steps.
const BREAK_COST: usize = 4;

/// No operation has so many instructions: something loops.
const LONGEST: usize = 200_000;

/// In the place of a number of times.
const NEVER: usize = usize::MAX;

/// The number of rt_sigreturn(2).
const SIGRETURN: u64 = libc::SYS_rt_sigreturn as u64;

/// The number of clock_gettime(2).
const CLOCK_GETTIME: u64 = nr::CLOCK_GETTIME as u64;

/// System calls that may sleep for ever.
const SLEEPS: [usize; 6] =
    [nr::FUTEX, nr::READ, nr::PPOLL, nr::RT_SIGTIMEDWAIT, nr::RT_SIGSUSPEND, nr::CLOCK_NANOSLEEP];

/// Where a recording ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the breakpoint behind the operation.
    End,
    /// At the first system call that may sleep for ever.
    Asleep,
    /// Behind the rt_sigreturn(2) of the handler that it is in.
    Returned,
    /// When the process ends.
    Death,
}

/// A place on a path: before an instruction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) pc: u64,
    /// The number of the system call, if the instruction makes one.
    pub(crate) syscall: Option<u64>,
    /// How often a breakpoint here has been come to, this time included.
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
            let syscall = is_system_call(pc).then(|| tracee.registers().call_number());
            path.places.push(Place { pc, syscall, nth: *nth });
            let done = match until {
                Until::End => is_code(pc, arch::BREAKPOINT),
                Until::Asleep => syscall.is_some_and(|number| SLEEPS.contains(&(number as usize))),
                Until::Returned | Until::Death => false,
            };
            if done {
                return Ok(path);
            }
            if path.places.len() > LONGEST {
                return Err(format!("a path of more than {LONGEST} instructions"));
            }
            let stepped = step(tracee);
            let died = stepped.is_err() && until == Until::Death;
            if died || stepped? {
                // A breakpoint here would be come to after the signal's handler.
                path.forget_last(&mut times);
            }
            if died {
                return Ok(path);
            }
            if until == Until::Returned && syscall == Some(SIGRETURN) {
                return Ok(path);
            }
        }
    }

    /// Has the last place come to by steps only, not by a breakpoint.
    fn forget_last(&mut self, times: &mut HashMap<u64, usize>) {
        if let Some(last) = self.places.last_mut() {
            last.nth = NEVER;
            times.entry(last.pc).and_modify(|times| *times -= 1);
        }
    }

    /// The address of an instruction.
    pub(crate) fn pc(&self, index: usize) -> u64 {
        self.places.get(index).map_or(0, |place| place.pc)
    }

    /// Whether it depends on the time.
    fn is_timed(&self) -> bool {
        self.places.iter().any(|place| place.syscall == Some(CLOCK_GETTIME))
    }

    /// Whether both are the same instructions.
    fn is(&self, other: &Self) -> bool {
        self.places.iter().map(|place| place.pc).eq(other.places.iter().map(|place| place.pc))
    }

    /// Records until it finds the usual path: where times are added, a carry is rare.
    pub(crate) fn usual(mut record: impl FnMut() -> Result<Self, Wrong>) -> Result<Self, Wrong> {
        let mut path = record()?;
        while path.is_timed() {
            let again = record()?;
            if again.is(&path) {
                break;
            }
            path = again;
        }
        Ok(path)
    }

    /// Brings a process that has stopped at the path's begin to its place number `index`; not if it
    /// took another path.
    pub(crate) fn reach(&self, tracee: &mut Tracee, index: usize) -> Result<bool, String> {
        let from = self.breakpoint_for(index);
        if let Some(place) = self.places.get(from).filter(|_| from > 0) {
            if !Self::run_to(tracee, *place)? {
                return Ok(false);
            }
        }
        for _ in from..index {
            step(tracee)?;
        }
        Ok(self.places.get(index).is_some_and(|place| place.pc == tracee.pc()))
    }

    /// The place from which to step, which is the cheapest to get to; 0 for none.
    fn breakpoint_for(&self, index: usize) -> usize {
        let near = index.saturating_sub(NEAR).max(1)..=index;
        let cost = |from: usize| {
            let nth = self.places.get(from).map_or(NEVER, |place| place.nth);
            nth.saturating_mul(BREAK_COST).saturating_add(index - from)
        };
        let best = near.min_by_key(|from| cost(*from)).unwrap_or(0);
        if index == 0 || cost(best) >= index { 0 } else { best }
    }

    /// Runs to a place at full speed; not if it comes to the operation's end before.
    fn run_to(tracee: &mut Tracee, place: Place) -> Result<bool, String> {
        let code = tracee.word(place.pc);
        let mut with_breakpoint = code.to_ne_bytes();
        for (byte, new) in with_breakpoint.iter_mut().zip(arch::BREAKPOINT) {
            *byte = *new;
        }
        let with_breakpoint = usize::from_ne_bytes(with_breakpoint);
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
            if tracee.pc() != place.pc + arch::STOPS_BEHIND {
                return Ok(false);
            }
            tracee.set_pc(place.pc);
            times += 1;
        }
        Ok(true)
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

/// Runs one instruction, or begins the handler of a signal that the process has sent itself. Says
/// whether it did the latter.
pub(crate) fn step(tracee: &mut Tracee) -> Result<bool, String> {
    let mut delivered = false;
    let mut stops_again = arch::CALLS_STOP_TWICE && is_system_call(tracee.pc());
    tracee.step(0);
    loop {
        match tracee.wait() {
            Stop::Trap if stops_again && !delivered => {
                stops_again = false;
                tracee.step(0);
            }
            Stop::Trap => return Ok(delivered),
            Stop::Signal(signo) => {
                delivered = true;
                tracee.step(signo);
            }
            other => return Err(format!("in a step: {other:?}")),
        }
    }
}

/// Whether these registers are those before the end of a handler.
pub(crate) fn is_sigreturn(registers: &Registers) -> bool {
    is_system_call(registers.pc()) && registers.call_number() == SIGRETURN
}

/// Whether the instruction at `pc` makes a system call.
fn is_system_call(pc: u64) -> bool {
    arch::SYSTEM_CALLS.iter().any(|instruction| is_code(pc, instruction))
}
