//! How to link a static program with an entry of its own.
use std::env::var;

fn main() {
    let link = |argument: &str| println!("cargo::rustc-link-arg-bins={argument}");
    // All that it takes; see `siglatch-start`.
    for argument in ["-nostartfiles", "-static", "-no-pie"] {
        link(argument);
    }
    // For size, in the release profile, where `.cargo/config.toml` asks for it.
    println!("cargo::rerun-if-changed=small.ld");
    if var("CARGO_CFG_SMALLEST").is_ok() && var("PROFILE").as_deref() == Ok("release") {
        let machine = match var("CARGO_CFG_TARGET_ARCH").as_deref() {
            Ok("x86_64") => 62,
            Ok("aarch64") => 183,
            other => panic!("small.ld is not written for {other:?}: leave out --cfg=smallest"),
        };
        link("-Wl,--build-id=none");
        link("-Wl,--no-eh-frame-hdr");
        link("-Wl,--oformat=binary");
        link("-Wl,--orphan-handling=error");
        link(&format!("-Wl,--defsym=MACHINE={machine}"));
        link(&format!("-Wl,-T,{}/small.ld", var("CARGO_MANIFEST_DIR").unwrap_or_default()));
    }
}
