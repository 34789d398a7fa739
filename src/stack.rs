//! Alternate stacks, which handlers with `SA_ONSTACK` run on, as this crate's do: sigaltstack(2).
//!
//! A thread that has used up its own stack can run no handler on it, and a small stack of another
//! language's runtime may not hold what the kernel saves. An alternate stack belongs to one thread:
//! a new thread has none, a child of fork(2) has its parent's, execve(2) removes it. The threads of
//! Rust's standard library have one already, of a size that suffices for most.
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
#![expect(unsafe_code, reason = "sets stacks by system calls")]

mod auxv;

use core::ffi::{c_int, c_void};
use core::marker::PhantomData;
use core::ops::Range;
use static_assertions::assert_not_impl_any;

use crate::Errno;
use crate::sys::{self, KernelStack};

/// Memory without access below a mapped stack: a handler that needs more ends the process instead
/// of overwriting what lies there. As large as Linux's largest page, so that the stack is aligned.
const GUARD_SIZE: usize = 64 * 1024;

/// `SS_AUTODISARM` of include/uapi/linux/signal.h.
const AUTODISARM: c_int = 1 << 31;

/// The least size of an alternate stack: what the kernel saves there for a handler, all registers
/// of this machine's processor included. The handler's own use comes on top.
///
/// It is the kernel's `AT_MINSIGSTKSZ`, and at least the constant `MINSIGSTKSZ`, which is too small
/// for newer processors. The kernel is queried by prctl(2), before Linux 6.4 by `/proc/self/auxv`;
/// where neither works, or it has no such entry (before 5.14 on x86_64), it is the constant.
#[doc(alias = "MINSIGSTKSZ")]
#[doc(alias = "AT_MINSIGSTKSZ")]
#[doc(alias = "_SC_MINSIGSTKSZ")]
#[inline]
#[must_use]
pub fn min_size() -> usize {
    auxv::min_stack_size().unwrap_or_default().max(sys::MINSIGSTKSZ)
}

/// A size for small handlers, as sysconf(3) of glibc has it: the larger of four times [`min_size`]
/// and the constant `SIGSTKSZ`.
#[doc(alias = "SIGSTKSZ")]
#[doc(alias = "_SC_SIGSTKSZ")]
#[inline]
#[must_use]
pub fn usual_size() -> usize {
    min_size().saturating_mul(4).max(libc::SIGSTKSZ)
}

/// The memory of an alternate stack.
#[doc(alias = "stack_t")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AltStack {
    kernel: KernelStack,
}

impl AltStack {
    /// The `size` bytes from `start` on, for [`set`].
    #[inline]
    #[must_use]
    pub fn new(start: *mut c_void, size: usize) -> Self {
        Self { kernel: KernelStack { start: start.expose_provenance(), flags: 0, size } }
    }

    /// The same, disabled while a handler runs on it (`SS_AUTODISARM`): such a handler may switch
    /// to another context, and the next one does not overwrite its frames.
    #[doc(alias = "SS_AUTODISARM")]
    #[must_use]
    pub const fn autodisarm(mut self) -> Self {
        self.kernel.flags |= AUTODISARM;
        self
    }

    /// Returns `true` if it is [disabled](Self::autodisarm) while a handler runs on it.
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

    /// Its size in bytes.
    #[doc(alias = "ss_size")]
    #[must_use]
    pub const fn size(&self) -> usize {
        self.kernel.size
    }

    /// Its addresses.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.kernel.start..self.kernel.start.saturating_add(self.kernel.size)
    }

    /// Returns `true` if the thread was running on it when it was queried: in a handler.
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

/// Sets the calling thread's alternate stack, or disables it (`None`). Returns the previous one. It
/// is sigaltstack(2), for memory that the caller manages; a [`StackGuard`] does more.
///
/// # Errors
///
/// `EINVAL`: [`autodisarm`](AltStack::autodisarm) before Linux 4.7. `ENOMEM`: less than the
/// kernel's minimum. `EPERM`: the thread is in a handler on its alternate stack. Nothing changes.
///
/// # Async-signal-safety
///
/// Async-signal-safe, but when a handler returns, the kernel restores what was set when it started.
///
/// # Safety
///
/// - The memory of `new` is writable, used by no other code, and has room for the deepest of the
///   handlers that can run on it, with those that may interrupt it, until another stack is set or
///   the thread ends.
/// - With `None`, those handlers have room on every stack that the thread runs on.
/// - No other code relies on the previous stack being installed.
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

/// An alternate stack of the thread that made it. When dropped, it restores the previous one.
///
/// Guards that overlap are to be dropped in the reverse order of their making, as a block does. A
/// stack that cannot be removed, as [`remove`](Self::remove) reports, stays for good, its memory
/// included: if another one was set over it, which may restore it, or the thread is running on it.
///
/// # Async-signal-safety
///
/// Not async-signal-safe, but for [`stack`](Self::stack): when a handler returns, the kernel
/// restores the alternate stack that was set when it started, which must still exist.
#[doc(alias = "sigaltstack")]
#[derive(Debug)]
#[must_use = "the stack is taken back as soon as the guard is dropped"]
pub struct StackGuard {
    installed: KernelStack,
    before: KernelStack,
    /// To be unmapped once the stack is not installed.
    mapping: Option<Mapping>,
    /// An alternate stack belongs to one thread.
    _not_send: PhantomData<*mut ()>,
}

assert_not_impl_any!(StackGuard: Send, Sync);

impl StackGuard {
    /// Sets an alternate stack of `size` bytes of new memory, above a zone where no access is
    /// allowed: a handler that needs more ends the process by `SIGSEGV`. Not async-signal-safe.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: `size` is less than [`min_size`], or there is not so much memory. `EPERM`: the
    /// thread is in a handler on its alternate stack. Nothing is changed.
    #[doc(alias = "mmap")]
    #[inline]
    pub fn map(size: usize) -> Result<Self, Errno> {
        if size < min_size() {
            return Err(Errno::NOMEM);
        }
        let mapping = Mapping::new(size)?;
        // SAFETY: the memory is new and stays until the stack is not installed, see `take_back`;
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

    /// Sets an alternate stack in `memory`: a static, if none can be mapped. Not async-signal-safe.
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map).
    ///
    /// # Safety
    ///
    /// Below `memory` there is other memory, which a handler that needs more overwrites without
    /// notice. So it must have room for the deepest of the handlers that can run on it, with those
    /// that may interrupt it: any that were installed with `SA_ONSTACK`, by other code, too.
    #[inline]
    pub unsafe fn install(memory: &'static mut [u8]) -> Result<Self, Errno> {
        if memory.len() < min_size() {
            return Err(Errno::NOMEM);
        }
        // SAFETY: the memory is borrowed exclusively for `'static`; the rest is the caller's
        // promise.
        unsafe { guard(memory.as_mut_ptr().cast(), memory.len()) }
    }

    /// The stack that this guard has set.
    #[must_use]
    pub const fn stack(&self) -> AltStack {
        AltStack { kernel: self.installed }
    }

    /// Restores the previous alternate stack. Not async-signal-safe.
    ///
    /// # Errors
    ///
    /// `EBUSY`: another alternate stack was set over this one, or none. `EPERM`: the thread is in a
    /// handler on it. In both cases it stays for good.
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
        // The flags say only whether the thread is running on it, as the next call does.
        if is_disabled(&current)
            || (current.start, current.size) != (self.installed.start, self.installed.size)
        {
            return Err(Errno::BUSY);
        }
        // SAFETY: it was set before, and the code that set it has not taken it back: nothing has
        // changed since.
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
        // One that cannot be removed stays, and so does its memory.
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
        // SAFETY: the pages are part of the mapping, which no other code knows yet.
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
        // SAFETY: the pages are this mapping's, and unused: the kernel no longer has a stack there,
        // or never had.
        let unmapped = unsafe { sys::munmap(self.start, self.length) };
        debug_assert!(unmapped.is_ok(), "a whole mapping can be unmapped");
    }
}

/// Sets an alternate stack and makes the guard that restores the previous one.
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
