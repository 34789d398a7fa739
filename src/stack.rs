//! The alternate stack: where the handlers of a thread run that ask for it (`SA_ONSTACK`, as those
//! of this crate do), sigaltstack(2).
//!
//! A thread whose own stack is used up can run no handler on it, and a small stack of another
//! language's runtime may not hold what the kernel saves. Each thread has an alternate stack of its
//! own, or none: a new thread starts without one, a child of fork(2) has its parent's, execve(2)
//! takes it away. The threads of Rust's standard library have one already, of a size that suffices
//! for most.
//!
//! ```
//! use siglatch::stack::{self, StackGuard};
//!
//! let size = stack::usual_size();
//! let guard = StackGuard::map(size)?;
//! assert_eq!(stack::query()?.map(|stack| stack.size()), Some(size));
//! // … every handler that interrupts this thread runs there …
//! guard.remove()?;
//! # Ok::<(), siglatch::Errno>(())
//! ```
#![expect(unsafe_code, reason = "sets stacks through the kernel's door")]

mod auxv;

use core::ffi::{c_int, c_void};
use core::marker::PhantomData;
use core::ops::Range;
use static_assertions::assert_not_impl_any;

use crate::Errno;
use crate::sys::{self, KernelStack};

/// How much below a mapped stack no access is allowed, so that a handler that needs more ends the
/// process, and does not write to what lies there. No page of Linux is larger, so that pages start
/// where it ends.
const GUARD_SIZE: usize = 64 * 1024;

/// `SS_AUTODISARM` of include/uapi/linux/signal.h.
const AUTODISARM: c_int = 1 << 31;

/// How large an alternate stack has to be at least: what the kernel itself puts there when it calls
/// a handler, all registers of this machine's processor among it. The handler's own use comes on
/// top.
///
/// It is what the kernel told the program at its start (`AT_MINSIGSTKSZ`), and at least the C
/// constant `MINSIGSTKSZ`, which is smaller than what newer processors need. The kernel is asked by
/// prctl(2), one before Linux 6.4 by `/proc/self/auxv`; where there is neither, or the kernel does
/// not say (before 5.14 on x86_64), it is the constant.
#[doc(alias = "MINSIGSTKSZ")]
#[doc(alias = "AT_MINSIGSTKSZ")]
#[doc(alias = "_SC_MINSIGSTKSZ")]
#[inline]
#[must_use]
pub fn min_size() -> usize {
    auxv::min_stack_size().unwrap_or_default().max(libc::MINSIGSTKSZ)
}

/// A size that suffices for handlers that do not much: four times [`min_size`], and at least the C
/// constant `SIGSTKSZ`. It is what the sysconf(3) of glibc says.
#[doc(alias = "SIGSTKSZ")]
#[doc(alias = "_SC_SIGSTKSZ")]
#[inline]
#[must_use]
pub fn usual_size() -> usize {
    min_size().saturating_mul(4).max(libc::SIGSTKSZ)
}

/// Where a thread's alternate stack is.
#[doc(alias = "stack_t")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AltStack {
    kernel: KernelStack,
}

impl AltStack {
    /// A stack of `size` bytes from this address on, for [`set`].
    #[inline]
    #[must_use]
    pub fn new(start: *mut c_void, size: usize) -> Self {
        Self { kernel: KernelStack { start: start.expose_provenance(), flags: 0, size } }
    }

    /// The same, and while a handler runs on it the thread has no alternate stack
    /// (`SS_AUTODISARM`): such a handler may leave by a switch to another context, and the next one
    /// does not overwrite what it has left.
    #[doc(alias = "SS_AUTODISARM")]
    #[must_use]
    pub const fn autodisarm(mut self) -> Self {
        self.kernel.flags |= AUTODISARM;
        self
    }

    /// Returns `true` if it is [taken away](Self::autodisarm) while a handler runs on it.
    #[must_use]
    pub const fn disarms(&self) -> bool {
        self.kernel.flags & AUTODISARM != 0
    }

    /// Its lowest address; it is used from the other end.
    #[doc(alias = "ss_sp")]
    #[must_use]
    pub const fn start(&self) -> usize {
        self.kernel.start
    }

    /// How many bytes it has.
    #[doc(alias = "ss_size")]
    #[must_use]
    pub const fn size(&self) -> usize {
        self.kernel.size
    }

    /// The addresses that are part of it.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.kernel.start..self.kernel.start.saturating_add(self.kernel.size)
    }

    /// Whether the thread was running on it when it was asked for: in a handler.
    #[doc(alias = "SS_ONSTACK")]
    #[must_use]
    pub const fn in_use(&self) -> bool {
        self.kernel.flags & libc::SS_ONSTACK != 0
    }
}

/// The alternate stack of the calling thread, if it has one.
#[doc(alias = "sigaltstack")]
#[inline]
pub fn query() -> Result<Option<AltStack>, Errno> {
    let kernel = current()?;
    Ok((!is_disabled(&kernel)).then_some(AltStack { kernel }))
}

/// Sets the alternate stack of the calling thread, or takes it away (`None`). Returns the one
/// before: sigaltstack(2) as it is, for memory that is the caller's to manage. A [`StackGuard`] does
/// more.
///
/// # Errors
///
/// `EINVAL`: Linux before 4.7 knows no [`autodisarm`](AltStack::autodisarm). `ENOMEM`: smaller than
/// the kernel's own minimum. `EPERM`: the thread is running on the alternate stack that it has, in a
/// handler. Nothing is changed.
///
/// # Async-signal-safety
///
/// Async-signal-safe, but what a handler sets is not set when it has returned.
///
/// # Safety
///
/// - The memory of `new` is writable, used by nobody else, and has room for the deepest of the
///   handlers that can run on it, with those that may interrupt it, until another stack is set or
///   the thread ends.
/// - With `None`, those handlers have room on every stack that the thread runs on.
/// - No other code relies on the previous stack to be installed.
#[doc(alias = "sigaltstack")]
#[doc(alias = "SS_DISABLE")]
#[inline]
pub unsafe fn set(new: Option<AltStack>) -> Result<Option<AltStack>, Errno> {
    const NONE: KernelStack = KernelStack { start: 0, flags: libc::SS_DISABLE, size: 0 };
    let new = new.map_or(NONE, |stack| stack.kernel);
    // SAFETY: the caller's promise.
    let kernel = unsafe { sys::sigaltstack(Some(&new)) }?;
    Ok((!is_disabled(&kernel)).then_some(AltStack { kernel }))
}

/// Keeps an alternate stack set for the thread that made it, and restores the one before when
/// dropped.
///
/// Guards that overlap are to be dropped in the reverse order of their making, as a block does by
/// itself. A stack that cannot be taken back stays, memory and all, for good: when another one was
/// set over it, which may set it again later, and when the thread is running on it.
/// [`remove`](Self::remove) tells.
///
/// It is not for handlers: when one returns, the kernel restores the alternate stack that was set
/// when it started.
#[doc(alias = "sigaltstack")]
#[derive(Debug)]
#[must_use = "the stack is taken back as soon as the guard is dropped"]
pub struct StackGuard {
    installed: KernelStack,
    before: KernelStack,
    /// What is to be unmapped once the stack is not installed any more.
    mapping: Option<Mapping>,
    /// An alternate stack belongs to one thread.
    _not_send: PhantomData<*mut ()>,
}

assert_not_impl_any!(StackGuard: Send, Sync);

impl StackGuard {
    /// Sets an alternate stack of `size` bytes of new memory, with a zone below it where no access
    /// is allowed: a handler that needs more ends the process by `SIGSEGV`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: `size` is less than [`min_size`], or there is not so much memory. `EPERM`: the
    /// thread is running on the alternate stack that it has, in a handler. Nothing is changed.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: what a handler sets is not installed when it has returned.
    #[doc(alias = "mmap")]
    #[inline]
    pub fn map(size: usize) -> Result<Self, Errno> {
        if size < min_size() {
            return Err(Errno::NOMEM);
        }
        let mapping = Mapping::new(size)?;
        // SAFETY: the memory is new and stays until the kernel has given it back, see `take_back`;
        // a handler that has no room there reaches the zone below it.
        match unsafe { guard(mapping.stack(), size) } {
            Ok(mut guard) => {
                guard.mapping = Some(mapping);
                Ok(guard)
            }
            Err(errno) => {
                mapping.unmap();
                Err(errno)
            }
        }
    }

    /// Sets an alternate stack in `memory`: a static, where there is no memory to be mapped.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: `memory` is smaller than [`min_size`]. `EPERM`: the thread is running on the
    /// alternate stack that it has, in a handler. Nothing is changed.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: what a handler sets is not installed when it has returned.
    ///
    /// # Safety
    ///
    /// Below `memory` there is other memory, which a handler that needs more writes to without
    /// notice. So `memory` must have room for the deepest of the handlers that can run on it, with
    /// those that may interrupt it: any that were installed with `SA_ONSTACK`, also by other code.
    #[inline]
    pub unsafe fn install(memory: &'static mut [u8]) -> Result<Self, Errno> {
        if memory.len() < min_size() {
            return Err(Errno::NOMEM);
        }
        // SAFETY: the memory is nobody else's, for ever; the rest is the caller's promise.
        unsafe { guard(memory.as_mut_ptr().cast(), memory.len()) }
    }

    /// The stack that this guard has set.
    #[must_use]
    pub const fn stack(&self) -> AltStack {
        AltStack { kernel: self.installed }
    }

    /// Restores the alternate stack before. Returns `true` if that could be done.
    ///
    /// # Errors
    ///
    /// `EBUSY`: another alternate stack was set over this one, or none. `EPERM`: the thread is
    /// running on it, in a handler. In both cases it stays as it is, for good.
    ///
    /// # Async-signal-safety
    ///
    /// Not async-signal-safe: when a handler returns, the kernel sets again what was set when it
    /// started, which must not be gone.
    #[inline]
    pub fn remove(mut self) -> Result<(), Errno> {
        let result = self.take_back();
        // What drop would do has been done, or cannot be.
        core::mem::forget(self);
        result
    }

    #[inline]
    fn take_back(&mut self) -> Result<(), Errno> {
        let current = current()?;
        // The flags tell only whether the thread is running on it, which the next call tells, too.
        if is_disabled(&current)
            || (current.start, current.size) != (self.installed.start, self.installed.size)
        {
            return Err(Errno::BUSY);
        }
        // SAFETY: it was set before, and the code that set it has not taken it back: nothing has changed
        // since.
        unsafe { sys::sigaltstack(Some(&self.before)) }?;
        if let Some(mapping) = self.mapping.take() {
            mapping.unmap();
        }
        Ok(())
    }
}

impl Drop for StackGuard {
    #[inline]
    fn drop(&mut self) {
        // One that cannot be taken back stays, and so does its memory.
        let _stays = self.take_back();
    }
}

/// Memory that a guard has mapped: no access for [`GUARD_SIZE`] bytes, then the stack.
#[derive(Debug)]
struct Mapping {
    start: *mut c_void,
    length: usize,
}

impl Mapping {
    #[inline]
    fn new(size: usize) -> Result<Self, Errno> {
        const NO_ACCESS: c_int = libc::PROT_NONE;
        const ACCESS: c_int = libc::PROT_READ | libc::PROT_WRITE;
        let length = size.checked_add(GUARD_SIZE).ok_or(Errno::NOMEM)?;
        let mapping = Self { start: sys::mmap_stack(length, NO_ACCESS)?, length };
        // SAFETY: the pages are part of the mapping, which nobody else knows yet.
        match unsafe { sys::mprotect(mapping.stack(), size, ACCESS) } {
            Ok(()) => Ok(mapping),
            Err(errno) => {
                mapping.unmap();
                Err(errno)
            }
        }
    }

    /// The lowest address of the stack.
    fn stack(&self) -> *mut c_void {
        self.start.wrapping_byte_add(GUARD_SIZE)
    }

    #[inline]
    fn unmap(self) {
        // SAFETY: the pages are this mapping's, and nobody uses them: the kernel has no stack there
        // any more, or never had.
        let unmapped = unsafe { sys::munmap(self.start, self.length) };
        debug_assert!(unmapped.is_ok(), "a whole mapping can be unmapped");
    }
}

/// Sets an alternate stack and makes the guard that restores the one before.
///
/// # Safety
///
/// As [`sys::sigaltstack`].
#[inline]
unsafe fn guard(start: *mut c_void, size: usize) -> Result<StackGuard, Errno> {
    let installed = KernelStack { start: start.expose_provenance(), flags: 0, size };
    // SAFETY: the caller's promise.
    let before = unsafe { sys::sigaltstack(Some(&installed)) }?;
    Ok(StackGuard { installed, before, mapping: None, _not_send: PhantomData })
}

fn current() -> Result<KernelStack, Errno> {
    // SAFETY: nothing is changed.
    unsafe { sys::sigaltstack(None) }
}

const fn is_disabled(stack: &KernelStack) -> bool {
    stack.flags & libc::SS_DISABLE != 0
}
