//! What reading costs in memory: it grows with the length of a manifest, and no faster.

use std::fmt::Write as _;
use std::process::Command;

use ringfence_manifest::{Manifest, Variables};

/// Says in which file a process of its own finds the manifest.
const FILE: &str = "RINGFENCE_TESTED_MANIFEST";

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

#[test]
#[ignore = "the other test starts it, in a process of its own"]
fn reads_one_manifest() {
    let file = std::env::var_os(FILE).expect("the other test names a file");
    let read = Manifest::read(file.as_ref(), &Variables::default());
    let lines = read
        .as_ref()
        .map_or(0, |(manifest, _)| manifest.policy.paths().len());
    let faults = read
        .err()
        .map_or(0, |faults| faults.findings.len() + faults.more);
    println!("peak {} of {lines} lines and {faults} faults", peak());
}

/// The peak of a process that reads this text, and what it found.
fn peak_of(text: &str) -> (u64, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("policy.yaml");
    std::fs::write(&file, text).expect("a file");
    let output = Command::new(std::env::current_exe().expect("a test knows its own path"))
        .args(["--ignored", "--exact", "--nocapture", "reads_one_manifest"])
        .env(FILE, &file)
        .output()
        .expect("the test starts itself");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = said
        .lines()
        .find_map(|line| line.split_once("peak ")?.1.split_once(" of "));
    let (peak, found) = found.unwrap_or_else(|| panic!("{said}"));
    (peak.parse().expect("a number"), found.to_owned())
}

/// Writes an entry by its number.
type Entry<'e> = &'e dyn Fn(usize) -> String;

#[test]
fn twice_the_lines_take_twice_the_memory_at_most() {
    let line = |number: usize| format!("  - /srv/data/{number}/file\n");
    let mapping = |number: usize| {
        format!("  - {{path: /srv/{number}, optional: true, description: \"number {number}\"}}\n")
    };
    let fault = |number: usize| format!("  - {{path: /srv/{number}, acces: read}}\n");
    let kinds: [(&str, Entry, bool); 3] = [
        ("lines", &line, false),
        ("mappings", &mapping, false),
        ("faults", &fault, true),
    ];
    let (empty, _) = peak_of("version: 1\n");
    for (kind, entry, faulty) in kinds {
        let peaks = [10_000, 20_000, 40_000].map(|count| {
            let text = (0..count).fold("version: 1\nro:\n".to_owned(), |mut text, number| {
                let _ = write!(text, "{}", entry(number));
                text
            });
            let (peak, found) = peak_of(&text);
            let expected = if faulty {
                format!("0 lines and {count} faults")
            } else {
                format!("{count} lines and 0 faults")
            };
            assert_eq!(found, expected);
            peak.saturating_sub(empty)
        });
        for pair in peaks.windows(2) {
            // A tenth for what an allocator keeps back.
            assert!(
                pair[1] * 10 <= pair[0] * 22,
                "{kind}: {peaks:?} KiB above {empty}"
            );
        }
        // Not a belief about the machine, but that the measure measures.
        assert!(peaks[2] > 5_000, "{kind}: {peaks:?}");
    }
}
