//! The programs that scenarios run: they build them, so that each scenario runs by itself, and none
//! runs a program of yesterday's code.

use super::names::pid;
use super::sys;
use super::watchdog::progress;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use siglatch::fd::PidFd;
use std::io::ErrorKind::{NotFound, PermissionDenied};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

/// The directory of the repository.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// A directory for what is made while the tests run.
pub fn scratch() -> PathBuf {
    // …/debug/deps/this_test-0123
    let this = env::current_exe().expect("the path of this test");
    let scratch = this.ancestors().nth(3).expect("a directory for the target").join("tmp");
    fs::create_dir_all(&scratch).expect("a directory");
    scratch
}

/// What was built in this run, in memory that the processes of all scenarios share.
pub(crate) static BUILT: LazyLock<&AtomicU64> = LazyLock::new(sys::shared_counter);
const EXAMPLES: u64 = 1;
const BARE: u64 = 2;

/// Builds what was not built in this run.
#[track_caller]
fn once(what: u64, build: impl FnOnce()) {
    if BUILT.load(Ordering::Relaxed) & what == 0 {
        build();
        BUILT.fetch_or(what, Ordering::Relaxed);
    }
}

/// The path of an example of this crate.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    // …/debug/deps/this_test-0123 and …/debug/examples/name
    let this = env::current_exe().expect("the path of this test");
    let profile = this.ancestors().nth(2).expect("a directory for the profile");
    // All at once: what a run of all tests has built is looked through once.
    once(EXAMPLES, || build(root(), &as_in(profile)));
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// The main job as a program without libc; none where its package is not, in the published crate.
#[track_caller]
pub fn bare() -> Option<PathBuf> {
    let package = root().join("examples/bare");
    if !package.exists() {
        return None;
    }
    once(BARE, || build(&package, &["--release".to_owned()]));
    Some(package.join("target/release/shutdown"))
}

/// What has cargo build the examples beside this test, for which `profile` is the directory.
fn as_in(profile: &Path) -> Vec<String> {
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let name = |path: &Path| text(Path::new(path.file_name().expect("a name")));
    let mut target = profile.parent().expect("a directory for the target");
    let mut arguments = vec!["--examples".to_owned()];
    arguments.extend(match name(profile).as_str() {
        "debug" => vec![],
        profile => vec!["--profile".to_owned(), profile.to_owned()],
    });
    // …/target/x86_64-unknown-linux-gnu/debug, if a target was asked for.
    if !target.join(".rustc_info.json").exists() {
        arguments.extend(["--target".to_owned(), name(target)]);
        target = target.parent().expect("a directory for all targets");
    }
    arguments.extend(["--target-dir".to_owned(), text(target)]);
    if cfg!(feature = "std") {
        arguments.extend(["--features".to_owned(), "std".to_owned()]);
    }
    arguments
}

/// `cargo build` in a package. Where there is no cargo, what was built before is what there is.
#[track_caller]
fn build(package: &Path, arguments: &[String]) {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg("build").args(arguments).current_dir(package);
    // The other package's settings are its own.
    if !arguments.iter().any(|argument| argument == "--target-dir") {
        for setting in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(setting);
        }
    }
    match Command::new(cargo.get_program()).arg("--version").output() {
        Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => return,
        other => drop(other.expect("cargo starts")),
    }
    let mut cargo = cargo.arg("--quiet").spawn().expect("cargo starts");
    let end = PidFd::open(pid(cargo.id() as i32)).expect("a child");
    // Another cargo may have the lock of the directory, for as long as it likes.
    while end.wait(Some(Duration::from_secs(1))) == Ok(false) {
        progress();
    }
    assert!(cargo.wait().expect("a child").success(), "{} does not build", package.display());
}
