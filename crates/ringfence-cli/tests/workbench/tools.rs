//! The tools around a manifest: diff and fmt, their output and exit codes.

use std::path::PathBuf;

use crate::{ringfence, stderr, stdout};

/// Files with these texts, named a.yaml, b.yaml and so on.
fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<String>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let names = texts
        .iter()
        .zip('a'..='z')
        .map(|(text, letter)| {
            let path: PathBuf = directory.path().join(format!("{letter}.yaml"));
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        })
        .collect();
    (directory, names)
}

fn diff(old: &str, new: &str) -> (Option<i32>, String) {
    let (_directory, names) = files(&[old, new]);
    let output = ringfence(&["diff", "--abi", "10", &names[0], &names[1]]);
    (output.status.code(), stdout(&output))
}

#[test]
fn the_same_in_other_words_is_no_difference() {
    let (code, text) = diff(
        "version: 1\nro: [/usr]\nconnect-tcp: [80-82]\n",
        "version: 1\nconnect-tcp: [80, 81, 82]\nfs: [{path: /usr, access: [execute, read]}]\n",
    );
    assert_eq!((code, &*text), (Some(0), "Both allow the same.\n"));
    let (code, _) = diff(
        "version: 1\nro: [/usr]\n",
        "version: 1\nro: [/usr, /usr/lib]\n",
    );
    assert_eq!(code, Some(0), "a line that another covers changes nothing");
}

#[test]
fn what_becomes_allowed_and_denied_is_named() {
    let (code, text) = diff(
        "version: 1\nrw: [/srv]\nbind-tcp: [8000-8010]\n",
        "version: 1\nro: [/srv]\nrw: [/srv/job]\nbind-tcp: [8005]\nconnect-udp: [53]\nsyscalls: {deny: [ptrace]}\n",
    );
    assert_eq!(code, Some(1));
    for line in [
        "- write /srv\n",
        "- bind-tcp 8000-8004\n",
        "- bind-tcp 8006-8010\n",
        "+ connect-udp 53\n",
        "- system call ptrace\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        !text.contains("read /srv") && !text.contains("write /srv/job"),
        "{text}"
    );
}

#[test]
fn a_comparison_as_json_has_the_same_items() {
    let (_directory, names) = files(&["version: 1\n", "version: 1\nconnect-tcp: [443]\n"]);
    let output = ringfence(&["diff", "--abi", "10", "--json", &names[0], &names[1]]);
    assert_eq!(output.status.code(), Some(1));
    let change: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let allowed = change["allowed"].as_array().expect("a list");
    assert!(allowed.contains(&"connect-tcp 443".into()), "{change}");
}

#[test]
fn a_manifest_that_cannot_be_used_is_not_compared() {
    let (code, text) = diff("version: 1\n", "version: 2\n");
    assert_eq!((code, &*text), (Some(125), ""));
}

#[test]
fn fmt_changes_files_in_place_and_says_with_check_which_it_would() {
    let (_directory, names) = files(&[
        "version: 1\nro: [/usr] # all\n",
        "version:  1\nro:\n- /usr # all\n",
        "ro: [",
    ]);
    let check = ringfence(&["fmt", "--check", &names[0], &names[1]]);
    assert_eq!(check.status.code(), Some(1));
    assert_eq!(stdout(&check), format!("{}\n", names[1]));

    assert!(ringfence(&["fmt", &names[0], &names[1]]).status.success());
    let text = std::fs::read_to_string(&names[1]).expect("the file");
    assert_eq!(text, "version: 1\nro:\n  - /usr # all\n");
    assert!(ringfence(&["fmt", "--check", &names[1]]).status.success());

    let broken = ringfence(&["fmt", &names[2]]);
    assert_eq!(broken.status.code(), Some(2));
    assert_eq!(
        std::fs::read_to_string(&names[2]).expect("the file"),
        "ro: ["
    );
}

#[test]
fn nothing_is_run_to_learn_what_could_not_be_written_then() {
    let directory = tempfile::tempdir().expect("a directory");
    let ran = directory.path().join("ran");
    for file in ["no-such-directory/policy.yaml", "."] {
        let file = directory.path().join(file);
        let output = crate::command()
            .args(["learn", "-o"])
            .arg(&file)
            .args(["--", "touch"])
            .arg(&ran)
            .output()
            .expect("ringfence starts");
        assert_eq!(output.status.code(), Some(125));
        let told = format!("cannot write {}", file.display());
        assert!(stderr(&output).contains(&told), "{}", stderr(&output));
        assert!(!ran.exists());
    }
    let output = crate::command()
        .args(["learn", "-o", "/dev/stdout", "--", "touch"])
        .arg(&ran)
        .output()
        .expect("ringfence starts");
    assert!(ran.exists(), "a pipe is written to: {}", stderr(&output));
}

#[test]
fn fmt_leaves_what_is_no_yaml_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("policy.json", "{\"version\": 1, \"ro\":   [\"/usr\"]}\n"),
        ("policy.toml", "version  =  1\n"),
    ] {
        let file = directory.path().join(name);
        std::fs::write(&file, text).expect("a file");
        let refused = ringfence(&["fmt".as_ref(), file.as_os_str()]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("lays out YAML alone"));
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), text);
    }
}
