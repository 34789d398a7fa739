//! Each kind of program, built in each way: it works, or it does not link and the error says why.

use bare_tests::{Linker, Way, check_static, text};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

/// The programs that print `ok` when all is right.
const KINDS: [&str; 8] =
    ["aligned", "compare", "copies", "data", "stack", "statics", "tables", "wide"];

fn run(way: Way, name: &str) -> Output {
    let program = way.program(name);
    check_static(&program);
    Command::new(program).output().unwrap()
}

/// All that is told of one way of building them.
fn each_kind(way: Way) {
    way.must_build(&["-p", "kinds", "--bins"]);
    for name in KINDS {
        let output = run(way, name);
        assert_eq!(text(&output.stdout), "ok\n", "{way}: {name}: {}", output.status);
        assert_eq!(output.status.code(), Some(0), "{way}: {name}");
    }

    let output = run(way, "format");
    assert_eq!(text(&output.stdout), "     1234.57|SIGTERM|(-1, \"text\")|0xff\nok\n", "{way}");

    let output = run(way, "panics");
    assert_eq!(text(&output.stderr), "panicked at kinds/src/bin/panics.rs:11\n", "{way}");
    assert_eq!(output.status.signal(), Some(6), "{way}");

    check_static(&way.program("args"));
    let mut command = Command::new(way.program("args"));
    command.env_clear().args(["one", "", "two words"]).env("WANTE", "no").env("WANTED", "a=b");
    let output = command.output().unwrap();
    let program = way.program("args");
    let expected = format!(
        "argument {}\nargument one\nargument \nargument two words\n\
         variable WANTE=no\nvariable WANTED=a=b\nwanted a=b\n",
        program.display(),
    );
    assert_eq!(text(&output.stdout), expected, "{way}");
    assert_eq!(output.status.code(), Some(4), "{way}");

    // Ignored by the shell and blocked by env(1), before it starts.
    check_static(&way.program("inherited_signals"));
    let script = "trap '' PIPE QUIT; exec env --block-signal=USR1 --block-signal=RTMIN+1 \"$0\"";
    let mut command = Command::new("env");
    command.args(["--default-signal", "sh", "-c", script]).arg(way.program("inherited_signals"));
    let output = command.output().unwrap();
    let said = text(&output.stdout);
    let (ignored, blocked) = said.split_once('\n').unwrap();
    assert!(ignored.contains("SIGQUIT ") && ignored.contains("SIGPIPE "), "{way}: {said}");
    assert!(!ignored.contains("SIGHUP"), "{way}: {said}");
    assert_eq!(blocked, "SIGUSR1 SIGRTMIN+1 \n", "{way}");
}

/// A program that must not link, and what the error names.
fn refused(way: Way, name: &str, why: &str) {
    let output = way.build(&["-p", "kinds", "--features", "wrong", "--bin", name]);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{way}: {name} was built");
    assert!(said.contains(why), "{way}: {name}: {said}");
}

fn each_refusal(way: Way) {
    refused(way, "foreign_function", "getenv");
    refused(way, "no_start", "main_is_named_by_the_start_macro");
    refused(way, "thread_local", "siglatch-start: there are thread-local variables");
    if way.is_smallest() {
        refused(way, "foreign_section", ".of_its_own");
    } else {
        way.must_build(&["-p", "kinds", "--features", "wrong", "--bin", "foreign_section"]);
        assert_eq!(text(&run(way, "foreign_section").stdout), "ok\n", "{way}");
    }
}

fn in_every_way(test: fn(Way)) {
    for way in Way::all() {
        println!("{way}");
        test(way);
    }
}

#[test]
fn every_kind_works() {
    in_every_way(each_kind);
}

#[test]
fn what_cannot_work_does_not_link() {
    in_every_way(each_refusal);
}

/// The script for the smallest file is for lld alone, and GNU ld says so by stopping at it.
#[test]
fn gnu_ld_refuses_the_smallest_file() {
    let way = Way { release: true, linker: Linker::Gnu, own_folder: false };
    let mut cargo = bare_tests::cargo();
    cargo.env("RUSTFLAGS", "-Clinker-features=-lld --cfg=smallest");
    cargo.args(["build", "--release", "--bin", "shutdown", "--target-dir"]);
    cargo.arg(way.program("smallest")).current_dir(bare_tests::package());
    let output = cargo.output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("small.ld"), "{}", text(&output.stderr));
}
