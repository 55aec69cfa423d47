//! The workbench as a user sees it: tables, JSON, exit codes, generated files, examples.

use std::process::Output;

use ringfence::{Abi, Kernel};
use serde_json::Value;

use crate::{ringfence, skipped, stderr, stdout, without_ends_of_children};

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON value")
}

#[test]
fn no_name_of_a_manifest_does_something_to_a_terminal() {
    let directory = tempfile::tempdir().expect("a directory");
    let strange = "x\u{1b}c\u{7}\u{202e}\u{2028}\u{9b}y\n- all";
    let write = |name: &str, path: &str| {
        let file = directory.path().join(name);
        let manifest = serde_json::json!({
            "version": 1,
            "fs": [{"path": path, "access": ["read"], "optional": true}],
            "expect": [{"allow": "read", "path": format!("/usr/{path}")}],
        });
        // YAML takes this one as a number alone.
        let text = manifest.to_string().replace('\u{9b}', "\\u009b");
        std::fs::write(&file, text).expect("it is ours");
        file.display().to_string()
    };
    let file = write(&format!("{strange}.json"), &format!("/{strange}"));
    let plain = write("plain.json", "/usr");
    for arguments in [
        &["plan", "--policy", &file][..],
        &["plan", "--json", "--policy", &file],
        &["diff", &plain, &file],
        &["diff", "--json", &plain, &file],
        &["fmt", "--check", &file],
        &["check", &file],
        &["check", "--format", "json", &file],
        &["check", "--format", "sarif", &file],
        &["test", &file],
        &["test", "--json", &file],
    ] {
        let output = ringfence(arguments);
        let text = stdout(&output) + &stderr(&output);
        assert!(
            text.contains('y'),
            "{arguments:?} says nothing of it: {text}"
        );
        let strange = |character: char| character != '\n' && ringfence::is_strange(character);
        assert!(!text.contains(strange), "{arguments:?}: {text:?}");
        assert!(!text.contains("\n- all"), "{arguments:?}: {text:?}");
        if arguments.contains(&"--json") || arguments.contains(&"--format") {
            json(&output);
        }
    }
}

#[test]
fn a_plan_for_any_kernel_says_whether_it_starts() {
    for abi in Abi::all() {
        let number = abi.number().to_string();
        let arguments = [
            "plan",
            "--abi",
            &number,
            "--ro",
            "/usr",
            "--connect-tcp",
            "443",
        ];
        let table = ringfence(&arguments);
        let starts = abi >= Abi::new(4);
        assert_eq!(table.status.code(), Some(i32::from(!starts)), "{abi}");
        assert_eq!(stdout(&table).contains("does not start"), !starts);

        let report = json(&ringfence(&[&arguments[..], &["--json"]].concat()));
        assert_eq!(report["starts"], starts);
        assert_eq!(report["kernel"]["abi"], abi.number());
        if abi == Abi::new(3) {
            assert_eq!(report["lines"][1]["needs_kernel"], "6.7");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_told_apart_from_every_answer() {
    for arguments in [
        &["plan", "--abi", "6", "--ro", "/usr"][..],
        &["plan", "--abi", "3", "--connect-tcp", "443"],
        &["why", "read", "/usr", "--abi", "6", "--json"],
        &["doctor"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = crate::command()
            .args(arguments)
            .stdout(full.expect("a device that is always full"))
            .output()
            .expect("ringfence starts");
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        let told = stderr(&output);
        assert!(told.contains("cannot write to standard output"), "{told}");
    }
}

#[test]
fn a_number_that_is_none_is_answered_with_what_to_write() {
    for (arguments, told) in [
        (
            &["plan", "--abi", "x"][..],
            "write a Landlock ABI as a number: 0 is none",
        ),
        (&["status", "0"], "write the number of a process"),
        (&["status", "self"], "write the number of a process"),
    ] {
        let output = ringfence(arguments);
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}

#[test]
fn a_plan_with_a_missing_path_does_not_start_in_any_format() {
    // Without Landlock paths are not looked up.
    if skipped(1) {
        return;
    }
    let table = ringfence(&["plan", "--ro", "/no/such/path"]);
    assert_eq!(table.status.code(), Some(1));
    assert!(stdout(&table).contains("cannot allow /no/such/path"));
    assert!(stdout(&table).contains("mark the line optional (`--optional`, `optional: true`)"));
    let report = json(&ringfence(&["plan", "--json", "--ro", "/no/such/path"]));
    assert_eq!(report["starts"], false);
    assert!(
        report["refusals"][0]
            .as_str()
            .is_some_and(|text| text.contains("cannot allow"))
    );
}

#[test]
fn a_word_of_which_a_part_is_open_says_so() {
    let plan = ["plan", "--abi", "2", "--fs", "write=/tmp"];
    let row = |flags: &[&str], item: &str| {
        let table = stdout(&ringfence(&[&plan[..], flags].concat()));
        let line = table.lines().find(|line| line.starts_with(item));
        line.expect("its row").to_owned()
    };
    let bare = row(&["--unrestricted-syscalls"], "--fs");
    let note = "truncate is open everywhere; needs ABI 3 (Linux 6.2)";
    assert!(bare.contains(note), "{bare}");
    assert!(!row(&[], "--fs").contains("open"));
    let closed = row(&[], "truncate ");
    assert!(
        closed.contains("no file can be truncated by name"),
        "{closed}"
    );
}

#[test]
fn a_plan_tells_of_system_calls_if_asked() {
    let plan = [
        "plan",
        "--abi",
        "7",
        "--ro",
        "/",
        "--deny-syscalls",
        "mkdir:kill",
        "--syscalls",
    ];
    let table = stdout(&ringfence(&plan));
    for row in [
        ("ptrace ", "EPERM", "debug"),
        ("clone ", "EPERM", "namespaces, by its arguments"),
        ("mkdir ", "kill", "a line of the policy"),
    ] {
        let (_, calls) = table.split_once("DENIED CALL").expect("a second table");
        let line = calls
            .lines()
            .find(|line| line.starts_with(row.0))
            .expect("its row");
        assert!(line.contains(row.1) && line.ends_with(row.2), "{line}");
    }
    let data = json(&ringfence(&[&plan[..], &["--json"]].concat()));
    assert!(
        data["denied_calls"]
            .as_array()
            .is_some_and(|calls| calls.len() > 50)
    );
}

#[test]
fn what_cannot_be_used_about_classes_and_calls_is_named() {
    for (flags, message) in [
        (&["--allow", "metdata"][..], "did you mean `metadata`?"),
        (&["--allow", "everything"], "the classes are read, execute"),
        (&["--allow", ""], "a name is missing"),
        (&["--allow", "mount"], "Landlock denies it to every sandbox"),
        (&["--allow", "read"], "a line for / allows it everywhere"),
        (
            &["--allow", "debug", "--deny", "debug"],
            "another line denies the same",
        ),
        (&["--deny-syscalls", "ptarce"], "did you mean `ptrace`?"),
        (&["--deny-syscalls", "@mout"], "did you mean `@mount`?"),
        (
            &["--deny-syscalls", "ptrace:EPREM"],
            "an error such as EPERM",
        ),
        (
            &["--deny-syscalls", "bpf", "--allow-syscalls", "bpf"],
            "another line allows the same",
        ),
        (&["--other-syscalls", "maybe"], "`maybe` is no answer"),
        (&["--other-syscalls", "kill"], "add --only-syscalls"),
        (
            &["--unrestricted-syscalls", "--deny-syscalls", "bpf"],
            "left alone as a whole",
        ),
    ] {
        let output = ringfence(&[&["plan"], flags].concat());
        assert_eq!(output.status.code(), Some(125), "{flags:?}");
        assert!(
            stderr(&output).contains(message),
            "{flags:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn layers_are_counted_where_the_starter_ignores_sigchld() {
    let abi = Kernel::probe().abi().number();
    let status = json(&without_ends_of_children(&["status", "--json"]));
    assert_eq!(status["landlock_layers"].is_u64(), abi > 0, "{status}");
}

#[test]
fn doctor_and_status_answer_in_both_formats() {
    let abi = Kernel::probe().abi().number();
    assert_eq!(
        json(&ringfence(&["doctor", "--json"]))["kernel"]["abi"],
        abi
    );
    assert!(stdout(&ringfence(&["doctor"])).contains("kernel-interfaces"));
    let status = json(&ringfence(&["status", "--json"]));
    assert_eq!(status["landlock_layers"].is_u64(), abi > 0);
    let other = json(&ringfence(&[
        "status",
        &std::process::id().to_string(),
        "--json",
    ]));
    assert!(other["landlock_layers"].is_null());
    assert!(
        other["landlock_note"]
            .as_str()
            .is_some_and(|note| note.contains("from outside"))
    );
}

#[test]
fn run_reads_its_line_as_the_wrapper_does() {
    let misspelt = ringfence(&["run", "--ro", "/usr", "--conect-tcp", "443", "echo", "hi"]);
    assert_eq!(misspelt.status.code(), Some(125));
    assert!(stderr(&misspelt).contains("did you mean --connect-tcp?"));
    let missing = ringfence(&["run", "--ro"]);
    assert_eq!(missing.status.code(), Some(125));
    assert!(stderr(&missing).starts_with("ringfence: error: "));
    assert!(stdout(&ringfence(&["run", "--help"])).contains("--connect-tcp"));
}

#[test]
fn man_pages_and_completions_name_every_flag() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().to_str().expect("text");
    assert!(ringfence(&["generate", path]).status.success());
    for file in [
        "landlock-runner.1",
        "ringfence-run.1",
        "landlock-runner.bash",
        "_landlock-runner",
        "landlock-runner.fish",
        "ringfence.bash",
    ] {
        let text = std::fs::read_to_string(directory.path().join(file)).expect(file);
        // roff escapes the dash, fish leaves the two out.
        let text = text.replace("\\-", "-");
        for flag in ringfence_cli::flags::FLAGS {
            assert!(text.contains(flag.name), "{file} lacks {}", flag.name);
        }
    }
    let page = |name: &str| std::fs::read_to_string(directory.path().join(name)).expect("a page");
    let check = page("ringfence-check.1");
    for part in [
        ".SH \"LINTS\"\n.nf\n  missing",
        ".SH \"EXIT STATUS\"\n.nf\n  0  nothing",
        ".SH \"EXAMPLES\"\n.nf\n  ringfence check policy.yaml\n",
    ] {
        assert!(check.contains(part), "{part} is not in {check}");
    }
    assert!(page("landlock-runner.1").contains(".SH NOTES\nEverything that no flag"));
    assert!(page("ringfence-learn.1").contains(".SH NOTES\nExit codes: the command"));
    assert!(page("landlock-runner.1").contains(".SH VERSION\n"));
    let nowhere = ringfence(&["generate", "/no/such/directory"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("cannot write into /no/such/directory"));
}

#[test]
fn the_definition_is_sound() {
    ringfence_cli::workbench::command().debug_assert();
    ringfence_cli::workbench::wrapper_command().debug_assert();
}

#[test]
fn every_example_in_help_is_understood() {
    for subcommand in ["doctor", "plan", "run", "status"] {
        let help = stdout(&ringfence(&[subcommand, "--help"]));
        let examples: Vec<_> = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("ringfence "))
            .filter(|line| !line.contains(['<', '|', '\'']))
            .collect();
        assert!(!examples.is_empty(), "{subcommand} has no example");
        for example in examples {
            let output = ringfence(&example.split(' ').collect::<Vec<_>>());
            let message = stderr(&output);
            let understood = !message.contains("error: unexpected") && !message.contains("unknown");
            assert!(understood, "{example}: {message}");
        }
    }
}
