//! Any other architecture.

compile_error!("siglatch-start has no entry for this architecture: copy src/arch/x86_64.rs");
