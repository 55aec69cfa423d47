//! The two executables from a shell: what they print, the files that they write, their exit codes.

use std::ffi::OsStr;
use std::process::{Command, Output};

use ringfence::{Abi, Kernel};

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

/// Whether this kernel has Landlock enough; says so if not.
fn skipped(abi: u32) -> bool {
    let old = Kernel::probe().abi() < Abi::new(abi);
    if old {
        eprintln!("skipped: the kernel's Landlock is older than ABI {abi}");
    }
    old
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
