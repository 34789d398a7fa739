//! x86: the kernel enters with the stack pointer aligned to 16 bytes, at the number of arguments.

use core::arch::global_asm;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "xor ebp, ebp", // the end of the frames, for a debugger
    "mov eax, esp",
    "sub esp, 12", // aligned to 16 bytes again, with the argument
    "push eax",
    "mov eax, offset {enter}",
    "call eax",
    "ud2",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);
