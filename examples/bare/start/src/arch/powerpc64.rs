//! powerpc64, both byte orders: the kernel enters with the stack pointer aligned to 16 bytes, at the
//! number of arguments.

use core::arch::global_asm;

#[cfg(all(target_endian = "big", not(target_env = "musl")))]
compile_error!(
    "siglatch-start has no entry where functions are descriptors: take powerpc64-unknown-linux-musl"
);

// The absolute address is what refuses to be linked into a program that may lie anywhere: nothing
// here would apply that program's relocations. A function finds its table of contents from r12.
global_asm!(
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "mr 3, 1",
    "li 0, 0",
    "stdu 0, -32(1)", // the end of the frames, for a debugger
    "mtlr 0",
    "lis 12, {enter}@ha",
    "addi 12, 12, {enter}@l",
    "mtctr 12",
    "bctrl",
    "trap",
    ".size _start, . - _start",
    ".popsection",
    enter = sym crate::entry::link_arguments_lack_no_pie,
);
