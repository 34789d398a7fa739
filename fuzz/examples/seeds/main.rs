//! Writes the named seeds into `corpus/`: details of signals as this machine's kernel fills them,
//! names, and sequences of operations.
//!
//! `cargo run --no-default-features --example seeds`, in `fuzz/`.

mod capture;
mod sequences;

use std::fs;
use std::path::Path;

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), bytes).expect("a seed");
        println!("{target}/{name}: {} bytes", bytes.len());
    };
    for (name, trigger) in capture::SOURCES {
        match capture::details(trigger) {
            Some(bytes) => put("siginfo", name, &bytes),
            None => println!("skipped: {name}: the signal did not come"),
        }
    }
    for (target, name, bytes) in sequences::ALL {
        put(target, name, bytes);
    }
}
