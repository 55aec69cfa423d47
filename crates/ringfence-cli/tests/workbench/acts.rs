//! `ringfence test`, act by act: what holds, what does not, what cannot be tried, and each format.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::{skipped, stderr};

/// Directories `in`, which the policy allows, and `out`, which it does not, and a manifest beside them.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a directory"));
        for name in ["in", "out", "some"] {
            fs::create_dir(place.path().join(name)).expect("a directory");
            fs::write(place.path().join(name).join("file"), "text").expect("a file");
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn test(&self, expectations: &[&str], arguments: &[&str]) -> Output {
        let manifest = self.path().join("policy.yaml");
        let mut text = "version: 1\nro: [/usr, {path: /lib, optional: true}, {path: /lib64, optional: true}, \
                        {path: /bin, optional: true}, {path: /etc/ld.so.cache, optional: true}]\nrw: [in]\nfs: [{path: some, access: [read, write, create, remove]}]\nexpect:\n"
            .to_owned();
        for expectation in expectations {
            writeln!(text, "  - {{{expectation}}}").expect("a text grows");
        }
        fs::write(&manifest, text).expect("a manifest");
        crate::command()
            .arg("test")
            .arg(&manifest)
            .args(arguments)
            .output()
            .expect("ringfence starts")
    }

    /// The standing and detail of each expectation.
    fn rows(&self, expectations: &[&str], arguments: &[&str]) -> Vec<(String, String)> {
        let output = self.test(expectations, &[&["--json"], arguments].concat());
        let rows: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", stderr(&output)));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (text(&row["standing"]), text(&row["detail"])))
            .collect()
    }
}

#[test]
fn acts_on_paths_are_proved_both_ways() {
    if skipped(3) {
        return;
    }
    let place = Place::new();
    for act in ["read", "write", "create", "remove", "rename", "rw"] {
        let rows = place.rows(
            &[
                &format!("allow: {act}, path: in"),
                &format!("deny: {act}, path: out"),
                &format!("allow: {act}, path: out"),
                &format!("deny: {act}, path: in"),
            ],
            &[],
        );
        let standings: Vec<_> = rows.iter().map(|row| row.0.as_str()).collect();
        assert_eq!(
            standings,
            ["holds", "holds", "fails", "fails"],
            "{act}: {rows:?}"
        );
    }
    let left: Vec<_> = fs::read_dir(place.path().join("in")).expect("in").collect();
    assert_eq!(left.len(), 1, "what was made is taken away: {left:?}");
    let text = fs::read_to_string(place.path().join("in/file")).expect("the file");
    assert_eq!(text, "text");
}

#[test]
fn moving_to_another_directory_is_an_act_of_its_own() {
    if skipped(2) {
        return;
    }
    let place = Place::new();
    let rows = place.rows(
        &[
            "deny: rename, path: some",
            "allow: create, path: some",
            "allow: remove, path: some",
        ],
        &[],
    );
    assert!(rows.iter().all(|row| row.0 == "holds"), "{rows:?}");
}

#[test]
fn sockets_and_devices_are_proved_both_ways() {
    let place = Place::new();
    let _listener = UnixListener::bind(place.path().join("out/socket")).expect("a socket");
    let rows = place.rows(
        &[
            "deny: connect-unix, path: out/socket",
            "allow: connect-unix, path: out/socket",
        ],
        &[],
    );
    let allowed = rows[1].0 == "holds";
    assert_eq!(
        rows[0].0,
        if allowed { "fails" } else { "holds" },
        "{rows:?}"
    );
    if skipped(5) {
        return;
    }
    for act in ["ioctl, path: /dev/null", "make-device, path: in"] {
        let rows = place.rows(&[&format!("deny: {act}"), &format!("allow: {act}")], &[]);
        assert_eq!(
            (rows[0].0.as_str(), rows[1].0.as_str()),
            ("holds", "fails"),
            "{rows:?}"
        );
    }
}

#[test]
fn a_sandbox_that_ends_whoever_executes_has_not_executed() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    let manifest = place.path().join("kill.yaml");
    fs::write(
        &manifest,
        "version: 1\nro: [/usr]\nsyscalls: {deny: [\"execve:kill\"]}\nexpect: [{allow: execute, path: /usr/bin/true}]\n",
    )
    .expect("a manifest");
    let output = crate::command()
        .arg("test")
        .arg(&manifest)
        .output()
        .expect("ringfence starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_program_is_executed_but_never_runs() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    fs::copy("/usr/bin/true", place.path().join("out/true")).expect("a copy");
    let rows = place.rows(
        &[
            "allow: execute, path: /usr/bin/true",
            "deny: execute, path: out/true",
        ],
        &[],
    );
    assert!(rows.iter().all(|row| row.0 == "holds"), "{rows:?}");
    let rows = place.rows(&["allow: execute, path: out/true"], &[]);
    assert_eq!(rows[0].0, "fails");
}

#[test]
fn ports_are_proved_both_ways() {
    if skipped(4) {
        return;
    }
    let place = Place::new();
    for act in ["connect-tcp", "bind-tcp", "connect-udp", "bind-udp"] {
        let rows = place.rows(
            &[
                &format!("deny: {act}, port: 39471"),
                &format!("allow: {act}, port: 39471"),
            ],
            &[],
        );
        assert_eq!(
            (rows[0].0.as_str(), rows[1].0.as_str()),
            ("holds", "fails"),
            "{act}"
        );
    }
}

#[test]
fn classes_are_tried_or_told_from_the_plan() {
    if skipped(6) {
        return;
    }
    let place = Place::new();
    for class in [
        "signal",
        "abstract-unix",
        "netlink",
        "namespaces",
        "notifications",
        "mount",
        "ptrace",
        "io-uring",
    ] {
        let rows = place.rows(
            &[&format!("deny: {class}"), &format!("allow: {class}")],
            &[],
        );
        assert_eq!(rows[0].0, "holds", "{class}: {rows:?}");
        assert_eq!(rows[1].0, "fails", "{class}: {rows:?}");
    }
    let rows = place.rows(&["deny: terminal", "deny: syscall, name: clone"], &[]);
    assert!(rows.iter().all(|row| row.0 == "untried"), "{rows:?}");
    assert!(rows[0].1.contains("the plan says"));
    let strict = place.test(&["deny: terminal"], &["--require-all"]);
    assert_eq!(strict.status.code(), Some(1));
    let rows = place.rows(&["deny: metadata", "allow: metadata"], &[]);
    assert_eq!((rows[0].0.as_str(), rows[1].0.as_str()), ("fails", "holds"));
}

#[test]
fn calls_are_tried_by_name_where_that_does_no_harm() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    // A call that the filter denies, one that it lets in, and one that would end the process.
    for (call, denied, allowed) in [
        ("ptrace", "holds", "fails"),
        ("add_key", "holds", "fails"),
        ("io_uring_setup", "holds", "fails"),
        ("getpid", "fails", "holds"),
        ("openat", "fails", "holds"),
        ("exit_group", "fails", "untried"),
    ] {
        let lines = ["deny", "allow"].map(|verb| format!("{verb}: syscall, name: {call}"));
        let rows = place.rows(&lines.each_ref().map(String::as_str), &[]);
        assert_eq!(
            (rows[0].0.as_str(), rows[1].0.as_str()),
            (denied, allowed),
            "{call}: {rows:?}"
        );
    }
}

#[test]
fn a_missing_path_proves_nothing() {
    if skipped(1) {
        return;
    }
    let rows = Place::new().rows(&["deny: read, path: /no/such/file"], &[]);
    assert_eq!(rows[0].0, "fails");
    assert!(rows[0].1.contains("nothing is there"), "{rows:?}");
}

#[test]
fn a_denial_that_needs_no_sandbox_says_so() {
    if skipped(1) {
        return;
    }
    let rows = Place::new().rows(&["deny: execute, path: out/file"], &[]);
    assert_eq!(rows[0].0, "holds");
    assert!(rows[0].1.contains("also without the sandbox"), "{rows:?}");
}

#[test]
fn a_command_is_waited_for_and_stopped() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    let expected = ["ready: file in/up, within: 5s", "exits: 3, within: 5s"];
    let up = place.path().join("in/up");
    let script = format!("echo > {}; exit 3", up.display());
    let rows = place.rows(&expected, &["--", "/bin/sh", "-c", &script]);
    assert!(rows.iter().all(|row| row.0 == "holds"), "{rows:?}");

    let stale = place.test(&expected, &["--", "/bin/sh", "-c", &script]);
    assert_eq!(stale.status.code(), Some(2), "it is there before the start");

    let rows = place.rows(
        &["exits: 0, within: 100ms"],
        &["--", "/usr/bin/sleep", "60"],
    );
    assert!(rows[0].1.contains("still runs"), "{rows:?}");
}

#[test]
fn every_format_tells_the_same() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    let odd = "allow: read, path: \"out/<&'\\\"#\"";
    let expected = ["allow: read, path: in", odd, "deny: terminal"];
    let shown = |format| {
        let output = place.test(&expected, &["--format", format]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(shown("text").contains("1 hold, 1 fail, 1 untried"));

    let tap = shown("tap");
    let lines: Vec<_> = tap.lines().filter(|line| !line.starts_with("# ")).collect();
    assert_eq!(lines[..2], ["TAP version 14", "1..3"]);
    assert!(lines[2].starts_with("ok 1 - "), "{tap}");
    assert!(
        lines[3].starts_with("not ok 2 - ") && lines[3].contains(r"\#"),
        "{tap}"
    );
    assert!(
        lines[4].starts_with("ok 3 - ") && lines[4].contains(" # SKIP "),
        "{tap}"
    );

    let xml = shown("junit");
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let named = |name| {
        document
            .descendants()
            .filter(move |node| node.has_tag_name(name))
    };
    let suite = named("testsuite").next().expect("a suite");
    for (attribute, value) in [
        ("tests", "3"),
        ("failures", "1"),
        ("errors", "0"),
        ("skipped", "1"),
    ] {
        assert_eq!(suite.attribute(attribute), Some(value), "{attribute}");
    }
    let cases: Vec<_> = named("testcase")
        .filter_map(|case| case.attribute("name"))
        .collect();
    assert_eq!(cases.len(), 3);
    assert!(cases[1].ends_with("out/<&'\"#"), "{cases:?}");
    assert_eq!((named("failure").count(), named("skipped").count()), (1, 1));
}

#[test]
fn what_cannot_be_used_ends_with_2() {
    let place = Place::new();
    assert_eq!(place.test(&["exits: 0"], &[]).status.code(), Some(2));
    assert_eq!(place.test(&["allow: nothing"], &[]).status.code(), Some(2));
}

#[test]
fn the_values_of_variables_reach_the_process_that_tries() {
    if skipped(1) {
        return;
    }
    let place = Place::new();
    let rows = place.rows(
        &["allow: read, path: \"${WHERE}\""],
        &["--set", "WHERE=in/file"],
    );
    assert_eq!(rows[0].0, "holds", "{rows:?}");
    let rows = place.rows(
        &["allow: read, path: \"${WHERE}\""],
        &["--set", "WHERE=out/file"],
    );
    assert_eq!(rows[0].0, "fails", "{rows:?}");
}
