//! The examples, at work.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ringfence_tests::trial::Test;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::library::{Linked, compile, example, test_of_sandboxes, text};

pub fn tests() -> Vec<Test> {
    vec![
        test_of_sandboxes(
            "a_program_that_restricts_itself_keeps_its_directory_and_its_port_alone",
            self_sandbox,
        ),
        test_of_sandboxes(
            "a_child_that_answers_a_request_sees_one_customer_alone",
            fork_server,
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

fn fork_server() {
    let program = compile("gcc", &example("fork-server.c"), &[], Linked::Shared);
    let root = TempDir::new().expect("a directory");
    for customer in ["one", "two"] {
        let directory = root.path().join(customer);
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("file"), customer).expect("a file");
    }
    let mut server = program
        .command()
        .arg(root.path())
        .arg("0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let address = listening(&mut server);
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        writeln!(stream, "{request}").expect("it reads");
        stream.shutdown(Shutdown::Write).expect("it goes on");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert_eq!(ask("one file"), "one");
    assert_eq!(ask("two file"), "two");
    assert_eq!(ask("one ../two/file"), "error: Permission denied\n");
    assert_eq!(ask("one /etc/passwd"), "error: No such file or directory\n");
    assert_eq!(ask("../one file"), "error: write CUSTOMER FILE\n");
    assert_eq!(ask("three file"), "error: no such customer\n");
    // The twin: it is the sandbox that closes it.
    let twin = fs::read_to_string(root.path().join("one/../two/file"));
    assert_eq!(twin.expect("it is there"), "two");

    let pid = Pid::from_child(&server);
    kill_process(pid, Signal::TERM).expect("it lives");
    assert!(server.wait().expect("an end").success());
}

fn listening(server: &mut Child) -> String {
    let stdout = server.stdout.take().expect("a pipe");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on ");
    address.expect("an address").to_owned()
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
