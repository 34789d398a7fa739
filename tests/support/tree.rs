//! A process with its descendants, as `/proc` shows them.

use core::time::Duration;
use std::fs;

#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The process, and its descendants behind it.
    pub pids: Vec<i32>,
    /// The processor time that they and their reaped children have used.
    pub used: Duration,
    /// Whether a thread of them runs, or would if it had a processor or a disk answered.
    pub is_running: bool,
}

/// What is there of it now. Of a process that has ended there is nothing.
pub(crate) fn of(pid: i32) -> Tree {
    let mut tree = Tree { pids: vec![pid], ..Tree::default() };
    let mut next = 0;
    while let Some(pid) = tree.pids.get(next).copied() {
        next = next.saturating_add(1);
        tree.used = tree.used.saturating_add(used(pid));
        for tid in threads(pid) {
            tree.is_running |= matches!(state(pid, tid), Some('R' | 'D'));
            // Where the kernel has no such file, the process is watched alone.
            let children = read(pid, &format!("task/{tid}/children"));
            tree.pids.extend(children.split_whitespace().flat_map(str::parse::<i32>));
        }
    }
    tree
}

/// The threads of a process.
pub(crate) fn threads(pid: i32) -> Vec<i32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
}

/// A file of a process; nothing if it cannot be read.
pub(crate) fn read(pid: i32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

fn state(pid: i32, tid: i32) -> Option<char> {
    let stat = read(pid, &format!("task/{tid}/stat"));
    behind_name(&stat).chars().next()
}

/// Of `stat`, what is behind the name, which may have any characters in it.
fn behind_name(stat: &str) -> &str {
    stat.rsplit_once(") ").map_or("", |(_, rest)| rest)
}

/// utime, stime, cutime and cstime.
fn used(pid: i32) -> Duration {
    let stat = read(pid, "stat");
    let fields = behind_name(&stat).split_whitespace().skip(11).take(4);
    let ticks = fields.flat_map(str::parse::<u64>).fold(0, u64::saturating_add);
    // SAFETY: a number goes in, and one comes back.
    let a_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    let a_second = u64::try_from(a_second).unwrap_or(100).max(1);
    Duration::from_millis(ticks.saturating_mul(1000).checked_div(a_second).unwrap_or(0))
}
