#![no_main]

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Where the fuzzer looks for what it cannot count itself: the child's counters are not its own. A
/// counter stands for an instruction at which a signal has come.
#[used]
#[expect(unsafe_code, reason = "the fuzzer knows its section by name")]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static COUNTERS: [AtomicU8; 1 << 14] = [const { AtomicU8::new(0) }; 1 << 14];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The program is somewhere else in each run.
    let here = siglatch_fuzz::delivery::run as *const () as usize;
    for place in siglatch_fuzz::delivery::landed(data) {
        COUNTERS[place.wrapping_sub(here) % COUNTERS.len()].store(1, Relaxed);
    }
});
