//! arm, for programs in ARM or in Thumb code: the kernel enters with the stack pointer aligned to 8
//! bytes, at the number of arguments.

use core::arch::global_asm;

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations. It is ARM code, and says so: of a crate in Thumb code,
// LLVM assembles this as Thumb and marks it as ARM, unless it is linked with LTO.
global_asm!(
    ".pushsection .text._start, \"ax\", %progbits",
    ".arm",
    ".p2align 2",
    ".globl _start",
    ".type _start, %function",
    "_start:",
    "mov r0, #0",
    "mov r11, r0", // the end of the frames, for a debugger
    "mov lr, r0",
    "mov r0, sp",
    "ldr r1, 1f",
    "bx r1",
    ".p2align 2",
    "1: .word {enter}",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);

// Tables for unwinding name these as well: see `crate::entry`.
global_asm!(
    ".weak __aeabi_unwind_cpp_pr0",
    ".hidden __aeabi_unwind_cpp_pr0",
    ".set __aeabi_unwind_cpp_pr0, 0",
    ".weak __aeabi_unwind_cpp_pr1",
    ".hidden __aeabi_unwind_cpp_pr1",
    ".set __aeabi_unwind_cpp_pr1, 0",
);
