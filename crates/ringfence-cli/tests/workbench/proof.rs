//! `ringfence test`: expectations that hold, and the same turned round, which fail.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::{skipped, stdout};

const POLICY: &str = "\
version: 1
include: [base]
ro: [/usr/bin]
rw: [in]
fs: [{path: readable, access: read}]
connect-tcp: [47001]
bind-tcp: [47002]
";

/// What must be allowed and what must be denied under that policy.
const ALLOWED: &[&str] = &[
    "read, path: readable",
    "read, path: in",
    "write, path: in/file",
    "create, path: in",
    "remove, path: in",
    "rename, path: in",
    "rw, path: in",
    "execute, path: /usr/bin/env",
    "connect-tcp, port: 47001",
    "bind-tcp, port: 47002",
];
const DENIED: &[&str] = &[
    "read, path: secret",
    "read, path: out",
    "write, path: readable",
    "create, path: out",
    "remove, path: out",
    "rename, path: out",
    "execute, path: program",
    "connect-tcp, port: 47003",
    "bind-tcp, port: 47004",
    "connect-udp, port: 47005",
    "netlink",
    "namespaces",
    "mount",
    "signal",
    "abstract-unix",
];

struct World {
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        for name in ["in", "out"] {
            std::fs::create_dir(world.path(name)).expect("a directory");
        }
        for name in ["in/file", "readable", "secret"] {
            std::fs::write(world.path(name), "text").expect("a file");
        }
        std::fs::copy("/usr/bin/true", world.path("program")).expect("a program");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn test(&self, text: &str, arguments: &[&str]) -> Output {
        // Beside what the policy lets programs write.
        let manifest = self.path("policy.yaml");
        std::fs::write(&manifest, text).expect("a manifest");
        crate::command()
            .arg("test")
            .arg(manifest)
            .args(arguments)
            .output()
            .expect("ringfence starts")
    }
}

fn expectations(allowed: &str, denied: &str) -> String {
    let allow = ALLOWED
        .iter()
        .map(|act| format!("  - {{{allowed}: {act}}}\n"));
    let deny = DENIED
        .iter()
        .map(|act| format!("  - {{{denied}: {act}}}\n"));
    format!(
        "{POLICY}expect:\n{}{}",
        allow.collect::<String>(),
        deny.collect::<String>()
    )
}

/// Signals and abstract sockets are denied from ABI 6 on, and TCP from ABI 4.
const ABI: u32 = 6;

#[test]
fn what_holds_is_found_to_hold_and_its_opposite_to_fail() {
    if skipped(ABI) {
        return;
    }
    for (allowed, denied, wanted) in [("allow", "deny", "holds"), ("deny", "allow", "fails")] {
        let output = World::new().test(&expectations(allowed, denied), &["--json"]);
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(rows.len(), ALLOWED.len() + DENIED.len());
        for row in rows {
            assert_eq!(row["standing"], wanted, "{row}");
        }
        let code = i32::from(wanted != "holds");
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_test_leaves_nothing_behind() {
    if skipped(ABI) {
        return;
    }
    let world = World::new();
    world.test(&expectations("allow", "deny"), &[]);
    for (directory, files) in [("in", 1), ("out", 0)] {
        let found = std::fs::read_dir(world.path(directory)).expect("a directory");
        assert_eq!(found.count(), files, "{directory}");
    }
    assert_eq!(
        std::fs::read_to_string(world.path("in/file")).unwrap(),
        "text"
    );
}

#[test]
fn expectations_are_tried_where_the_starter_ignores_sigchld() {
    if skipped(ABI) {
        return;
    }
    let world = World::new();
    let manifest = world.path("policy.yaml");
    let text = format!("{POLICY}expect: [{{deny: read, path: secret}}]\n");
    std::fs::write(&manifest, text).expect("a manifest");
    let output = crate::without_ends_of_children(&["test".as_ref(), manifest.as_os_str()]);
    assert!(output.status.success(), "{}", stdout(&output));
}

#[test]
fn tap_and_junit_say_the_same() {
    if skipped(ABI) {
        return;
    }
    let text = format!(
        "{POLICY}expect:\n  - {{allow: read, path: readable}}\n  - {{deny: read, path: in/file}}\n"
    );
    let world = World::new();
    let tap = stdout(&world.test(&text, &["--format", "tap"]));
    assert!(tap.starts_with("TAP version 14\n1..2\n"), "{tap}");
    assert!(
        tap.contains("\nok 1 - ") && tap.contains("\nnot ok 2 - "),
        "{tap}"
    );
    let junit = stdout(&world.test(&text, &["--format", "junit"]));
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    assert_eq!(junit.matches("<testcase ").count(), 2);
    assert_eq!(junit.matches("<failure ").count(), 1);
}

#[test]
fn a_command_is_ready_or_exits_as_expected() {
    if skipped(ABI) {
        return;
    }
    let world = World::new();
    let made = world.path("in/made");
    let text = |expect: &str| format!("{POLICY}expect:\n  - {{{expect}}}\n");
    for (expect, script, code) in [
        ("exits: 3, within: 5s", "exit 3", 0),
        ("exits: 0, within: 5s", "exit 3", 1),
        ("exits: 0, within: 200ms", "sleep 5", 1),
        (
            "ready: file in/made, within: 5s",
            "echo > in/made; sleep 5",
            0,
        ),
        ("ready: file in/made, within: 200ms", "sleep 5", 1),
        ("ready: file in/made, within: 5s", "exit 0", 1),
    ] {
        let _ = std::fs::remove_file(&made);
        let script = format!("cd {}; {script}", world.directory.path().display());
        let output = world.test(&text(expect), &["--", "/usr/bin/sh", "-c", &script]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{expect} {script}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn what_cannot_be_tested_is_unusable() {
    let world = World::new();
    for (text, arguments) in [
        ("version: 1\n".to_owned(), &[][..]),
        ("version: 1\nnope: 1\n".to_owned(), &[]),
        (format!("{POLICY}expect: [{{exits: 0}}]\n"), &[]),
    ] {
        let output = world.test(&text, arguments);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_file_beside_a_manifest_that_is_named_without_a_directory_is_found() {
    if skipped(ABI) {
        return;
    }
    let world = World::new();
    let text = format!(
        "{POLICY}expect: [{{allow: read, path: readable}}, {{deny: read, path: secret}}]\n"
    );
    std::fs::write(world.path("alone.yaml"), text).expect("a manifest");
    let output = crate::command()
        .args(["test", "alone.yaml"])
        .current_dir(world.directory.path())
        .output()
        .expect("ringfence starts");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}
