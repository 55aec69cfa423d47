//! Small questions about text and bytes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::cache::{Cache, Candidate, Unusable};
use super::super::script::{Line, NotAScript};
use super::super::tokens::Tokens;

fn tokens() -> Tokens<'static> {
    Tokens {
        origin: Path::new("/opt/x"),
        lib: Path::new("lib64"),
        platform: None,
    }
}

#[test]
fn tokens_end_where_a_name_ends() {
    for (text, expected) in [
        ("$ORIGIN/../$LIB", "/opt/x/../lib64"),
        ("${ORIGIN}_$LIB-", "/opt/x_lib64-"),
        ("$ORIGIN_/$LIBS", "$ORIGIN_/$LIBS"),
        ("$${LIB", "$${LIB"),
        ("$", "$"),
        ("", ""),
    ] {
        let expanded = tokens().expand(text.as_bytes());
        assert_eq!(expanded, Some(PathBuf::from(expected)), "{text}");
    }
}

#[test]
fn what_cannot_be_expanded_is_left_out_of_a_search_path() {
    let long = "$ORIGIN".repeat(1000);
    let text = format!("a:$PLATFORM/b:{long}::c");
    let directories = tokens().directories(text.as_bytes(), b":");
    assert_eq!(
        *directories,
        [Path::new("a"), Path::new(""), Path::new("c")]
    );
    assert!(tokens().directories(b"", b":").is_empty());
}

#[test]
fn the_first_line_ends_at_a_nul_too() {
    let line = Line::parse(b"#!/bin/sh\0 -e\n").unwrap();
    assert_eq!(line.interpreter, Path::new("/bin/sh"));
    assert_eq!(Line::parse(b"#!\0"), Err(NotAScript::NoInterpreter));
    assert_eq!(Line::parse(&[b'#'; 256]), Err(NotAScript::NoInterpreter));
    let mut head = [b'x'; 256];
    head[..2].copy_from_slice(b"#!");
    assert_eq!(Line::parse(&head), Err(NotAScript::TooLong));
    assert_eq!(
        Line::parse(&head[..255])
            .unwrap()
            .interpreter
            .as_os_str()
            .len(),
        253
    );
}

/// A cache with one entry for each name and path.
fn cache(byte_order: u8, entries: &[(u64, &str, &str)]) -> Vec<u8> {
    let count = u32::try_from(entries.len()).unwrap();
    let mut data = b"glibc-ld.so.cache1.1".to_vec();
    data.extend(count.to_ne_bytes());
    data.extend([0; 4]);
    data.extend([byte_order, 0, 0, 0]);
    data.resize(48, 0);
    let mut strings = Vec::new();
    for (hwcap, name, path) in entries {
        let mut at = |text: &str| {
            let at = 48 + entries.len() * 24 + strings.len();
            strings.extend(text.bytes().chain([0]));
            u32::try_from(at).unwrap().to_ne_bytes()
        };
        data.extend(0x303_u32.to_ne_bytes());
        data.extend(at(name));
        data.extend(at(path));
        data.extend([0; 4]);
        data.extend(hwcap.to_ne_bytes());
    }
    data.extend(strings);
    data
}

#[test]
fn a_cache_lists_every_file_of_a_name_in_order() {
    let data = cache(
        0,
        &[
            (1 << 62, "libx.so", "/fast/libx.so"),
            (0, "libx.so", "/libx.so"),
            (0, "libx.so", "relative"),
            (0, "libx.so.1", "/other"),
        ],
    );
    let cache = Cache::parse(data).unwrap();
    let found: Vec<_> = cache.candidates(OsStr::new("libx.so")).collect();
    let candidate = |path, universal| Candidate {
        path: Path::new(path),
        universal,
    };
    assert_eq!(
        found,
        [
            candidate("/fast/libx.so", false),
            candidate("/libx.so", true)
        ]
    );
    assert_eq!(cache.candidates(OsStr::new("libx")).count(), 0);
}

#[test]
fn a_cache_of_the_other_byte_order_or_cut_short_is_unusable() {
    let own = if cfg!(target_endian = "big") { 3 } else { 2 };
    assert!(Cache::parse(cache(own, &[])).is_ok());
    assert_eq!(
        Cache::parse(cache(5 - own, &[])).err(),
        Some(Unusable::ByteOrder)
    );
    let whole = cache(own, &[(0, "a", "/a"), (0, "b", "/b")]);
    for length in 20..48 + 48 {
        let cut = whole[..length].to_vec();
        assert_eq!(
            Cache::parse(cut).err(),
            Some(Unusable::Truncated),
            "{length}"
        );
    }
    let without_strings = Cache::parse(whole[..96].to_vec()).unwrap();
    assert_eq!(without_strings.candidates(OsStr::new("a")).count(), 0);
}
