//! Every public function says whether it is async-signal-safe, and what its errors are.

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

#[test]
fn every_public_function_says_whether_it_is_async_signal_safe() {
    let silent = functions().filter(|function| {
        !["Async-signal-safe", "Not async-signal-safe"]
            .iter()
            .any(|word| function.doc.contains(word))
    });
    assert_eq!(silent.map(|function| function.place).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_public_function_that_can_fail_says_how() {
    let silent = functions().filter(|function| {
        function.signature.contains(", Errno>") && !function.doc.contains("# Errors")
    });
    assert_eq!(silent.map(|function| function.place).collect::<Vec<_>>(), [""; 0]);
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
