//! Our table of system calls against the kernel's `asm/unistd.h`: those of all architectures that
//! `cargo xtask kernels --fetch-only` has fetched, and the installed one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ringfence::{Arch, Syscall};

const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/kernels");
const TABLE: &str = include_str!("../src/seccomp/table.rs");

type Numbers = BTreeMap<String, u32>;

/// The folders of fetched headers.
fn fetched() -> Vec<PathBuf> {
    let entries = fs::read_dir(CACHE).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("unistd-x86_64.h").exists())
        .collect()
}

/// `#define __NR_read 0` as the pair of name and number.
fn numbers(header: &str) -> Numbers {
    header
        .lines()
        .filter_map(|line| {
            let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
            Some((name.to_owned(), number.trim().parse().ok()?))
        })
        .collect()
}

fn ours(arch: Arch) -> Numbers {
    Syscall::all()
        .filter_map(|call| Some((call.name().to_owned(), call.number(arch)?)))
        .collect()
}

/// A header of another release may lack some of ours, or have newer ones; the numbers of those that
/// both know are the same for all time, and no number has two names.
fn assert_agree(header: &Numbers, ours: &Numbers) {
    assert!(header.len() > 250, "{} calls", header.len());
    for (name, number) in header {
        match ours.get(name) {
            Some(known) => assert_eq!(known, number, "{name}"),
            None => assert!(!ours.values().any(|known| known == number), "{name}"),
        }
    }
}

/// `7.3.4` of the table's first line.
fn version_of_the_table() -> &'static str {
    let line = TABLE.lines().next().expect("a first line");
    let version = line
        .split("of Linux ")
        .nth(1)
        .expect("it names the release");
    version.split(':').next().expect("before the colon")
}

fn read(folder: &Path, arch: Arch) -> Numbers {
    let path = folder.join(format!("unistd-{arch}.h"));
    numbers(
        &fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    )
}

#[test]
fn the_table_is_that_of_the_kernels_headers() {
    let folders = fetched();
    if folders.is_empty() {
        let required = ["CI", "RINGFENCE_REQUIRE"].map(std::env::var_os);
        assert!(
            required.iter().all(Option::is_none),
            "CI must have the headers: `cargo xtask kernels --fetch-only`"
        );
        eprintln!(
            "skipped: no headers in {CACHE}; `cargo xtask kernels --fetch-only` fetches them"
        );
    }
    for folder in folders {
        eprintln!("checking {}", folder.display());
        let made_of = format!("headers-{}-", version_of_the_table());
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        for arch in Arch::ALL {
            let (header, ours) = (read(&folder, arch), ours(arch));
            assert_agree(&header, &ours);
            if name.starts_with(&made_of) {
                assert_eq!(
                    header, ours,
                    "{arch}: `cargo xtask syscalls` makes the table"
                );
            }
        }
    }
}

#[test]
fn the_installed_header_agrees() {
    let path = Path::new("/usr/include/x86_64-linux-gnu/asm/unistd_64.h");
    match fs::read_to_string(path) {
        Ok(header) => assert_agree(&numbers(&header), &ours(Arch::X86_64)),
        Err(error) => eprintln!(
            "skipped: {}: {error} (Debian: linux-libc-dev)",
            path.display()
        ),
    }
}

#[test]
fn a_wrong_number_would_be_seen() {
    let mut header = ours(Arch::Aarch64);
    header.insert("read".to_owned(), 64);
    let seen = std::panic::catch_unwind(|| assert_agree(&header, &ours(Arch::Aarch64)));
    assert!(seen.is_err());
}
