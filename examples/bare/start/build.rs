//! Has every program that uses this package linked with `link/`, wherever it is built.
//!
//! It holds an empty archive for each library that a dependency may name (the `libc` crate names
//! `-lc`, though nothing of it is called), so that nothing of a libc is ever found; and a linker
//! script under the name of a library, which ends a link that would give a program that cannot run.
fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-search=native={folder}/link");
    println!("cargo::rustc-link-lib=siglatch_start_checks");
    println!("cargo::rerun-if-changed=link");
}
