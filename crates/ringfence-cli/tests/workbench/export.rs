//! `ringfence export` and `import` from a shell: what goes where, and the exit codes.

use std::path::{Path, PathBuf};
use std::process::Command;

use ringfence::Kernel;

use crate::{ringfence, stderr, stdout};

fn manifest(directory: &Path, text: &str) -> String {
    let file = directory.join("policy.yaml");
    std::fs::write(&file, text).expect("a manifest");
    file.display().to_string()
}

#[test]
fn the_files_go_to_standard_output_and_the_account_to_standard_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(
        directory.path(),
        "version: 1\nro: [/usr]\nconnect-udp: [53]\n",
    );
    let output = ringfence(&["export", "landlockconfig", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["pathBeneath"][0]["parent"][0], "/usr");
    let account = stderr(&output);
    assert!(
        account.contains("policy.yaml:3: connect-udp 53"),
        "{account}"
    );
    assert!(account.contains("nothing"), "{account}");
}

#[test]
fn files_are_written_into_a_directory_that_is_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(directory.path(), "version: 1\nro: [/usr]\n");
    let into = directory.path().join("a/b");
    let into_text = into.display().to_string();
    for _ in 0..2 {
        let output = ringfence(&["export", "landlockconfig", &file, "-o", &into_text]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
    let written: Vec<_> = std::fs::read_dir(&into)
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(written, ["landlockconfig.json"], "no draft is left behind");
}

#[test]
fn what_cannot_be_written_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(directory.path(), "version: 1\nro: [/usr]\n");
    let output = ringfence(&["export", "landlockconfig", &file, "-o", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("cannot write"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn json_holds_the_files_and_the_account() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(directory.path(), "version: 1\nro: [/usr]\n");
    let output = ringfence(&["export", "landlockconfig", &file, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["files"][0]["name"], "landlockconfig.json");
    assert_eq!(json["account"][0]["by"], "landlockconfig");
    assert!(json["account"][1]["by"].is_null());
}

#[test]
fn what_cannot_be_used_is_refused_with_2() {
    let directory = tempfile::tempdir().expect("a directory");
    let bad = manifest(directory.path(), "version: 1\nor: [/usr]\n");
    for arguments in [
        &["export", "landlockconfig", &bad][..],
        &["export", "landlockconfig", "/nonexistent.yaml"],
        &["import", "landlockconfig", "/nonexistent.json"],
        &["import", "landlockconfig", &bad],
        &["import", "landrun", "--", "landrun", "--or", "/usr", "ls"],
    ] {
        let output = ringfence(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stdout(&output).is_empty(), "{arguments:?}");
        assert!(stderr(&output).contains("error: "), "{arguments:?}");
    }
}

#[test]
fn an_imported_command_line_runs_and_denies_the_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("in")).expect("a directory");
    std::fs::write(directory.path().join("in/allowed"), "allowed\n").expect("a file");
    std::fs::write(directory.path().join("denied"), "denied\n").expect("a file");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (policy, allowed, denied) = (path("landrun.yaml"), path("in/allowed"), path("denied"));
    let read = path("in");
    let line = [
        "import",
        "landrun",
        "-o",
        &policy,
        "--",
        "landrun",
        "--rox",
        "/usr,/lib,/lib64",
        "--ro",
        &read,
        "--ldd",
        "/usr/bin/cat",
        &allowed,
    ];
    let output = ringfence(&line);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // An existing file is not lost to a second import.
    assert_eq!(ringfence(&line).status.code(), Some(1));
    let run = |command: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_landlock-runner"))
            .args(["--log", "off", "--policy", &policy])
            .args(command)
            .output()
            .expect("the wrapper starts")
    };
    if Kernel::probe().abi().number() == 0 {
        assert_eq!(run(&[]).status.code(), Some(125));
        return;
    }
    assert_eq!(stdout(&run(&[])), "allowed\n");
    let output = run(&["--", "/usr/bin/cat", &denied]);
    assert!(stderr(&output).contains("Permission denied"));
    assert_eq!(
        std::fs::read_to_string(PathBuf::from(denied)).expect("it can be read without"),
        "denied\n"
    );
}

#[test]
fn a_unit_is_imported_together_with_its_drop_ins() {
    let directory = tempfile::tempdir().expect("a directory");
    let unit = directory.path().join("tool.service");
    let text = "[Service]\nExecStart=/usr/bin/env\nReadWritePaths=/srv\n\
                # a drop-in, as `systemctl cat` prints it\n[Service]\nInaccessiblePaths=/srv/x\n";
    std::fs::write(&unit, text).expect("a unit");
    let output = ringfence(&["import", "systemd", &unit.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let yaml = stdout(&output);
    assert!(yaml.contains("except: [x]"), "{yaml}");
    assert!(yaml.contains("/usr/bin/env"), "{yaml}");
}

#[test]
fn an_export_does_not_replace_the_manifest_nor_what_it_includes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let into = path("");
    let text = "version: 1\ncommand: [/usr/bin/env]\ninclude: [./landlockconfig.json]\nlimits: {wall: 1s}\n";
    std::fs::create_dir(path("ringfence")).expect("a directory");
    for (file, text) in [
        ("landlockconfig.json", r#"{"version": 1, "ro": ["/usr"]}"#),
        ("tool", text),
        ("ringfence/tool.yaml", &text.replace("./land", "../land")),
    ] {
        std::fs::write(path(file), text).expect("a manifest");
    }
    for (format, file) in [
        ("apparmor", "tool"),
        ("landlockconfig", "tool"),
        ("systemd", "ringfence/tool.yaml"),
    ] {
        let output = ringfence(&["export", format, &path(file), "-o", &into]);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{format}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("that is exported"),
            "{}",
            stderr(&output)
        );
    }
    let left = std::fs::read_to_string(path("tool")).expect("the manifest");
    assert_eq!(left, text);
    // Not even a part of the export is written.
    assert!(!directory.path().join("tool.service.d").exists());
}

#[test]
fn a_unit_that_never_ends_is_not_read_to_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(directory.path(), "version: 1\nro: [/usr]\n");
    let output = ringfence(&["export", "systemd", &file, "--unit-file", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("larger than 16 MiB"), "{said}");
}

#[test]
fn files_and_json_are_not_asked_for_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = manifest(directory.path(), "version: 1\nro: [/usr]\n");
    let output = ringfence(&["export", "landlockconfig", &file, "--json", "-o", "/x"]);
    assert_eq!(output.status.code(), Some(125));
    let said = stderr(&output);
    assert!(said.contains("cannot be used with"), "{said}");
    let output = ringfence(&["export", "kubernetes", &file, "--image", "x"]);
    assert_eq!(output.status.code(), Some(2));
    // It takes no command.
    let said = stderr(&output);
    assert!(said.ends_with("write it as `command:`\n"), "{said}");
}
