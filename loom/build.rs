//! Tells the shipped sources that they are compiled for the models.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(siglatch_loom, siglatch_alone)");
    println!("cargo::rustc-check-cfg=cfg(feature, values(\"std\"))");
    println!("cargo::rustc-cfg=siglatch_loom");
    println!("cargo::rerun-if-changed=build.rs");
}
