//! Whatever a file contains, the answer comes soon and is an answer.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::Environment;
use super::super::cache::Cache;
use super::super::script::Line;
use super::super::tokens::Tokens;
use super::super::walk::MAX_PROBES;
use super::super::{Closure, Error};
use super::{bare_system, closure_on};

/// Generous, for a debug build on a busy machine: without a bound it would be hours.
const SOON: Duration = Duration::from_secs(30);

/// The closure of a file with these bytes.
fn closure_of(bytes: &[u8], cache: Option<&[u8]>) -> Result<Closure, Error> {
    let home = TempDir::new().unwrap();
    let program = home.path().join("program");
    fs::write(&program, bytes).unwrap();
    let cache_file = home.path().join("cache");
    let mut system = bare_system();
    if let Some(cache) = cache {
        fs::write(&cache_file, cache).unwrap();
        system.cache = &cache_file;
    }
    let environment = Environment {
        library_path: Some(home.path().as_os_str()),
        ..Environment::default()
    };
    let start = Instant::now();
    let answer = closure_on(system, &program, &environment);
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    if let Err(e) = &answer {
        assert!(!e.to_string().is_empty());
    }
    answer
}

/// Bytes of a real file with some of them changed, most often where the headers are, and perhaps cut off.
fn damaged(file: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let bytes = fs::read(Path::new(file)).unwrap_or_default();
    let length = bytes.len().max(1);
    let place = prop_oneof![3 => 0..length.min(1024), 1 => 0..length];
    let byte = prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x7f)];
    let end = prop_oneof![Just(length), 0..length];
    (vec((place, byte), 1..24), end).prop_map(move |(changes, end)| {
        let mut bytes = bytes.clone();
        for (place, byte) in changes {
            if let Some(b) = bytes.get_mut(place) {
                *b = byte;
            }
        }
        bytes.truncate(end);
        bytes
    })
}

/// Bytes in the dynamic section of a real program changed: names, search paths and their number.
fn damaged_dynamic_section() -> impl Strategy<Value = Vec<u8>> {
    let bytes = fs::read("/bin/true").unwrap_or_default();
    let needed = 1_u64.to_ne_bytes();
    let is_entry = |at: &usize| bytes.get(*at..*at + 8) == Some(&needed);
    let start = (0..bytes.len()).step_by(8).rfind(is_entry);
    let start = start.unwrap_or_default();
    let entry = (0..40_u64, prop_oneof![any::<u64>(), 0..0x2000_u64]);
    vec(entry, 1..24).prop_map(move |entries| {
        let mut bytes = bytes.clone();
        for (i, (tag, value)) in entries.into_iter().enumerate() {
            let at = start + i * 16;
            if let Some(place) = bytes.get_mut(at..at + 16) {
                place[..8].copy_from_slice(&tag.to_ne_bytes());
                place[8..].copy_from_slice(&value.to_ne_bytes());
            }
        }
        bytes
    })
}

#[test]
fn a_search_path_without_end_is_given_up_soon() {
    let path = "/nowhere:".repeat(MAX_PROBES);
    let environment = Environment {
        library_path: Some(OsStr::new(&path)),
        ..Environment::default()
    };
    let start = Instant::now();
    let answer = closure_on(bare_system(), Path::new("/bin/ls"), &environment);
    assert!(
        matches!(answer, Err(Error::TooManyLibraries { .. })),
        "{answer:?}"
    );
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_an_answer(mut bytes in vec(any::<u8>(), 0..2048), elf: bool) {
        if elf {
            bytes.splice(..bytes.len().min(7), *b"\x7fELF\x02\x01\x01");
        }
        let _ = closure_of(&bytes, None);
    }

    #[test]
    fn a_damaged_program_is_an_answer(bytes in damaged("/bin/true")) {
        let _ = closure_of(&bytes, None);
    }

    #[test]
    fn a_damaged_dynamic_section_is_an_answer(bytes in damaged_dynamic_section()) {
        let _ = closure_of(&bytes, None);
    }

    #[test]
    fn a_damaged_cache_is_an_answer(bytes in damaged("/etc/ld.so.cache")) {
        let program = fs::read("/bin/true").unwrap_or_default();
        let _ = closure_of(&program, Some(&bytes));
    }

    #[test]
    fn a_random_cache_is_an_answer(head in 0..3_usize, tail in vec(any::<u8>(), 0..4096)) {
        let heads: [&[u8]; 3] = [b"", b"glibc-ld.so.cache1.1\x04\0\0\0", b"ld.so-1.7.0\0\x04\0\0\0"];
        if let Ok(cache) = Cache::parse([heads[head], &tail].concat()) {
            let _ = cache.candidates(OsStr::new("")).count();
        }
    }

    #[test]
    fn a_random_line_is_an_answer(bytes in vec(any::<u8>(), 0..256)) {
        if let Ok(line) = Line::parse(&[b"#!/usr/bin/env ", &bytes[..]].concat()) {
            let _ = line.env_program();
        }
        let _ = Line::parse(&[b"#!", &bytes[..]].concat());
    }

    #[test]
    fn a_random_search_path_is_an_answer(text in "[$ORIGINLB{}:/a]{0,300}") {
        let origin = Path::new("/opt");
        let tokens = Tokens { origin, lib: origin, platform: Some("x") };
        for directory in tokens.directories(text.as_bytes(), b":").iter() {
            prop_assert!(directory.as_os_str().len() <= 4096);
        }
    }
}
