//! What ends a process that makes no progress.
//!
//! A limit in wall-clock time decides on a slow or busy machine what the test is to decide. So the
//! watchdog adds up, since the last sign of progress, the processor time that the process and its
//! descendants have used, and the time in which all of them slept. That they want a processor and
//! are given none does not count.
//!
//! A sign of progress is a word, a line of output, a stop, a signal that the test sends, a step of a
//! traced process. A process that works for long without one calls [`progress`].

use super::report::{kernel_view, section};
use super::sys;
use super::tree::{self, Tree};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::env;
use std::sync::OnceLock;
use std::time::Instant;

/// How much of that is too much: far more than any process of the tests takes.
const LENGTH: Duration = Duration::from_secs(30);

/// In the environment, another number of seconds: more for a machine that is emulated, less for who
/// expects hangs.
const VARIABLE: &str = "SIGLATCH_WATCHDOG";

/// How often it looks.
pub const TICK: Duration = Duration::from_millis(100);

/// The signs that processes give themselves, in memory that all of them share.
static SIGNS: OnceLock<&'static AtomicU64> = OnceLock::new();

/// A watchdog over one process and its descendants.
#[derive(Debug)]
pub struct Watchdog {
    pid: i32,
    length: Duration,
    /// Whether there was a sign of progress since the last look.
    sign: bool,
    /// The processes' own signs, when it looked last.
    signs: u64,
    looked: Instant,
    /// The processor time used up to the last sign, and up to the last look.
    used_before: Duration,
    used: Duration,
    /// For how long all have slept since the last sign.
    asleep: Duration,
    /// Whether that was too much at the last look.
    suspects: bool,
}

impl Watchdog {
    /// One that begins to watch now.
    pub fn new(pid: i32) -> Self {
        let (used, asleep) = (Duration::ZERO, Duration::ZERO);
        Watchdog {
            pid,
            length: length(),
            sign: true,
            signs: 0,
            looked: Instant::now(),
            used_before: used,
            used,
            asleep,
            suspects: false,
        }
    }

    /// Has it be satisfied with another length: for tests of itself.
    pub fn set_length(&mut self, length: Duration) {
        self.length = length;
    }

    /// There is progress.
    pub fn renew(&mut self) {
        self.sign = true;
    }

    /// When to look again.
    pub fn next_look(&self) -> Instant {
        self.looked.checked_add(TICK).unwrap_or(self.looked)
    }

    /// Looks, if it is time to. Why the process hangs, if it does: at the second look in a row, since a
    /// sign may have come between the caller's own look for one and the first.
    pub fn look(&mut self) -> Option<String> {
        let passed = self.looked.elapsed();
        if passed < TICK {
            return None;
        }
        self.looked = Instant::now();
        let Tree { used, is_running, .. } = tree::of(self.pid);
        let signs = SIGNS.get().map_or(0, |signs| signs.load(Ordering::Relaxed));
        if core::mem::take(&mut self.sign) || self.signs != signs {
            (self.signs, self.used_before, self.asleep) = (signs, used, Duration::ZERO);
        } else if !is_running && used == self.used {
            // If this process itself had no processor for long, nobody knows how they fared.
            self.asleep = self.asleep.saturating_add(passed.min(TICK.saturating_mul(2)));
        }
        // Less than before if a descendant has ended that nobody reaped into the tree.
        self.used_before = self.used_before.min(used);
        self.used = used;
        let worked = used.saturating_sub(self.used_before);
        let is_too_much = worked.saturating_add(self.asleep) >= self.length;
        let hangs = is_too_much && self.suspects;
        self.suspects = is_too_much;
        hangs.then(|| {
            format!(
                "no progress: since the last sign of it {worked:?} of processor time, {:?} asleep",
                self.asleep
            )
        })
    }
}

/// A sign of progress from a process that works for long without a word. May be called anywhere, in
/// signal context, too.
pub fn progress() {
    if let Some(signs) = SIGNS.get() {
        signs.fetch_add(1, Ordering::Relaxed);
    }
}

/// Shares the memory for [`progress`] with all processes to come.
pub(super) fn share_signs(memory: &'static AtomicU64) {
    SIGNS.get_or_init(|| memory);
}

/// Kills a process with its descendants, which would go on without it.
pub fn kill(pid: i32) {
    for pid in tree::of(pid).pids {
        drop(sys::kill(pid, libc::SIGKILL));
    }
}

/// What is known of a process that hangs and of its descendants: threads, what they wait for, their
/// signals.
pub fn report(pid: i32) -> String {
    let views = tree::of(pid).pids.into_iter().map(|pid| {
        section(&format!("the kernel's view of process {pid}"), kernel_view(pid).iter())
    });
    views.collect()
}

/// The length.
pub(super) fn length() -> Duration {
    static ASKED: OnceLock<Duration> = OnceLock::new();
    *ASKED.get_or_init(|| match env::var(VARIABLE) {
        Ok(seconds) => Duration::from_secs(seconds.parse().unwrap_or_else(|error| {
            panic!("{VARIABLE}={seconds} is no number of seconds: {error}")
        })),
        Err(_) => LENGTH,
    })
}

/// The same items, each a sign of progress.
pub fn steps<T>(items: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    items.into_iter().inspect(|_| progress())
}

/// The numbers of rounds, each a sign of progress: as many as a machine makes within two seconds, but
/// some at least and not more than enough. A round that waits for another thread takes a busy machine
/// a thousand times as long.
pub fn rounds(least: u32, enough: u32) -> impl Iterator<Item = u32> {
    let begin = Instant::now();
    let goes_on = move |round: &u32| *round < least || begin.elapsed() < Duration::from_secs(2);
    steps(0..enough).take_while(goes_on)
}
