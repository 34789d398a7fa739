//! Which `ORDERING:` comments have no row in the table.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::table::ORDERINGS;

/// How far below its comment an access may be.
const LINES: usize = 6;

/// The operations of `AtomicSet`, whose orderings are in one place, and how each is known there.
const SETS: &[(&str, &str)] = &[
    (".is_empty()", "self.0.load(SeqCst) == 0"),
    (".contains(", "self.0.load(SeqCst) & bit.0 != 0"),
    (".load()", "u64 {\n        self.0.load(SeqCst)"),
    (".take()", "self.0.swap(0, SeqCst)"),
    (".remove(", "self.0.fetch_and(!bit.0, SeqCst)"),
    (".insert(", "self.0.fetch_or(bit.0, SeqCst)"),
    (".want(", "self.0.fetch_and(!set.bits(), SeqCst)"),
    (".unwant(", "self.0.fetch_or(set.bits(), SeqCst)"),
];

/// How many have none, each of which is printed.
pub(crate) fn missing(src: &Path) -> io::Result<usize> {
    let (mut comments, mut missing) = (0_usize, 0_usize);
    for path in sources(src)? {
        let text = fs::read_to_string(&path)?;
        let file = path.strip_prefix(src).map_err(io::Error::other)?;
        let mut place = 0;
        while let Some(found) = text[place..].find("// ORDERING: ") {
            let begin = place + found;
            place = begin + 1;
            let line = text[..begin].lines().count();
            let said = text[begin..].lines().next().unwrap_or_default();
            if ["Relaxed", "none is", "more than is needed"].iter().any(|word| said.contains(word))
            {
                continue;
            }
            comments += 1;
            let below: String = text[begin..].split_inclusive('\n').take(LINES).collect();
            let here =
                ORDERINGS.iter().any(|row| Path::new(row.file) == file && below.contains(row.from));
            let in_sets = SETS.iter().any(|(call, there)| {
                below.contains(call) && ORDERINGS.iter().any(|row| row.from == *there)
            });
            if !here && !in_sets {
                missing += 1;
                println!("no row: src/{}:{line}: {said}", file.display());
            }
        }
    }
    println!(
        "ORDERING comments that ask for more than Relaxed: {comments}, without a row: {missing}"
    );
    Ok(missing)
}

/// All files under a folder.
fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
