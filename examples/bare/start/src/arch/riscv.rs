//! riscv64 and riscv32: the kernel enters with the stack pointer aligned to 16 bytes, at the number
//! of arguments.

use core::arch::global_asm;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations. Linkers may address variables from gp.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".option push",
    ".option norelax",
    "lla gp, __global_pointer$",
    ".option pop",
    "mv fp, zero", // the end of the frames, for a debugger
    "mv ra, zero",
    "mv a0, sp",
    "lui t1, %hi({enter})",
    "addi t1, t1, %lo({enter})",
    "jr t1",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);
