//! How a failure becomes readable text: the panic's own message and place, and behind it the
//! reports of the children that were part of the scenario.
//!
//! A panic hook keeps the message instead of printing it into the middle of the runner's line. It
//! takes no backtrace: resolving one may take longer than a short deadline.
//! Reports come in while the panic unwinds: whatever holds one adds it in its `Drop`.

use core::cell::{Cell, RefCell};
use core::mem;
use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::{Mutex, PoisonError};

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
}

/// What scenarios want to be seen whatever becomes of them.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Makes panics inside [`catch`] silent and keeps their text; others are printed as ever.
pub(crate) fn install_hook() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !CATCHING.get() {
            return default(info);
        }
        MESSAGE.set(Some(info.to_string()));
    }));
}

/// Runs `body`; a panic in it comes back as its message, place and reports.
pub(crate) fn catch<T>(body: impl FnOnce() -> T) -> Result<T, String> {
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
pub(crate) fn enter(name: &'static str) {
    SCENARIO.set(name);
    SKIP.take();
}

/// The name of the running scenario.
pub(crate) fn scenario() -> &'static str {
    SCENARIO.get()
}

/// Marks the running scenario as not runnable here: it counts as ignored, and `skipped: …` is
/// printed. Called from the scenario, not from a child: `return support::skip("no such call");`.
pub fn skip(why: &str) {
    SKIP.set(Some(why.to_owned()));
}

/// Why the scenario that has just run was skipped, if it was.
pub(crate) fn take_skip() -> Option<String> {
    SKIP.take()
}

/// Prints a line when all scenarios have run: a figure, for example, that decides nothing.
pub fn tell_at_the_end(line: String) {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

/// What [`tell_at_the_end`] was given.
pub(crate) fn lines_to_tell() -> Vec<String> {
    mem::take(&mut TOLD.lock().unwrap_or_else(PoisonError::into_inner))
}
