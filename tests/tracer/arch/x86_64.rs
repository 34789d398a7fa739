//! x86_64: `int3` stops behind itself, and a call leaves its return address on the stack.

/// Which word of the registers (`NT_PRSTATUS`) each of these is.
pub(crate) const PROGRAM_COUNTER: usize = 16; // rip
pub(crate) const STACK_POINTER: usize = 19; // rsp
/// At a system call's instruction: its number.
pub(crate) const CALL_NUMBER: usize = 10; // rax

/// The breakpoint instruction, and how far behind its begin the process stops.
pub(crate) const BREAKPOINT: &[u8] = &[0xCC]; // int3
pub(crate) const STOPS_BEHIND: u64 = 1;

/// Whether a step over one stops twice.
pub(crate) const CALLS_STOP_TWICE: bool = false;

/// The instructions that make a system call.
pub(crate) const SYSTEM_CALLS: &[&[u8]] = &[&[0x0F, 0x05]]; // syscall

/// What the kernel leaves on the stack for a handler to return by, in bytes.
pub(crate) const RETURN_ADDRESS: u64 = 8;

/// Why no process is traced here, if so.
pub(crate) const WHY_NOT: Option<&str> = None;

/// A breakpoint: the traced process stops, and goes on behind it.
#[expect(clippy::inline_always, reason = "the stop is where it is written")]
#[inline(always)]
pub(crate) fn stop_here() {
    // SAFETY: the instruction changes nothing but the instruction pointer, and is a system call to
    // the tracer, which resumes behind it. Not `nomem`: what is before stays before.
    unsafe { core::arch::asm!("int3", options(nostack)) };
}
