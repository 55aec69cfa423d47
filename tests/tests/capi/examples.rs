//! The examples, at work.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ringfence_tests::trial::Test;
use tempfile::TempDir;

use crate::library::{Linked, compile, example, test_of_sandboxes, text};

pub fn tests() -> Vec<Test> {
    vec![
        test_of_sandboxes(
            "a_program_that_restricts_itself_keeps_its_directory_and_its_port_alone",
            self_sandbox,
        ),
        test_of_sandboxes("a_host_tells_how_each_of_its_plugins_ended", plugin_host),
    ]
}

/// Gives a program its input, and takes what it writes.
fn fed(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{}", output.status);
    text(&output.stdout)
}

fn self_sandbox() {
    let program = compile("gcc", &example("self-sandbox.c"), &[], Linked::Shared);
    let data = TempDir::new().expect("a directory");
    let other = TempDir::new().expect("a directory");
    let secret = other.path().join("secret");
    fs::write(&secret, "x").expect("a file");
    let allowed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let denied = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let acts = format!(
        "write greeting hello\nread {}\nread {}\nread /usr/bin/env\nconnect {}\nconnect {}\n",
        data.path().join("greeting").display(),
        secret.display(),
        port(&allowed),
        port(&denied)
    );
    let run = |flags: &[&str]| {
        let mut command = program.command();
        command.args(flags).arg(data.path());
        let said = fed(command.arg(port(&allowed).to_string()), &acts);
        said.lines()
            .filter_map(|line| Some(line.rsplit_once(": ")?.1.to_owned()))
            .collect::<Vec<_>>()
    };
    let closed = "Permission denied";
    assert_eq!(run(&[]), ["done", "done", closed, "done", "done", closed]);
    assert_eq!(run(&["--no-sandbox"]), ["done"; 6]);
    let written = fs::read_to_string(data.path().join("greeting"));
    assert_eq!(written.expect("it was written"), "hello");
}

fn plugin_host() {
    let program = compile("gcc", &example("plugin-host.c"), &[], Linked::Shared);
    let directory = TempDir::new().expect("a directory");
    let scratch = directory.path().join("scratch");
    fs::create_dir(&scratch).expect("a directory");
    let secret = directory.path().join("secret");
    fs::write(&secret, "SECRET").expect("a file");
    let plugin = |name: &str, script: &str| {
        let file = directory.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
        file
    };
    let spy = plugin("spy", &format!("cat {}", secret.display()));
    let plugins = [
        plugin("upper", "tr a-z A-Z"),
        plugin("keeps", "cat > note && wc -c < note"),
        spy.clone(),
        plugin("spin", "while :; do :; done"),
        plugin("flood", "yes"),
        plugin("fails", "exit 7"),
        directory.path().join("missing"),
    ];
    let mut command = program.command();
    command.env("SECRET", "1").arg(&scratch).args(&plugins);
    command.stderr(Stdio::null());
    let said = fed(&mut command, "hello\n");
    let of = |name: &str| {
        let prefix = format!("{}: ", directory.path().join(name).display());
        let line = said.lines().find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_else(|| panic!("{name}: {said}")).to_owned()
    };
    assert_eq!(of("upper"), "HELLO");
    assert_eq!(of("keeps"), "6");
    assert_eq!(of("spy"), "failed with code 1");
    assert_eq!(of("spin"), "stopped by its limit: time");
    assert_eq!(of("flood"), "stopped by its limit: output");
    assert_eq!(of("fails"), "failed with code 7");
    assert!(of("missing").starts_with("not run: cannot allow"));
    // The twin: without a sandbox the spy reads it.
    assert_eq!(stdout_of(&spy), "SECRET");
}

fn stdout_of(program: &Path) -> String {
    text(
        &Command::new(program)
            .output()
            .expect("the program starts")
            .stdout,
    )
}
