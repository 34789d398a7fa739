//! A table of functions and faults: what each answers to each, tried in a process of its own.

use core::fmt;
use siglatch::child::Change;
use siglatch::{ChildState, Errno};
use std::env;
use std::io::{Read as _, Write as _};
use support::Child;

/// What a function answers to a fault.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    /// This: an errno, a value, or how the process ended. One of several, with "or" in between.
    Answers(&'static str),
    /// There is no such call.
    Never(Never),
}

/// Why there is no such call.
#[derive(Clone, Copy)]
pub(super) enum Never {
    /// No value of the argument's type says that.
    ByType,
    /// The caller of an `unsafe` function has promised otherwise.
    ByContract,
    /// The function takes nothing of the kind.
    NoSuchArgument,
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByType => "(by type)",
            Self::ByContract => "(by contract)",
            Self::NoSuchArgument => "-",
        })
    }
}

/// A function, by the name of the one that calls it, and its answers in the order of the columns.
pub(super) struct Row<I: 'static> {
    pub(super) name: &'static str,
    pub(super) call: fn(I) -> String,
    pub(super) cells: &'static [Cell],
}

/// Columns of faults, and rows of functions, which are called with what a fault makes.
pub(super) struct Table<C: 'static, I: 'static> {
    pub(super) columns: &'static [(&'static str, C)],
    pub(super) rows: &'static [Row<I>],
}

/// A [`Table`], drawn: columns are variants of the type, rows are functions.
macro_rules! table {
    ($type:ident: $($column:ident)|+; $($row:ident: $($cell:tt)|+;)+) => {
        $crate::child_faults::table::Table {
            columns: &[$((stringify!($column), $type::$column)),+],
            rows: &[$($crate::child_faults::table::Row {
                name: stringify!($row),
                call: $row,
                cells: &[$($crate::child_faults::table::cell!($cell)),+],
            }),+],
        }
    };
}
pub(super) use table;

/// `by_type`, `by_contract` and `-` are what [`Never`] says, all else is the answer.
macro_rules! cell {
    (by_type) => {
        $crate::child_faults::table::Cell::Never($crate::child_faults::table::Never::ByType)
    };
    (by_contract) => {
        $crate::child_faults::table::Cell::Never($crate::child_faults::table::Never::ByContract)
    };
    (-) => {
        $crate::child_faults::table::Cell::Never($crate::child_faults::table::Never::NoSuchArgument)
    };
    ($word:ident) => {
        $crate::child_faults::table::Cell::Answers(stringify!($word))
    };
    ($text:literal) => {
        $crate::child_faults::table::Cell::Answers($text)
    };
}
pub(super) use cell;

impl<C: Copy, I> Table<C, I> {
    /// Tries every cell by `run`, which has the call answer; `None` if that cannot be had here.
    #[track_caller]
    pub(super) fn check(&self, run: impl Fn(fn(I) -> String, C) -> Option<String>) {
        let mut wrong = Vec::new();
        let mut lines = vec![line("", self.columns.iter().map(|(name, _)| *name))];
        for row in self.rows {
            assert_eq!(row.cells.len(), self.columns.len(), "the row of {}", row.name);
            let cells = self.columns.iter().zip(row.cells).map(|((column, value), cell)| {
                let wanted = match cell {
                    Cell::Answers(wanted) => wanted,
                    Cell::Never(why) => return why.to_string(),
                };
                let Some(answer) = run(row.call, *value) else { return "(not here)".to_owned() };
                if !wanted.split(" or ").any(|wanted| wanted == answer) {
                    wrong.push(format!("{} × {column}: {answer}, not {wanted}", row.name));
                }
                answer
            });
            lines.push(line(row.name, cells));
        }
        if env::args().any(|argument| argument == "--nocapture") {
            // Not behind the runner's own words.
            println!("\n{}", lines.join("\n"));
        }
        assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
    }
}

fn line(name: &str, cells: impl Iterator<Item = impl fmt::Display>) -> String {
    let cells: Vec<_> = cells.map(|cell| format!("{:<12}", cell.to_string())).collect();
    format!("{name:<26}{}", cells.join(" ")).trim_end().to_owned()
}

/// What a result says, in a word: the value, or the errno's name.
pub(super) fn told(result: Result<impl fmt::Display, Errno>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(errno) => errno.name().map_or_else(|| errno.to_string(), str::to_owned),
    }
}

/// The same where the value does not matter.
pub(super) fn done<T>(result: Result<T, Errno>) -> String {
    told(result.map(|_| "Ok"))
}

/// What became of a child, in a word.
pub(super) fn state(state: ChildState) -> &'static str {
    match state {
        ChildState::Exited(_) => "exited",
        ChildState::Killed(_) | ChildState::KilledByReserved(_) | ChildState::Dumped(_) => "killed",
        ChildState::Stopped(_) => "stopped",
        _ => "other",
    }
}

/// The same where there may be nothing to tell.
pub(super) fn maybe(told: Option<ChildState>) -> &'static str {
    told.map_or("none", state)
}

/// The same of all that a table or a walk tells; "lost" is what somebody else was told.
pub(super) fn states(changes: impl Iterator<Item = Change>) -> String {
    let words: Vec<_> = changes.map(|change| change.state.map_or("lost", state)).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

/// What `body` answers where `run` runs it, or how that process ends; `None` if `run` cannot.
pub(super) fn answer_of(
    body: impl FnOnce() -> String,
    run: impl FnOnce(&mut dyn FnMut()) -> Option<ChildState>,
) -> Option<String> {
    let (mut reader, mut writer) = os_pipe::pipe().expect("pipe");
    let mut body = Some(body);
    let end = run(&mut || {
        let text = body.take().map(|body| body()).unwrap_or_default();
        writer.write_all(text.as_bytes()).expect("a pipe with its reader");
    })?;
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    Some(match end {
        ChildState::Exited(0) if !text.is_empty() => text,
        ChildState::Exited(status) => format!("exit {status}"),
        ChildState::Killed(signal) => format!("signal {}", signal.as_raw()),
        ChildState::KilledByReserved(signo) => format!("signal {signo}"),
        other => format!("{other:?}"),
    })
}

/// The same in a process of the harness.
#[track_caller]
pub(super) fn answer(body: impl FnOnce() -> String) -> Option<String> {
    answer_of(body, |body| Some(Child::start(|_| body()).wait().state()))
}
