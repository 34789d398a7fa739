//! How to link a static program with an entry of its own: no start files, no libc, no loader.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let machine = match std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("x86_64") => 62,
        Ok("aarch64") => 183,
        other => panic!("link.ld is not written for {other:?}"),
    };
    for argument in [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,--build-id=none",
        "-Wl,--oformat=binary",
        &format!("-Wl,--defsym=MACHINE={machine}"),
        &format!("-Wl,-T,{folder}/link.ld"),
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    println!("cargo::rerun-if-changed=link.ld");
}
