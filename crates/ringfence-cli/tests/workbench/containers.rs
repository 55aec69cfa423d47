//! `ringfence export` to containers and AppArmor: what is printed where, what is written, exit codes.

use std::path::Path;
use std::process::Output;

use crate::{stderr, stdout};

const MANIFEST: &str = "version: 1\ncommand: [/usr/bin/tool]\nro: [/usr]\nconnect-tcp: [443]\n";

fn export(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    export_in(directory.path(), arguments)
}

fn export_in(directory: &Path, arguments: &[&str]) -> Output {
    std::fs::write(directory.join("tool.yaml"), MANIFEST).expect("a file");
    crate::command()
        .arg("export")
        .args(arguments)
        .arg("tool.yaml")
        .current_dir(directory)
        .output()
        .expect("ringfence starts")
}

/// What the account says of the line that ends so.
fn fate(output: &Output, line: &str) -> String {
    let said = stderr(output);
    let found = said.lines().find(|said| said.contains(line));
    found.unwrap_or_else(|| panic!("{line}: {said}")).to_owned()
}

#[test]
fn a_seccomp_profile_is_printed_and_its_account_says_what_it_cannot_do() {
    let output = export(&["oci-seccomp"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let profile: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(profile["defaultErrnoRet"], 38);
    assert!(fate(&output, "connect-tcp 443").contains("nothing"));

    let output = export(&["oci-seccomp", "--with-runner", "--arch", "aarch64"]);
    let profile: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(profile["architectures"][0], "SCMP_ARCH_AARCH64");
    assert!(fate(&output, "connect-tcp 443").contains("landlock-runner"));
}

#[test]
fn objects_and_their_profile_are_written_beside_the_manifest() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = export_in(
        directory.path(),
        &["kubernetes", "--image", "tool:1", "-o", "."],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = |name| std::fs::read_to_string(directory.path().join(name)).expect("a file");
    assert!(text("tool-kubernetes.yaml").contains("kind: Pod\n"));
    assert!(text("ringfence/tool.json").contains("SCMP_ACT_ALLOW"));
    assert_eq!(text("tool.yaml"), MANIFEST);
}

#[test]
fn an_apparmor_profile_has_the_name_of_the_manifest_or_its_own() {
    let output = export(&["apparmor"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("profile tool \"/usr/bin/tool\" {\n"));
    assert!(fate(&output, "connect-tcp 443").contains("nothing"));
    let output = export(&["apparmor", "--name", "other"]);
    assert!(stdout(&output).contains("profile other "));
}

#[test]
fn what_does_not_serve_is_refused_in_a_sentence() {
    for (arguments, code, said) in [
        (
            &["kubernetes", "--image", "tool", "--name", "A_b"][..],
            2,
            "`A_b`",
        ),
        (&["apparmor", "--name", "a b"], 2, "`a b`"),
        // As every wrong command line.
        (&["kubernetes"], 125, "--image"),
        (&["oci-seccomp", "--arch", "vax"], 125, "vax"),
    ] {
        let output = export(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}
