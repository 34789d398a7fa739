//! A C handler under ours sees what it sees alone: its stack, its mask, its arguments, how often it
//! is called, and what is blocked after it. A row for each choice that sigaction(2) gives it, and
//! for each way in which it can end.
//!
//! `cargo test --test chained_matrix under_a_latch -- --exact` prints the table.

#![expect(unsafe_code, reason = "loads C code")]

mod support;

use core::fmt;
use siglatch::{InfoQueue, Latch, SigSet, Signal};
use std::process::ExitCode;
use support::c::{self, c_functions};
use support::oracle::bit;
use support::state::set_raw_mask;
use support::{Child, scenarios};

fn main() -> ExitCode {
    support::main(scenarios![
        under_a_latch,
        under_a_latch_with_an_empty_mask,
        under_a_queue,
        under_several_that_disagree,
    ])
}

c_functions! {
    C, "c/chained.c":
    alternate_stack(usize) -> i32;
    noting_handler(i32, i32, u64, i32) -> i32;
    send_to_this_thread(i32, i32) -> i32;
    calls_so_far() -> i32;
    describe(i32, *mut libc::c_char, usize) -> i32;
}

/// Its default is to do nothing, so one that comes after `SA_RESETHAND` had its effect is harmless.
const SIGNO: i32 = libc::SIGURG;

/// As many as the C code keeps.
const SIGNALS: i32 = 3;

static LATCH: Latch = Latch::new();
static EMPTY_MASK: Latch = Latch::new().mask(SigSet::empty());
static QUEUE: InfoQueue<8> = InfoQueue::new();

/// How the handler ends; the numbers are those of the C code.
#[derive(Clone, Copy)]
enum End {
    Returns = 0,
    Siglongjmp = 1,
    Longjmp = 2,
}

/// What the C code chooses.
#[derive(Clone, Copy)]
struct Row {
    flags: i32,
    mask: u64,
    end: End,
}

const FLAGS: [(i32, &str); 4] = [
    (libc::SA_SIGINFO, "SIGINFO"),
    (libc::SA_ONSTACK, "ONSTACK"),
    (libc::SA_NODEFER, "NODEFER"),
    (libc::SA_RESETHAND, "RESETHAND"),
];

impl Row {
    fn all() -> Vec<Self> {
        let mut rows = Vec::new();
        for choice in 0..16_u32 {
            let chosen = FLAGS.iter().zip(0_u32..).filter(|(_, n)| choice >> n & 1 == 1);
            let flags = chosen.map(|((flag, _), _)| flag).fold(0, |flags, flag| flags | flag);
            for mask in [0, bit(libc::SIGINT) | bit(libc::SIGRTMAX())] {
                for end in [End::Returns, End::Siglongjmp, End::Longjmp] {
                    rows.push(Self { flags, mask, end });
                }
            }
        }
        rows
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chosen = FLAGS.iter().filter(|(flag, _)| self.flags & flag != 0);
        let flags: Vec<&str> = chosen.map(|(_, name)| *name).collect();
        let mask = if self.mask == 0 { "empty" } else { "INT, RTMAX" };
        let end = match self.end {
            End::Returns => "returns",
            End::Siglongjmp => "siglongjmp",
            End::Longjmp => "longjmp",
        };
        write!(f, "{:<46} {mask:<10} {end:<10}", flags.join(" "))
    }
}

/// What the C code sees of a few signals, in a process of its own: a line for each.
#[track_caller]
fn seen(c: C, row: Row, catch: fn()) -> String {
    let mut child = Child::start(|link| {
        assert_eq!((c.alternate_stack)(256 * 1024), 0);
        set_raw_mask(bit(libc::SIGUSR2));
        assert_eq!((c.noting_handler)(SIGNO, row.flags, row.mask, row.end as i32), 0);
        catch();
        assert_eq!((c.send_to_this_thread)(SIGNO, SIGNALS), 0);
        let mut lines = vec![format!("called {} times", (c.calls_so_far)())];
        lines.extend((0..SIGNALS).map(|n| c::text(|text, room| (c.describe)(n, text, room))));
        link.say(&lines.join("\n"));
    });
    let seen = child.hear();
    child.wait().assert_exited(0);
    seen
}

/// Compares what the C code sees alone with what it sees under what `catch` catches.
#[track_caller]
fn compare(catch: fn()) {
    let Some(c) = C::load() else { return };
    let mut wrong = Vec::new();
    println!(
        "{:<46} {:<10} {:<10} under ours   what each signal did alone",
        "flags", "mask", "end"
    );
    for row in Row::all() {
        let alone = seen(c, row, || {});
        let under = seen(c, row, catch);
        let verdict = if alone == under { "the same" } else { "DIFFERENT" };
        for (n, line) in alone.lines().enumerate() {
            let (row, verdict) =
                if n == 0 { (row.to_string(), verdict) } else { (String::new(), "") };
            println!("{row:<68} {verdict:<12} {line}");
        }
        if alone != under {
            wrong.push(format!("{row}\n  alone: {alone}\n  under: {under}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows differ; the first ones:\n{}",
        wrong.len(),
        wrong.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("\n")
    );
}

fn under_a_latch() {
    compare(|| {
        assert_eq!(LATCH.catch(Signal::URG), Ok(()));
    });
}

fn under_a_latch_with_an_empty_mask() {
    compare(|| {
        assert_eq!(EMPTY_MASK.catch(Signal::URG), Ok(()));
    });
}

fn under_a_queue() {
    compare(|| {
        assert_eq!(QUEUE.catch(Signal::URG), Ok(()));
    });
}

fn under_several_that_disagree() {
    compare(|| {
        assert_eq!(EMPTY_MASK.catch(Signal::URG), Ok(()));
        assert_eq!(QUEUE.catch(Signal::URG), Ok(()));
        assert_eq!(LATCH.catch(Signal::URG), Ok(()));
    });
}
