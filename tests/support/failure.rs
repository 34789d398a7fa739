//! How a failure becomes readable text: the panic's own message and place, and behind it the
//! reports of the children that were part of the scenario.
//!
//! A panic hook keeps the message instead of printing it into the middle of the runner's line. It
//! takes no backtrace: resolving one may take longer than a short deadline.
//! Reports come in while the panic unwinds: whatever holds one adds it in its `Drop`.

use core::cell::{Cell, RefCell};
use core::panic::AssertUnwindSafe;
use std::panic;

thread_local! {
    /// The running scenario.
    static SCENARIO: Cell<&'static str> = const { Cell::new("?") };
    /// Whether a [`catch`] on this thread wants the hook to keep the message.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// What the hook kept.
    static MESSAGE: Cell<Option<String>> = const { Cell::new(None) };
    /// Reports added to the failure that is unwinding.
    static REPORTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Why the running scenario was skipped.
    static SKIP: Cell<Option<String>> = const { Cell::new(None) };
    /// One line for each scenario skipped so far.
    static SKIPPED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What scenarios want to be seen whatever becomes of them.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Makes panics inside [`catch`] silent and keeps their text; others are printed as ever.
pub fn install_hook() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !CATCHING.get() {
            return default(info);
        }
        MESSAGE.set(Some(info.to_string()));
    }));
}

/// Runs `body`; a panic in it comes back as its message, place and reports.
pub fn catch(body: impl FnOnce()) -> Result<(), String> {
    let outer = CATCHING.replace(true);
    REPORTS.take();
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    CATCHING.set(outer);
    result.map_err(|_| {
        let message = MESSAGE.take().unwrap_or_else(|| "panicked without the hook".to_owned());
        let parts: Vec<String> = core::iter::once(message).chain(REPORTS.take()).collect();
        parts.join("\n\n")
    })
}

/// The text with which `body` fails, for tests of failures.
#[track_caller]
pub fn failure_of(body: impl FnOnce()) -> String {
    match catch(body) {
        Err(text) => text,
        Ok(()) => panic!("this was to fail, and did not"),
    }
}

/// The text has this part in it.
#[track_caller]
pub fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is missing in:\n{text}");
}

/// Adds `report` to the failure that is unwinding.
pub fn attach(report: String) {
    REPORTS.with_borrow_mut(|reports| reports.push(report));
}

/// Starts the scenario called `name`.
pub fn enter(name: &'static str) {
    SCENARIO.set(name);
    SKIP.take();
}

/// The name of the running scenario.
pub fn scenario() -> &'static str {
    SCENARIO.get()
}

/// Marks the running scenario as not runnable here: it counts as ignored, and `skipped: …` is
/// printed. Called from the scenario, not from a child: `return support::skip("no such call");`.
pub fn skip(why: &str) {
    SKIP.set(Some(why.to_owned()));
    SKIPPED.with_borrow_mut(|lines| lines.push(format!("skipped: {}: {why}", scenario())));
}

/// Why the scenario that has just run was skipped, if it was.
pub fn take_skip() -> Option<String> {
    SKIP.take()
}

/// `skipped: name: why` for each scenario that was.
pub fn skipped_lines() -> Vec<String> {
    SKIPPED.take()
}

/// Prints a line when all scenarios have run: a figure, for example, that decides nothing.
pub fn tell_at_the_end(line: String) {
    TOLD.with_borrow_mut(|lines| lines.push(line));
}

/// What [`tell_at_the_end`] was given.
pub fn lines_to_tell() -> Vec<String> {
    TOLD.take()
}
