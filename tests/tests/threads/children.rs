//! The program that threads of a case start.

use std::ffi::OsStr;
use std::io::Read as _;
use std::process::{Child, Command, ExitCode, Stdio};

use ringfence::{Access, PolicyBuilder};
use rustix::fs::{Mode, OFlags};

/// Tries to read the file and exits with the errno, or waits until its standard input ends.
pub fn main(file: Option<&OsStr>) -> ExitCode {
    let Some(file) = file else {
        let _ = std::io::stdin().read(&mut [0]);
        return ExitCode::SUCCESS;
    };
    match rustix::fs::open(file, OFlags::RDONLY, Mode::empty()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(u8::try_from(error.raw_os_error()).unwrap_or(u8::MAX)),
    }
}

/// The command that starts it. It holds nothing of its parent's open.
pub fn command() -> Command {
    let program = std::env::current_exe().expect("a program knows its own path");
    let mut command = Command::new(program);
    command
        .arg("child")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// One that waits as long as its parent lives.
pub fn waiting() -> Child {
    command().stdin(Stdio::piped()).spawn().expect("a child")
}

/// Adds what it needs to start.
pub fn may_start(policy: PolicyBuilder) -> PolicyBuilder {
    let program = std::env::current_exe().expect("a program knows its own path");
    ["/usr", "/lib", "/lib64"]
        .into_iter()
        .fold(policy.ro(program), |policy, library| {
            policy.allow_if_present(Access::RO, library)
        })
        .allow_if_present(Access::READ, "/etc/ld.so.cache")
        .allow(Access::READ | Access::WRITE, "/dev/null")
}
