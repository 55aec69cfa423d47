//! No text makes the reader of manifests panic, and what it reads is written and laid out without loss.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringfence_tests::fuzz::manifest(data));
