//! Runs the tests as one user after the other, and waits for everything they leave behind.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

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

/// In this order; what the host has left out is not run.
pub const TESTS: [&str; 2] = ["kernel", "escapes"];
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

/// What the host wants the tests to be called with: one argument a line.
pub fn arguments() -> Result<Vec<String>, String> {
    let text = fs::read_to_string("/tests/arguments")
        .map_err(|error| format!("/tests/arguments could not be read: {error}"))?;
    Ok(text.lines().map(Into::into).collect())
}

/// Where these tests are, if they are here.
pub fn path_of(tests: &str) -> Option<PathBuf> {
    let path = Path::new("/tests").join(tests);
    path.exists().then_some(path)
}

/// Runs the tests to their end and gives their exit code.
pub fn run(tests: &Path, user: &User, arguments: &[String]) -> Result<i32, String> {
    let mut command = Command::new(tests);
    command.args(arguments).env_clear().envs(ENVIRONMENT);
    command.stdin(Stdio::null()).current_dir("/tmp");
    if user.id != 0 {
        // Called as root, the standard library drops the supplementary groups as well.
        command.uid(user.id).gid(user.id);
    }
    let child = command
        .spawn()
        .map_err(|error| format!("{} could not be started: {error}", tests.display()))?;
    wait_for(Pid::from_child(&child))
}

/// As process 1 we inherit every orphan, so all that ends is collected on the way.
fn wait_for(child: Pid) -> Result<i32, String> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == child => return Ok(exit_code(status)),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(format!("the tests were lost: {error}")),
        }
    }
}

fn exit_code(status: WaitStatus) -> i32 {
    let signalled = status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or(signalled).unwrap_or(-1)
}
