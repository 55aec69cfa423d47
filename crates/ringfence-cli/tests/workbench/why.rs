//! `ringfence why`: answers, exit codes, and that what it proposes is what it later calls allowed.

use std::process::Output;

use crate::{stderr, stdout};

fn why(arguments: &[&str]) -> Output {
    crate::command()
        .arg("why")
        .args(arguments)
        .output()
        .expect("ringfence starts")
}

fn text(output: &Output) -> String {
    format!("{}{}", stdout(output), stderr(output))
}

#[test]
fn an_allowed_access_names_the_place_of_its_line_in_the_manifest() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("tool.yaml");
    let manifest = "version: 1\nro:\n  - {path: /usr, description: programs}\n";
    std::fs::write(&file, manifest).expect("a manifest");
    let policy = file.to_str().expect("UTF-8");
    for kernel in [&["--abi", "6"][..], &[]] {
        let question = ["read", "/usr/bin", "--policy", policy];
        let output = why(&[&question, kernel].concat());
        let line = format!("  by `{policy}:3: ro /usr (programs)`\n");
        assert_eq!(text(&output), format!("allowed: read /usr/bin\n{line}"));
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_denied_access_gets_the_line_to_add_and_a_warning_where_that_is_unwise() {
    let output = why(&["read", "/etc/shadow", "--abi", "6", "--ro", "/usr"]);
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    for part in [
        "denied: read /etc/shadow\n  denied by Landlock: no line allows it\n",
        "to allow it, add\n  --fs read=/etc/shadow\n",
        "  - {path: /etc/shadow, access: [read]}\n",
        "warning: that lets secrets be read: /etc/shadow\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn what_is_not_there_is_said_so_beside_the_line_for_the_directory_that_is() {
    for (access, is_said) in [("read", true), ("create", false)] {
        let output = why(&[access, "/usr/no-such-file", "--abi", "6"]);
        let told = text(&output);
        assert!(told.contains("=/usr\n"), "{told}");
        let note = "note: nothing is at /usr/no-such-file that this user can see";
        assert_eq!(told.contains(note), is_said, "{told}");
    }
    assert!(!text(&why(&["read", "/usr", "--abi", "6"])).contains("note:"));
}

#[test]
fn a_word_that_is_none_is_answered_with_what_was_forgotten_or_each_word_once() {
    let path = text(&why(&["/etc/passwd"]));
    assert!(path.contains("as in `read /etc/passwd`"), "{path}");
    let names = text(&why(&["xyzzy"]));
    for name in [" read,", " connect-unix,", " connect-tcp,"] {
        assert_eq!(names.matches(name).count(), 1, "{name} in {names}");
    }
}

#[test]
fn what_is_proposed_is_allowed_once_it_is_there() {
    for question in [
        &["read", "/etc/passwd"][..],
        &["create", "/tmp/new"],
        &["rw", "/srv/no/such/place"],
        &["connect-tcp", "443"],
        &["bind-udp", "53"],
        &["connect-unix", "/run/x.sock"],
        &["netlink"],
    ] {
        for abi in ["4", "10"] {
            let kernel = ["--abi", abi];
            let output = why(&[question, &kernel, &["--json"]].concat());
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(answer["allowed"], false, "{question:?}: {answer}");
            let flags = answer["add"][0]["flags"].as_str().expect("a proposal");
            let flags: Vec<_> = flags.split(' ').collect();
            let again = why(&[question, &kernel, &flags].concat());
            assert_eq!(again.status.code(), Some(0), "{flags:?}: {}", text(&again));
        }
    }
}

#[test]
fn a_question_or_policy_that_cannot_be_used_is_an_error_of_setup() {
    for arguments in [
        &["raed", "/"][..],
        &["connect-tcp", "/"],
        &["read"],
        &["read", "/", "--policy", "/no/such/file"],
        &["read", "/", "--ro"],
    ] {
        let output = why(arguments);
        assert_eq!(output.status.code(), Some(125), "{}", text(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
