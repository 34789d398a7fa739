//! Conversions between this crate's types and the standard library's: all that feature `std` adds.
//!
//! Only an [`Fd`] is made of an [`OwnedFd`]. The other kinds promise more: an [`EventFd`] that
//! blocked would block the handler that writes to it.
#![expect(unsafe_code, reason = "the owner of a descriptor changes")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, IntoRawFd, OwnedFd, RawFd};

use crate::fd::{EventFd, Fd, PidFd, SignalFd};
use crate::{CatchError, Errno};

impl From<Errno> for io::Error {
    /// The error of the same number: its kind and its text are those of errno(3).
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.as_raw())
    }
}

impl From<CatchError> for io::Error {
    /// As of the [`Errno`] alone.
    fn from(error: CatchError) -> Self {
        error.errno().into()
    }
}

impl From<OwnedFd> for Fd {
    fn from(owned: OwnedFd) -> Self {
        // SAFETY: it is open, and its owner has just given it up without closing it.
        unsafe { Self::from_raw(owned.into_raw_fd()) }
    }
}

impl From<Fd> for OwnedFd {
    fn from(fd: Fd) -> Self {
        // SAFETY: it is open, and its owner has just given it up without closing it. An `Fd` that
        // is made of -1, which this type cannot hold, breaks the contract of `Fd::from_raw`.
        unsafe { Self::from_raw_fd(fd.into_raw()) }
    }
}

impl IntoRawFd for Fd {
    fn into_raw_fd(self) -> RawFd {
        self.into_raw()
    }
}

/// What all descriptors have.
macro_rules! lend {
    ($($kind:ty)*) => {$(
        impl AsFd for $kind {
            fn as_fd(&self) -> BorrowedFd<'_> {
                // SAFETY: it is open as long as this value lives, and so as long as it is borrowed.
                unsafe { BorrowedFd::borrow_raw(self.as_raw()) }
            }
        }

        impl AsRawFd for $kind {
            fn as_raw_fd(&self) -> RawFd {
                self.as_raw()
            }
        }
    )*};
}

/// What those that hold an [`Fd`] have from it.
macro_rules! give_away {
    ($($kind:ty)*) => {$(
        impl From<$kind> for OwnedFd {
            fn from(kind: $kind) -> Self {
                kind.into_fd().into()
            }
        }

        impl IntoRawFd for $kind {
            fn into_raw_fd(self) -> RawFd {
                self.into_fd().into_raw()
            }
        }
    )*};
}

lend!(Fd EventFd SignalFd PidFd);
give_away!(EventFd SignalFd PidFd);
