//! [`Process`]: what the kernel has put on the stack for the program.

use core::ffi::{CStr, c_char, c_int};
use core::ops::Deref;
use core::ptr::NonNull;
use core::{fmt, slice};

/// The arguments, the environment and the auxiliary vector that the program was started with.
///
/// All of it lies where the kernel has put it, and stays there as long as the process lives.
#[derive(Clone, Copy)]
pub struct Process {
    /// The number of arguments; their addresses, and null; those of the environment, and null; pairs
    /// of the auxiliary vector, up to one of kind 0.
    stack: NonNull<usize>,
}

// SAFETY: the memory is only read.
unsafe impl Send for Process {}
// SAFETY: likewise.
unsafe impl Sync for Process {}

/// A C string that is there as long as the process, by its address: a [`CStr`] that is one word long.
///
/// Its length is counted each time that it is asked for.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Arg(NonNull<c_char>);

// SAFETY: the memory is only read.
unsafe impl Send for Arg {}
// SAFETY: likewise.
unsafe impl Sync for Arg {}

impl Arg {
    /// The string.
    #[must_use]
    pub fn as_c_str(self) -> &'static CStr {
        // SAFETY: it ends with a zero byte, and is there as long as the process.
        unsafe { CStr::from_ptr(self.0.as_ptr()) }
    }

    /// Its bytes, without the zero.
    #[must_use]
    pub fn as_bytes(self) -> &'static [u8] {
        self.as_c_str().to_bytes()
    }

    /// The first byte, and what follows; `None` at the end.
    #[must_use]
    pub fn split_first(self) -> Option<(u8, Self)> {
        // SAFETY: at least the zero is there.
        let byte = unsafe { self.0.read() } as u8;
        if byte == 0 {
            return None;
        }
        // SAFETY: this was not the zero.
        Some((byte, Self(unsafe { self.0.add(1) })))
    }
}

impl From<&'static CStr> for Arg {
    fn from(text: &'static CStr) -> Self {
        Self(NonNull::from(text).cast())
    }
}

impl Deref for Arg {
    type Target = CStr;

    fn deref(&self) -> &CStr {
        self.as_c_str()
    }
}

impl fmt::Debug for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_c_str().fmt(f)
    }
}

impl Process {
    /// # Safety
    ///
    /// `stack` is the stack pointer with which the kernel has entered the program.
    pub(crate) const unsafe fn from_stack(stack: *const usize) -> Self {
        // SAFETY: the stack is not at address 0.
        Self { stack: unsafe { NonNull::new_unchecked(stack.cast_mut()) } }
    }

    /// The arguments; the first is the program's name, by custom. There may be none.
    #[must_use]
    pub fn args(self) -> &'static [Arg] {
        // SAFETY: the kernel counts them, none is null, and `Arg` is one address.
        unsafe { slice::from_raw_parts(self.argv().cast(), self.argc() as usize) }
    }

    /// The environment, each as `NAME=value`.
    #[must_use]
    pub fn env(self) -> &'static [Arg] {
        let first = self.envp();
        // SAFETY: they are those before the null.
        unsafe { slice::from_raw_parts(first.cast(), length(first)) }
    }

    /// The value of the first variable with this name.
    #[must_use]
    pub fn var(self, name: &[u8]) -> Option<Arg> {
        self.env().iter().find_map(|entry| {
            let mut left = *entry;
            for wanted in name.iter().chain(b"=") {
                match left.split_first() {
                    Some((byte, behind)) if byte == *wanted => left = behind,
                    _ => return None,
                }
            }
            Some(left)
        })
    }

    /// What the auxiliary vector says of `kind`: getauxval(3), `AT_…` of `<linux/auxvec.h>`.
    #[must_use]
    pub fn aux(self, kind: usize) -> Option<usize> {
        let environment = self.envp();
        // SAFETY: it begins behind the null that ends the environment.
        let mut pair = unsafe { environment.add(length(environment) + 1) }.cast::<[usize; 2]>();
        loop {
            // SAFETY: the one of kind 0, which is the last, was not met yet.
            match unsafe { pair.read() } {
                [0, _] => return None,
                [this, value] if this == kind => return Some(value),
                _ => {}
            }
            // SAFETY: this was not the last.
            pair = unsafe { pair.add(1) };
        }
    }

    /// How many arguments there are, as C has it.
    #[must_use]
    pub fn argc(self) -> c_int {
        // SAFETY: the number of arguments comes first.
        unsafe { self.stack.read() as c_int }
    }

    /// The addresses of the arguments, and null behind them: for execve(2).
    #[must_use]
    pub fn argv(self) -> *const *const c_char {
        // SAFETY: they follow the number.
        unsafe { self.stack.as_ptr().add(1) }.cast()
    }

    /// The addresses of the environment, and null behind them: for execve(2).
    #[must_use]
    pub fn envp(self) -> *const *const c_char {
        // SAFETY: it follows the null that ends the arguments.
        unsafe { self.argv().add(self.argc() as usize + 1) }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("args", &self.args()).field("env", &self.env()).finish()
    }
}

/// How many addresses there are before the null.
fn length(list: *const *const c_char) -> usize {
    let mut length = 0;
    // SAFETY: the null, which ends the list, was not met yet.
    while unsafe { !(*list.add(length)).is_null() } {
        length += 1;
    }
    length
}
