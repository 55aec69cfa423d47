//! No text makes the reader of audit records panic, and what it understands it writes and reads as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringfence_tests::fuzz::audit(data));
