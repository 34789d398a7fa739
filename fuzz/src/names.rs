//! Names and sets: parsing against a table of all spellings, set algebra against `BTreeSet`.
//!
//! An input is one line of text, then operations on sets.

use core::ffi::CStr;

use arbitrary::{Result, Unstructured};
use siglatch::mask::{self, MaskGuard};
use siglatch::{DefaultAction, Errno, Latch, SigSet, Signal};
use std::collections::BTreeSet;

/// signal(7), x86 and ARM: the name without `SIG`, and the default action. The number is the
/// place in the table, from 1 on.
const STANDARD: [(&str, DefaultAction); 31] = {
    use DefaultAction::{Continue, Core, Ignore, Stop, Terminate};
    [
        ("HUP", Terminate),
        ("INT", Terminate),
        ("QUIT", Core),
        ("ILL", Core),
        ("TRAP", Core),
        ("ABRT", Core),
        ("BUS", Core),
        ("FPE", Core),
        ("KILL", Terminate),
        ("USR1", Terminate),
        ("SEGV", Core),
        ("USR2", Terminate),
        ("PIPE", Terminate),
        ("ALRM", Terminate),
        ("TERM", Terminate),
        ("STKFLT", Terminate),
        ("CHLD", Ignore),
        ("CONT", Continue),
        ("STOP", Stop),
        ("TSTP", Stop),
        ("TTIN", Stop),
        ("TTOU", Stop),
        ("URG", Ignore),
        ("XCPU", Core),
        ("XFSZ", Core),
        ("VTALRM", Terminate),
        ("PROF", Terminate),
        ("WINCH", Ignore),
        ("IO", Terminate),
        ("PWR", Terminate),
        ("SYS", Core),
    ]
};

const ALIASES: [(&str, i32); 3] = [("IOT", 6), ("CLD", 17), ("POLL", 29)];

/// SIGRTMIN and SIGRTMAX, as the C library has them.
fn real_time() -> (i32, i32) {
    (libc::SIGRTMIN(), libc::SIGRTMAX())
}

fn is_signal(number: i32) -> bool {
    let (first, last) = real_time();
    (1..=31).contains(&number) || (first..=last).contains(&number)
}

/// The whole target.
pub fn run(data: &[u8]) {
    let (line, operations) = match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    parse(&String::from_utf8_lossy(line));
    if let Some(&byte) = line.first() {
        number(i32::from(byte));
        number(i32::from(byte).wrapping_sub(192));
        number(i32::from(byte) << 24 | 9);
    }
    // An input that ends in the middle of an operation has done what was before.
    let _end = sets(&mut Unstructured::new(operations));
}

/// What the text should be read as: by the words of kill(1), not by the code's steps.
fn expected(text: &str) -> Option<i32> {
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if all_digits(text) {
        return text.parse().ok().filter(|&number| is_signal(number));
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let standard = STANDARD.iter().zip(1..).map(|((name, _), number)| (*name, number));
    if let Some((_, number)) = standard.chain(ALIASES).find(|(known, _)| *known == name) {
        return Some(number);
    }
    let (first, last) = real_time();
    let (from, sign, way) = match name.get(..5)? {
        "RTMIN" => (first, '+', 1),
        "RTMAX" => (last, '-', -1),
        _ => return None,
    };
    let offset = match name.get(5..)? {
        "" => 0,
        rest => {
            let digits = rest.strip_prefix(sign).filter(|digits| all_digits(digits))?;
            digits.parse::<i64>().ok().filter(|&offset| offset < 100)?
        }
    };
    let number = i64::from(from) + way * offset;
    (i64::from(first)..=i64::from(last)).contains(&number).then_some(number as i32)
}

fn parse(text: &str) {
    let parsed = text.parse::<Signal>();
    assert_eq!(parsed.map(Signal::as_raw), expected(text).ok_or(Errno::INVAL), "{text:?}");
    if let Ok(signal) = parsed {
        names(signal);
    }
}

fn number(raw: i32) {
    let signal = Signal::from_raw(raw);
    assert_eq!(signal.is_ok(), is_signal(raw), "{raw}");
    assert_eq!(Signal::try_from(raw), signal);
    if let Ok(signal) = signal {
        assert_eq!(i32::from(signal), raw);
        names(signal);
    }
    let nth = Signal::rt(raw as u8);
    let (first, last) = real_time();
    let wanted = first + i32::from(raw as u8);
    assert_eq!(nth.ok().map(Signal::as_raw), (wanted <= last).then_some(wanted));
}

/// What is known of one signal: names that are read back, and signal(7)'s table.
#[expect(unsafe_code, reason = "asks the C library")]
fn names(signal: Signal) {
    let number = signal.as_raw();
    let (first, last) = real_time();
    let (name, default, offset) = if let Some((name, default)) = STANDARD.get(number as usize - 1) {
        (format!("SIG{name}"), *default, None)
    } else {
        let offset = number - first;
        (format!("SIGRTMIN+{offset}"), DefaultAction::Terminate, Some(offset))
    };
    assert_eq!(&*signal.name(), name);
    assert_eq!(signal.name().as_str(), name);
    assert_eq!(signal.name().clone(), signal.name());
    assert_eq!(format!("{:?}", signal.name()), format!("{name:?}"));
    assert_eq!((signal.to_string(), format!("{signal:?}")), (name.clone(), name.clone()));
    assert_eq!(format!("{signal:>14}|{signal:<4}"), format!("{name:>14}|{name:<4}"));
    for text in [name.clone(), name[3..].to_owned(), name.to_lowercase(), number.to_string()] {
        assert_eq!(text.parse(), Ok(signal), "{text}");
    }
    assert_eq!(signal.default_action(), default, "{signal}");
    assert_eq!(signal.rt_offset().map(i32::from), offset);
    assert_eq!(signal.is_rt(), offset.is_some());
    assert_eq!(i32::from(Signal::rt_count()), last - first + 1);
    assert_eq!(signal.is_unchangeable(), matches!(&*name, "SIGKILL" | "SIGSTOP"));
    assert_eq!(signal.is_synchronous(), matches!(number, 4 | 5 | 7 | 8 | 11 | 31));
    // SAFETY: strsignal(3) takes any number, and its text is there until the next call.
    let text = unsafe { libc::strsignal(number) };
    // SAFETY: as above; this target has one thread.
    let c_text = unsafe { CStr::from_ptr(text) };
    if cfg!(not(target_env = "gnu")) {
        // Other C libraries have other words.
    } else if offset.is_none() {
        assert_eq!(Ok(signal.description()), c_text.to_str());
    } else {
        assert!(c_text.to_string_lossy().starts_with(signal.description()), "{c_text:?}");
    }
}

type Model = BTreeSet<i32>;

/// The set that has these numbers.
fn set_of(model: &Model) -> SigSet {
    model.iter().filter_map(|&number| Signal::from_raw(number).ok()).collect()
}

/// Set and model say the same, by everything that can be asked of a set.
fn check(set: SigSet, model: &Model) {
    assert!(set.iter().map(Signal::as_raw).eq(model.iter().copied()), "{set:?}, not {model:?}");
    assert!(set.into_iter().eq(set.iter()));
    assert_eq!((set.len(), set.iter().len()), (model.len(), model.len()));
    assert_eq!(set.is_empty(), model.is_empty());
    assert_eq!(set.first().map(Signal::as_raw), model.first().copied());
    for signal in Signal::all() {
        assert_eq!(set.contains(signal), model.contains(&signal.as_raw()), "{signal}");
    }
    assert_eq!(set.bits(), model.iter().fold(0, |bits, number| bits | 1 << (number - 1)));
    assert_eq!(SigSet::from_bits(set.bits()), set);
    assert_eq!(set_of(model), set);
    let names: Vec<String> = set.iter().map(|signal| signal.to_string()).collect();
    assert_eq!(format!("{set:?}"), format!("{{{}}}", names.join(", ")));
    let mut rest = set.iter();
    rest.next();
    assert!(rest.clone().eq(set.iter().skip(1)), "{rest:?}");
}

/// A set as the mask of this thread, for a moment.
fn through_the_kernel(set: SigSet) {
    let before = mask::query().expect("mask");
    let result = MaskGuard::block(set);
    if (set - SigSet::full()).is_empty() {
        let guard = result.expect("a mask");
        assert_eq!(mask::query(), Ok(set | before));
        drop(guard);
        assert_eq!(mask::query(), Ok(before));
    } else {
        assert_eq!(result.err(), Some(Errno::INVAL));
    }
}

/// A set as the flags of a latch.
fn through_a_latch(set: SigSet) {
    let latch = Latch::new();
    set.into_iter().for_each(|signal| latch.set(signal));
    assert_eq!((latch.pending(), latch.take()), (set, set));
    assert_eq!(latch.pending(), SigSet::empty());
}

fn sets(input: &mut Unstructured<'_>) -> Result<()> {
    const COUNT: usize = 4;
    let mut sets = [SigSet::empty(); COUNT];
    let mut models: [Model; COUNT] = Default::default();
    assert_eq!(SigSet::default(), SigSet::empty());
    let full: Model = Signal::all().filter(|s| !s.is_unchangeable()).map(Signal::as_raw).collect();
    check(SigSet::full(), &full);
    while !input.is_empty() {
        let (operation, places) = (input.arbitrary::<u8>()?, input.arbitrary::<u8>()?);
        let [to, a, b] = [0, 2, 4].map(|shift| usize::from(places >> shift) % COUNT);
        let (left, right) = (models[a].clone(), models[b].clone());
        match operation % 16 {
            kind @ (0..=5) => {
                let Ok(signal) = Signal::from_raw(i32::from(input.arbitrary::<u8>()?)) else {
                    continue;
                };
                let number = signal.as_raw();
                match kind {
                    0 => assert_eq!(sets[to].insert(signal), models[to].insert(number)),
                    1 => assert_eq!(sets[to].remove(signal), models[to].remove(&number)),
                    2 => {
                        sets[to] = sets[a].with(signal);
                        models[to] = left;
                        models[to].insert(number);
                    }
                    3 => {
                        sets[to] = sets[a].without(signal);
                        models[to] = left;
                        models[to].remove(&number);
                    }
                    4 => {
                        sets[to] = SigSet::from(signal);
                        assert_eq!(sets[to], SigSet::from(&signal));
                        models[to] = [number].into();
                    }
                    _ => {
                        let last = Signal::STANDARD[30];
                        sets[to] = SigSet::from([signal, last, signal]);
                        assert_eq!(sets[to], SigSet::from(&[last, signal][..]));
                        assert_eq!(sets[to], SigSet::from(&[last, signal]));
                        models[to] = [number, last.as_raw()].into();
                    }
                }
            }
            6 | 7 => (sets[to], models[to]) = (sets[a] | sets[b], &left | &right),
            8 | 9 => (sets[to], models[to]) = (sets[a] & sets[b], &left & &right),
            10 => (sets[to], models[to]) = (sets[a] - sets[b], &left - &right),
            11 => (sets[to], models[to]) = (sets[a].difference(sets[b]), &left - &right),
            12 => (sets[to], models[to]) = (!sets[a], &full - &left),
            13 => {
                sets[to] |= sets[a];
                models[to].extend(left);
            }
            14 => {
                sets[to].extend(sets[a]);
                models[to].extend(left);
            }
            _ => {
                let bits = input.arbitrary::<u64>()?;
                sets[to] = SigSet::from_bits(bits);
                models[to] =
                    (1..=64).filter(|n| bits >> (n - 1) & 1 == 1 && is_signal(*n)).collect();
            }
        }
        check(sets[to], &models[to]);
        assert_eq!(sets[a] == sets[b], models[a] == models[b]);
    }
    through_the_kernel(sets[0]);
    through_a_latch(sets[0]);
    Ok(())
}
