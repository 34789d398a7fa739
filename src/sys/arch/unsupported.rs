//! Any other architecture: what is supported, said while compiling.

compile_error!(
    "siglatch has no system call layer for this architecture: it has one for x86_64, x86, aarch64, arm, \
     riscv64, riscv32, loongarch64, s390x and powerpc64, a file each in src/sys/arch"
);
