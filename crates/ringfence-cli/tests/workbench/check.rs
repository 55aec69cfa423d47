//! `ringfence check`: every lint on a manifest that triggers it and on one that does not.

use std::path::{Path, PathBuf};
use std::process::Output;

use ringfence::{Abi, Kernel};
use serde_json::Value;

mod cases;

use cases::CASES;

use crate::stdout;

/// A home with a few files, and manifests in it.
struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        for directory in [
            "work/deep",
            "bin/data",
            ".ssh",
            ".config/autostart",
            ".mozilla",
            "runtime",
        ] {
            std::fs::create_dir_all(home.path().join(directory)).expect("a directory");
        }
        for file in [
            "bin/tool",
            ".ssh/deploy_key",
            ".ssh/deploy_key.pub",
            ".ssh/known_hosts",
            ".config/autostart/tool.desktop",
            ".config/tool",
            ".gitconfig",
        ] {
            std::fs::write(home.path().join(file), "").expect("a file");
        }
        std::os::unix::fs::symlink("work/deep", home.path().join("link")).expect("a symlink");
        home
    }

    fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("the home")
    }

    fn check(&self, text: &str, arguments: &[&str]) -> Output {
        let file = self.path().join("policy.yaml");
        std::fs::write(&file, text).expect("a manifest");
        let path = format!("/usr/bin:/bin:{}", self.path().join("bin").display());
        crate::command()
            .arg("check")
            .arg(file)
            .args(arguments)
            .env("HOME", self.path())
            .env("PATH", path)
            .env("XDG_RUNTIME_DIR", self.path().join("runtime"))
            .output()
            .expect("ringfence starts")
    }

    /// The codes of what is found.
    fn codes(&self, text: &str, arguments: &[&str]) -> Vec<String> {
        let output = self.check(text, &[arguments, &["--format", "json"]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("a list");
        let code = |finding: &Value| finding["code"].as_str().unwrap_or_default().to_owned();
        findings.iter().map(code).collect()
    }
}

#[test]
fn every_lint_finds_what_it_is_for_and_nothing_else() {
    if Kernel::probe().abi() < Abi::new(2) {
        return;
    }
    let home = Home::new();
    for (lint, bad, good) in CASES {
        let has = |lines: &str, arguments: &[&str]| {
            let text = format!("version: 1\n{lines}\n");
            home.codes(&text, arguments).iter().any(|code| code == lint)
        };
        assert!(has(bad, &[]), "{lint} finds nothing in {bad}");
        assert!(!has(good, &[]), "{lint} finds something in {good}");
        assert!(
            !has(bad, &["--allow", lint]),
            "{lint} cannot be switched off"
        );
        if !bad.contains("lints") {
            let off = format!("{bad}\nlints: {{allow: [{lint}]}}");
            assert!(
                !has(&off, &[]),
                "{lint} cannot be switched off in the manifest"
            );
        }
    }
}

#[test]
fn every_lint_has_a_case_and_a_line_in_the_docs() {
    let home = Home::new();
    let output = home.check("version: 1\n", &["--format", "sarif"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rules = &report["runs"][0]["tool"]["driver"]["rules"];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lints.md");
    let docs = std::fs::read_to_string(docs).expect("the docs");
    for rule in rules.as_array().expect("a list") {
        let (name, summary) = (
            rule["id"].as_str().unwrap(),
            &rule["shortDescription"]["text"],
        );
        assert!(
            CASES.iter().any(|(lint, ..)| *lint == name),
            "{name} has no case"
        );
        let line = format!("| `{name}` | {} |", summary.as_str().unwrap());
        assert!(docs.contains(&line), "docs/lints.md lacks: {line}");
    }
    let rows = docs.lines().filter(|line| line.starts_with("| `"));
    let rules = rules.as_array().expect("a list");
    assert_eq!(rows.count(), rules.len(), "docs/lints.md has others");
}

#[test]
fn exit_codes_tell_clean_from_found_from_unusable() {
    let home = Home::new();
    for (text, code) in [
        ("version: 1\nrequire-complete: false\n", 0),
        ("version: 1\nlints: {allow: [nope]}\n", 1),
        ("version: 1\nnope: 1\n", 2),
    ] {
        for format in ["text", "json", "sarif"] {
            let output = home.check(text, &["--format", format, "--abi", "11"]);
            assert_eq!(output.status.code(), Some(code), "{format} {text}");
        }
        let [short, long] = [&["--json"][..], &["--format", "json"]]
            .map(|json| home.check(text, &[json, &["--abi", "11"]].concat()));
        assert_eq!(short.status.code(), Some(code), "--json {text}");
        assert_eq!(stdout(&short), stdout(&long));
    }
    for arguments in [["--allow", "symlnk"], ["--set", "X"]] {
        let output = home.check("version: 1\n", &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let unknown = home.check("version: 1\n", &["--allow", "symlnk"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn sarif_names_rule_file_line_and_column_of_each_finding() {
    let home = Home::new();
    let output = home.check(
        "version: 1\nconnect-tcp: [any, 443]\n",
        &["--abi", "10", "--format", "sarif"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["version"], "2.1.0");
    let result = &report["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "unrestricted-ports");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 2);
    assert_eq!(place["region"]["startColumn"], 20);
    let uri = place["artifactLocation"]["uri"].as_str().expect("a file");
    assert!(uri.starts_with("file:///") && uri.ends_with("/policy.yaml"));
    assert_eq!(report["runs"][0]["columnKind"], "unicodeCodePoints");
}

#[test]
fn faults_are_in_every_format_and_only_the_text_stops_at_thirty() {
    let home = Home::new();
    let lines = (0..40).map(|number| format!("nope{number}: 1\n"));
    let text = format!("version: 1\n{}", lines.collect::<String>());
    assert_eq!(home.codes(&text, &[]).len(), 40);
    let output = home.check(&text, &["--format", "sarif"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let results = report["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 40);
    assert!(results.iter().all(|result| result["level"] == "error"));
    let output = home.check(&text, &[]);
    let text = stdout(&output);
    assert_eq!(text.matches("error[").count(), 30);
    assert!(text.contains("and 10 more") && text.ends_with(": 40 findings\n"));

    let lines = (0..1500).map(|number| format!("nope{number}: 1\n"));
    let text = format!("version: 1\n{}", lines.collect::<String>());
    let output = home.check(&text, &["--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1000));
    assert_eq!(report["more"], 500);
    let output = home.check(&text, &[]);
    assert!(stdout(&output).ends_with(": 1500 findings\n"));
}

#[test]
fn all_kernels_says_for_each_whether_it_starts() {
    let home = Home::new();
    let output = home.check(
        "version: 1\nconnect-tcp: [443]\n",
        &["--all-kernels", "--format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let kernels = report["kernels"].as_array().expect("a list");
    assert_eq!(kernels.len(), Abi::all().count());
    for kernel in kernels {
        let abi = kernel["abi"].as_u64().expect("a number");
        assert_eq!(kernel["starts"], abi >= 4, "{kernel}");
        let lost = kernel["unenforced"].as_array().expect("a list");
        assert_eq!(lost.is_empty(), abi >= 4, "{kernel}");
    }
    let output = home.check("version: 1\nconnect-tcp: [443]\n", &["--all-kernels"]);
    let text = stdout(&output);
    let row = |item: &str| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.ends_with(item));
        let line = line.unwrap_or_else(|| panic!("{item} is not in {text}"));
        line.split_whitespace().take(12).collect::<String>()
    };
    assert_eq!(row("connect-tcp 443"), "----........");
    // Where the policy does not start, nothing is called open.
    assert_eq!(row(" stat"), "....oooooooo");
}

#[test]
fn the_command_on_the_line_is_checked_instead_of_the_manifests() {
    if Kernel::probe().abi() < Abi::new(2) {
        return;
    }
    let home = Home::new();
    let text = "version: 1\ncommand: [no-such-command]\nwith-deps: true\n";
    assert_eq!(home.codes(text, &[]), ["denied-command"]);
    let output = home.check(text, &["--format", "json", "--", "ls"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_command_that_starts_without_the_loaders_list_is_not_said_not_to() {
    if Kernel::probe().abi() == Abi::NONE || !Path::new("/etc/ld.so.cache").exists() {
        return;
    }
    let home = Home::new();
    let lines = ["/usr", "/bin", "/lib", "/lib64"]
        .map(|path| format!("  - {{path: {path}, optional: true}}\n"));
    let text = format!("version: 1\ncommand: [env]\nro:\n{}", lines.concat());
    let report = stdout(&home.check(&text, &[]));
    let list = "no line allows to read /etc/ld.so.cache";
    let said = format!("the command may not find its libraries: {list}");
    assert!(report.contains(&said), "{report}");
    assert!(!report.contains("cannot start"), "{report}");

    let nothing = "version: 1\ncommand: [env]\n";
    assert!(stdout(&home.check(nothing, &[])).contains("cannot start"));
}

#[test]
fn an_expectation_that_cannot_hold_names_the_question_that_says_why() {
    let home = Home::new();
    let text = "version: 1\nexpect: [{allow: read, path: /usr}, {allow: connect-tcp, port: 443}]\n";
    let report = stdout(&home.check(text, &["--abi", "6"]));
    let file = home.path().join("policy.yaml");
    for question in ["read /usr", "connect-tcp 443"] {
        let command = format!("`ringfence why {question} --policy {}`", file.display());
        assert!(report.contains(&command), "{report}");
    }
}

#[test]
fn a_missing_path_is_answered_with_one_like_it() {
    let home = Home::new();
    let text = format!("version: 1\nro: [{}/wrok/deep]\n", home.path().display());
    let output = home.check(&text, &["--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let missing = findings
        .iter()
        .find(|finding| finding["code"] == "missing-path");
    let meant = format!("did you mean {}/work/deep?", home.path().display());
    assert_eq!(missing.expect("a finding")["help"], meant);
}

#[test]
fn keys_are_found_also_where_home_is_a_symlink() {
    let home = Home::new();
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let link = elsewhere.path().join("home");
    std::os::unix::fs::symlink(home.path(), &link).expect("a symlink");
    let file = home.path().join("policy.yaml");
    std::fs::write(&file, "version: 1\nfs: [{path: .ssh, access: write}]\n").expect("a manifest");
    let output = crate::command()
        .args(["check", "--format", "json"])
        .arg(file)
        .env("HOME", link)
        .output()
        .expect("ringfence starts");
    let text = stdout(&output);
    assert!(text.contains("writable-keys"), "{text}");
}

#[test]
fn a_line_that_cannot_be_enforced_is_shown_in_its_place() {
    let home = Home::new();
    let text = "version: 1\nconnect-tcp: [443]\ndeny: [signal]\n";
    let output = home.check(text, &["--abi", "3", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| finding["line"].as_u64())
        .collect();
    assert_eq!(lines, [Some(2), Some(3)], "{report}");
}

#[test]
fn control_characters_of_paths_do_not_reach_the_terminal() {
    let home = Home::new();
    let text = "version: 1\nro: [\"no\\epe\\u009b\"]\n";
    let output = home.check(text, &[]);
    let text = stdout(&output);
    let strange = |character: char| character.is_control() && character != '\n';
    assert!(!text.contains(strange), "{text:?}");
    assert!(text.contains("does not exist"), "{text}");
}
