//! [`Fd`]: a file descriptor that is closed when dropped.
#![expect(unsafe_code, reason = "closes by system calls")]

use core::fmt;
use core::mem::ManuallyDrop;
use static_assertions::assert_impl_all;

use crate::sys;

/// A descriptor that is closed when dropped: `std::os::fd::OwnedFd` without a standard library.
pub struct Fd(i32);

assert_impl_all!(Fd: Send, Sync, Unpin);

impl Fd {
    /// Takes over an open descriptor.
    ///
    /// # Safety
    ///
    /// `raw` must be open, and no other code may close it.
    #[must_use = "the descriptor is closed when dropped"]
    pub const unsafe fn from_raw(raw: i32) -> Self {
        Self(raw)
    }

    /// The number, open as long as this lives: for poll(2) and the like.
    #[must_use]
    pub const fn as_raw(&self) -> i32 {
        self.0
    }

    /// The number, which stays open and is for the caller to close.
    #[must_use = "nothing else closes the descriptor"]
    pub fn into_raw(self) -> i32 {
        ManuallyDrop::new(self).0
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        // The number is free whatever the answer is, and the kinds of this crate have nothing left
        // to write that could fail.
        //
        // SAFETY: the code that made this value answered for its being the descriptor's only owner.
        let _closed = unsafe { sys::close(self.0) };
    }
}

impl fmt::Debug for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fd").field(&self.0).finish()
    }
}
