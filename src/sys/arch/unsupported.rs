//! Any other architecture: a clear word while compiling.

compile_error!(
    "siglatch has no system call layer for this architecture or ABI; src/sys/arch holds one file \
     for each that it has"
);
