//! The two executables from a shell: what they print, the files that they write, their exit codes.

use std::ffi::OsStr;
use std::process::{Command, Output};

mod acts;
mod check;
mod containers;
mod denials;
mod export;
mod manifest;
mod page;
mod proof;
mod tables;
mod tools;
mod why;

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ringfence"))
}

fn ringfence<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    command()
        .args(arguments)
        .output()
        .expect("ringfence starts")
}

/// Started by who ignores SIGCHLD, which a program inherits: the kernel then keeps no end of a child for it.
fn without_ends_of_children<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    Command::new("env")
        .arg("--ignore-signal=CHLD")
        .arg(env!("CARGO_BIN_EXE_ringfence"))
        .args(arguments)
        .output()
        .expect("env starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
