//! The works, a file each. A part of a work runs in a process of its own, because most peers have
//! state for the whole process, and some cannot share one.

mod build;
mod burst;
mod dispatch;
mod idle;
mod programs;
mod queued;
mod raise;
pub(crate) mod receivers;
mod register;
mod waiters;
mod wake;

pub(crate) use waiters::run as wait_as;

use anyhow::Result;

use crate::measure::Effort;
use crate::outcome::Outcome;

/// What one process does.
type Part = fn(Effort) -> Result<Outcome>;

/// One of the works, by letter and by name.
pub(crate) struct Work {
    pub(crate) letter: &'static str,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) parts: &'static [(&'static str, Part)],
}

/// All there are.
pub(crate) const ALL: &[Work] = &[
    Work {
        letter: "a",
        name: "raise",
        title: "raise, handler, and back: time for each signal",
        parts: raise::PARTS,
    },
    Work {
        letter: "b",
        name: "burst",
        title: "1,000 signals to a busy program, then its consumer catches up: time for each signal",
        parts: burst::PARTS,
    },
    Work {
        letter: "c",
        name: "wake",
        title: "from kill in another process to the waiting thread running: median delay",
        parts: wake::PARTS,
    },
    Work {
        letter: "d",
        name: "queued",
        title: "queued real-time signals with values, to normal code: time for each signal",
        parts: queued::PARTS,
    },
    Work {
        letter: "e",
        name: "idle",
        title: "asking whether anything came, when nothing has: time for each question",
        parts: idle::PARTS,
    },
    Work {
        letter: "f",
        name: "dispatch",
        title: "dispatch, by functions registered and signals pending: time for each dispatch",
        parts: dispatch::PARTS,
    },
    Work {
        letter: "g",
        name: "receivers",
        title: "the handler as receivers grow",
        parts: receivers::PARTS,
    },
    Work {
        letter: "h",
        name: "register",
        title: "catch and release: time for each pair",
        parts: register::PARTS,
    },
    Work {
        letter: "i",
        name: "programs",
        title: "a program that shuts down gracefully: file, memory, and time from exec to ready",
        parts: programs::PARTS,
    },
    Work {
        letter: "j",
        name: "build",
        title: "a clean build of a program, and how many crates it takes",
        parts: build::PARTS,
    },
];

impl Work {
    /// Whether it is what the command line names.
    pub(crate) fn is(&self, word: &str) -> bool {
        word == self.letter || word == self.name
    }
}
