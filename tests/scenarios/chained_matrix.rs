//! A C handler under ours sees what it sees alone: its stack, its mask, its arguments, how often it
//! is called, and what is blocked after it. A row for each choice that sigaction(2) gives it, and
//! for each way in which it can end.
//!
//! `cargo test --test scenarios -- --exact chained_matrix::under_a_latch` prints the table.

use core::fmt;
use siglatch::{InfoQueue, Latch, SigSet, Signal};
use support::oracle::bit;
use support::state::set_raw_mask;
use support::{Child, Scenario, scenarios};
use support::{c, c_functions};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        under_a_latch,
        under_a_latch_with_an_empty_mask,
        under_a_queue,
        under_several_that_disagree,
    ]
}

c_functions! {
    C, "../c/chained.c":
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
        let mut lines = vec![format!("calls: {}", (c.calls_so_far)())];
        lines.extend((0..SIGNALS).map(|n| c::text(|text, room| (c.describe)(n, text, room))));
        link.say(&lines.join("\n"));
    });
    let seen = child.hear();
    child.wait().assert_exited(0);
    seen
}

/// Compares what the C code sees alone with what it sees under what `catch` catches, and gives the
/// table.
#[track_caller]
fn compare(catch: fn()) -> Option<Vec<String>> {
    let c = C::load()?;
    let mut table = vec![format!(
        "{:<46} {:<10} {:<10} {:<13} {:<15} the first call",
        "flags", "mask", "end", "under ours", "three signals"
    )];
    let mut wrong = Vec::new();
    for row in Row::all() {
        let alone = seen(c, row, || {});
        let under = seen(c, row, catch);
        let verdict = if alone == under { "it is equal" } else { "IT DIFFERS" };
        let mut lines = alone.lines();
        let [calls, first] = [(); 2].map(|()| lines.next().unwrap_or_default());
        table.push(format!("{row} {verdict:<13} {calls:<15} {first}"));
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
    Some(table)
}

fn under_a_latch() {
    let table = compare(|| {
        assert_eq!(LATCH.catch(Signal::URG), Ok(()));
    });
    // Not behind the runner's own words.
    println!();
    for line in table.into_iter().flatten() {
        println!("{line}");
    }
}

fn under_a_latch_with_an_empty_mask() {
    let _table = compare(|| {
        assert_eq!(EMPTY_MASK.catch(Signal::URG), Ok(()));
    });
}

fn under_a_queue() {
    let _table = compare(|| {
        assert_eq!(QUEUE.catch(Signal::URG), Ok(()));
    });
}

fn under_several_that_disagree() {
    let _table = compare(|| {
        assert_eq!(EMPTY_MASK.catch(Signal::URG), Ok(()));
        assert_eq!(QUEUE.catch(Signal::URG), Ok(()));
        assert_eq!(LATCH.catch(Signal::URG), Ok(()));
    });
}
