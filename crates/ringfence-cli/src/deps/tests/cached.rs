//! Caches that the real `ldconfig` writes.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{Environment, Reason};
use super::oracle::Workshop;
use super::{bare_system, closure_on, libraries, notes};

const LDCONFIG: &str = "/sbin/ldconfig";

/// A program that needs libx.so.1, which exists for every processor and in two variants, and their cache.
fn with_variants(format: &str) -> Option<(Workshop, PathBuf, PathBuf)> {
    let w = Workshop::open()?;
    if !Path::new(LDCONFIG).exists() {
        eprintln!("skipped: {LDCONFIG} is not installed, and this test reads what it writes");
        return None;
    }
    w.library("own/libx.so.1", &[]);
    w.library("own/glibc-hwcaps/x86-64-v2/libx.so.1", &[]);
    w.library("own/glibc-hwcaps/x86-64-v4/libx.so.1", &["-lm"]);
    w.library("other/liby.so.1", &[]);
    let program = w.program("program", &["-nostdlib", "own/libx.so.1"]);
    let directories = format!("{}\n{}\n", w.at("own").display(), w.at("other").display());
    fs::write(w.at("ld.so.conf"), directories).unwrap();
    w.run(LDCONFIG, |c| {
        c.args(["-X", "-f", "ld.so.conf", "-C", "cache", "-c", format])
    });
    let cache = w.at("cache");
    Some((w, program, cache))
}

#[test]
fn all_variants_that_the_cache_lists_are_included() {
    for format in ["new", "compat"] {
        let Some((w, program, cache)) = with_variants(format) else {
            return;
        };
        let mut system = bare_system();
        system.cache = &cache;
        let closure = closure_on(system, &program, &Environment::default()).unwrap();
        let found = libraries(&closure);
        for expected in ["", "glibc-hwcaps/x86-64-v2/", "glibc-hwcaps/x86-64-v4/"] {
            let expected = w.at(&format!("own/{expected}libx.so.1"));
            assert!(
                found.contains(&expected),
                "{format}: {expected:?} in {found:?}"
            );
        }
        assert!(
            found.iter().any(|path| path.ends_with("libm.so.6")),
            "needed by a variant"
        );
        assert_eq!(closure.files[2].reason, Reason::LoaderCache);
        assert!(closure.notes.is_empty(), "{closure:?}");
    }
}

#[test]
fn all_variants_in_a_directory_are_included() {
    let Some((w, program, _)) = with_variants("new") else {
        return;
    };
    let path = w.at("own");
    let environment = Environment {
        library_path: Some(path.as_os_str()),
        ..Environment::default()
    };
    let found = libraries(&closure_on(bare_system(), &program, &environment).unwrap());
    assert_eq!(
        found[..3],
        [
            w.at("own/glibc-hwcaps/x86-64-v2/libx.so.1"),
            w.at("own/glibc-hwcaps/x86-64-v4/libx.so.1"),
            w.at("own/libx.so.1"),
        ]
    );
}

#[test]
fn an_old_or_damaged_cache_is_noted_and_not_used() {
    let Some((_w, program, cache)) = with_variants("old") else {
        return;
    };
    let mut system = bare_system();
    system.cache = &cache;
    let look = || closure_on(system, &program, &Environment::default()).unwrap();
    let old = look();
    assert!(libraries(&old).is_empty());
    assert!(
        notes(&old)[0].ends_with(
            "was ignored: it is not a library cache of glibc 2.2 or later; run ldconfig"
        )
    );

    fs::write(&cache, b"glibc-ld.so.cache1.1\xff\xff\xff\xff").unwrap();
    let damaged = look();
    assert!(
        notes(&damaged)[0]
            .ends_with("was ignored: it ends before its list of libraries does; run ldconfig")
    );
    assert_eq!(
        notes(&damaged)[1],
        format!("libx.so.1, needed by {}, was not found", program.display())
    );
}
