//! What the tests share: ways to build `examples/bare`, and what a program is and does.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where the programs are.
pub fn package() -> PathBuf {
    root().join("examples/bare")
}

/// A way to build.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Way {
    pub release: bool,
    pub linker: Linker,
    /// In the package's own folder, where `.cargo/config.toml` is read, or from the root.
    pub own_folder: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Linker {
    /// The one that comes with Rust.
    Lld,
    /// The C compiler's: GNU ld.
    Gnu,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = if self.release { "release" } else { "dev" };
        let folder = if self.own_folder { "own folder" } else { "root" };
        write!(f, "{profile}, {:?}, {folder}", self.linker)
    }
}

impl Way {
    /// Every way.
    pub fn all() -> impl Iterator<Item = Self> {
        let both = [false, true];
        both.into_iter().flat_map(move |release| {
            [Linker::Lld, Linker::Gnu].into_iter().flat_map(move |linker| {
                both.into_iter().map(move |own_folder| Self { release, linker, own_folder })
            })
        })
    }

    /// Whether `small.ld` links it: in the folder whose flags ask for it, and these are not replaced.
    pub fn is_smallest(self) -> bool {
        self.release && self.own_folder && self.linker == Linker::Lld
    }

    /// Where what is built is kept.
    fn target(self) -> PathBuf {
        let folder = if self.own_folder { "own" } else { "root" };
        root().join(format!("target/bare/{:?}-{folder}", self.linker).to_lowercase())
    }

    /// Runs `cargo build` with these arguments.
    pub fn build(self, arguments: &[&str]) -> Output {
        let mut cargo = cargo();
        cargo.arg("build").args(arguments).arg("--target-dir").arg(self.target());
        if self.release {
            cargo.arg("--release");
        }
        if self.own_folder {
            cargo.current_dir(package());
        } else {
            cargo.current_dir(root()).arg("--manifest-path").arg(package().join("Cargo.toml"));
        }
        if self.linker == Linker::Gnu {
            cargo.env("RUSTFLAGS", "-Clinker-features=-lld");
        }
        cargo.output().unwrap()
    }

    /// Builds, which must succeed.
    pub fn must_build(self, arguments: &[&str]) {
        let output = self.build(arguments);
        assert!(output.status.success(), "{self}: {}", text(&output.stderr));
    }

    /// A program that was built.
    pub fn program(self, name: &str) -> PathBuf {
        let profile = if self.release { "release" } else { "debug" };
        self.target().join(profile).join(name)
    }
}

/// Cargo as a user runs it: without what this test was itself built with.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO") && text != "CARGO_HOME"
            || text.starts_with("RUST") && text.ends_with("FLAGS")
        {
            cargo.env_remove(&name);
        }
    }
    cargo.stdin(Stdio::null());
    cargo
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a tool says of a file.
pub fn tool(name: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(name).args(arguments).arg(file).output();
    text(&output.unwrap_or_else(|error| panic!("{name}: {error}")).stdout)
}

/// Looks that a file is a static program: no loader, no library, no symbol of another file.
pub fn check_static(program: &Path) {
    let kind = tool("file", &[], program);
    assert!(kind.contains("executable") && kind.contains("statically linked"), "{kind}");
    assert!(!kind.contains("interpreter"), "{kind}");
    let header = tool("readelf", &["-hW"], program);
    assert!(header.contains("EXEC (Executable file)"), "{header}");
    let segments = tool("readelf", &["-lW"], program);
    for segment in ["INTERP", "DYNAMIC", "TLS", "RWE"] {
        assert!(!segments.contains(segment), "{}: {segments}", program.display());
    }
    assert!(segments.contains("GNU_STACK"), "{}: {segments}", program.display());
    let needed = tool("readelf", &["-dW"], program);
    assert!(!needed.contains("NEEDED"), "{needed}");
    let undefined = tool("readelf", &["-sW"], program);
    let undefined: Vec<_> = undefined.lines().filter(|line| line.contains(" UND ")).collect();
    // The first entry of a table is one without a name, by definition.
    let named = |line: &&&str| line.split_whitespace().nth(7).is_some();
    assert_eq!(undefined.iter().find(named), None, "{}", program.display());
}

/// A situation: what a shell does with the utility, which is `$U`.
pub struct Case {
    pub script: &'static str,
    /// Why ours does not do what the original does, where that is so.
    pub differs: Option<&'static str>,
}

/// One in which ours does what the original does.
pub const fn same(script: &'static str) -> Case {
    Case { script, differs: None }
}

/// One in which it does not, and why.
pub const fn differs(script: &'static str, why: &'static str) -> Case {
    Case { script, differs: Some(why) }
}

/// What came of a situation.
#[derive(PartialEq, Debug)]
pub struct Outcome {
    pub status: std::process::ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a situation. The shell is the parent of the utility, and its status is the utility's as it
/// sees it.
pub fn situation(utility: &Path, script: &str) -> Outcome {
    // With a watchdog, and whatever this test itself was started with.
    let output = Command::new("timeout")
        .args(["--foreground", "300", "env", "--default-signal", "sh", "-c", script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("U", utility)
        // A session, of the one that does not make one unasked.
        .env(
            "O",
            if utility.ends_with("init") && !utility.ends_with("dumb-init") { "-S" } else { "" },
        )
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // By its name, as if it had been found in PATH.
    let (path, name) = (utility.to_str().unwrap(), utility.file_name().unwrap().to_str().unwrap());
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| text(&bytes).replace(path, name));
    Outcome { status: output.status, stdout, stderr }
}

/// Runs a situation with ours alone, and compares what it prints.
#[track_caller]
pub fn prints(name: &str, script: &str, expected: &str) {
    let outcome = situation(&utility(name), script);
    assert_eq!(format!("{}{}", outcome.stdout, outcome.stderr), expected, "{script}");
}

/// Runs each situation with both, and tells all that are not as said. A case that is said to differ
/// has to.
pub fn beside(original: &Path, ours: &Path, cases: &[Case]) {
    each_beside(original, ours, cases, "");
}

/// The same where messages are in each one's own words: only the status and the output of the
/// command are compared.
pub fn beside_but_for_messages(original: &Path, ours: &Path, cases: &[Case]) {
    each_beside(original, ours, cases, "exec 2>/dev/null; ");
}

fn each_beside(original: &Path, ours: &Path, cases: &[Case], before: &str) {
    if !original.exists() {
        println!("skipped: {} is not installed", original.display());
        return;
    }
    let mut wrong = Vec::new();
    for case in cases {
        let script = format!("{before}{}", case.script);
        let (theirs, own) = (situation(original, &script), situation(ours, &script));
        match case.differs {
            None if theirs != own => {
                wrong.push(format!("{}\n  {theirs:?}\n  {own:?}", case.script))
            }
            Some(why) if theirs == own => {
                wrong.push(format!("{}\n  not different, though {why}: {own:?}", case.script));
            }
            Some(why) => println!("differs: {}: {why}", case.script),
            None => {}
        }
    }
    println!("{} situations, {} not as said", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A utility as its users have it: of the release profile, built in its folder.
pub fn utility(name: &str) -> PathBuf {
    let way = Way { release: true, linker: Linker::Lld, own_folder: true };
    way.must_build(&["--bin", name]);
    let program = way.program(name);
    check_static(&program);
    program
}
