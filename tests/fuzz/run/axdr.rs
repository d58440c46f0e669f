//! Coverage-guided run of the target `axdr`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smarty_fuzz::run("axdr", bytes));
