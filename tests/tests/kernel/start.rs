//! Starting the command: exit codes, environment, directory, the line on start.

use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use ringfence::Access;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{Sandbox, stderr, stdout};

use crate::expect::assert_refused;
use crate::world::{World, probe, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "start::a_note_that_nobody_reads_does_not_stop_the_command",
            unread_note,
        ),
        Test::new("start::the_exit_code_is_the_commands_own", own_exit_code),
        Test::new("start::a_signal_is_the_commands_own", own_signal),
        Test::new("start::an_unknown_command_is_127", not_found),
        Test::new(
            "start::what_cannot_be_executed_is_126_and_says_why",
            not_executable,
        ),
        Test::new("start::bad_flags_are_125_and_nothing_runs", bad_flags),
        Test::new(
            "start::a_path_too_many_before_the_command_gets_a_hint",
            path_too_many,
        ),
        Test::new("start::the_environment_is_as_asked", environment),
        Test::new("start::the_directory_is_as_asked", directory),
        Test::new("start::the_line_on_start_is_one_line_of_json", json_line),
        Test::may_skip(
            "start::it_works_in_the_namespaces_of_a_container",
            in_namespaces,
        ),
    ]
}

/// Runs to the end on a kernel that can; elsewhere sees the refusal.
fn run<T: AsRef<std::ffi::OsStr>>(
    sandbox: &Sandbox,
    command: impl IntoIterator<Item = T>,
) -> Option<Output> {
    let output = sandbox.run(command);
    if sandbox.plan().check().is_err() {
        assert_refused(&output);
        return None;
    }
    Some(output)
}

fn own_exit_code() {
    if let Some(output) = run(&Sandbox::for_probe(), probe(&["exit", "42"])) {
        assert_eq!(output.status.code(), Some(42));
    }
}

fn own_signal() {
    if let Some(output) = run(&Sandbox::for_probe(), probe(&["signal-self"])) {
        assert_eq!(output.status.signal(), Some(10));
    }
}

fn not_found() {
    for command in [
        "no-such-command",
        "/no/such/command",
        "./no-such-command",
        "",
    ] {
        for sandbox in [
            Sandbox::for_probe(),
            Sandbox::for_probe().flags(["--with-deps"]),
        ] {
            let output = sandbox.run([command]);
            let refused = sandbox.plan().check().is_err();
            // A search in PATH comes before the sandbox, so it is answered on every kernel.
            if refused && command.contains('/') && output.status.code() == Some(125) {
                assert_refused(&output);
                continue;
            }
            assert_eq!(output.status.code(), Some(127), "{command}");
            assert!(stderr(&output).contains("cannot find the command"));
        }
    }
}

fn not_executable() {
    let world = World::new();
    let denied = std::env::current_exe().expect("own path");
    let plain = world.inside().join("file");
    let script = world.inside().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(&script, mode(0o755)).expect("own file");
    for (sandbox, command, reason) in [
        (Sandbox::for_probe(), world.inside(), "it is a directory"),
        (
            Sandbox::empty().allow(Access::READ, "/"),
            denied,
            "the policy does not allow it; add `--ro ",
        ),
        (
            Sandbox::for_probe().allow(Access::RO, world.inside()),
            plain,
            "it is neither a program of this machine nor a script",
        ),
        (
            Sandbox::for_probe().allow(Access::RO, world.inside()),
            script,
            "interpreter or its loader does not exist",
        ),
    ] {
        if let Some(output) = run(&sandbox, [&command]) {
            let message = stderr(&output);
            assert_eq!(output.status.code(), Some(126), "{message}");
            assert!(message.contains(reason), "{message}");
        }
    }
}

fn bad_flags() {
    let world = World::new();
    let file = world.inside().join("file");
    let act = probe(&["unlink".into(), file.clone()]);
    for flags in [
        &["--connect-tcp", "70000"][..],
        &["--bind-tcp", "65536"],
        &["--connect-tcp", "0"],
        &["--fs", "raed=/"],
        &["--ro", ""],
        &["--no-such-flag"],
        &["--min-abi", "twelve"],
        &["--optional"],
    ] {
        let output = Sandbox::empty().flags(flags).run(&act);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(125), "{flags:?}: {message}");
        assert!(message.starts_with("landlock-runner: error: "), "{message}");
        assert!(file.exists());
    }
}

fn path_too_many() {
    let world = World::new();
    let sandbox = Sandbox::for_probe().flags(["--ro", "/"]);
    let line = [world.inside().into(), "--".into(), "x".into()];
    if let Some(output) = run::<std::ffi::OsString>(&sandbox, line) {
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(126), "{message}");
        assert!(message.contains("hint: a `--` follows"), "{message}");
    }
}

fn unread_note() {
    let sandbox = Sandbox::for_probe().flags(["--log", "text"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = sandbox
        .command(probe(&["exit", "42"]))
        .stderr(writer)
        .status()
        .expect("landlock-runner starts");
    let expected = if sandbox.plan().check().is_ok() {
        42
    } else {
        125
    };
    assert_eq!(status.code(), Some(expected));
}

fn environment() {
    let sandbox = Sandbox::for_probe().flags([
        "--clear-env",
        "--env",
        "A=x,y=z",
        "--env",
        "B=",
        "--env",
        "NOT_SET",
        "--env",
        "PATH",
    ]);
    if let Some(output) = run(&sandbox, probe(&["environment"])) {
        let path = std::env::var("PATH").unwrap_or_default();
        assert_eq!(stdout(&output), format!("A=x,y=z\nB=\nPATH={path}\n"));
    }
}

fn directory() {
    let world = World::new();
    let directory = world.inside();
    let sandbox = Sandbox::for_probe().flags([std::ffi::OsStr::new("--chdir"), directory.as_ref()]);
    if let Some(output) = run(&sandbox, probe(&["directory"])) {
        assert_eq!(
            stdout(&output).trim_end(),
            directory.to_str().expect("text")
        );
    }
    let sandbox = Sandbox::for_probe().flags(["--chdir", "/no/such/directory"]);
    if let Some(output) = run(&sandbox, probe(&["directory"])) {
        assert_eq!(output.status.code(), Some(125));
        assert!(stderr(&output).contains("cannot change to /no/such/directory"));
    }
}

fn json_line() {
    let sandbox = Sandbox::for_probe().flags(["--log", "json"]);
    if let Some(output) = run(&sandbox, probe(&["stat", "/"])) {
        let text = stderr(&output);
        assert_eq!(text.lines().count(), 1, "{text}");
        let abi = ringfence::Kernel::probe().abi().number();
        assert!(
            text.starts_with("{\"program\":\"landlock-runner\""),
            "{text}"
        );
        assert!(text.contains(&format!("\"abi\":{abi},")), "{text}");
    }
}

fn in_namespaces() -> Outcome {
    let world = World::new();
    let wrapped = |zone: std::path::PathBuf| {
        let sandbox = Sandbox::for_probe().allow(Access::READ, world.inside());
        let command = sandbox.command(probe(&["read".into(), zone.join("file")]));
        let mut act = vec!["in-namespaces".into(), command.get_program().into()];
        act.extend(command.get_args().map(std::path::PathBuf::from));
        (sandbox, unsandboxed(&act))
    };
    let (sandbox, inside) = wrapped(world.inside());
    let (_, outside) = wrapped(world.outside());
    match inside.status.code() {
        Some(1) => return Outcome::Skipped("user namespaces are forbidden here".to_owned()),
        _ if sandbox.plan().check().is_err() => assert_refused(&inside),
        code => {
            assert_eq!(code, Some(0), "{}", stderr(&inside));
            let denied = rustix::io::Errno::ACCESS.raw_os_error();
            assert_eq!(outside.status.code(), Some(denied));
        }
    }
    Outcome::Passed
}
