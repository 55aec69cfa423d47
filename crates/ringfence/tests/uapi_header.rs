//! Our bits against `linux/landlock.h`: the installed one, and the newest that `cargo xtask
//! kernels` has fetched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ringfence::{AccessFs, AccessNet, Scope};
use ringfence_sys::landlock::{RESTRICT_SELF_LOG_NEW_EXEC_ON, RESTRICT_SELF_TSYNC};

/// The headers on this machine.
fn headers() -> Vec<PathBuf> {
    let cache = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/kernels");
    let fetched = std::fs::read_dir(cache)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("landlock.h")))
        .filter(|path| path.exists());
    let installed = PathBuf::from("/usr/include/linux/landlock.h");
    fetched
        .chain(installed.exists().then_some(installed))
        .collect()
}

/// `#define LANDLOCK_ACCESS_FS_EXECUTE (1ULL << 0)` as the pair of name and bit.
fn bits(header: &str, prefix: &str) -> BTreeMap<String, u64> {
    header
        .lines()
        .filter_map(|line| {
            let (name, value) = line
                .strip_prefix("#define ")?
                .split_once(char::is_whitespace)?;
            let name = name.strip_prefix(prefix)?;
            let (one, shift) = value
                .trim()
                .strip_prefix('(')?
                .strip_suffix(')')?
                .split_once(" << ")?;
            let bit = 1 << shift.parse::<u32>().ok()?;
            matches!(one, "1U" | "1UL" | "1ULL").then(|| (name.to_owned(), bit))
        })
        .collect()
}

/// Each bit of the header must be ours; a header older than we are may lack some of ours.
fn assert_known(header: &BTreeMap<String, u64>, ours: &BTreeMap<String, u64>) {
    assert!(!header.is_empty());
    for (name, bit) in header {
        assert_eq!(ours.get(name), Some(bit), "{name}");
    }
}

fn ours<F: bitflags::Flags<Bits = u64>>() -> BTreeMap<String, u64> {
    F::FLAGS
        .iter()
        .map(|flag| (flag.name().to_owned(), flag.value().bits()))
        .collect()
}

#[test]
fn the_bits_are_those_of_the_kernels_header() {
    let headers = headers();
    if headers.is_empty() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI must have a linux/landlock.h"
        );
        eprintln!("skipped: there is no linux/landlock.h here (Debian: linux-libc-dev)");
    }
    for path in headers {
        let header = std::fs::read_to_string(&path).expect("a readable header");
        eprintln!("checking {}", path.display());
        assert_known(&bits(&header, "LANDLOCK_ACCESS_FS_"), &ours::<AccessFs>());
        let flags = bits(&header, "LANDLOCK_RESTRICT_SELF_");
        for (name, ours) in [
            ("LOG_NEW_EXEC_ON", RESTRICT_SELF_LOG_NEW_EXEC_ON),
            ("TSYNC", RESTRICT_SELF_TSYNC),
        ] {
            if let Some(theirs) = flags.get(name) {
                assert_eq!(*theirs, u64::from(ours), "{name}");
            }
        }
        // Headers of before ABI 4 and ABI 6 have none of these.
        for (prefix, ours) in [
            ("LANDLOCK_ACCESS_NET_", ours::<AccessNet>()),
            ("LANDLOCK_SCOPE_", ours::<Scope>()),
        ] {
            let theirs = bits(&header, prefix);
            if !theirs.is_empty() {
                assert_known(&theirs, &ours);
            }
        }
    }
}

#[test]
fn a_wrong_bit_would_be_seen() {
    let header = "#define LANDLOCK_ACCESS_FS_EXECUTE\t\t(1ULL << 5)\n";
    let theirs = bits(header, "LANDLOCK_ACCESS_FS_");
    assert_eq!(theirs.get("EXECUTE"), Some(&32));
    assert!(std::panic::catch_unwind(|| assert_known(&theirs, &ours::<AccessFs>())).is_err());
}
