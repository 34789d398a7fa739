//! [`Processes`]: the number of every process in `/proc`.
#![expect(unsafe_code, reason = "opens a directory by system calls")]

use core::ffi::CStr;

use crate::fd::Fd;
use crate::{Errno, Pid, sys};

/// The directory, and as many of its entries as fit.
pub(super) struct Processes {
    directory: Fd,
    entries: [u8; ROOM],
    /// The end of the entries, and the beginning of the next one.
    filled: usize,
    next: usize,
}

/// Some 40 entries.
const ROOM: usize = 1024;

/// The offsets in `struct linux_dirent64` of its length, 16 bits, and of its name.
const LENGTH: usize = 16;
const NAME: usize = 19;

impl Processes {
    #[inline]
    pub(super) fn list() -> Result<Self, Errno> {
        let raw = sys::open_to_read(c"/proc")?;
        // SAFETY: the call has just made it, and no other code knows it.
        let directory = unsafe { Fd::from_raw(raw) };
        Ok(Self { directory, entries: [0; ROOM], filled: 0, next: 0 })
    }

    /// The next entry's name; `None` after the last.
    #[inline]
    fn name(&mut self) -> Option<&[u8]> {
        if self.next >= self.filled {
            self.filled = sys::getdents64(self.directory.as_raw(), &mut self.entries).ok()?;
            self.next = 0;
        }
        let rest = self.entries.get(self.next..self.filled)?;
        let length = rest.get(LENGTH..)?.first_chunk().copied().map(u16::from_ne_bytes)?;
        let entry = rest.get(..length.into())?;
        self.next = self.next.saturating_add(length.into());
        CStr::from_bytes_until_nul(entry.get(NAME..)?).ok().map(CStr::to_bytes)
    }
}

impl Iterator for Processes {
    type Item = Pid;

    #[inline]
    fn next(&mut self) -> Option<Pid> {
        loop {
            if let Some(pid) = number(self.name()?) {
                return Some(pid);
            }
        }
    }
}

/// The process that a directory is named for.
#[inline]
fn number(name: &[u8]) -> Option<Pid> {
    let name = core::str::from_utf8(name).ok()?;
    name.parse().ok().and_then(|number: i32| Pid::from_raw(number).ok())
}

#[cfg(test)]
mod tests {
    use super::{Processes, number};
    use crate::Pid;

    #[test]
    fn numbers_are_processes_and_nothing_else_is() {
        assert_eq!(number(b"1").map(Pid::as_raw), Some(1));
        assert_eq!(number(b"4194304").map(Pid::as_raw), Some(4_194_304));
        for name in [&b""[..], b"0", b"-1", b"99999999999", b"self", b"1a", b"\xff"] {
            assert_eq!(number(name), None);
        }
    }

    #[test]
    fn this_process_is_listed_once() {
        let listed = Processes::list().expect("/proc").filter(|pid| *pid == Pid::this());
        assert_eq!(listed.count(), 1);
    }
}
