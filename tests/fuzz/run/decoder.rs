//! Coverage-guided run of the target `decoder`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smarty_fuzz::run("decoder", bytes));
