//! From the kernel's first instruction to the program's `main`.

use siglatch::sys;

use crate::process::Process;

/// What a C library calls before `main`.
type Initialiser = unsafe extern "C" fn();

unsafe extern "C" {
    // The linker's: where the list begins, and where it ends. Without a size, since two statics that
    // have one are never at the same address, and these are where the list is empty.
    static __init_array_start: [Initialiser; 0];
    static __init_array_end: [Initialiser; 0];
}

unsafe extern "Rust" {
    fn main_is_named_by_the_start_macro(process: Process) -> u8;
}

/// Calls what is to be called before `main`, then `main`, and ends the process.
///
/// Its name is what a linker complains of where the program is not linked to a fixed address.
///
/// # Safety
///
/// To be called once, by `_start`, with the stack pointer that the kernel has set.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn link_arguments_lack_no_pie(stack: *const usize) -> ! {
    let mut initialiser = (&raw const __init_array_start).cast::<Initialiser>();
    let end = (&raw const __init_array_end).cast();
    // First thing, since one of them notes what signals the program was started with.
    while initialiser != end {
        // SAFETY: it is within the list.
        let call = unsafe { initialiser.read() };
        // SAFETY: a function in this list is one to be called like this.
        unsafe { call() };
        // SAFETY: at most one behind the last.
        initialiser = unsafe { initialiser.add(1) };
    }
    // SAFETY: it is what the kernel has set.
    let process = unsafe { Process::from_stack(stack) };
    // SAFETY: the macro defines it with this type.
    let status = unsafe { main_is_named_by_the_start_macro(process) };
    sys::exit_group(status.into())
}

// Tables for unwinding name this function, and Rust's core comes with such tables. It is never
// called, for nothing unwinds.
core::arch::global_asm!(
    ".weak rust_eh_personality",
    ".hidden rust_eh_personality",
    ".set rust_eh_personality, 0",
);
