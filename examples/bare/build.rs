//! How to link a static program with an entry of its own.
use std::env::var;

fn main() {
    let link = |argument: &str| println!("cargo::rustc-link-arg-bins={argument}");
    // All that it takes; see `siglatch-start`.
    for argument in ["-nostartfiles", "-static", "-no-pie"] {
        link(argument);
    }
    // For size, in the release profile, where `.cargo/config.toml` asks for it.
    for file in ["small.ld", "elf64", "elf32"] {
        println!("cargo::rerun-if-changed={file}");
    }
    if var("CARGO_CFG_SMALLEST").is_ok() && var("PROFILE").as_deref() == Ok("release") {
        let setting = |name: &str| var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
        // EM_ and EF_ of elf(5): a machine, and what its ABI is, where the header says so.
        let (machine, flags) = match setting("ARCH").as_str() {
            "x86_64" => (62, 0),
            "x86" => (3, 0),
            "aarch64" => (183, 0),
            "arm" => (40, 0x0500_0000),
            "riscv64" | "riscv32" => (243, 5),
            "loongarch64" => (258, 0x43),
            "s390x" => (22, 0),
            "powerpc64" => (21, 2),
            other => panic!("small.ld is not written for {other:?}: leave out --cfg=smallest"),
        };
        let byte_order = if setting("ENDIAN") == "big" { 2 } else { 1 };
        let folder = var("CARGO_MANIFEST_DIR").unwrap_or_default();
        link("-Wl,--build-id=none");
        link("-Wl,--no-eh-frame-hdr");
        link("-Wl,--oformat=binary");
        link("-Wl,--orphan-handling=error");
        link(&format!("-Wl,--defsym=MACHINE={machine}"));
        link(&format!("-Wl,--defsym=MACHINE_FLAGS={flags}"));
        link(&format!("-Wl,--defsym=BYTE_ORDER={byte_order}"));
        link(&format!("-Wl,-L,{folder}/elf{}", setting("POINTER_WIDTH")));
        link(&format!("-Wl,-T,{folder}/small.ld"));
    }
}
