//! Every fault of a manifest, and the message as a person reads it: `faults/NAME.yaml` and beside it
//! `faults/NAME.txt`. `UPDATE=1 cargo test -p ringfence-manifest --test faults` writes them anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ringfence_manifest::{Faults, Manifest, Variables};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).expect("the folder of cases");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| kind == "yaml" || kind == "toml")
        })
        .collect();
    cases.sort();
    cases
}

fn faults(path: &Path) -> Faults {
    match Manifest::read(path, &Variables::default()) {
        Ok(_) => panic!("{} has no fault", path.display()),
        Err(faults) => faults,
    }
}

/// Where a case is on this machine is no part of what it says.
fn rendered(path: &Path) -> String {
    let here = format!("{}/", directory().display());
    faults(path).render(false).replace(&here, "") + "\n"
}

#[test]
fn each_is_worded_as_before() {
    for case in cases() {
        let name = format!("{}.txt", case.file_name().expect("a name").display());
        let snapshot = directory().join(name);
        let text = rendered(&case);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&snapshot, &text).expect("the folder can be written");
        }
        let expected = std::fs::read_to_string(&snapshot).unwrap_or_default();
        assert!(
            text == expected,
            "{}\nis now\n{text}\nand was\n{expected}",
            case.display()
        );
    }
}

#[test]
fn no_control_character_of_a_manifest_reaches_a_terminal() {
    for case in cases() {
        let text = rendered(&case);
        let strange = |character: char| {
            (character.is_control() && character != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&character)
        };
        assert!(!text.contains(strange), "{}: {text:?}", case.display());
    }
}

#[test]
fn all_faults_of_a_file_are_shown_in_the_order_of_the_text() {
    for case in cases() {
        let findings = faults(&case).findings;
        let places: Vec<_> = findings
            .iter()
            .filter_map(|finding| finding.place.as_ref())
            .map(|place| (place.file, place.bytes.start))
            .collect();
        assert!(places.is_sorted(), "{}", case.display());
    }
    let count = |name: &str| faults(&directory().join(name)).findings.len();
    assert_eq!(count("unknown-key.yaml"), 11);
    assert_eq!(count("expectation.yaml"), 11);
    assert_eq!(count("variable.yaml"), 6);
}

/// The codes that the sources use, each of which a case shows.
#[test]
fn every_code_has_a_case() {
    const CODES: &[&str] = &[
        "anchor",
        "class",
        "conflict",
        "depth",
        "duplicate-key",
        "empty",
        "expectation",
        "include",
        "key",
        "main-only",
        "missing-key",
        "path",
        "ports",
        "read",
        "second-document",
        "syntax",
        "tag",
        "type",
        "unknown-call",
        "unknown-class",
        "unknown-key",
        "unknown-part",
        "unknown-word",
        "value",
        "variable",
        "version",
    ];
    let shown: BTreeSet<_> = cases()
        .iter()
        .flat_map(|case| faults(case).findings)
        .map(|finding| finding.code)
        .collect();
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), CODES);
}
