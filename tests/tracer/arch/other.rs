//! An architecture whose kernel does not step, or for which nobody has said how.

pub(crate) const PROGRAM_COUNTER: usize = 0;
pub(crate) const STACK_POINTER: usize = 0;
pub(crate) const CALL_NUMBER: usize = 0;
pub(crate) const BREAKPOINT: &[u8] = &[];
pub(crate) const STOPS_BEHIND: u64 = 0;
pub(crate) const CALLS_STOP_TWICE: bool = false;
pub(crate) const SYSTEM_CALLS: &[&[u8]] = &[];
pub(crate) const RETURN_ADDRESS: u64 = 0;

/// Why no process is traced here.
pub(crate) const WHY_NOT: Option<&str> = Some(
    if cfg!(any(target_arch = "arm", target_arch = "riscv64", target_arch = "riscv32")) {
        "the kernel has no single steps on this architecture (PTRACE_SINGLESTEP is EIO)"
    } else if cfg!(target_arch = "powerpc64") {
        // arch/powerpc/kernel/interrupt_64.S: `stdcx.` before each return.
        "the kernel ends the reservation of an atomic loop at each step, so it would go round for ever"
    } else if cfg!(target_arch = "s390x") {
        "the emulator of s390x ends any program that is stepped, by SIGILL"
    } else {
        "the tracer knows nothing of this architecture"
    },
);

pub(crate) const fn stop_here() {}
