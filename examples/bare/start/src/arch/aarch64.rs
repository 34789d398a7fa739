//! aarch64: the kernel enters with the stack pointer aligned to 16 bytes, at the number of
//! arguments.
//!
//! Built for all processors, atomics ask getauxval(3) which instructions there are, and such a program
//! does not link here: `-Ctarget-feature=-outline-atomics`.

use core::arch::global_asm;

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
