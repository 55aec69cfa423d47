//! No text makes the parsers of a policy's words panic, and what they read they write again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringfence_tests::fuzz::policy_words(data));
