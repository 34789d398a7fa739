//! Taking instances out of a queue while the handler pushes: each comes out once, whole and in
//! order, or is counted as lost.

use super::common::{AT_ONCE, RT, nothing_is_blocked, operations, same};
use crate::tracer::op::{Seen, Verdict, Wrong, ensure, window};
use crate::tracer::ptrace::Sent;
use siglatch::{Cause, InfoQueue, Pid, SigInfo, SigVal, Signal, send};

operations! {
    pop_of_none until End on RT => During, After;
    pop_of_one until End on RT => After;
    pop_of_three until End on RT => After;
    pop_of_a_full_queue until End on RT => Ignored, After;
    pop_of_the_only_slot until End on RT => Ignored, After;
    pop_of_a_queue_of_32 until End on RT => After;
    pop_of_a_standard_signal until End on Signal::USR1 => During, After;
    pop_beside_another_signal until End on Signal::USR1 => After;
    pop_of_the_newest until End on RT => During, After;
    pop_of_the_newest_of_others until End on RT => After;
    pop_of_the_newest_in_the_only_slot until End on RT => During, Ignored, After;
    drain_queue_of_none until End on RT => During, After;
    drain_queue_of_three until End on RT => During, After;
    drain_of_a_full_queue until End on RT => Ignored, During, After;
    is_empty until End on RT => After;
    lost until End on RT => After;
    wait_of_a_queue_that_only_looks until End on RT => After;
}

type Taken = heapless::Vec<SigInfo, 16>;

static FOUR: InfoQueue<4> = InfoQueue::new();
static ONE: InfoQueue<1> = InfoQueue::new();
static MANY: InfoQueue<32> = InfoQueue::new();
static NEWEST: InfoQueue<4> = InfoQueue::new().keep_newest();
static NEWEST_ONE: InfoQueue<1> = InfoQueue::new().keep_newest();

/// Catches the signal, and puts so many instances in the queue, with the values 1, 2 and so on.
fn fill<const N: usize>(
    queue: &'static InfoQueue<N>,
    signal: Signal,
    count: i32,
) -> Result<(), Wrong> {
    queue.catch(signal)?;
    for value in 1..=count {
        send::queue(Pid::this(), signal, SigVal::from_int(value))?;
    }
    Ok(())
}

fn value(info: &SigInfo) -> Option<i32> {
    match info.cause() {
        Cause::Queue { value, .. } => Some(value.as_int()),
        _ => None,
    }
}

/// What was taken and what is left are the `before` first instances, in order, then the one that
/// was sent; or all but that one, which is counted.
fn accounted<const N: usize>(
    queue: &'static InfoQueue<N>,
    sent: &Sent,
    before: i32,
    taken: &[SigInfo],
) -> Verdict {
    nothing_is_blocked()?;
    let flag = queue.wait(AT_ONCE)?;
    let left: Taken = queue.drain().take(8).collect();
    ensure!(flag || left.is_empty(), "{} are left, and a wait would not end", left.len());
    let mut all = taken.iter().chain(&left);
    for wanted in 1..=before {
        let found = all.next().and_then(value);
        ensure!(found == Some(wanted), "{found:?} in the place of {wanted}");
    }
    let last = all.next();
    ensure!(all.next().is_none(), "more came out than went in");
    let lost = queue.lost(sent.signal);
    ensure!(lost == u32::from(last.is_none()), "{lost} counted as lost, and the last is {last:?}");
    let Some(last) = last else { return Ok(Seen::Ignored) };
    ensure!(same(last, sent), "torn: {last:?}");
    Ok(if left.is_empty() { Seen::During } else { Seen::After })
}

fn popped<const N: usize>(queue: &'static InfoQueue<N>, sent: &Sent, before: i32) -> Verdict {
    fill(queue, sent.signal, before)?;
    let taken = window(|| queue.pop());
    accounted(queue, sent, before, taken.as_slice())
}

fn drained<const N: usize>(queue: &'static InfoQueue<N>, sent: &Sent, before: i32) -> Verdict {
    fill(queue, sent.signal, before)?;
    let taken = window(|| queue.drain().collect::<Taken>());
    accounted(queue, sent, before, &taken)
}

fn pop_of_none(sent: &Sent) -> Verdict {
    popped(&FOUR, sent, 0)
}

fn pop_of_one(sent: &Sent) -> Verdict {
    popped(&FOUR, sent, 1)
}

fn pop_of_three(sent: &Sent) -> Verdict {
    popped(&FOUR, sent, 3)
}

fn pop_of_a_full_queue(sent: &Sent) -> Verdict {
    popped(&FOUR, sent, 4)
}

fn pop_of_the_only_slot(sent: &Sent) -> Verdict {
    popped(&ONE, sent, 1)
}

fn pop_of_a_queue_of_32(sent: &Sent) -> Verdict {
    popped(&MANY, sent, 5)
}

fn pop_of_a_standard_signal(sent: &Sent) -> Verdict {
    popped(&FOUR, sent, 0)
}

fn pop_beside_another_signal(sent: &Sent) -> Verdict {
    FOUR.catch(sent.signal)?;
    fill(&FOUR, RT, 2)?;
    let taken = window(|| FOUR.pop());
    accounted(&FOUR, sent, 2, taken.as_slice())
}

/// The newest instance is kept: if both came out, the older was taken before; if not, it was
/// replaced and is counted.
fn newest<const N: usize>(queue: &'static InfoQueue<N>, sent: &Sent) -> Verdict {
    fill(queue, sent.signal, 1)?;
    let taken = window(|| queue.pop());
    nothing_is_blocked()?;
    let flag = queue.wait(AT_ONCE)?;
    let left = queue.pop();
    ensure!(flag || left.is_none(), "one is left, and a wait would not end");
    ensure!(queue.pop().is_none(), "more came out than went in");
    let lost = queue.lost(sent.signal);
    let Some(taken) = taken else { return Err("nothing was taken".into()) };
    match (left, lost) {
        (Some(left), 0) => {
            ensure!(value(&taken) == Some(1), "{taken:?} came first");
            ensure!(same(&left, sent), "torn: {left:?}");
            Ok(Seen::After)
        }
        (None, 1) if same(&taken, sent) => Ok(Seen::During),
        // Its slot was being taken at that very moment, as documented, and there was no other.
        (None, 1) if value(&taken) == Some(1) => Ok(Seen::Ignored),
        _ => Err(format!("{taken:?} taken, {left:?} left, {lost} lost").into()),
    }
}

fn pop_of_the_newest(sent: &Sent) -> Verdict {
    newest(&NEWEST, sent)
}

fn pop_of_the_newest_in_the_only_slot(sent: &Sent) -> Verdict {
    newest(&NEWEST_ONE, sent)
}

fn pop_of_the_newest_of_others(sent: &Sent) -> Verdict {
    NEWEST.catch(sent.signal)?;
    fill(&NEWEST, Signal::USR1, 1)?;
    let taken = window(|| NEWEST.pop());
    accounted(&NEWEST, sent, 1, taken.as_slice())
}

fn drain_queue_of_none(sent: &Sent) -> Verdict {
    drained(&FOUR, sent, 0)
}

fn drain_queue_of_three(sent: &Sent) -> Verdict {
    drained(&FOUR, sent, 3)
}

fn drain_of_a_full_queue(sent: &Sent) -> Verdict {
    drained(&FOUR, sent, 4)
}

fn is_empty(sent: &Sent) -> Verdict {
    fill(&FOUR, sent.signal, 1)?;
    ensure!(!window(|| FOUR.is_empty()), "it says that it is empty");
    accounted(&FOUR, sent, 1, &[])
}

fn lost(sent: &Sent) -> Verdict {
    fill(&FOUR, sent.signal, 1)?;
    let lost = window(|| FOUR.lost(sent.signal));
    ensure!(lost == 0, "{lost} lost");
    accounted(&FOUR, sent, 1, &[])
}

fn wait_of_a_queue_that_only_looks(sent: &Sent) -> Verdict {
    fill(&FOUR, sent.signal, 1)?;
    ensure!(window(|| FOUR.wait(AT_ONCE))?, "it says that there is nothing");
    accounted(&FOUR, sent, 1, &[])
}
