//! Manifests on the command line: what they say holds for the command, and flags add to them.

use std::path::PathBuf;
use std::process::{Command, Output};

use ringfence::{Abi, Kernel};

use crate::{stderr, stdout};

/// A directory with a file that no manifest here allows.
struct World {
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let world = Self { directory };
        std::fs::create_dir(world.path("in")).expect("a directory");
        std::fs::write(world.path("in/allowed"), "allowed\n").expect("a file");
        std::fs::write(world.path("denied"), "denied\n").expect("a file");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs an executable with a manifest of this text.
    fn run(&self, program: &str, text: &str, arguments: &[&str]) -> Output {
        let manifest = self.path("policy.yaml");
        std::fs::write(&manifest, text).expect("a manifest");
        let program = match program {
            "landlock-runner" => env!("CARGO_BIN_EXE_landlock-runner"),
            _ => env!("CARGO_BIN_EXE_ringfence"),
        };
        let mut command = Command::new(program);
        if program.ends_with("/ringfence") {
            command.arg("run");
        }
        command
            .args(["--log", "off", "--policy"])
            .arg(manifest)
            .args(arguments)
            .output()
            .expect("the executable starts")
    }
}

const SHELL: &str = "version: 1\ninclude: base\nro: [/usr, /bin]\nfs: [{path: in, access: read}]\n";

fn has_landlock() -> bool {
    Kernel::probe().abi() > Abi::NONE
}

#[test]
fn a_value_for_a_variable_that_is_not_there_stops_the_start() {
    let world = World::new();
    let text = "version: 1\nro: [\"${WHERE:-/usr}\", {path: \"${WHICH}\", optional: true}]\n";
    let run = |set: &[&str]| {
        let which = ["--set", "WHICH=/none", "--", "no-such-command"];
        world.run("landlock-runner", text, &[set, &which].concat())
    };
    let misspelt = run(&["--set", "WHRE=/srv"]);
    assert_eq!(misspelt.status.code(), Some(125));
    let told = stderr(&misspelt);
    assert!(
        told.contains("--set WHRE: the manifest has no ${WHRE}"),
        "{told}"
    );
    for set in [&["--set", "WHERE=/usr"][..], &[]] {
        let found = run(set);
        assert_eq!(found.status.code(), Some(127), "{}", stderr(&found));
    }

    let file = world.path("policy.yaml");
    for command in [&["check"][..], &["test"], &["export", "oci-seccomp"]] {
        let mut unknown = crate::command();
        unknown.args(command).arg(&file);
        unknown.args(["--set", "WHICH=/none", "--set", "WHRE=/srv"]);
        let refused = unknown.output().expect("ringfence starts");
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        let told = stderr(&refused);
        assert!(told.contains("has no ${WHRE}"), "{told}");
    }

    let plan = crate::ringfence(&["plan", "--abi", "6", "--set", "A=1"]);
    assert_eq!(plan.status.code(), Some(125));
    assert!(stderr(&plan).contains("add --policy"), "{}", stderr(&plan));
}

#[test]
fn a_fragment_is_added_by_a_flag_as_by_a_key() {
    let lines = |arguments: &[&str], manifest: &str| {
        let world = World::new();
        let file = world.path("policy.yaml");
        std::fs::write(&file, manifest).expect("a manifest");
        let mut plan = crate::command();
        plan.args(["plan", "--abi", "6", "--json"]).args(arguments);
        let output = plan.arg("--policy").arg(file).output();
        let output = output.expect("ringfence starts");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        report["lines"].clone()
    };
    let flag = lines(&["--include", "base", "--include", "tls"], "version: 1\n");
    let key = lines(&[], "version: 1\ninclude: [base, tls]\n");
    assert_eq!(flag, key);
    assert!(flag.to_string().contains("/dev/null"), "{flag}");

    for (name, told) in [
        ("bsae", "did you mean `base`?"),
        ("./own.yaml", "a file is read by --policy"),
    ] {
        let refused = crate::ringfence(&["plan", "--include", name]);
        assert_eq!(refused.status.code(), Some(125));
        assert!(stderr(&refused).contains(told), "{}", stderr(&refused));
    }
}

#[test]
fn a_refusal_names_the_flag_that_starts_all_the_same() {
    if Kernel::probe().abi() >= Abi::new(10) || !has_landlock() {
        return;
    }
    let world = World::new();
    let refused = world.run(
        "landlock-runner",
        "version: 1\n",
        &["--connect-udp", "53", "--", "true"],
    );
    assert_eq!(refused.status.code(), Some(125));
    assert!(
        stderr(&refused).contains("`--best-effort`"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_command_that_is_a_whole_line_is_told_to_be_words() {
    let world = World::new();
    for program in ["landlock-runner", "ringfence"] {
        let ran = world.run(program, "version: 1\ncommand: ls -l\n", &[]);
        assert_eq!(ran.status.code(), Some(127), "{}", stderr(&ran));
        assert!(
            stderr(&ran).contains("`command: [ls, -l]` in a manifest"),
            "{}",
            stderr(&ran)
        );
        let one_word = world.run(program, "version: 1\ncommand: no-such-command\n", &[]);
        assert!(
            !stderr(&one_word).contains("words"),
            "{}",
            stderr(&one_word)
        );
    }
}

#[test]
fn what_a_manifest_allows_passes_and_the_rest_is_denied() {
    let world = World::new();
    for program in ["landlock-runner", "ringfence"] {
        let read = |name: &str| {
            let path = world.path(name).display().to_string();
            world.run(program, SHELL, &["--", "cat", &path])
        };
        if !has_landlock() {
            assert_eq!(read("in/allowed").status.code(), Some(125));
            continue;
        }
        assert_eq!(stdout(&read("in/allowed")), "allowed\n");
        let denied = read("denied");
        assert!(
            stderr(&denied).contains("Permission denied"),
            "{}",
            stderr(&denied)
        );
        // The twin: nothing but the sandbox denies it.
        assert_eq!(
            std::fs::read_to_string(world.path("denied")).unwrap(),
            "denied\n"
        );
    }
}

#[test]
fn flags_add_to_a_manifest_and_variables_are_given() {
    if !has_landlock() {
        return;
    }
    let world = World::new();
    let denied = world.path("denied").display().to_string();
    let output = world.run(
        "landlock-runner",
        SHELL,
        &["--ro", &denied, "--", "cat", &denied],
    );
    assert_eq!(stdout(&output), "denied\n");

    let text =
        format!("{SHELL}ro: [\"${{MORE}}\"]\n").replace("ro: [/usr, /bin]", "rw: [/usr/bin, /bin]");
    let set = format!("MORE={denied}");
    let output = world.run(
        "landlock-runner",
        &text,
        &["--set", &set, "--", "cat", &denied],
    );
    assert_eq!(stdout(&output), "denied\n", "{}", stderr(&output));
    let unset = world.run("landlock-runner", &text, &["--", "cat", &denied]);
    assert_eq!(unset.status.code(), Some(125));
    assert!(
        stderr(&unset).contains("--set MORE=VALUE"),
        "{}",
        stderr(&unset)
    );
}

#[test]
fn command_environment_directory_and_limits_are_those_of_the_manifest() {
    if !has_landlock() {
        return;
    }
    let world = World::new();
    let text = format!(
        "{SHELL}command: [sh, -c, 'echo $A ${{B-none}} $$(pwd) $$(ulimit -n) $$(ulimit -f)']\n\
         directory: in\nenvironment: {{clear: true, keep: [PATH], set: {{A: one}}}}\n\
         limits: {{open-files: 77, file-size: 1M}}\n"
    )
    .replace("echo $A ${B-none}", "echo $$A $${B-none}");
    let output = world.run("landlock-runner", &text, &[]);
    let directory = world.path("in").canonicalize().unwrap();
    let expected = format!("one none {} 77 2048\n", directory.display());
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));

    let output = world.run(
        "landlock-runner",
        &text,
        &["--env", "A=two", "--", "sh", "-c", "echo $A"],
    );
    assert_eq!(stdout(&output), "two\n", "{}", stderr(&output));
}

#[test]
fn a_limit_that_cannot_be_held_stops_the_start() {
    let world = World::new();
    let text = format!("{SHELL}limits: {{wall: 30s}}\n");
    let output = world.run("landlock-runner", &text, &["--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(
        stderr(&output).contains("timeout 30"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_policy_that_lets_a_program_change_its_own_manifest_stops_the_start() {
    if !has_landlock() {
        return;
    }
    let world = World::new();
    let included = world.path("in/more.yaml");
    std::fs::write(&included, "version: 1\nro: [/usr]\n").expect("a manifest");
    let include = SHELL.replace("base", "[base, ./in/more.yaml]");
    std::fs::write(world.path("more.yaml"), "version: 1\n").expect("a manifest");
    std::os::unix::fs::symlink("../more.yaml", world.path("in/link.yaml")).expect("a symlink");
    let link = SHELL.replace("base", "[base, ./in/link.yaml]");
    for (text, refused) in [
        (format!("{SHELL}rw: [.]\n"), true),
        (
            include.replace("access: read", "access: [read, write]"),
            true,
        ),
        (
            include.replace("access: read", "access: [read, remove]"),
            true,
        ),
        (include.clone(), false),
        // A symlink to the file in a place that may be written.
        (link.replace("access: read", "access: [read, remove]"), true),
        (link, false),
    ] {
        let output = world.run("landlock-runner", &text, &["--", "true"]);
        let said = stderr(&output);
        assert_eq!(output.status.success(), !refused, "{text}\n{said}");
        assert_eq!(
            said.contains("its own policy is read from"),
            refused,
            "{said}"
        );
    }
}

#[test]
fn a_manifest_with_faults_starts_nothing_and_shows_them_all() {
    let world = World::new();
    let text =
        "version: 1\nconect-tcp: [443]\nfs: [{path: /, access: raed}]\ncommand: [touch, made]\n";
    let output = world.run("landlock-runner", text, &[]);
    assert_eq!(output.status.code(), Some(125));
    for part in [
        "did you mean `connect-tcp`?",
        "did you mean `read`?",
        "policy.yaml:3:",
    ] {
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    assert!(!world.path("made").exists());
}

#[test]
fn one_port_of_a_manifest_changes_the_ruleset_and_the_filter() {
    let world = World::new();
    let plan = |text: &str| {
        let manifest = world.path("policy.yaml");
        std::fs::write(&manifest, text).expect("a manifest");
        let output = crate::command()
            .args(["plan", "--abi", "9", "--syscalls", "--policy"])
            .arg(manifest)
            .output()
            .expect("ringfence starts");
        stdout(&output)
    };
    let socket = |plan: &str| plan.lines().any(|line| line.starts_with("listen "));
    let without = plan("version: 1\nconnect-tcp: [443]\n");
    let with = plan("version: 1\nconnect-tcp: [443]\nbind-tcp: [8080]\n");
    assert!(!without.contains("bind-tcp 8080") && with.contains("bind-tcp 8080"));
    assert!(socket(&without) && !socket(&with), "{without}\n{with}");
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let output = crate::command()
        .arg("schema")
        .output()
        .expect("ringfence starts");
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/manifest.schema.json"
    );
    let committed = std::fs::read_to_string(committed).expect("the committed schema");
    assert!(
        stdout(&output) == committed,
        "write it anew: cargo run --bin ringfence -- schema > docs/manifest.schema.json"
    );
}

#[test]
fn a_flag_that_says_of_a_call_what_the_manifest_does_not_is_refused() {
    let world = World::new();
    for (syscalls, flags, said) in [
        (
            "allow: [ptrace]",
            &["--deny-syscalls", "@debug"][..],
            "decide some system call differently",
        ),
        (
            "only: ['@system-service'], others: ENOSYS",
            &["--other-syscalls", "kill"],
            "the manifest answers other calls with ENOSYS",
        ),
    ] {
        let text = format!("version: 1\nro: [/usr]\nsyscalls: {{{syscalls}}}\n");
        let arguments = [flags, &["--", "/usr/bin/true"]].concat();
        let output = world.run("landlock-runner", &text, &arguments);
        assert_eq!(output.status.code(), Some(125), "{flags:?}");
        let stderr = stderr(&output);
        assert!(stderr.contains(said), "{stderr}");
        let without = world.run("landlock-runner", &text, &["--", "/no/such"]);
        assert!(!self::stderr(&without).contains(said));
    }
}
