//! A place for the core file of a child that is to dump core on purpose.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::{env, process};

/// An empty directory, removed with what is in it when dropped.
#[derive(Debug)]
pub struct CoreDir(PathBuf);

impl CoreDir {
    /// A new directory; none where core files go elsewhere or the limit forbids them.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
        let relative = !pattern.trim().is_empty() && !pattern.starts_with(['/', '|', '@']);
        if !relative || limit().rlim_max == 0 {
            return None;
        }
        let path = env::temp_dir().join(format!("core-files-of-{}", process::id()));
        // What a run that was killed has left; its pid is ours now.
        drop(fs::remove_dir_all(&path));
        fs::create_dir(&path).expect("a directory for core files");
        Some(Self(path))
    }

    /// Lets this process dump core into the directory, as small as it can be.
    #[track_caller]
    pub fn enter(&self) {
        env::set_current_dir(&self.0).expect("a directory that is there");
        // No memory at all: only that there is a core file matters.
        fs::write("/proc/self/coredump_filter", "0").expect("a filter for core files");
        let limit = libc::rlimit { rlim_cur: limit().rlim_max, ..limit() };
        // SAFETY: `limit` is initialised and only read.
        let result = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) };
        assert_eq!(result, 0, "setrlimit: {}", io::Error::last_os_error());
    }

    /// How many core files there are.
    #[track_caller]
    pub fn files(&self) -> usize {
        fs::read_dir(&self.0).expect("a directory that is there").count()
    }
}

impl Drop for CoreDir {
    fn drop(&mut self) {
        // A child's copy of this is not dropped: children end by `_exit` or by a signal.
        drop(fs::remove_dir_all(&self.0));
    }
}

#[track_caller]
fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) };
    assert_eq!(result, 0, "getrlimit: {}", io::Error::last_os_error());
    limit
}
