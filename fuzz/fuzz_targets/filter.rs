//! Any filter answers any call as its model does, once compiled.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringfence_tests::fuzz::filter(data));
