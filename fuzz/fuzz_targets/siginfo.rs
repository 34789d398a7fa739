#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| siglatch_fuzz::siginfo::run(data));
