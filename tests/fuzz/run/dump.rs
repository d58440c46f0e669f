//! Coverage-guided run of the target `dump`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smarty_fuzz::run("dump", bytes));
