//! Runs the tests as one user after the other, and waits for everything they leave behind.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};
use vm_init::ALSO;

pub struct User {
    pub name: &'static str,
    id: u32,
}

pub const USERS: [User; 2] = [
    User {
        name: "root",
        id: 0,
    },
    User {
        name: "nobody",
        id: 65534,
    },
];

const ENVIRONMENT: [(&str, &str); 9] = [
    ("HOME", "/tmp"),
    ("NO_COLOR", "1"),
    ("PATH", "/tests"),
    ("RINGFENCE_ESCAPE", "/tests/escape"),
    ("RINGFENCE_RUNNER", "/tests/landlock-runner"),
    ("RINGFENCE_VM", "1"),
    ("RINGFENCE_WORKBENCH", "/tests/ringfence"),
    ("RUST_BACKTRACE", "1"),
    ("TMPDIR", "/tmp"),
];

/// What the host wants to be run: one name a line, and what it wants of this kernel besides.
pub fn names() -> Result<Vec<String>, String> {
    let mut names = lines("/tests/run")?;
    names.extend(env::var(ALSO).ok().filter(|name| !name.is_empty()));
    Ok(names)
}

/// What the host wants the tests to be called with: one argument a line.
pub fn arguments() -> Result<Vec<String>, String> {
    lines("/tests/arguments")
}

/// What the host adds to the environment of the tests: `NAME=value`, one a line.
fn environment() -> Result<Vec<(String, String)>, String> {
    let variable = |line: String| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    Ok(lines("/tests/environment")?
        .into_iter()
        .filter_map(variable)
        .collect())
}

fn lines(path: &str) -> Result<Vec<String>, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("{path} could not be read: {error}"))?;
    Ok(text.lines().map(Into::into).collect())
}

/// Runs the tests of this name to their end and gives their exit code.
pub fn run(name: &str, user: &User, arguments: &[String]) -> Result<i32, String> {
    let mut command = Command::new(format!("/tests/{name}"));
    command.args(arguments).env_clear().envs(ENVIRONMENT);
    command.envs(environment()?);
    command.stdin(Stdio::null()).current_dir("/tmp");
    if user.id != 0 {
        // Called as root, the standard library drops the supplementary groups as well.
        command.uid(user.id).gid(user.id);
    }
    let child = command
        .spawn()
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    wait_for(Pid::from_child(&child)).map_err(|error| format!("{name} was lost: {error}"))
}

/// As process 1 we inherit every orphan, so all that ends is collected on the way.
fn wait_for(child: Pid) -> Result<i32, Errno> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == child => return Ok(exit_code(status)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn exit_code(status: WaitStatus) -> i32 {
    let signalled = status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or(signalled).unwrap_or(-1)
}
