//! Public functions that are not async-signal-safe say so, and all say what their errors are.

#![expect(clippy::expect_used, reason = "a source that cannot be read is a failure")]

use std::fs;
use std::path::{Path, PathBuf};

/// The directory of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A public function and its documentation, as they stand in the source.
struct Function {
    place: String,
    doc: String,
    signature: String,
}

/// Those that are not async-signal-safe: they wait for handlers that are in flight, call functions of
/// the program, or allocate. The crate's page says that all others are.
const NOT_ASYNC_SIGNAL_SAFE: &[&str] = &[
    "child/table.rs: catch",
    "child/table.rs: catch_unblocked",
    "child/table.rs: release",
    "delivery/receiver.rs: catch",
    "delivery/receiver.rs: catch_unblocked",
    "delivery/receiver.rs: catch_unless_ignored",
    "delivery/receiver.rs: release",
    "delivery/receiver.rs: set_wake_fd",
    "delivery/receiver.rs: wake_through",
    "delivery/registry.rs: synchronize",
    "dispatch.rs: catch",
    "dispatch.rs: catch_unblocked",
    "dispatch.rs: catch_unless_ignored",
    "dispatch.rs: dispatch",
    "dispatch.rs: dispatch_with",
    "dispatch.rs: release",
    "stack.rs: install",
    "stack.rs: map",
    "stack.rs: remove",
];

/// Those that can fail, and for which Linux documents no error. What a seccomp(2) filter makes is told
/// once, at `Errno`.
const WITHOUT_ERRORS: &[&str] = &[
    "action.rs: query",
    "action.rs: restore",
    "child/exec.rs: current",
    "child/fork.rs: open",
    "child/parent.rs: clear_parent_death_signal",
    "child/parent.rs: is_subreaper",
    "child/parent.rs: parent_death_signal",
    "child/parent.rs: set_subreaper",
    "mask.rs: query",
    "stack.rs: query",
    "sys/calls/process.rs: prctl_get_child_subreaper",
    "sys/calls/process.rs: prctl_get_pdeathsig",
    "sys/calls/process.rs: prctl_set_child_subreaper",
    "sys/calls/process.rs: prctl_set_dumpable",
    "sys/calls/wait.rs: rt_sigpending",
    "timer/interval.rs: alarm",
    "timer/interval.rs: cancel",
    "timer/interval.rs: query",
    "wait.rs: now",
    "wait.rs: pause",
    "wait.rs: pending",
];

#[test]
fn functions_that_are_not_async_signal_safe_say_so_and_no_others() {
    let found = functions().filter(|function| function.doc.contains("Not async-signal-safe"));
    assert_eq!(names(found), NOT_ASYNC_SIGNAL_SAFE);
}

#[test]
fn functions_that_can_fail_say_how_but_for_those_without_errors() {
    let silent = functions().filter(|function| {
        [", Errno>", ", CatchError>"].iter().any(|error| function.signature.contains(error))
            && !function.doc.contains("# Errors")
    });
    assert_eq!(names(silent), WITHOUT_ERRORS);
}

/// The files and the names, in order.
fn names(functions: impl Iterator<Item = Function>) -> Vec<String> {
    let name = |function: Function| {
        let (file, line) = function.place.split_once(": ").expect("a file and a line");
        let name = line.split("fn ").nth(1).unwrap_or_default();
        let name = name.split(['(', '<']).next().unwrap_or_default();
        format!("{}: {name}", file.trim_start_matches('/').trim_start_matches("src/"))
    };
    let mut names: Vec<String> = functions.map(name).collect();
    names.sort_unstable();
    names
}

#[test]
fn there_are_functions_to_look_at() {
    assert!(functions().count() > 200, "{}", functions().count());
}

fn functions() -> impl Iterator<Item = Function> {
    let mut files = Vec::new();
    collect(&Path::new(ROOT).join("src"), &mut files);
    files.into_iter().flat_map(|file| {
        let text = fs::read_to_string(&file).expect("a source file");
        let name = file.strip_prefix(ROOT).unwrap_or(&file).to_owned();
        functions_of(&name, text.split("#[cfg(test)]").next().unwrap_or_default())
    })
}

fn functions_of(file: &Path, text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if !is_public_function(line) {
            continue;
        }
        let (before, after) = lines.split_at(number);
        let doc = before.iter().rev().take_while(|line| is_doc_or_attribute(line));
        let end = after.iter().position(|line| line.ends_with('{')).unwrap_or_default();
        found.push(Function {
            place: format!("{}: {line}", file.display()),
            doc: doc.copied().collect::<Vec<_>>().join("\n"),
            signature: after.iter().take(end.saturating_add(1)).copied().collect(),
        });
    }
    found
}

fn is_public_function(line: &str) -> bool {
    line.strip_prefix("pub ").is_some_and(|rest| {
        rest.trim_start_matches("const ").trim_start_matches("unsafe ").starts_with("fn ")
    })
}

fn is_doc_or_attribute(line: &str) -> bool {
    ["///", "#[", "//"].iter().any(|start| line.starts_with(start)) || line.ends_with(")]")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
