//! aarch64: `brk` stops at itself. A processor without LSE cannot be stepped through the loops that its
//! atomics are: each step loses the reservation, and they go round for ever.

/// Which word of the registers (`NT_PRSTATUS`) each of these is.
pub(crate) const PROGRAM_COUNTER: usize = 32;
pub(crate) const STACK_POINTER: usize = 31;
/// At a system call's instruction: its number.
pub(crate) const CALL_NUMBER: usize = 8; // x8

/// The breakpoint instruction, and how far behind its begin the process stops.
pub(crate) const BREAKPOINT: &[u8] = &[0x00, 0x00, 0x20, 0xD4]; // brk 0
pub(crate) const STOPS_BEHIND: u64 = 0;

/// Whether a step over one stops twice: at its exit (`syscall_trace_exit`), and before the next.
pub(crate) const CALLS_STOP_TWICE: bool = true;

/// The instructions that make a system call.
pub(crate) const SYSTEM_CALLS: &[&[u8]] = &[&[0x01, 0x00, 0x00, 0xD4]]; // svc 0

/// What the kernel leaves on the stack for a handler to return by, in bytes.
pub(crate) const RETURN_ADDRESS: u64 = 0;

/// Why no process is traced here, if so.
pub(crate) const WHY_NOT: Option<&str> = None;

/// A breakpoint: the traced process stops, and goes on behind it.
#[expect(clippy::inline_always, reason = "the stop is where it is written")]
#[inline(always)]
pub(crate) fn stop_here() {
    // SAFETY: the instruction changes nothing but the program counter, and is a system call to the
    // tracer, which resumes behind it. Not `nomem`: what is before stays before.
    unsafe { core::arch::asm!("brk 0", options(nostack)) };
}
