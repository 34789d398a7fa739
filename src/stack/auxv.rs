//! The auxiliary vector of getauxval(3): how much of a stack the kernel needs to call a handler.
//!
//! Where the vector was put at the program's start is known to its C library, which this crate does
//! not call. The kernel can be queried later, too.
#![expect(unsafe_code, reason = "reads by system calls")]

use crate::Errno;
use crate::sys;

/// `AT_MINSIGSTKSZ` of include/uapi/linux/auxvec.h.
const AT_MINSIGSTKSZ: usize = 51;

/// Twice the most that the kernel has ever put there.
const ROOM: usize = 128;

/// `AT_MINSIGSTKSZ`, if the kernel says it.
#[inline]
pub(super) fn min_stack_size() -> Option<usize> {
    let mut vector = [0; ROOM];
    if sys::prctl_get_auxv(&mut vector).is_err() {
        // A kernel before 6.4.
        read(&mut vector).ok()?;
    }
    find(&vector)
}

fn read(vector: &mut [usize; ROOM]) -> Result<(), Errno> {
    let fd = sys::open_to_read(c"/proc/self/auxv")?;
    // SAFETY: the vector is writable for its size, and any bytes are integers. The file is this
    // function's own.
    let result = unsafe { sys::read(fd, vector.as_mut_ptr().cast(), size_of_val(vector)) };
    // SAFETY: no other code knows the descriptor.
    let _closed = unsafe { sys::close(fd) };
    result.map(drop)
}

/// The value beside `AT_MINSIGSTKSZ`. What the kernel did not fill is zero, the type of the end.
fn find(vector: &[usize]) -> Option<usize> {
    let mut pairs = vector.chunks_exact(2);
    pairs.find_map(|pair| match pair {
        &[AT_MINSIGSTKSZ, value] => Some(value),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{ROOM, find, min_stack_size, read};

    #[test]
    fn value_stands_beside_its_type() {
        assert_eq!(find(&[6, 51, 51, 3632, 0, 0]), Some(3632));
        assert_eq!(find(&[6, 51, 7, 51, 0, 0]), None);
        assert_eq!(find(&[51]), None);
        assert_eq!(find(&[]), None);
    }

    /// The second way, which a newer kernel's first one hides.
    #[test]
    fn file_says_the_same() {
        let mut vector = [0; ROOM];
        assert_eq!(read(&mut vector), Ok(()));
        assert_eq!(find(&vector), min_stack_size());
    }
}
