#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tailwater_fuzz::run("index", bytes));
