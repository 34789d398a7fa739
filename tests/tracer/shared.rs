//! A page that a traced process leaves its words in.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

const SIZE: usize = 4096;

static PAGE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// Maps the page. Before the first fork.
pub(crate) fn map() {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, at a place that the kernel chooses.
    let page = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
    assert!(page != libc::MAP_FAILED, "mmap");
    PAGE.store(page.cast(), Ordering::Relaxed);
}

/// Leaves a text, cut to what there is room for.
pub(crate) fn write(text: &str) {
    let page = PAGE.load(Ordering::Relaxed);
    let length = text.len().min(SIZE - 1);
    // SAFETY: the page has room for so many bytes, and is not part of the text.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), page, length) };
    // SAFETY: the place behind the text is in the page.
    let end = unsafe { page.add(length) };
    // SAFETY: as above; bytes have no alignment.
    unsafe { end.write(0) };
}

/// The text that was left. Only while no traced process writes.
pub(crate) fn read() -> String {
    let page = PAGE.load(Ordering::Relaxed);
    // SAFETY: the page is mapped for good, and nobody writes now.
    let bytes = unsafe { core::slice::from_raw_parts(page, SIZE) };
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
