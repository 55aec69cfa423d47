//! Tests that watch programs: where a machine does not allow that, they say so.

use std::process::Command;

use ringfence::{Abi, Kernel};

use crate::executable;
use crate::install::Skip;
use crate::trial::{Outcome, Test};
use crate::wrapper::stderr;

/// A test of what needs to watch a program, and to restrict one. These arguments of `ringfence` watch one that
/// does nothing.
pub fn test(
    watching: &'static [&'static str],
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Skip> + Send + 'static,
) -> Test {
    Test::may_skip(name, move || {
        match can_watch(watching).and_then(|()| run()) {
            Ok(()) => Outcome::Passed,
            Err(Skip(reason)) => Outcome::Skipped(reason),
        }
    })
}

fn can_watch(watching: &[&str]) -> Result<(), Skip> {
    if Kernel::probe().abi() < Abi::new(4) {
        return Err(Skip(
            "these policies deny ports, which needs Landlock ABI 4".to_owned(),
        ));
    }
    let tried = Command::new(executable("ringfence"))
        .args(watching)
        .output()
        .map_err(|error| Skip(format!("ringfence does not start: {error}")))?;
    let said = stderr(&tried);
    if said.contains("does not let processes be traced") {
        return Err(Skip(format!(
            "this machine does not let processes be traced: {said}"
        )));
    }
    assert!(tried.status.success(), "{watching:?} fails: {said}");
    Ok(())
}
