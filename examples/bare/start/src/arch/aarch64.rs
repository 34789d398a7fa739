//! aarch64: the kernel enters with the stack pointer aligned to 16 bytes, at the number of
//! arguments.

use core::arch::global_asm;
use core::ffi::c_ulong;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::process::Process;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "mov x29, xzr", // the end of the frames, for a debugger
    "mov x30, xzr",
    "mov x0, sp",
    "movz x1, #:abs_g1:{enter}",
    "movk x1, #:abs_g0_nc:{enter}",
    "blr x1",
    "brk 1",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);

/// For [`getauxval`].
static STACK: AtomicPtr<usize> = AtomicPtr::new(ptr::null_mut());

/// Called first thing.
pub(crate) fn note(stack: *const usize) {
    // ORDERING: Relaxed: there is one thread yet.
    STACK.store(stack.cast_mut(), Ordering::Relaxed);
}

/// getauxval(3), which code of the compiler's calls before `main`: where a program is built for all
/// processors, atomics ask which instructions there are.
#[unsafe(no_mangle)]
extern "C" fn getauxval(kind: c_ulong) -> c_ulong {
    // ORDERING: Relaxed: stored by this thread, or before it was made.
    let stack = STACK.load(Ordering::Relaxed);
    if stack.is_null() {
        return 0;
    }
    // SAFETY: it is the stack pointer that the kernel has set.
    let process = unsafe { Process::from_stack(stack) };
    process.aux(kind as usize).unwrap_or_default() as c_ulong
}
