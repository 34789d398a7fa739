//! s390x: the kernel enters with the stack pointer aligned to 8 bytes, at the number of arguments.

use core::arch::global_asm;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".p2align 3",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "lgr %r2, %r15",
    "aghi %r15, -160", // where a function saves its caller's registers
    "lghi %r1, 0",
    "stg %r1, 0(%r15)", // the end of the frames, for a debugger
    "lgrl %r1, 1f",
    "basr %r14, %r1",
    ".p2align 3",
    "1: .quad {enter}",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);
