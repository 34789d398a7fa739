//! What a handler costs, counted by single steps.

use super::arch;
use super::op::until_begin;
use super::path::is_sigreturn;
use super::ptrace::{Sent, Stop, Tracee, stop_here};
use siglatch::{Errno, Signal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Instructions in user space, from the handler's first one to the system call that is
    /// rt_sigreturn(2), both included.
    pub(crate) instructions: usize,
    /// How far the stack pointer went below where the kernel set it, the return address included.
    pub(crate) stack: u64,
}

/// What the handler costs for a signal that comes after `set_up`.
pub(crate) fn cost(signal: Signal, set_up: fn() -> Result<(), Errno>) -> Cost {
    let mut tracee = Tracee::start(|| {
        let done = set_up();
        stop_here();
        i32::from(done.is_err())
    });
    until_begin(&mut tracee).unwrap_or_else(|wrong| panic!("{wrong}"));
    tracee.send(&Sent { signal, pid: 4_321, uid: 8_765, value: 1 });
    tracee.step(0);
    assert_eq!(tracee.wait(), Stop::Signal(signal.as_raw()), "the signal is delivered");
    tracee.step(signal.as_raw());
    assert_eq!(tracee.wait(), Stop::Trap, "at the handler's begin");
    let start = tracee.registers();
    let mut instructions = 0;
    let mut lowest = start.sp();
    loop {
        let now = tracee.registers();
        lowest = lowest.min(now.sp());
        instructions += 1;
        if is_sigreturn(&now) {
            return Cost { instructions, stack: start.sp() + arch::RETURN_ADDRESS - lowest };
        }
        tracee.step(0);
        let stop = tracee.wait();
        assert_eq!(stop, Stop::Trap, "in the handler, after {instructions} instructions");
    }
}
