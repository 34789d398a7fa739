//! Waiting: what comes before the sleep, at its begin or in the middle of it ends it.
//!
//! The operations that are recorded until they are asleep have no other end than the signal: if a
//! wake-up were lost, they would hang.

use super::common::{
    HOOK, LATCH, QUEUE, RT, nothing_is_blocked, once, operations, queue_has, same,
};
use super::theirs;
use crate::tracer::op::{Moment, Op, Point, Seen, Verdict, Wrong, ensure, window};
use crate::tracer::path::{Place, Until};
use crate::tracer::ptrace::Sent;
use core::time::Duration;
use siglatch::{Dispatcher, Latch, Shutdown, SigSet, Signal, mask, wait};
use support::state;

operations! {
    wait_for_ever until Asleep on Signal::USR1 => Ours;
    wait_for_a_minute until Asleep on Signal::USR1 => Ours;
    wait_without_restart until Asleep on Signal::USR1 => Ours;
    wait_until_the_time_is_up until End on Signal::USR1 => After;
    wait_beside_another_signal until End on Signal::USR2 => Ours;
    wait_and_take_in_a_loop until Asleep on Signal::USR1 => During;
    queue_wait until Asleep on RT => Ours;
    queue_wait_and_drain until Asleep on RT => Ours;
    handlers_wait_and_dispatch until Asleep on RT => Ours;
    shutdown_wait until Asleep on Signal::USR1 => Ours;
    suspend_with_the_signal_blocked until Asleep on Signal::USR1 => Ours;
    suspend_in_a_loop until Asleep on Signal::USR1 => Ours;
    wait_for_a_blocked_signal until Asleep on RT => During;
    wait_for_details until Asleep on RT => During;
    wait_until_a_point_in_time until Asleep on Signal::USR1 => Ours;
    wait_for_details_until_a_point_in_time until Asleep on RT => During;
    wait_for_details_for_a_minute until Asleep on RT => During;
    wait_for_details_until_the_time_is_up until End on RT => During, After;
    look_for_a_blocked_signal until End on RT => During, After;
    look_what_is_pending until End on RT => After;
    hook_beside_a_wait until End on Signal::USR2 => Ours;
}

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

/// Longer than it takes to get to the sleep by steps, and short for those that sleep.
const MOMENT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 10 });

static RESTARTS_NOT: Latch = Latch::new().restart(false);
static SHUTDOWN: Shutdown = Shutdown::new();
static TABLE: Dispatcher<4> = Dispatcher::new();

/// The wait said that there is a flag, and there is.
fn woken(sent: &Sent, latch: &Latch, said: bool) -> Verdict {
    nothing_is_blocked()?;
    ensure!(said, "it says that no flag is set");
    ensure!(latch.take() == SigSet::from(sent.signal), "woken without the flag");
    Ok(Seen::Ours)
}

fn wait_for_ever(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let said = window(|| LATCH.wait(None))?;
    woken(sent, &LATCH, said)
}

fn wait_for_a_minute(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let said = window(|| LATCH.wait(MINUTE))?;
    woken(sent, &LATCH, said)
}

fn wait_until_a_point_in_time(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let end = wait::now()?.saturating_add(Duration::from_secs(60));
    let said = window(|| LATCH.wait_until(end))?;
    woken(sent, &LATCH, said)
}

fn wait_without_restart(sent: &Sent) -> Verdict {
    RESTARTS_NOT.catch(sent.signal)?;
    let said = window(|| RESTARTS_NOT.wait(MINUTE))?;
    woken(sent, &RESTARTS_NOT, said)
}

fn wait_until_the_time_is_up(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let said = window(|| LATCH.wait(Some(MOMENT)))?;
    let set = LATCH.is_set();
    ensure!(set || !said, "it says that a flag is set");
    once(sent, false)
}

/// One interrupt of the clock may end the sleep and bring the signal: the thread finds that it is too
/// late, and then the flag.
pub(crate) fn flag_that_is_set_as_the_time_is_up_is_told() {
    fn waits(sent: &Sent) -> Verdict {
        LATCH.catch(sent.signal)?;
        let said = window(|| LATCH.wait(Some(MOMENT)))?;
        woken(sent, &LATCH, said)
    }
    let op = Op {
        name: "flag_that_is_set_as_the_time_is_up_is_told",
        signal: Signal::USR1,
        body: waits,
        order: &[Seen::Ours],
        until: Until::End,
    };
    let path = op.path().expect("a path");
    let futex = [Some(libc::SYS_futex), support::thread::with_long_times(libc::SYS_futex)];
    let sleeps = |place: &Place| {
        place.syscall.is_some_and(|call| futex.contains(&Some(call as libc::c_long)))
    };
    let sleep = path.places.iter().rposition(sleeps).expect("a sleep");
    // Behind the call, which says that it has slept to the end.
    let seen = op.run(&path, Point { index: sleep + 1, moment: Moment::Before });
    assert_eq!(seen.ok(), Some(Seen::Ours), "the wait tells of no flag");
}

/// A signal for somebody else does not end the wait, and nothing of it is lost.
fn wait_beside_another_signal(sent: &Sent) -> Verdict {
    LATCH.catch(Signal::USR1)?;
    super::common::OTHER.catch(sent.signal)?;
    let said = window(|| LATCH.wait(Some(MOMENT)))?;
    ensure!(!said && !LATCH.is_set(), "it says that a flag is set");
    ensure!(super::common::OTHER.take_signal(sent.signal), "the other latch did not get it");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn wait_and_take_in_a_loop(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let taken = window(|| {
        loop {
            let taken = LATCH.take();
            if !taken.is_empty() {
                return Ok(taken);
            }
            LATCH.wait(None)?;
        }
    });
    let taken = taken.map_err(|errno: siglatch::Errno| Wrong::from(errno))?;
    once(sent, taken.contains(sent.signal))
}

fn queue_wait(sent: &Sent) -> Verdict {
    QUEUE.catch(sent.signal)?;
    ensure!(window(|| QUEUE.wait(None))?, "it says that there is nothing");
    ensure!(queue_has(&QUEUE, sent)?, "woken without an instance");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn queue_wait_and_drain(sent: &Sent) -> Verdict {
    QUEUE.catch(sent.signal)?;
    let popped = window(|| {
        loop {
            if let Some(info) = QUEUE.pop() {
                return Ok(info);
            }
            QUEUE.wait(None)?;
        }
    });
    let info = popped.map_err(|errno: siglatch::Errno| Wrong::from(errno))?;
    ensure!(same(&info, sent), "torn: {info:?}");
    ensure!(!queue_has(&QUEUE, sent)?, "it is there twice");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn handlers_wait_and_dispatch(sent: &Sent) -> Verdict {
    TABLE.catch(sent.signal, theirs::note)?;
    let calls = window(|| {
        loop {
            match TABLE.dispatch() {
                0 => TABLE.wait(None)?,
                calls => return Ok(calls),
            };
        }
    });
    let calls = calls.map_err(|errno: siglatch::Errno| Wrong::from(errno))?;
    let noted = theirs::noted(&TABLE, sent)?;
    ensure!(calls == 1 && noted == 1, "{calls} calls, {noted} noted");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn shutdown_wait(sent: &Sent) -> Verdict {
    SHUTDOWN.catch(sent.signal)?;
    ensure!(window(|| SHUTDOWN.wait(None))?, "it says that nobody has asked");
    ensure!(SHUTDOWN.requested_by() == Some(sent.signal), "{:?} asks", SHUTDOWN.requested_by());
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}

fn suspend_with_the_signal_blocked(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let before = mask::block([sent.signal, Signal::USR2])?;
    let blocked = state::raw_mask();
    window(|| wait::suspend(before))?;
    ensure!(state::raw_mask() == blocked, "the mask left is {:#x}", state::raw_mask());
    ensure!(LATCH.take_signal(sent.signal), "it returns, and no handler has run");
    Ok(Seen::Ours)
}

fn suspend_in_a_loop(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    let guard = mask::MaskGuard::block(sent.signal)?;
    let waited = window(|| {
        while !LATCH.is_set() {
            wait::suspend(guard.previous())?;
        }
        Ok(())
    });
    waited.map_err(|errno: siglatch::Errno| Wrong::from(errno))?;
    drop(guard);
    woken(sent, &LATCH, true)
}

/// It is taken in the place of the handler.
fn not_delivered(sent: &Sent) -> Result<(), Wrong> {
    let pending = wait::pending()?;
    ensure!(!pending.contains(sent.signal), "it is still pending");
    mask::unblock(sent.signal)?;
    nothing_is_blocked()?;
    ensure!(!LATCH.is_set(), "it came to the handler as well");
    Ok(())
}

fn wait_for_a_blocked_signal(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let signal = window(|| wait::wait(sent.signal))?;
    ensure!(signal == sent.signal, "{signal}");
    not_delivered(sent)?;
    Ok(Seen::During)
}

fn wait_for_details(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let info = window(|| wait::wait_info(sent.signal))?;
    ensure!(same(&info, sent), "torn: {info:?}");
    not_delivered(sent)?;
    Ok(Seen::During)
}

fn details(sent: &Sent, timeout: Duration) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let Some(info) = window(|| wait::wait_timeout(sent.signal, timeout))? else {
        mask::unblock(sent.signal)?;
        return once(sent, false);
    };
    ensure!(same(&info, sent), "torn: {info:?}");
    not_delivered(sent)?;
    Ok(Seen::During)
}

fn wait_for_details_until_a_point_in_time(sent: &Sent) -> Verdict {
    mask::block(sent.signal)?;
    let end = wait::now()?.saturating_add(Duration::from_secs(60));
    let info = window(|| wait::wait_until(sent.signal, end))?;
    ensure!(info.is_some_and(|info| same(&info, sent)), "torn, or none: {info:?}");
    not_delivered(sent)?;
    Ok(Seen::During)
}

fn wait_for_details_for_a_minute(sent: &Sent) -> Verdict {
    details(sent, Duration::from_secs(60))
}

fn wait_for_details_until_the_time_is_up(sent: &Sent) -> Verdict {
    details(sent, MOMENT)
}

fn look_for_a_blocked_signal(sent: &Sent) -> Verdict {
    details(sent, Duration::ZERO)
}

fn look_what_is_pending(sent: &Sent) -> Verdict {
    LATCH.catch(sent.signal)?;
    mask::block(sent.signal)?;
    let pending = window(wait::pending)?;
    ensure!((pending - SigSet::from(sent.signal)).is_empty(), "{pending:?} is pending");
    mask::unblock(sent.signal)?;
    once(sent, false)
}

fn hook_beside_a_wait(sent: &Sent) -> Verdict {
    HOOK.catch(sent.signal)?;
    LATCH.catch(Signal::USR1)?;
    let said = window(|| LATCH.wait(Some(MOMENT)))?;
    ensure!(!said, "it says that a flag is set");
    let calls = super::common::HOOKED.load(core::sync::atomic::Ordering::Relaxed);
    ensure!(calls == 1, "the hook was called {calls} times");
    nothing_is_blocked()?;
    Ok(Seen::Ours)
}
