//! What a static Linux program without libc starts with: an entry, the arguments, a panic handler,
//! and the memory functions that compilers call.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! use siglatch_start::{Process, start};
//!
//! start!(main);
//!
//! fn main(process: Process) -> u8 {
//!     process.args().len() as u8
//! }
//! ```
//!
//! The program's build script names the link arguments, which a dependency cannot:
//!
//! ```ignore
//! fn main() {
//!     for argument in ["-nostartfiles", "-static", "-no-pie"] {
//!         println!("cargo::rustc-link-arg-bins={argument}");
//!     }
//! }
//! ```
//!
//! and each of its profiles has `panic = "abort"`. With one of these missing it does not compile or
//! does not link, and the error says which: `unwinding panics are not supported`; `undefined symbol:
//! __libc_start_main` or `duplicate symbol: _start` for the start files; `link_arguments_lack_no_pie`;
//! `the link argument -static is missing`; `undefined symbol: main_is_named_by_the_start_macro`.
//!
//! Nothing else is special about such a program: initialised statics, tables of functions, `dyn`,
//! 128-bit numbers and `core::fmt` work, with lld and with GNU ld, from whatever folder it is built.
#![no_std]

mod entry;
mod panic;
mod process;

#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64.rs")]
#[cfg_attr(target_arch = "x86", path = "arch/x86.rs")]
#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arch/arm.rs")]
#[cfg_attr(any(target_arch = "riscv64", target_arch = "riscv32"), path = "arch/riscv.rs")]
#[cfg_attr(target_arch = "loongarch64", path = "arch/loongarch64.rs")]
#[cfg_attr(target_arch = "s390x", path = "arch/s390x.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "arch/powerpc64.rs")]
mod arch;

pub use process::{Arg, Process};
// For their symbols.
use siglatch_memory as _;

/// Names the function that the program runs: `fn(Process) -> u8`, of which the result is the exit
/// status.
///
/// The entry is named once in a program, in the crate that is the program.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            fn main_is_named_by_the_start_macro(process: $crate::Process) -> u8 {
                let main: fn($crate::Process) -> u8 = $main;
                main(process)
            }
        };
    };
}
