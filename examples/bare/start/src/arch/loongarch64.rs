//! loongarch64: the kernel enters with the stack pointer aligned to 16 bytes, at the number of
//! arguments.

use core::arch::global_asm;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "move $fp, $zero", // the end of the frames, for a debugger
    "move $ra, $zero",
    "move $a0, $sp",
    "la.abs $t0, {enter}",
    "jr $t0",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);
