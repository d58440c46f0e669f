//! Coverage-guided run of the target `link`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smarty_fuzz::run("link", bytes));
