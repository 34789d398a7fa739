//! Runs inputs through a target on stable Rust: `replay TARGET PATH…`, files or folders of them.
//!
//! `replay places PATH…` is the target `delivery`, and prints each address at which a signal has
//! come once. (They are the program's own if it is linked at fixed addresses.)

use siglatch_fuzz::{TARGETS, delivery};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let mut arguments = env::args().skip(1);
    let target = arguments.next().unwrap_or_default();
    let inputs = arguments.flat_map(|path| files(Path::new(&path)));
    if target == "places" {
        let places: BTreeSet<usize> =
            inputs.flat_map(|path| delivery::landed(&read(&path))).collect();
        for place in places {
            println!("{place:#x}");
        }
        return;
    }
    let Some((_, run)) = TARGETS.iter().find(|(name, _)| *name == target) else {
        panic!("no target '{target}', but {}", TARGETS.map(|(name, _)| name).join(", "));
    };
    for path in inputs {
        println!("{}", path.display());
        run(&read(&path));
    }
}

/// The files of a folder, or the one file.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("an input")
}
