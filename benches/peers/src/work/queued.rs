//! (d) Queued real-time signals with values, to normal code.
//!
//! The signals are blocked and queued first, unmeasured, so what is measured is the way from the
//! kernel's queue to normal code. Those that read take them as they are; those that have a handler
//! unblock the signal, and then drain. 1,000 blocks of 100 are 100,000 signals for each, and every
//! value is checked.
//!
//! signal-hook's channel has five places for a signal and loses what comes beyond, without a word.
//! So there it is five at a time for both, twenty times a block. What it loses of a hundred at a
//! time is printed besides.

use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use siglatch::fd::{SignalFd, SignalFdInfo};
use siglatch::{Cause, InfoQueue, SigInfo, Signal, wait};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithRawSiginfo;

use super::Part;
use crate::measure::{Contender, Effort, compare, each};
use crate::outcome::Outcome;
use crate::signals::{self, Raiser};

pub(super) const PARTS: &[(&str, Part)] = &[("d-read", read), ("d-handle", handle)];

const BLOCK: u32 = 100;
/// What signal-hook's channel holds.
const CHANNEL: u32 = 5;

static QUEUE: InfoQueue<128> = InfoQueue::new();
static SMALL: InfoQueue<8> = InfoQueue::new();

/// Queues `count` signals, then measures how long `receive` takes; it returns the sum of the values.
fn receive_all(
    signal: i32,
    count: u32,
    receive: &mut impl FnMut() -> Result<usize>,
) -> Result<(Duration, usize)> {
    let raiser = Raiser::new();
    for value in 1..=count {
        raiser.queue(signal, value as usize)?;
    }
    let start = Instant::now();
    let sum = receive()?;
    Ok((start.elapsed(), sum))
}

/// The sum of the values of `count` signals.
fn sum(count: u32) -> usize {
    let count = count as usize;
    count * (count + 1) / 2
}

/// One that gets every signal, `at_a_time` of them at a time.
fn lossless<'a>(
    name: &str,
    signal: i32,
    at_a_time: u32,
    mut receive: impl FnMut() -> Result<usize> + 'a,
) -> Contender<'a> {
    let name = name.to_owned();
    Contender::new(name.clone(), move || {
        let mut took = Duration::ZERO;
        for _ in 0..BLOCK / at_a_time {
            let (time, values) = receive_all(signal, at_a_time, &mut receive)?;
            ensure!(values == sum(at_a_time), "{name} lost signals: {values}");
            took += time;
        }
        Ok(each(took, BLOCK))
    })
}

fn int(info: &SigInfo) -> usize {
    match info.cause() {
        Cause::Queue { value, .. } => value.as_addr(),
        _ => 0,
    }
}

/// Those that read blocked signals.
fn read(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let numbers: Vec<i32> = (0..5).map(|n| libc::SIGRTMIN() + n).collect();
    let [ours, each_ours, nix, plain, plain_fd] = numbers[..] else { unreachable!() };
    for &number in &numbers {
        signals::block(number);
    }

    let batch = SignalFd::new(Signal::from_raw(ours)?)?;
    let mut buffer = [SignalFdInfo::new(); 128];
    let batch = lossless("signalfd-batch", ours, BLOCK, move || {
        let mut values = 0;
        let mut left = BLOCK as usize;
        while left > 0 {
            let records = batch.read(&mut buffer)?;
            left -= records.len();
            values += records.iter().filter_map(|r| Some(r.value()?.as_addr())).sum::<usize>();
        }
        Ok(values)
    });

    let wanted = Signal::from_raw(each_ours)?;
    let wait_info = lossless("siglatch-wait_info", each_ours, BLOCK, move || {
        (0..BLOCK).map(|_| Ok(int(&wait::wait_info(wanted)?))).sum()
    });

    let nix_fd = nix_signalfd(nix)?;
    let nix = lossless("nix-SignalFd", nix, BLOCK, move || {
        (0..BLOCK)
            .map(|_| Ok(nix_fd.read_signal()?.map_or(0, |record| record.ssi_ptr as usize)))
            .sum()
    });

    let set = signals::set_of(plain);
    let plain = lossless("sigwaitinfo", plain, BLOCK, move || {
        (0..BLOCK).map(|_| Ok(signals::value(&signals::sigwaitinfo(&set)?))).sum()
    });

    let fd = signals::signalfd(plain_fd)?;
    let plain_fd = lossless("signalfd-one-by-one", plain_fd, BLOCK, move || {
        (0..BLOCK).map(|_| Ok(signals::read_signalfd(fd)?.ssi_ptr as usize)).sum()
    });
    compare(effort, &mut outcome, "d", batch, vec![nix, plain, plain_fd, wait_info])?;
    Ok(outcome)
}

/// nix has no name for a real-time signal, so its set is changed by libc's function once made.
fn nix_signalfd(signal: i32) -> Result<nix::sys::signalfd::SignalFd> {
    let fd = nix::sys::signalfd::SignalFd::new(&nix::sys::signal::SigSet::empty())?;
    let set = signals::set_of(signal);
    #[expect(unsafe_code, reason = "calls libc")]
    // SAFETY: reads the set; the descriptor is a signalfd.
    let result = unsafe { libc::signalfd(fd.as_raw_fd(), &raw const set, 0) };
    ensure!(result == fd.as_raw_fd(), "signalfd: {}", std::io::Error::last_os_error());
    Ok(fd)
}

/// Those that have a handler.
fn handle(effort: Effort) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let [large, small, theirs] = [0, 1, 2].map(|n| libc::SIGRTMIN() + n);
    QUEUE.catch(Signal::from_raw(large)?)?;
    SMALL.catch(Signal::from_raw(small)?)?;
    let mut iterator = SignalsInfo::<WithRawSiginfo>::new([theirs])?;
    for number in [large, small, theirs] {
        signals::block(number);
    }
    let mut receive = move || {
        signals::unblock(theirs);
        let values = iterator.pending().map(|info| signals::value(&info)).sum();
        signals::block(theirs);
        Ok(values)
    };
    let ours = lossless("queue", small, CHANNEL, || Ok(unblock_and_drain(&SMALL, small)));
    let peer = lossless("signal-hook-raw", theirs, CHANNEL, &mut receive);
    compare(effort, &mut outcome, "d", ours, vec![peer])?;

    let all = lossless("queue-of-100", large, BLOCK, || Ok(unblock_and_drain(&QUEUE, large)));
    let mut lost = 0_usize;
    let mut sent = 0;
    let lossy = Contender::new("signal-hook-raw-losing", || {
        let (took, values) = receive_all(theirs, BLOCK, &mut receive)?;
        // The first ones get through, with the values 1, 2, 3, …
        let got = (0..=BLOCK).find(|&n| sum(n) >= values).unwrap_or(0);
        lost += (BLOCK - got) as usize;
        sent += BLOCK as usize;
        Ok(each(took, BLOCK))
    });
    compare(effort, &mut outcome, "d", all, vec![lossy])?;
    for (name, queue_lost) in [
        ("queue-of-100", QUEUE.lost(Signal::from_raw(large)?)),
        ("queue", SMALL.lost(Signal::from_raw(small)?)),
    ] {
        outcome.figure(format!("d/lost by {name}"), f64::from(queue_lost), "signals");
    }
    let percent = 100.0 * lost as f64 / sent as f64;
    outcome.figure("d/lost by signal-hook-raw of 100 at a time, uncounted by it", percent, "%");
    Ok(outcome)
}

fn unblock_and_drain<const N: usize>(queue: &InfoQueue<N>, signal: i32) -> usize {
    signals::unblock(signal);
    let values = queue.drain().map(|info| int(&info)).sum();
    signals::block(signal);
    values
}
