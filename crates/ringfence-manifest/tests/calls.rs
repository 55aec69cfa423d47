//! What several files say of one system call: none lifts what another denies, whatever the order.

use std::path::PathBuf;

use proptest::prelude::*;
use ringfence::{Syscall, SyscallEffect};
use ringfence_manifest::{Faults, Manifest, Variables};

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn file(&self, name: &str, says: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, format!("version: 1\n{says}\n")).expect("a file");
        path
    }

    fn read(&self, says: &str) -> Result<Manifest, Faults> {
        let path = self.file("top.yaml", says);
        Manifest::read(&path, &Variables::default()).map(|(manifest, _)| manifest)
    }
}

/// The faults of a manifest that says one thing and includes another, then of two that are
/// included in either order.
fn faults_of_each_way(one: &str, other: &str) -> Vec<Option<Faults>> {
    let world = World::new();
    world.file("one.yaml", &format!("syscalls: {{{one}}}"));
    world.file("other.yaml", &format!("syscalls: {{{other}}}"));
    [
        format!("include: ./other.yaml\nsyscalls: {{{one}}}"),
        format!("include: ./one.yaml\nsyscalls: {{{other}}}"),
        "include: [./one.yaml, ./other.yaml]".to_owned(),
        "include: [./other.yaml, ./one.yaml]".to_owned(),
    ]
    .into_iter()
    .map(|says| world.read(&says).err())
    .collect()
}

#[test]
fn a_call_that_two_files_decide_differently_is_a_conflict_at_both_places() {
    for (one, other) in [
        ("deny: ['@debug']", "allow: [ptrace]"),
        ("deny: ['@debug']", "only: [ptrace]"),
        ("deny: [ptrace]", "allow: ['@debug']"),
        ("deny: ['@debug']", "allow: ['@process', ptrace]"),
        ("deny: ['@debug:kill']", "deny: [ptrace]"),
        ("deny: ['ptrace:EACCES']", "deny: ['ptrace:ENOSYS']"),
    ] {
        for faults in faults_of_each_way(one, other) {
            let faults = faults.unwrap_or_else(|| panic!("{one} beside {other} is read"));
            for finding in &faults.findings {
                assert_eq!(finding.code, "conflict", "{faults}");
                let places = (finding.place.as_ref(), finding.also.first());
                let (Some(place), Some((also, _))) = places else {
                    panic!("a place is missing: {faults}");
                };
                assert_ne!(place.file, also.file, "{faults}");
            }
        }
    }
}

#[test]
fn files_that_decide_a_call_alike_are_read() {
    for (one, other) in [
        ("deny: ['@debug']", "deny: [ptrace]"),
        ("only: ['@basic-io']", "only: [ptrace]"),
        ("allow: ['@debug']", "allow: [ptrace]"),
        ("deny: ['@debug']", "allow: [chown]"),
    ] {
        for faults in faults_of_each_way(one, other) {
            assert!(faults.is_none(), "{one} beside {other}: {faults:?}");
        }
    }
}

#[test]
fn within_one_file_a_name_counts_before_its_group() {
    let manifest = World::new()
        .read("syscalls: {deny: ['@debug'], allow: [ptrace]}")
        .expect("a manifest");
    let syscalls = manifest.policy.syscalls();
    assert_eq!(
        syscalls.effect_on(Syscall::PTRACE),
        Some(SyscallEffect::Allow)
    );
}

#[test]
fn an_included_file_lets_no_call_pass_that_opens_what_landlock_denies() {
    let world = World::new();
    for (calls, code) in [
        ("socket", Some("main-only")),
        ("'@network-io'", Some("main-only")),
        ("truncate", Some("main-only")),
        ("ptrace", None),
    ] {
        world.file("in.yaml", &format!("syscalls: {{allow: [{calls}]}}"));
        let read = world.read("include: ./in.yaml");
        let codes = read.err().map(|faults| faults.findings[0].code);
        assert_eq!(codes, code, "{calls}");
        let own = world.read(&format!("syscalls: {{allow: [{calls}]}}"));
        assert!(own.is_ok(), "{calls}");
    }
}

fn lines() -> impl Strategy<Value = String> {
    let calls = prop::sample::select(vec!["ptrace", "'@debug'", "'@process'", "chown", "kill"]);
    let verb = prop::sample::select(vec!["allow", "deny", "only"]);
    (verb, prop::collection::vec(calls, 1..3))
        .prop_map(|(verb, calls)| format!("{verb}: [{}]", calls.join(", ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_files_decides_nothing_and_no_file_is_loosened(one in lines(), other in lines()) {
        let world = World::new();
        world.file("one.yaml", &format!("syscalls: {{{one}}}"));
        world.file("other.yaml", &format!("syscalls: {{{other}}}"));
        let [alone_one, alone_other, forth, back] = [
            "include: ./one.yaml",
            "include: ./other.yaml",
            "include: [./one.yaml, ./other.yaml]",
            "include: [./other.yaml, ./one.yaml]",
        ]
        .map(|says| world.read(says).ok());
        prop_assert_eq!(forth.is_some(), back.is_some());
        if let (Some(one), Some(other), Some(forth), Some(back)) = (alone_one, alone_other, forth, back) {
            for call in Syscall::all() {
                let effect = |manifest: &Manifest| manifest.policy.syscalls().effect_on(call);
                prop_assert_eq!(effect(&forth), effect(&back), "{}", call);
                for alone in [&one, &other] {
                    if let Some(denied @ SyscallEffect::Deny(_)) = effect(alone) {
                        prop_assert_eq!(effect(&forth), Some(denied), "{}", call);
                    }
                }
            }
        }
    }
}
