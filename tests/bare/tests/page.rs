//! The page "Without libc" as its reader follows it.

use bare_tests::{cargo, check_static, root, text};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{self, Command};
use std::{env, fs};

/// What stands between the first ```sh and the end of that block.
fn lines() -> String {
    let page = fs::read_to_string(root().join("src/without_libc.md")).unwrap();
    let (_, rest) = page.split_once("```sh\n").unwrap();
    let (lines, _) = rest.split_once("```").unwrap();
    lines.to_owned()
}

/// A shell in a folder that holds a checkout, with the environment of a user's.
fn shell(folder: &Path, script: &str) -> std::process::Output {
    let cargo = cargo();
    let mut shell = Command::new("sh");
    for (name, value) in cargo.get_envs() {
        assert_eq!(value, None);
        shell.env_remove(name);
    }
    shell.args(["-ec", script]).current_dir(folder).output().unwrap()
}

#[test]
fn ten_lines_make_a_static_program() {
    let lines = lines();
    assert_eq!(lines.lines().count(), 10, "{lines}");
    // Outside of this checkout: cargo makes what is in it a member of the workspace.
    let folder = env::temp_dir().join(format!("siglatch-page-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    symlink(root(), folder.join("siglatch")).unwrap();

    let output = shell(&folder, &lines);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "hello\n");
    check_static(&folder.join("hello/target/debug/hello"));

    let output = shell(&folder.join("hello"), "cargo run --release");
    assert_eq!(text(&output.stdout), "hello\n", "{}", text(&output.stderr));
    check_static(&folder.join("hello/target/release/hello"));

    // Without one of its arguments it does not link, and the error names it.
    let script = fs::read_to_string(folder.join("hello/build.rs")).unwrap();
    for (argument, why) in [
        ("\"-nostartfiles\", ", "_start"),
        ("\"-static\", ", "the link argument -static is missing"),
        (", \"-static\", \"-no-pie\"", "link_arguments_lack_no_pie"),
    ] {
        let without = script.replace(argument, "");
        assert_ne!(without, script);
        fs::write(folder.join("hello/build.rs"), without).unwrap();
        let output = shell(&folder.join("hello"), "cargo build");
        assert!(!output.status.success(), "it was built without {argument}");
        assert!(text(&output.stderr).contains(why), "{argument}: {}", text(&output.stderr));
    }
    fs::write(folder.join("hello/build.rs"), script).unwrap();
    let manifest = fs::read_to_string(folder.join("hello/Cargo.toml")).unwrap();
    fs::write(folder.join("hello/Cargo.toml"), manifest.replace("abort", "unwind")).unwrap();
    let output = shell(&folder.join("hello"), "cargo build");
    assert!(text(&output.stderr).contains("unwinding panics are not supported"));
    fs::remove_dir_all(&folder).unwrap();
}
