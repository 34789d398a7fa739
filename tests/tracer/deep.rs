//! Two signals: the second at each instruction of the handler that the first one started.

use super::check::{Failures, SLICE, TWO_DEEP, choose, is_asked_for};
use super::op::{Seen, Verdict, Wrong, at, finish, live, until_begin};
use super::path::{Path, Until};
use super::ptrace::{Sent, Stop, Tracee};
use siglatch::Signal;

/// At how many places of an operation a slice has the first signal land, about.
const FIRSTS: usize = if cfg!(debug_assertions) { 2 } else { 4 };

/// An operation that two signals come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deep {
    pub(crate) name: &'static str,
    /// The first one, and the one that comes in the middle of its handler.
    pub(crate) signals: [Signal; 2],
    /// Prepares, runs the operation in a window, and tells whether both got where they belong.
    pub(crate) body: fn(&[Sent; 2]) -> Verdict,
    /// What becomes of the two.
    pub(crate) seen: Seen,
}

/// Where the two signals land: places on the path of the operation, and of the handler.
#[derive(Debug, Clone, Copy)]
struct Points {
    first: usize,
    second: usize,
}

impl Deep {
    /// The two instances, each with a value of its own.
    fn sent(&self, at: Points) -> [Sent; 2] {
        let [first, second] = self.signals;
        let low = (at.first << 12 | at.second) as i32;
        [
            Sent { signal: first, pid: 4_321, uid: 8_765, value: 0x2000_0000 | low },
            Sent { signal: second, pid: 1_234, uid: 5_678, value: 0x4000_0000 | low },
        ]
    }

    fn begin(&self, sent: [Sent; 2]) -> Result<Tracee, Wrong> {
        let mut tracee = Tracee::start(|| live(|| (self.body)(&sent)));
        until_begin(&mut tracee)?;
        Ok(tracee)
    }

    /// A copy of the process before the first instruction of the first signal's handler; none if
    /// the signal is blocked there.
    fn in_handler(&self, path: &Path, points: Points) -> Result<Option<Tracee>, Wrong> {
        let sent = self.sent(points);
        let mut tracee = at(path, points.first, || self.begin(sent))?;
        let [first, _] = sent;
        tracee.send(&first);
        tracee.step(0);
        match tracee.wait() {
            Stop::Signal(signo) if signo == first.signal.as_raw() => tracee.step(signo),
            Stop::Trap => return Ok(None),
            other => return Err(format!("no handler, but {other:?}").into()),
        }
        match tracee.wait() {
            Stop::Trap => Ok(Some(tracee)),
            other => Err(format!("at the handler's begin: {other:?}").into()),
        }
    }

    /// The instructions of the handler, if it is started at this place of the operation.
    fn handler(&self, path: &Path, first: usize) -> Result<Path, Wrong> {
        match self.in_handler(path, Points { first, second: 0 })? {
            Some(mut tracee) => Ok(Path::record(&mut tracee, Until::Returned)?),
            None => Ok(Path::default()),
        }
    }

    fn run(&self, path: &Path, handler: &Path, points: Points) -> Verdict {
        let Some(mut tracee) = self.in_handler(path, points)? else {
            return Err("the first signal is blocked now, and was not before".into());
        };
        if !handler.reach(&mut tracee, points.second)? {
            return Err("the handler takes another path".into());
        }
        let [first, second] = self.sent(points);
        tracee.send(&second);
        tracee.go(0);
        finish(&mut tracee, &[first.signal, second.signal])
    }

    /// Tries the second signal at the instructions of the handlers, and fails if anything is wrong.
    pub(crate) fn check(&self) {
        if !is_asked_for(self.name) {
            return;
        }
        let mut failures = Failures::new(self.name);
        let (mut tried, mut all) = (0, 0);
        let path = self.path();
        let firsts: Vec<usize> = (0..path.places.len()).collect();
        let is_first = |first: usize, text: &str| {
            text.split(':').next().is_some_and(|text| text == first.to_string())
        };
        for first in choose(self.name, &firsts, FIRSTS, is_first) {
            let handler = match self.handler(&path, first) {
                Ok(handler) => handler,
                Err(wrong) => panic!("{}:{first}: {wrong}", self.name),
            };
            let seconds: Vec<usize> = (0..handler.places.len()).collect();
            let label = |second: usize| format!("{first}:{second}");
            let chosen = choose(self.name, &seconds, SLICE, |second, text| label(second) == text);
            all += seconds.len();
            tried += chosen.len();
            for second in chosen {
                let verdict = self.run(&path, &handler, Points { first, second });
                if let Err(wrong) = verdict.and_then(|seen| self.expects(seen)) {
                    failures.add(&label(second), &wrong, &[path.pc(first), handler.pc(second)]);
                    if failures.are_enough() {
                        return failures.close(&TWO_DEEP, tried, all);
                    }
                }
            }
        }
        failures.close(&TWO_DEEP, tried, all);
    }

    fn expects(&self, seen: Seen) -> Result<(), Wrong> {
        if seen == self.seen {
            Ok(())
        } else {
            Err(format!("{seen:?}, not {:?}", self.seen).into())
        }
    }

    fn path(&self) -> Path {
        let sent = self.sent(Points { first: 0, second: 0 });
        let path = Path::usual(|| Ok(Path::record(&mut self.begin(sent)?, Until::End)?));
        path.unwrap_or_else(|wrong| panic!("{}: {wrong}", self.name))
    }
}
